// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import TestSupport
import Testing

@Suite struct HostSamplerTests {
    @Test("VirtCPUUsage is Δ cpuTime / Δt and may pass 100 %; utilisation is a share of the vCPUs")
    func formula() {
        let last = cycles(reading(instant(0), running(cpu: 10)), reading(instant(10), running(cpu: 25)))[1]
        #expect(last.only.virtCPUUsage == Utilization(percent: 150))
        #expect(last.only.cpuUtilization == Utilization(percent: 75))
        #expect(last.sample.intervalNanoseconds == 10 * second)
    }

    @Test("steal is demand that was not met: it counts toward utilisation, not toward VirtCPUUsage")
    func steal() {
        let last = cycles(
            reading(instant(0), running(cpu: 0, steal: 0)), reading(instant(10), running(cpu: 10, steal: 5)))[1]
        #expect(last.only.virtCPUUsage == Utilization(percent: 100))
        #expect(last.only.cpuUtilization == Utilization(percent: 75))
        #expect(last.only.stealUtilization == Utilization(percent: 25))
    }

    @Test("under a cap utilisation is a share of the capacity, and what waits for the cap is demand and not steal")
    func capped() {
        let last = cycles(
            reading(instant(0), running(cpu: 0, steal: 0, cap: .limit(ppm: 250_000))),
            reading(instant(10), running(cpu: 2, steal: 6, cap: .limit(ppm: 250_000))))[1]
        #expect(last.only.capacity == Capacity("0.25"))
        #expect(last.only.cpuUtilization == .full)
        #expect(last.only.cpuDemand == Utilization(percent: 80))
        #expect(last.only.virtCPUUsage == Utilization(percent: 20))
        #expect(last.only.stealUtilization == nil)
        #expect(last.sightings.map(\.size?.capacity) == [Capacity("0.25")])
    }

    @Test("a cap of all vCPUs or more is none to the figures, whatever its number")
    func wideCap() {
        for cap in [CPUCap.none, .limit(ppm: 2_000_000), .limit(ppm: 9_000_000)] {
            let last = cycles(
                reading(instant(0), running(cpu: 0, steal: 0, cap: cap)),
                reading(instant(10), running(cpu: 10, steal: 5, cap: cap)))[1]
            #expect(last.only.capacity == Capacity(2))
            #expect(last.only.cpuUtilization == Utilization(percent: 75))
            #expect(last.only.stealUtilization == Utilization(percent: 25))
        }
    }

    @Test("an interval in which the cap changed is unknown, and so is everything while the cap is unknown")
    func changedCap() {
        let all = cycles(
            reading(instant(0), running(cpu: 0)), reading(instant(10), running(cpu: 1, cap: .limit(ppm: 500_000))),
            reading(instant(20), running(cpu: 2, cap: .limit(ppm: 500_000))),
            reading(instant(30), running(cpu: 3, cap: .unknown)), reading(instant(40), running(cpu: 4, cap: .unknown)))
        #expect(all.map(\.only.cpuUtilization) == [nil, nil, Utilization(percent: 20), nil, nil])
        #expect(all.map { $0.sightings.first?.size?.capacity.thousandths } == [2_000, 500, 500, nil, nil])
        #expect(all.map(\.only.capacity?.thousandths) == [2_000, 500, 500, nil, nil])
    }

    @Test("a cap that nothing real reaches is unknown, and the report goes on")
    func unrealCap() {
        let last = cycles(reading(instant(0), running(cpu: 0, cap: .limit(ppm: .max))))[0]
        #expect(last.only.cpuCap == .unknown)
        #expect(last.only.vcpus?.granted == 2)
    }

    @Test(
        "utilisation is rounded half up, so a load exactly on a threshold stays exactly on it",
        arguments: [(16.0, 800_000), (16.000_009, 800_000), (16.000_01, 800_001), (3.0, 150_000)])
    func rounding(used: Double, ppm: Int64) {
        let last = cycles(reading(instant(0), running(cpu: 0)), reading(instant(10), running(cpu: used)))[1]
        #expect(last.only.cpuUtilization == Utilization(ppm: ppm))
    }

