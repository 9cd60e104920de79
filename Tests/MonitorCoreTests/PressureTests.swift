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

    @Test("the cap that the driver shows comes before the one that Ebb remembers")
    func driversCap() {
        var domain = running(cpu: 1)
        domain.networkCapBytesPerSecond = 7
        var sampler = HostSampler(host: host)
        let cycle = sampler.observe(reading(instant(1), domain)) { _ in DomainOrders(networkCap: 9) }
        #expect(cycle.only.networkCapBytesPerSecond == 7)
    }
}
