// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import TestSupport
import Testing

private func nic(_ name: String, _ received: Int64?, _ transmitted: Int64? = 0) -> DeviceCounters {
    DeviceCounters(.interface, name, incoming: received, outgoing: transmitted)
}

private func disk(_ name: String, _ gibibytes: Int64?, read: Int64? = 0) -> DeviceCounters {
    DeviceCounters(.disk, name, incoming: read, outgoing: 0, capacity: gibibytes.map { .gibibytes($0) })
}

/// Feeds a sampler one reading each ten seconds; returns the cycles.
private func sampled(
    _ sampler: inout HostSampler, _ readings: [[DeviceCounters]], from start: Double = 0
) -> [HostCycle] {
    readings.enumerated().map { index, devices in
        let time = start + Double(index) * 10
        return sampler.observe(reading(instant(time), running(cpu: time + 1, devices: devices)))
    }
}

private func received(_ readings: [DeviceCounters]...) -> [Int64?] {
    var sampler = HostSampler(host: host)
    return sampled(&sampler, readings).map(\.only.counters.networkReceivedBytes)
}

@Suite("A meter is per device, and a total is of growth") struct DeviceMeterTests {
    @Test("as long as nothing happens, the total is what the devices show together")
    func undisturbed() {
        #expect(received([nic("a", 5), nic("b", 7)], [nic("a", 6), nic("b", 9)]) == [12, 15])
    }

    @Test("an interface that is unplugged takes nothing away, and the others go on")
    func unplug() {
        #expect(received([nic("a", 1_000), nic("b", 7)], [nic("b", 8)], [nic("b", 10)]) == [1_007, 1_008, 1_010])
    }

