// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import TestSupport
import Testing

@Suite("Whatever a hypervisor tells, Monitor samples it or refuses it")
struct MonitorFuzzTests {
    @Test("readings with extreme counters, sizes and clocks")
    func sampler() {
        Fuzz.run("readings of hosts", rounds: 1_500) { fuzz in
            var sampler = HostSampler(host: "h0")
            var sizes = SizeTracker(domain: vm)
            var meters = MeterSchedule(
                domain: vm, interval: .nanoseconds(fuzz.int64()), phase: fuzz.int64(), watchedSince: fuzz.instant())
            var former: DomainSighting?
            for step in 0..<8 {
                let cycle = sampler.observe(fuzz.observation(step)) { _ in
                    DomainOrders(asked: 2, networkCap: fuzz.optional { $0.int64() })
                }
                for seen in cycle.sightings {
                    _ = sizes.observe(seen)
                    _ = meters.observe(seen, isForced: fuzz.chance(30))
                    if let former { _ = DomainChange.between(former, seen) }
                    former = seen
                }
                if fuzz.chance(20) { _ = sizes.departed(movedAt: fuzz.instant(), seenAt: fuzz.instant()) }
                _ = sampler.sight(fuzz.reading(vm), at: fuzz.moment(step))
            }
            _ = meters.flush()
        }
    }

    @Test("orders with any arguments are refused by name, or fit")
    func orders() throws {
        Fuzz.run("durable commands", rounds: 5_000) { fuzz in
            var arguments = CommandArguments()
            arguments.vcpus = fuzz.optional { $0.int() }
            arguments.memoryBytes = fuzz.optional { $0.int64() }
            arguments.maximumVCPUs = fuzz.optional { $0.int() }
            arguments.maximumMemoryBytes = fuzz.optional { $0.int64() }
            arguments.diskBytes = fuzz.optional { $0.int64() }
            arguments.target = fuzz.optional { $0.text() }
            arguments.bandwidthBytesPerSecond = fuzz.optional { $0.int64() }
            arguments.maximumDowntimeMilliseconds = fuzz.optional { $0.int64() }
            arguments.name = fuzz.optional { $0.chance(50) ? "web" : $0.text() }
            arguments.tenant = fuzz.optional { $0.chance(50) ? "acme" : $0.text() }
            arguments.graceSeconds = fuzz.optional { $0.int64() }
            arguments.cpuCapPPM = fuzz.optional { $0.int64() }
            arguments.bytesPerSecond = fuzz.optional { $0.int64() }
            let order = try? CommandOrder(
                verb: .known(fuzz.pick(CommandVerb.allCases)), domain: vm, arguments: arguments, expectedRevision: nil,
                isAutomatic: false, deadline: fuzz.instant())
            guard let order else { return }
            _ = (order.vcpus, order.memory, order.grace)
            #expect(order.arguments.maximumMemoryBytes.map { ByteCount(exactly: $0) != nil || $0 < 0 } ?? true)
        }
    }

    @Test("a ceiling that no domain can have is refused with its name and limit")
    func ceiling() {
        var arguments = CommandArguments()
        arguments.name = "web"
        arguments.tenant = "acme"
        arguments.vcpus = 1
        arguments.memoryBytes = 1 << 29
        arguments.maximumMemoryBytes = .max
        #expect {
            try CommandOrder(
                verb: .known(.create), domain: vm, arguments: arguments, expectedRevision: nil, isAutomatic: false,
                deadline: .distantFuture)
        } throws: {
            let text = ($0 as? CommandRefusal)?.message ?? ""
            return text.contains("\"maximum_memory_bytes\" of at most 1125899906842624, not 9223372036854775807")
        }
    }
}

extension Fuzz {
    fileprivate mutating func moment(_ step: Int) -> ReadingInstant {
        let now = chance(80) ? at(Double(step)) : instant()
        return ReadingInstant(
            calledAt: now, answeredAt: chance(80) ? now : instant(),
            readAt: optional { $0.chance(70) ? now : $0.instant() },
            monotonicNanoseconds: chance(80) ? Int64(step) * second : max(0, int64()))
    }

    fileprivate mutating func reading(_ domain: DomainID) -> DomainReading {
        DomainReading(
            domain: domain, name: text(), state: pick(DomainState.allCases), hypervisorID: optional { $0.int64() },
            incarnationStart: optional { $0.instant() }, maximumVCPUs: optional { $0.vcpus() },
            grantedVCPUs: optional { $0.vcpus() }, confirmedVCPUs: optional { $0.vcpus() },
            memory: optional { DomainMemory(maximum: $0.bytes(), allocated: $0.bytes(), used: $0.bytes()) },
            disk: optional { $0.bytes() },
            counters: DomainCounters(
                cpuTimeNanoseconds: optional { $0.int64() }, stealTimeNanoseconds: optional { $0.int64() },
                networkReceivedBytes: optional { $0.int64() }, networkTransmittedBytes: optional { $0.int64() },
                blockReadBytes: optional { $0.int64() }, blockWrittenBytes: optional { $0.int64() },
                swapInBytes: optional { $0.int64() }, majorFaults: optional { $0.int64() }),
            vcpuTimeNanoseconds: optional { fuzz in (0..<fuzz.index(below: 4)).map { _ in fuzz.int64() } },
            sizeEffectiveAt: optional { $0.instant() }, cpuCap: optional { CPUCap(ppm: $0.int64()) } ?? .unknown,
            networkCapBytesPerSecond: optional { $0.int64() })
    }

    fileprivate mutating func observation(_ step: Int) -> HostObservation {
        let moment = moment(step)
        let domains = (0..<index(below: 3)).map { _ in reading(chance(70) ? vm : domain()) }
        return HostObservation(
            HostReading(
                readAt: moment.readAt, monotonicNanoseconds: moment.monotonicNanoseconds, cpuCount: vcpus().count,
                memory: bytes(), cpuTimeNanoseconds: optional { $0.int64() },
                controlDomainCPUTimeNanoseconds: optional { $0.int64() }, memoryUsed: optional { $0.bytes() },
                domains: domains), calledAt: moment.calledAt, answeredAt: moment.answeredAt)
    }
}
