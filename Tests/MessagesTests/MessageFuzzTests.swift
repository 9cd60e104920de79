// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Messages
import ResourceModel
import SwiftProtobuf
import TestSupport
import Testing

@Suite("Whatever arrives on the wire is read or refused")
struct MessageFuzzTests {
    private static func report(_ fuzz: inout Fuzz) -> HostSample {
        let domains = (0..<fuzz.index(below: 5)).map { number in
            DomainSample(
                domain: DomainID(UUID128(high: 0, low: UInt64(number))), state: fuzz.pick(DomainState.allCases),
                incarnation: Incarnation(host: "h", hypervisorID: fuzz.int64(), start: fuzz.instant()),
                vcpus: VCPUSizes(maximum: fuzz.vcpus(), asked: fuzz.vcpus(), granted: fuzz.vcpus()),
                memory: DomainMemory(maximum: fuzz.bytes(), used: fuzz.bytes()), virtCPUUsage: fuzz.share().magnitude,
                cpuUtilization: fuzz.share().magnitude, networkBytesPerSecond: fuzz.bytes().bytes)
        }
        return HostSample(
            host: "h", sampledAt: Timestamp(clamping: fuzz.int64()), intervalNanoseconds: 1,
            figures: HostFigures(cpuCount: fuzz.vcpus().count, memory: fuzz.bytes()), domains: domains)
    }

    @Test("what the constructors let through is published and read back the same")
    func roundTrip() throws {
        try Fuzz.run("reports there and back", rounds: 1_000) { fuzz in
            let report = Self.report(&fuzz)
            let read = try HostReport.decoded(HostReport.encoded(report))
            #expect(read == report)
        }
    }

    @Test("a report with any of its bytes changed, and any columns at all")
    func reports() {
        Fuzz.run("host reports", rounds: 6_000) { fuzz in
            let bytes = fuzz.mutated((try? HostReport.encoded(Self.report(&fuzz))) ?? [])
            _ = try? HostReport.decoded(bytes)
        }
        Fuzz.run("columns of host reports", rounds: 2_000) { fuzz in
            var wire = WireHostReport()
            wire.hostID = fuzz.chance(90) ? "h" : fuzz.text()
            let count = fuzz.chance(90) ? fuzz.index(below: 4) : Int(UInt32(truncatingIfNeeded: fuzz.uint64()))
            wire.domainCount = UInt32(truncatingIfNeeded: count)
            wire.sampledAtNs = fuzz.int64()
            wire.intervalNs = fuzz.uint64()
            wire.host.cpuCount = UInt32(truncatingIfNeeded: fuzz.uint64())
            wire.host.memoryBytes = fuzz.uint64()
            wire.host.cpuUtilizationPpm = fuzz.uint64()
            if count < 8 {
                wire.domainUuids = Data((0..<count * 16).map { UInt8(truncatingIfNeeded: $0) })
                wire.states = Data((0..<count).map { _ in UInt8(fuzz.index(below: 9)) })
                for path in Self.columns {
                    wire[keyPath: path].values = (0..<(fuzz.chance(95) ? count : 1)).map { _ in fuzz.uint64() }
                    wire[keyPath: path].presence = Data(count == 0 ? [] : [UInt8((1 << count) - 1)])
                }
            }
            guard let sample = try? HostReport.sample(wire) else { return }
            // What is let in can be published again.
            _ = try? HostReport.encoded(sample)
        }
    }

    private static var columns: [WritableKeyPath<WireHostReport, WireColumn>] {
        [
            \.hypervisorIds, \.incarnationStartsNs, \.vcpusMaximum, \.vcpusGranted, \.vcpusConfirmed,
            \.memoryMaximumBytes,
            \.memoryAllocatedBytes, \.memoryUsedBytes, \.cpuTimeNs, \.networkReceivedBytes, \.cpuUtilizationPpm,
            \.networkBytesPerSecond, \.networkCapBytesPerSecond, \.swapInDeltaBytes,
        ]
    }

    @Test("an envelope")
    func envelopes() {
        Fuzz.run("envelopes", rounds: 5_000) { fuzz in
            var wire = WireEnvelope()
            wire.protocolVersion = UInt32(truncatingIfNeeded: fuzz.index(below: 3))
            wire.type = fuzz.chance(80) ? "host.report.v1" : fuzz.text()
            wire.messageID = Data(repeating: 1, count: fuzz.chance(80) ? 16 : fuzz.index(below: 40))
            wire.sourceInstance = Data(repeating: 2, count: fuzz.chance(80) ? 16 : fuzz.index(below: 40))
            wire.streamEpoch = fuzz.uint64()
            wire.sequence = fuzz.uint64()
            wire.sentAtNs = fuzz.int64()
            wire.timeoutNs = fuzz.uint64()
            wire.traceparent = fuzz.text()
            wire.idempotencyKey = fuzz.text()
            let bytes = MessageCodec.encoded(wire)
            if let envelope = try? Envelope(decoding: bytes) { #expect(envelope.timeout <= .seconds(86_400)) }
            _ = try? Envelope(decoding: fuzz.mutated(bytes))
            _ = Topic(fuzz.text())
        }
    }
}

extension Utilization {
    fileprivate var magnitude: Utilization { Utilization(ppm: abs(ppm)) }
}
