// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ResourceModel
import Testing

@Suite struct HostReportTests {
    @Test("a sample comes back as it was, unknown values as unknown and zeros as zero")
    func roundTrip() throws {
        let sample = Fixture.hostSample
        #expect(try HostReport.decoded(HostReport.encoded(sample)) == sample)
    }

    @Test("a value of zero and an unknown value differ on the wire")
    func unknownIsNotZero() throws {
        var zero = Fixture.hostSample
        var unknown = zero
        zero.domains[0].counters.cpuTimeNanoseconds = 0
        unknown.domains[0].counters.cpuTimeNanoseconds = nil
        #expect(try HostReport.encoded(zero) != HostReport.encoded(unknown))
        #expect(try HostReport.decoded(HostReport.encoded(zero)).domains[0].counters.cpuTimeNanoseconds == 0)
        #expect(try HostReport.decoded(HostReport.encoded(unknown)).domains[0].counters.cpuTimeNanoseconds == nil)
    }

    @Test("a host without domains is a report too")
    func empty() throws {
        var sample = Fixture.hostSample
        sample.domains = []
        #expect(try HostReport.decoded(HostReport.encoded(sample)) == sample)
    }

    @Test("a column that is unknown for every domain takes no room")
    func absentColumn() throws {
        var sample = Fixture.hostSample
        for index in sample.domains.indices { sample.domains[index].counters = DomainCounters() }
        let report = try HostReport.wire(sample)
        #expect(!report.hasCpuTimeNs && !report.hasBlockReadBytes)
        #expect(try HostReport.sample(report) == sample)
    }

    @Test("a negative counter is no reading", arguments: [Int64.min, -1])
    func negativeCounter(_ value: Int64) throws {
        var sample = Fixture.hostSample
        sample.domains[0].counters.cpuTimeNanoseconds = value
        #expect(try HostReport.decoded(HostReport.encoded(sample)).domains[0].counters.cpuTimeNanoseconds == nil)
    }

    @Test("random samples come back as they were")
    func randomRoundTrips() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let sample = Fixture.randomSample(using: &generator)
            #expect(try HostReport.decoded(HostReport.encoded(sample)) == sample, "seed \(seed)")
        }
    }

    @Test("cut or flipped bytes are refused or read, never a trap")
    func fuzzed() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let bytes = try HostReport.encoded(Fixture.hostSample)
        var refusals = 0
        for _ in 0..<2_000 {
            var damaged = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            for _ in 0..<3 where !damaged.isEmpty {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(
                    in: 0 ... .max, using: &generator)
            }
            do { _ = try HostReport.decoded(damaged) } catch { refusals += 1 }
        }
        #expect(refusals > 1_000, "seed \(seed)")
    }

    @Test("more domains than the limit are refused on both sides")
    func tooMany() throws {
        var sample = Fixture.hostSample
        sample.domains = (0...UInt64(HostReport.maximumDomains)).map {
            DomainSample(domain: DomainID(UUID128(high: 1, low: $0)), state: .running)
        }
        #expect(throws: MessageError.self) { try HostReport.encoded(sample) }
        var report = WireHostReport()
        report.hostID = "host-1"
        report.domainCount = .max
        let error = #expect(throws: MessageError.self) { try HostReport.sample(report) }
        #expect(error?.code == .tooLarge)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout WireHostReport) -> Void
    }

    static let damages: [Damage] = [
        Damage(testDescription: "a host's name that is none") { $0.hostID = "Not A Host" },
        Damage(testDescription: "a UUID column that is too short") { $0.domainUuids.removeLast() },
        Damage(testDescription: "a UUID column that is too long") { $0.domainUuids.append(0) },
        Damage(testDescription: "a domain listed twice") {
            $0.domainUuids = $0.domainUuids.prefix(16) + $0.domainUuids.dropLast(16)
        },
        Damage(testDescription: "a state that does not exist") { $0.states[0] = 200 },
        Damage(testDescription: "too few states") { $0.states.removeLast() },
        Damage(testDescription: "a column with too few values") { $0.cpuTimeNs.values.removeLast() },
        Damage(testDescription: "a column with too many values") { $0.cpuTimeNs.values.append(1) },
        Damage(testDescription: "a column without presence") { $0.cpuTimeNs.presence = Data() },
        Damage(testDescription: "presence without values") { $0.cpuTimeNs.values = [] },
        Damage(testDescription: "presence beyond the domains") { $0.cpuTimeNs.presence[0] |= 0x80 },
        Damage(testDescription: "a counter beyond 63 bits") { $0.cpuTimeNs.values[0] = .max },
        Damage(testDescription: "an interval beyond 63 bits") { $0.intervalNs = .max },
        Damage(testDescription: "a host's figure beyond 63 bits") { $0.host.memoryBytes = .max },
        Damage(testDescription: "a count that the columns don't have") { $0.domainCount += 1 },
    ]

    @Test("a malformed report is a typed error", arguments: damages)
    func malformed(_ damage: Damage) throws {
        var report = try HostReport.wire(Fixture.hostSample)
        damage.change(&report)
        let bytes = MessageCodec.encoded(report)
        let error = #expect(throws: MessageError.self) { try HostReport.decoded(bytes) }
        #expect(error?.code == .malformed)
    }
}
