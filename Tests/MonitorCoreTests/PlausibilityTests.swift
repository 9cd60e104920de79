// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct PlausibilityTests {
    @Test(
        "CPU time is refused only above 1.1 · (vCPUs + 2) · Δt",
        arguments: [(44.0, true), (44.000_001, false)])
    func cpuBound(used: Double, isBelieved: Bool) {
        let last = cycles(reading(instant(0), running(cpu: 0)), reading(instant(10), running(cpu: used)))[1]
        #expect((last.only.cpuUtilization != nil) == isBelieved)
        #expect(
            last.rejections == (isBelieved ? [] : [RejectedReading(domain: vm, reason: .cpuBeyondCapacity)]))
        #expect((last.only.counters.cpuTimeNanoseconds != nil) == isBelieved, "a refused counter reaches no bill")
    }

    @Test("after a refused reading the next is compared with the last that was believed")
    func baselineStays() {
        let all = cycles(
            reading(instant(0), running(cpu: 100)), reading(instant(10), running(cpu: 100_000)),
            reading(instant(20), running(cpu: 120)))
        #expect(all.map { $0.rejections.count } == [0, 1, 0])
        #expect(all[2].only.cpuUtilization == Utilization(percent: 50))
    }

    @Test("one counter that falls while others go on is refused; its figure is unknown, the others are not")
    func oneFallingCounter() {
        let last = cycles(
            reading(instant(0), running(cpu: 10, received: 1_000, transmitted: 1_000)),
            reading(instant(10), running(cpu: 20, received: 900, transmitted: 1_500)))[1]
        #expect(last.rejections == [RejectedReading(domain: vm, reason: .counterBackwards)])
        #expect(last.only.networkBytesPerSecond == nil)
        #expect(last.only.cpuUtilization == Utilization(percent: 50))
    }

    @Test("CPU time that falls in a life whose start the driver gives is refused")
    func fallingInKnownLife() {
        let last = cycles(
            reading(instant(100), running(start: 0, cpu: 50)), reading(instant(110), running(start: 0, cpu: 20)))[1]
        #expect(last.rejections == [RejectedReading(domain: vm, reason: .counterBackwards)])
        #expect(last.only.incarnation?.start == at(0))
    }

    @Test(
        "memory beyond its maximum is refused",
        arguments: [
            DomainMemory.mebibytes(1_025, used: 100), .mebibytes(512, used: 1_025), .mebibytes(1_025, used: nil),
        ])
    func memoryBeyondMaximum(memory: DomainMemory) {
        let cycle = cycles(reading(instant(0), running(memory: memory)))[0]
        #expect(cycle.rejections == [RejectedReading(domain: vm, reason: .memoryBeyondMaximum)])
        #expect(cycle.only.memory == nil)
        #expect(cycle.sightings[0].size == nil, "what is not believed says nothing about the size")
    }

    @Test("figures that are off by 1000 or 1024 are refused in both directions", arguments: [1_000, 1_024])
    func units(factor: Int64) {
        let good = DomainMemory.mebibytes(512, used: 300, maximum: 4_000_000)
        let shrunk = DomainMemory(
            maximum: good.maximum, allocated: good.allocated, used: ByteCount(clamping: 300 * 1_048_576 / factor))
        let blown = DomainMemory(
            maximum: good.maximum, allocated: ByteCount(clamping: 512 * 1_048_576 * factor), used: good.used)
        for bad in [shrunk, blown] {
            let last = cycles(reading(instant(0), running(memory: good)), reading(instant(5), running(memory: bad)))[1]
            #expect(last.rejections == [RejectedReading(domain: vm, reason: .unitMismatch)])
            #expect(last.only.memoryUtilization == nil)
        }
    }

    @Test("CPU time in microseconds is a bad reading, no new life")
    func cpuUnits() {
        let all = cycles(reading(instant(0), running(cpu: 100_000)), reading(instant(10), running(cpu: 100.01)))
        #expect(all[1].rejections == [RejectedReading(domain: vm, reason: .counterBackwards)])
        #expect(all[1].only.incarnation == all[0].only.incarnation)
    }

    @Test("more traffic than any adapter carries is refused")
    func network() {
        let last = cycles(
            reading(instant(0), running(received: 0, transmitted: 0)),
            reading(instant(1), running(received: 50_000_000_001, transmitted: 0)))[1]
        #expect(last.rejections == [RejectedReading(domain: vm, reason: .networkBeyondCapacity)])
    }

    @Test("a host that claims more used memory than it has is not believed")
    func hostMemory() {
        let cycle = cycles(reading(instant(0), used: .gibibytes(3)))[0]
        #expect(cycle.rejections == [RejectedReading(domain: nil, reason: .memoryBeyondMaximum)])
        #expect(cycle.sample.figures.memoryUsed == nil)
    }
}
