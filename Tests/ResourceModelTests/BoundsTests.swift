// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@Suite("Bounds of quantities")
struct BoundsTests {
    @Test("what lies outside is refused by the exact constructor and moved to the bound by the clamping one")
    func constructors() {
        #expect(ByteCount(exactly: Int64.max) == nil && ByteCount(exactly: -1) == nil)
        #expect(ByteCount(exactly: UInt64.max) == nil && ByteCount(exactly: 1 << 50) == .limit)
        #expect(ByteCount(clamping: Int64.max) == .limit && ByteCount(clamping: Int64.min) == .zero)
        #expect(VCPUCount(exactly: Int64.max) == nil && VCPUCount(exactly: 65_536) == .limit)
        #expect(VCPUCount(clamping: Int.min) == 0)
        #expect(Utilization(exactly: Int64.max) == nil && Utilization(ppm: .max).ppm == 1_000_000_000_000)
        #expect(Timestamp(exactly: Int64.max) == nil && Timestamp(exactly: -1) == nil)
        #expect(Timestamp(nanoseconds: .max) == .distantFuture)
        #expect(Timestamp.distantFuture.description == "2200-01-01T00:00:00.000000000Z")
    }

    @Test("a million of the largest quantities can be added, multiplied and told apart")
    func million() {
        let bytes = repeatElement(ByteCount.limit, count: 1_000_000)
        #expect(bytes.reduce(ByteCount.zero) { $0.addingClamped($1) } == .limit)
        #expect(bytes.reduce(Int128(0)) { $0 + Int128($1.bytes) } == Int128(1 << 50) * 1_000_000)
        let vcpus = repeatElement(VCPUCount.limit, count: 1_000_000)
        #expect(vcpus.reduce(0) { $0 + $1.count } == 65_536_000_000)
        let shares = repeatElement(Utilization(ppm: .max), count: 1_000_000)
        #expect(shares.reduce(Int64(0)) { $0 + $1.ppm } == 1_000_000_000_000_000_000)
        #expect(Timestamp(nanoseconds: .max).nanoseconds(since: Timestamp(nanoseconds: .min)) > 0)
    }

    @Test("instants stay within their range, however far they are moved")
    func instants() {
        let ends: [Int64] = [.min, -1, 0, 1, .max]
        for start in ends {
            for distance in ends {
                let moved = Timestamp(nanoseconds: start).advanced(byNanoseconds: distance)
                #expect(moved <= .distantFuture && moved >= Timestamp(nanoseconds: .min))
            }
        }
        #expect(Timestamp.zero.advanced(by: .seconds(Int64.max)) == .distantFuture)
        #expect(
            Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 900_000_000_000_000_000).wholeNanoseconds
                == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
    }

    @Test("a share of any two numbers is within bounds, and right where it can be checked")
    func shares() {
        let ends: [Int128] = [0, 1, 2, 1 << 40, 1 << 63, 1 << 64, 1 << 106, .max / 2, .max]
        for numerator in ends {
            for denominator in ends {
                guard let share = Utilization(numerator: numerator, denominator: denominator) else {
                    #expect(denominator == 0)
                    continue
                }
                guard denominator < 1 << 80, numerator < 1 << 80 else { continue }
                let exact = (numerator * 1_000_000 + denominator / 2) / denominator
                #expect(share.ppm == min(Int64(clamping: exact), 1_000_000_000_000), "\(numerator)/\(denominator)")
            }
        }
        #expect(Utilization(numerator: .max, denominator: .max) == .full)
        #expect(Utilization(numerator: .max / 2, denominator: .max) == Utilization(ppm: 500_000))
    }

    @Test(
        "what was stored out of bounds is corrupt and says what it holds",
        arguments: [
            #"{"memory":9223372036854775807}"#, #"{"memory":-1}"#, #"{"vcpus":65537}"#, #"{"vcpus":-2}"#,
            #"{"at":-9223372036854775808}"#,
            #"{"rule":{"lower":1,"upper":2,"minimum":1,"maximum":9223372036854775807}}"#,
            #"{"policy":{"lower":5,"upper":1,"ratio":1,"minimumVCPUs":1,"maximumVCPUs":1}}"#,
            #"{"range":{"start":2,"end":1}}"#,
        ])
    func stored(text: String) {
        struct Stored: Codable {
            var memory: ByteCount?
            var vcpus: VCPUCount?
            var at: Timestamp?
            var rule: ResourceRule?
            var policy: ScalingPolicy?
            var range: TimeRange?
        }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Stored.self, from: Data(text.utf8)) }
    }

    @Test("an instant that meant the distant future before there were bounds still does")
    func formerFuture() throws {
        #expect(
            try JSONDecoder().decode([Timestamp].self, from: Data("[9223372036854775807]".utf8)) == [.distantFuture])
    }

    @Test("whatever is told, quantities answer or refuse, and describe themselves")
    func fuzz() throws {
        Fuzz.run("quantities", rounds: 20_000) { fuzz in
            let (first, second) = (fuzz.instant(), fuzz.instant())
            _ = first.nanoseconds(since: second)
            _ = [first.description, fuzz.share().description, fuzz.bytes().description]
            _ = TimeRange(first, second).map { ($0.nanoseconds, $0.description, $0.intersection($0)) }
            _ = Utilization(
                numerator: Int128(fuzz.int64()) * Int128(fuzz.int64()),
                denominator: Int128(fuzz.int64()) * Int128(fuzz.int64()))
            _ = fuzz.bytes().addingClamped(fuzz.bytes()).subtractingClamped(fuzz.bytes())
            _ = (fuzz.int64().addedOrClamped(fuzz.int64()), fuzz.int64().multipliedOrClamped(by: fuzz.int64()))
            _ = Duration.nanoseconds(fuzz.int64()).wholeNanoseconds
            _ = [UUID128(fuzz.text())?.description, HostID(fuzz.text())?.name, AccessToken(fuzz.text())?.text]
            let policy = try? ScalingPolicy(
                lower: fuzz.share(), upper: fuzz.share(), ratio: fuzz.share(), minimumVCPUs: fuzz.vcpus(),
                maximumVCPUs: fuzz.vcpus(),
                memory: try? ResourceRule(
                    lower: fuzz.share(), upper: fuzz.share(), minimum: fuzz.int64(), maximum: fuzz.int64()))
            _ = policy?.breachesNeeded(windowLength: fuzz.int())
            _ = Cooldown(upNanoseconds: fuzz.int64(), downNanoseconds: fuzz.int64())
        }
    }
}