    @Test("utilisation is clamped at 100 %, the paper's figure is not")
    func clamp() {
        let last = cycles(reading(instant(0), running(cpu: 0)), reading(instant(10), running(cpu: 21)))[1]
        #expect(last.only.cpuUtilization == .full)
        #expect(last.only.virtCPUUsage == Utilization(percent: 210))
        #expect(last.rejections.isEmpty)
    }

    @Test("a first reading, a new life and a changed size leave the interval unknown")
    func unknownIntervals() {
        let all = cycles(
            reading(instant(0), running(cpu: 0)),
            reading(instant(10), running(granted: 3, confirmed: 3, cpu: 10)),
            reading(instant(20), running(granted: 3, confirmed: 3, cpu: 20)),
            reading(instant(30), running(id: 2, granted: 3, confirmed: 3, cpu: 1)),
            reading(instant(40), running(id: 2, granted: 3, confirmed: 3, cpu: 4)))
        #expect(all.map(\.only.cpuUtilization?.ppm) == [nil, nil, 333_333, nil, 100_000])
        #expect(all.flatMap { $0.rejections } == [])
    }

    @Test("a size that was changed there and back within one interval leaves it unknown, where the driver says when")
    func changedThereAndBack() {
        let all = cycles(
            reading(instant(0), running(cpu: 0, effective: 0)),
            reading(instant(10), running(cpu: 10, effective: 0)),
            reading(instant(20), running(cpu: 20, effective: 15)))
        #expect(all.map { $0.only.cpuUtilization != nil } == [false, true, false])
    }

    @Test("the size is what the guest confirms, else what is granted")
    func confirmedElseGranted() {
        let all = cycles(
            reading(instant(0), running(granted: 4, confirmed: nil, cpu: 0)),
            reading(instant(10), running(granted: 4, confirmed: nil, cpu: 20)),
            reading(instant(20), running(granted: 4, confirmed: 2, cpu: 30)),
            reading(instant(30), running(granted: 4, confirmed: 2, cpu: 40)))
        #expect(all.map(\.only.cpuUtilization?.ppm) == [nil, 500_000, nil, 500_000])
    }

    @Test(
        "a confirmed size holds for three readings after the guest fell silent; then it is what is granted, unconfirmed"
    )
    func silentGuest() {
        var sampler = HostSampler(host: host)
        let samples = (0...6).map { tenth -> DomainSample in
            let seconds = Double(tenth) * 10
            return sampler.observe(
                reading(instant(seconds), running(granted: 4, confirmed: tenth < 2 ? 2 : nil, cpu: seconds))
            ) { _ in DomainOrders() }.only
        }
        #expect(samples.map(\.vcpus?.confirmed) == [2, 2, 2, 2, 2, nil, nil])
        #expect(samples.last?.cpuUtilization == Utilization(percent: 25))
    }

    @Test("a guest that lies about its size is counted by the vCPUs whose time advanced")
    func lyingGuest() {
        let all = cycles(
            reading(instant(0), running(granted: 3, confirmed: 1, cpu: 0, vcpus: [0, 0, 0])),
            reading(instant(10), running(granted: 3, confirmed: 1, cpu: 30, vcpus: [10, 10, 10])),
            reading(instant(20), running(granted: 3, confirmed: 1, cpu: 45, vcpus: [15, 15, 15])))
        #expect(all[1].only.vcpus?.confirmed == 3)
        #expect(all[2].only.cpuUtilization == Utilization(percent: 50))
    }

    @Test("a vCPU that runs only now and then is not forgotten while the sizes stay as they are")
    func stickyFloor() {
        let all = cycles(
            reading(instant(0), running(granted: 3, confirmed: 1, cpu: 0, vcpus: [0, 0, 0])),
            reading(instant(10), running(granted: 3, confirmed: 1, cpu: 30, vcpus: [10, 10, 10])),
            reading(instant(20), running(granted: 3, confirmed: 1, cpu: 40, vcpus: [20, 10, 10])))
        #expect(all[2].only.vcpus?.confirmed == 3)
    }

