// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

/// What says that a guest's memory or network is too small.
@Suite struct PressureTests {
    private func pressed(_ seconds: Double, swapIn: Int64?, faults: Int64?, id: Int64 = 1) -> HostObservation {
        var domain = running(id: id, cpu: seconds)
        domain.counters.swapInBytes = swapIn
        domain.counters.majorFaults = faults
        return reading(instant(seconds), domain)
    }

    @Test("swap-in and major faults are differences within one life, unknown at its beginning")
    func deltas() {
        let all = cycles(
            pressed(1, swapIn: 100, faults: 5), pressed(2, swapIn: 4_196, faults: 5),
            pressed(3, swapIn: 10, faults: 1, id: 2))
        #expect(all[0].only.swapInDelta == nil && all[0].only.counters.swapInBytes == 100)
        #expect(all[1].only.swapInDelta == 4_096 && all[1].only.majorFaultsDelta == 0)
        #expect(all[2].only.swapInDelta == nil && all[2].only.majorFaultsDelta == nil)
        #expect(all[2].only.counters.majorFaults == 1)
    }

    /// One reading every two seconds of a guest that uses 100 MiB of 256, with the stamp that its source shows.
    private func reports(
        _ stamps: [Int64?], period: Int64? = 2, memory: [Int: ByteCount] = [:]
    ) -> [DomainSample] {
        var sampler = HostSampler(host: host)
        return stamps.enumerated().map { index, stamp in
            var domain = running(cpu: Double(index))
            domain.memory = DomainMemory(
                maximum: .mebibytes(512), allocated: memory[index] ?? .mebibytes(256), used: .mebibytes(100))
            domain.counters.swapInBytes = Int64(index)
            domain.memoryReport = stamp.map {
                MemoryReport(stamp: $0, periodNanoseconds: period.map { $0 * 1_000_000_000 })
            }
            return sampler.observe(reading(instant(Double(index) * 2), domain)) { _ in DomainOrders() }.only
        }
    }

    @Test("what a guest reports is unknown until its stamp moves, and again when that stood still for three periods")
    func oldReports() {
        let moving = reports([5, 7, 9, 9, 9, 9, 9, 11])
        #expect(moving.map { $0.memoryUtilization != nil } == [false, true, true, true, true, true, false, true])
        #expect(moving[6].memory?.used == nil && moving[6].counters.swapInBytes == nil)
        #expect(moving[6].memory?.allocated == .mebibytes(256), "the size is the hypervisor's own word")
    }

    @Test(
        "a source whose period is 0 is never fresh, one of unknown period by the poll's, and none at all is the driver's own"
    )
    func periods() {
        #expect(reports([5, 7, 9], period: 0).allSatisfy { $0.memoryUtilization == nil })
        #expect(reports([5, 7, 9], period: nil).map { $0.memoryUtilization != nil } == [false, true, true])
        #expect(reports([nil, nil]).map { $0.memoryUtilization != nil } == [true, true])
    }

    @Test("after a change of size only a later report counts")
    func afterShrink() {
        let all = reports([5, 7, 7, 7, 9], memory: [2: .mebibytes(240), 3: .mebibytes(240), 4: .mebibytes(240)])
        #expect(all.map { $0.memoryUtilization != nil } == [false, true, false, false, true])
    }

    @Test("a counter that is missing for a while is unknown meanwhile, and one that falls is rejected")
    func backwards() {
        let all = cycles(
            pressed(1, swapIn: 100, faults: 5), pressed(2, swapIn: 50, faults: 6), pressed(3, swapIn: nil, faults: nil),
            pressed(4, swapIn: 300, faults: 9))
        #expect(all[1].rejections.map(\.reason) == [.counterBackwards])
        #expect(all[1].only.swapInDelta == nil && all[1].only.counters.majorFaults == nil)
        #expect(all[2].only.swapInDelta == nil)
        #expect(all[3].only.swapInDelta == nil, "what lay between is unknown")
    }

    @Test("the network's use is a share of its cap, clamped, and unknown without one")
    func network() {
        var sampler = HostSampler(host: host)
        func observe(_ seconds: Double, bytes: Int64, caps: [DomainID: Int64]) -> DomainSample {
            sampler.observe(
                reading(instant(seconds), running(cpu: seconds, received: bytes, transmitted: 0))
            ) { DomainOrders(networkCap: caps[$0]) }.only
        }
        _ = observe(1, bytes: 0, caps: [vm: 1_000])
        let half = observe(2, bytes: 500, caps: [vm: 1_000])
        #expect(half.networkUtilization == Utilization(percent: 50) && half.networkCapBytesPerSecond == 1_000)
        #expect(observe(3, bytes: 5_000, caps: [vm: 1_000]).networkUtilization == .full)
        let free = observe(4, bytes: 6_000, caps: [:])
        #expect(free.networkUtilization == nil && free.networkBytesPerSecond == 1_000)
    }

    @Test("a cap holds each direction for itself: the busier one's share counts, and the rate is that of both")
    func fullDuplex() {
        for (received, transmitted) in [(Int64(600), Int64(500)), (500, 600), (600, 0)] {
            var sampler = HostSampler(host: host)
            let last = [(Int64(0), Int64(0)), (received, transmitted)].enumerated().map { second, bytes in
                sampler.observe(
                    reading(
                        instant(Double(second)),
                        running(cpu: Double(second), received: bytes.0, transmitted: bytes.1))
                ) { _ in DomainOrders(networkCap: 1_000) }.only
            }[1]
            #expect(last.networkUtilization == Utilization(percent: 60), "\(received), \(transmitted)")
            #expect(last.networkBytesPerSecond == received + transmitted)
        }
    }

    @Test("the cap that the driver shows comes before the one that Ebb remembers")
    func driversCap() {
        var domain = running(cpu: 1)
        domain.networkCapBytesPerSecond = 7
        var sampler = HostSampler(host: host)
        let cycle = sampler.observe(reading(instant(1), domain)) { _ in DomainOrders(networkCap: 9) }
        #expect(cycle.only.networkCapBytesPerSecond == 7)
    }
}