    @Test("an interface that is plugged begins with a baseline")
    func plug() {
        #expect(
            received([nic("a", 10)], [nic("a", 11), nic("b", 500)], [nic("a", 11), nic("b", 503)]) == [10, 11, 14])
    }

    @Test("one that is plugged again with the same address goes on from what it shows then")
    func replug() {
        #expect(received([nic("a", 100)], [], [nic("a", 3)], [nic("a", 5)]) == [100, 100, 100, 102])
    }

    @Test("a counter that began again counts all it shows since, once it stays below what it was")
    func reset() {
        var sampler = HostSampler(host: host)
        let cycles = sampled(&sampler, [[nic("a", 100)], [nic("a", 4)], [nic("a", 6)], [nic("a", 9)]])
        #expect(cycles.map(\.only.counters.networkReceivedBytes) == [100, nil, 106, 109])
        #expect(cycles.map(\.rejections.count) == [0, 1, 0, 0])
    }

    @Test("a single reading that is too low counts nothing twice")
    func glitch() {
        #expect(received([nic("a", 100)], [nic("a", 0)], [nic("a", 110)]) == [100, nil, 110])
    }

    @Test("one interface's counter that began again keeps the others' growth")
    func resetOfOne() {
        #expect(
            received([nic("a", 100), nic("b", 10)], [nic("a", 1), nic("b", 12)], [nic("a", 2), nic("b", 13)])
                == [110, 112, 115])
    }

    @Test("an interface without counters is unknown by itself, and named; the others are metered")
    func unknown() {
        var sampler = HostSampler(host: host)
        let cycles = sampled(
            &sampler, [[nic("a", 10), nic("b", nil, nil)], [nic("a", 30), nic("b", nil, nil)]])
        #expect(cycles.map(\.only.counters.networkReceivedBytes) == [10, 30])
        #expect(cycles[1].only.networkBytesPerSecond == 2)
        #expect(cycles[1].sightings[0].unmetered == ["interface b"])
    }

    @Test("one that can't be read for a while loses nothing of its growth")
    func gap() {
        #expect(
            received([nic("a", 10), nic("b", 1)], [nic("a", nil, nil), nic("b", 2)], [nic("a", 30), nic("b", 2)])
                == [11, 12, 32])
    }

    @Test("a domain without interfaces uses none, and one whose interfaces can't be read is unknown")
    func none() {
        #expect(received([], [nic("a", nil, nil)], [nic("a", 5)]) == [0, nil, 0])
    }

    @Test("a host that does not know a domain for a while ends no meter")
    func unknownState() {
        var sampler = HostSampler(host: host)
        _ = sampled(&sampler, [[nic("a", 100), nic("b", 1)], [nic("b", 2)]])
        _ = sampler.observe(reading(instant(20), stopped(state: .unknown)))
        let last = sampled(&sampler, [[nic("b", 3)]], from: 30)[0]
        #expect(last.only.counters.networkReceivedBytes == 103)
    }

    @Test("disks that can be read are billed beside one that can't, and each keeps its size while it is silent")
    func disks() {
        var sampler = HostSampler(host: host)
        let cycles = sampled(
            &sampler,
            [
                [disk("vda", 10), disk("vdb", nil)], [disk("vda", nil), disk("vdb", 5)], [disk("vdb", 5)], [],
            ])
        #expect(cycles.map { $0.sightings[0].disk } == [.gibibytes(10), .gibibytes(15), .gibibytes(5), .zero])
        #expect(cycles.map { $0.sightings[0].unmetered } == [["disk vdb"], [], [], []])
    }

    @Test("another Monitor goes on from the last reading: nothing that was read is lost or counted twice")
    func restart() throws {
        var first = HostSampler(host: host)
        let before = try #require(sampled(&first, [[nic("a", 1_000), nic("b", 7)], [nic("b", 8)]]).last?.sightings[0])
        let life = try #require(before.incarnation)
        let known = HostSampler.KnownIncarnation(
            life, isActive: true, meter: KnownMeter(counters: before.counters, devices: before.devices))
        var second = HostSampler(host: host, known: [vm: known])
        let after = sampled(&second, [[nic("b", 10)], [nic("b", 11)]], from: 60)
        #expect(after.map(\.only.counters.networkReceivedBytes) == [1_010, 1_011])
        #expect(after[0].only.incarnation == life)
    }

    @Test("after the upgrade a sum goes on device by device")
    func fromSums() {
        let life = Incarnation(host: host, hypervisorID: 1, start: at(0))
        let stored = DomainCounters(cpuTimeNanoseconds: 1, networkReceivedBytes: 50, networkTransmittedBytes: 0)
        func total(_ devices: [DeviceCounters]) -> Int64? {
            let known = HostSampler.KnownIncarnation(
                life, isActive: true, meter: KnownMeter(counters: stored, devices: nil))
            var sampler = HostSampler(host: host, known: [vm: known])
            return sampled(&sampler, [devices], from: 60)[0].only.counters.networkReceivedBytes
        }
        #expect(total([nic("a", 40), nic("b", 15)]) == 55)
        #expect(total([nic("a", 40)]) == 50, "one is gone: what is left tells of no growth")
        #expect(total([nic("a", 40), nic("b", nil, nil)]) == 50)
    }

    @Test("what was written of another life, or of a domain that went and came back, is not gone on from")
    func otherLife() {
        let life = Incarnation(host: host, hypervisorID: 1, start: at(0))
        let stored = KnownMeter(
            counters: DomainCounters(cpuTimeNanoseconds: 900_000_000_000, networkReceivedBytes: 5_000), devices: nil)
        var sampler = HostSampler(host: host, known: [vm: .init(life, isActive: true, meter: stored)])
        let cycle = sampled(&sampler, [[nic("a", 3)]], from: 60)[0]
        #expect(cycle.only.counters.networkReceivedBytes == 3, "CPU time fell: it lives another life")
        #expect(cycle.only.incarnation?.start == at(60))
    }

    @Test("a life whose counters its first sighting does not tell is measured from zero at its start all the same")
    func silentStart() throws {
        var sampler = HostSampler(host: host)
        var schedule = MeterSchedule(domain: vm, interval: .seconds(60), watchedSince: .zero)
        let silent = sampler.sight(running(start: 5, memory: nil), at: instant(5, clock: 0))
        #expect(silent.isNewIncarnation && schedule.observe(silent).isEmpty)
        let seen = sampler.observe(
            reading(instant(9, clock: 0), running(start: 5, cpu: 2, received: 70, transmitted: 0)))
        let written = schedule.observe(try #require(seen.sightings.first))
        #expect(written.map(\.at) == [at(5), at(9)])
        #expect(written.map(\.counters.networkReceivedBytes) == [0, 70])
    }

    @Test("a device that came or went is written down at once, so that another Monitor knows of it")
    func writtenAtOnce() {
        var sampler = HostSampler(host: host)
        var schedule = MeterSchedule(domain: vm, interval: .seconds(3_600), watchedSince: .distantFuture)
        let devices = [
            [nic("a", 1)], [nic("a", 2)], [nic("a", 3), nic("b", 9)], [nic("a", 4), nic("b", 9)], [nic("b", 9)],
        ]
        let written = sampled(&sampler, devices).map { schedule.observe($0.sightings[0]).count }
        #expect(written == [1, 0, 1, 0, 1])
    }

    @Test("any devices that come, go, fall and are silent: the total never falls and never passes what was counted")
    func anyDevices() {
        for seed in UInt64(0)..<300 {
            var random = SeededGenerator(seed: seed)
            var (present, truth, last): ([String: Int64], Int64, Int64) = (["a": 50], 50, 0)
            var sampler = HostSampler(host: host)
            for step in 0..<40 {
                if Int.random(in: 0..<8, using: &random) == 0 {
                    present["abc".randomElement(using: &random).map(String.init) ?? "a"] = nil
                }
                if Int.random(in: 0..<8, using: &random) == 0 {
                    let name = "abc".randomElement(using: &random).map(String.init) ?? "a"
                    if present[name] == nil { present[name] = 0 }
                }
                for name in present.keys.sorted() {
                    let grown = Int64.random(in: 0...100, using: &random)
                    truth += grown
                    present[name, default: 0] += grown
                }
                let devices = present.sorted { $0.key < $1.key }.map { name, value in
                    nic(name, Int.random(in: 0..<6, using: &random) == 0 ? nil : value)
                }
                let cycle = sampled(&sampler, [devices], from: Double(step) * 10)[0]
                guard let total = cycle.only.counters.networkReceivedBytes else { continue }
                #expect(total >= last && total <= truth, "seed \(seed), step \(step)")
                last = total
            }
        }
    }
}