    @Test("a vCPU that was taken away is not counted for having run before")
    func proofOfShrink() {
        let all = cycles(
            reading(instant(0), running(granted: 3, confirmed: 3, cpu: 0, vcpus: [0, 0, 0])),
            reading(instant(10), running(granted: 2, confirmed: 2, cpu: 30, vcpus: [10, 10])))
        #expect(all[1].only.vcpus?.confirmed == 2)
    }

    @Test("memory is used / allocated, and unknown while the balloon moves")
    func memory() {
        let all = cycles(
            reading(instant(0), running()),
            reading(instant(10), running(memory: .mebibytes(512, used: 384))),
            reading(instant(20), running(memory: .mebibytes(768, used: 384))),
            reading(instant(30), running(memory: .mebibytes(768, used: nil))))
        #expect(all.map(\.only.memoryUtilization?.ppm) == [500_000, 750_000, nil, nil])
    }

    @Test("the network's rate is bytes of both directions per second")
    func network() {
        let last = cycles(
            reading(instant(0), running(received: 100, transmitted: 0)),
            reading(instant(10), running(received: 1_100, transmitted: 2_000)))[1]
        #expect(last.only.networkBytesPerSecond == 300)
    }

    @Test("the host's own clock gives Δt, whatever its offset, and a step of it makes one interval unknown")
    func hostClock() {
        let all = cycles(
            reading(instant(0, clock: 3_600), running(cpu: 0)),
            reading(instant(10, clock: 3_601, latency: 2), running(cpu: 11)),
            reading(instant(20, clock: 7_200), running(cpu: 22)),
            reading(instant(30, clock: 7_200), running(cpu: 32)))
        #expect(all.map(\.only.virtCPUUsage?.ppm) == [nil, 1_000_000, nil, 1_000_000])
        #expect(all.flatMap { $0.rejections } == [])
        #expect(all[1].sample.sampledAt == at(12))
    }

    @Test("a domain that does not run has a state and nothing else")
    func inactive() {
        let all = cycles(
            reading(instant(0), running(cpu: 5)), reading(instant(10), stopped()),
            reading(instant(20), stopped(state: .unknown)))
        #expect(all[1].only.state == .shutoff)
        #expect(all[1].only.incarnation == nil && all[1].only.counters == DomainCounters())
        #expect(all[1].only.vcpus?.confirmed == nil)
        #expect(all[2].sightings[0].size == nil, "unknown is not a size")
    }

    @Test("a host that does not answer makes its domains unknown, never off")
    func unreachable() throws {
        var sampler = HostSampler(host: host)
        #expect(sampler.unreachable(at: at(0)) == nil)
        _ = sampler.observe(reading(instant(0), running(cpu: 5)))
        let sample = try #require(sampler.unreachable(at: at(5)))
        #expect(sample.domains == [DomainSample(domain: vm, state: .unknown)])
        #expect(sample.figures == HostFigures(cpuCount: 4, memory: .gibibytes(2)))
    }

    @Test("host, control domain and the sum over domains are shares of all cores")
    func hostFigures() {
        let last = cycles(
            reading(instant(0), running(cpu: 0), running(otherVM, cpu: 0), cpu: 0, control: 0),
            reading(
                instant(10), running(cpu: 10), running(otherVM, cpu: 2), cpu: 20, control: 4, used: .gibibytes(1))
        )[1].sample.figures
        #expect(last.cpuUtilization == Utilization(percent: 50))
        #expect(last.controlDomainUtilization == Utilization(percent: 10))
        #expect(last.domainsUtilization == Utilization(percent: 30))
        #expect(last.memoryUsed == .gibibytes(1))
    }

    @Test("a Xen host, which tells no CPU time of its own, is as busy as Domain 0 and the domains together")
    func xenFigures() {
        let readings = cycles(
            reading(instant(0), running(cpu: 0), control: 0), reading(instant(10), running(cpu: 10), control: 4),
            reading(instant(20), running(cpu: 20), running(otherVM, cpu: 0), control: 8))
        #expect(readings[0].sample.figures.cpuUtilization == nil)
        #expect(readings[1].sample.figures.cpuUtilization == Utilization(percent: 35))
        #expect(readings[2].sample.figures.cpuUtilization == nil)
    }

