// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

private func sighting(
    _ seconds: Double, cpu: Double, life: Double = 0, isExact: Bool = false, state: DomainState = .running
) -> DomainSighting {
    DomainSighting(
        domain: vm, name: "vm", state: state,
        incarnation: Incarnation(host: host, hypervisorID: 1, start: at(life)), isStartExact: isExact,
        counters: state.isActive ? DomainCounters(cpuTimeNanoseconds: Int64(cpu * 1e9)) : DomainCounters(),
        seenAt: at(seconds), provedAt: at(seconds))
}

/// (at, CPU time) of readings, in seconds.
private func summary(_ facts: [ReadingFact]) -> [[Double]] {
    facts.map { [Double($0.at.nanoseconds) / 1e9, Double($0.counters.cpuTimeNanoseconds ?? -1) / 1e9] }
}

@Suite struct MeterScheduleTests {
    private func schedule(watchedSince: Double = 0) -> MeterSchedule {
        MeterSchedule(domain: vm, interval: .seconds(60), watchedSince: at(watchedSince))
    }

    @Test("meters are read once per interval, however the cycles fall")
    func interval() {
        var meter = schedule()
        let times = stride(from: 3.0, to: 300, by: 7)
        let read = times.flatMap { meter.observe(sighting($0, cpu: $0)) }
        #expect(summary(read).map { $0[0] } == [3, 66, 122, 185, 241])
    }

    @Test("an operation is enclosed by readings, each written once")
    func operation() {
        var meter = schedule()
        _ = meter.observe(sighting(1, cpu: 1))
        _ = meter.observe(sighting(6, cpu: 6))
        #expect(summary(meter.flush()) == [[6, 6]])
        #expect(summary(meter.flush()) == [])
        #expect(summary(meter.observe(sighting(8, cpu: 8), isForced: true)) == [[8, 8]])
    }

    @Test("a life whose start the driver gives has a zero reading there")
    func baseline() {
        var meter = schedule(watchedSince: 5)
        #expect(summary(meter.observe(sighting(12, cpu: 2, life: 10, isExact: true))) == [[10, 0], [12, 2]])
    }

    @Test("a life that began before Ebb watched, or whose start nobody gives, is not billed from its start")
    func noBaseline() {
        var meter = schedule(watchedSince: 11)
        #expect(summary(meter.observe(sighting(12, cpu: 2, life: 10, isExact: true))) == [[12, 2]])
        var other = schedule()
        #expect(summary(other.observe(sighting(12, cpu: 2, life: 12))) == [[12, 2]])
    }

    @Test("the last sighting of a life that ended is written, whether a new life or none follows")
    func endOfLife() {
        var meter = schedule()
        _ = meter.observe(sighting(1, cpu: 1))
        _ = meter.observe(sighting(6, cpu: 6))
        #expect(summary(meter.observe(sighting(11, cpu: 1, life: 10, isExact: true))) == [[6, 6], [10, 0], [11, 1]])
        _ = meter.observe(sighting(16, cpu: 6, life: 10))
        #expect(summary(meter.observe(sighting(21, cpu: 0, life: 10, state: .shutoff))) == [[16, 6]])
        #expect(summary(meter.observe(sighting(26, cpu: 0, life: 10, state: .shutoff))) == [])
    }

    @Test("a host that does not know a domain's state ends no life")
    func unknownState() {
        var meter = schedule()
        _ = meter.observe(sighting(1, cpu: 1))
        _ = meter.observe(sighting(6, cpu: 6))
        #expect(summary(meter.observe(sighting(11, cpu: 0, state: .unknown))) == [])
        #expect(summary(meter.observe(sighting(16, cpu: 16))) == [])
    }
}