    @Test("one domain that is unknown makes the sum unknown: a part of it would read as an idle host")
    func unknownSum() {
        let last = cycles(
            reading(instant(0), running(cpu: 0)), reading(instant(10), running(cpu: 10), running(otherVM, cpu: 2)))[1]
        #expect(last.sample.figures.domainsUtilization == nil)
    }

    @Test("who is gone from one reading to the next is named, unless Ebb moved it")
    func departed() {
        var sampler = HostSampler(host: host)
        _ = sampler.observe(reading(instant(0), running(cpu: 0), running(otherVM, cpu: 0)))
        sampler.forget(otherVM)
        #expect(sampler.observe(reading(instant(5))).departed == [vm])
    }

    @Test("what an operation's answer shows does not shorten the interval in which the size changed")
    func operationAnswer() {
        var sampler = HostSampler(host: host)
        _ = sampler.observe(reading(instant(0), running(cpu: 0)))
        let seen = sampler.sight(running(granted: 3, confirmed: 3, cpu: 4), at: instant(4))
        #expect(seen.size?.vcpus == 3)
        let next = sampler.observe(reading(instant(10), running(granted: 3, confirmed: 3, cpu: 10)))
        #expect(next.only.cpuUtilization == nil)
        let after = sampler.observe(reading(instant(20), running(granted: 3, confirmed: 3, cpu: 25)))
        #expect(after.only.cpuUtilization == Utilization(percent: 50))
    }

    @Test("any readings: what is derived is within its bounds, and the same readings give the same samples")
    func anyReadings() {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            let readings = randomReadings(using: &generator)
            var (one, two) = (HostSampler(host: host), HostSampler(host: host))
            for reading in readings {
                let cycle = one.observe(reading)
                #expect(cycle == two.observe(reading), "seed \(seed)")
                for sample in cycle.sample.domains {
                    let shares = [sample.cpuUtilization, sample.stealUtilization, sample.memoryUtilization]
                    #expect(shares.allSatisfy { $0 ?? .zero <= .full && $0 ?? .zero >= .zero }, "seed \(seed)")
                    #expect(sample.networkBytesPerSecond ?? 0 >= 0, "seed \(seed)")
                    #expect((sample.vcpus?.confirmed ?? 0) <= (sample.vcpus?.granted ?? 0), "seed \(seed)")
                    if sample.incarnation == nil { #expect(sample.cpuUtilization == nil, "seed \(seed)") }
                }
            }
        }
    }
}

/// Readings of two domains with faults: falling counters, wrong units, changed sizes, stops and stepped clocks.
private func randomReadings(using generator: inout SeededGenerator) -> [HostObservation] {
    var (time, cpu, bytes) = (0.0, 0.0, Int64(0))
    return (0..<30).map { _ in
        time += Double.random(in: 0.1...20, using: &generator)
        cpu += Double.random(in: -1...30, using: &generator)
        bytes += Int64.random(in: -10...1_000_000, using: &generator)
        let granted = Int.random(in: 1...4, using: &generator)
        let wrong: Double = Int.random(in: 0..<10, using: &generator) == 0 ? 1_024 : 1
        let one = running(
            id: Int64.random(in: 1...2, using: &generator), granted: granted,
            confirmed: Bool.random(using: &generator) ? Int.random(in: 1...4, using: &generator) : nil,
            cpu: cpu * wrong, steal: cpu / 10, vcpus: (0..<granted).map { cpu / Double($0 + 1) },
            memory: .mebibytes(512, used: Int64.random(in: 0...1_200, using: &generator)),
            received: max(0, bytes), transmitted: max(0, bytes / 2))
        let two = Bool.random(using: &generator) ? stopped(otherVM) : running(otherVM, cpu: cpu)
        let clock = Double.random(in: -1...1, using: &generator)
        return reading(
            instant(time, clock: Bool.random(using: &generator) ? clock * 100 : nil), one, two, cpu: cpu)
    }
}
