// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

@Suite("Traces")
struct TraceTests {
    /// Samples with intervals that nothing divides, and what Monitor makes of each pair.
    private func measure(
        _ scenario: inout FleetScenario, samples: Int, host: HostID = "host-1",
        before: (Int, inout FleetScenario) -> Void = { _, _ in }
    ) throws -> [Int64?] {
        var last = try scenario.sample(host)
        var measured: [Int64?] = []
        for index in 1...samples {
            scenario.pass(.nanoseconds(97_123_457 + Int64(index) * 1_117))
            before(index, &scenario)
            let next = try scenario.sample(host)
            measured.append(MeasuredInterval(FleetScenario.vm, from: last, to: next)?.utilizationPPM)
            last = next
        }
        return measured
    }

    @Test("by sample, Monitor measures each value exactly, to the ppm, and the last one holds")
    func exact() throws {
        var generator = SeededGenerator(seed: 11)
        let loads = (0..<200).map { _ in Int64.random(in: 0...1_000_000, using: &generator) }
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.pass(.seconds(3))
        try scenario.administer(.play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: loads)))
        scenario.pass(.milliseconds(37))
        let measured = try measure(&scenario, samples: 203)
        #expect(measured == loads.map(Optional.init) + [loads[199], loads[199], loads[199]])
        let served = try scenario.truth().served
        #expect(served.map(\.index) == Array(1...200))
        #expect(served.map(\.utilizationPPM) == loads)
    }

    @Test("until a trace is started, and in the interval in which it is, the domain idles at 40 %")
    func idle() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        let measured = try measure(&scenario, samples: 6) { index, scenario in
            if index == 3 {
                #expect(throws: Never.self) {
                    try scenario.administer(
                        .play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: [910_000, 20_000])))
                }
            }
        }
        #expect(measured == [400_000, 400_000, 400_000, 910_000, 20_000, 20_000])
    }

    @Test("a load is of the first size: after a grow the same demand is a smaller share, after a shrink it is capped")
    func resizeInBetween() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        let loads = [Int64](repeating: 850_000, count: 12)
        try scenario.administer(.play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: loads)))
        let measured = try measure(&scenario, samples: 12) { index, scenario in
            // In the middle of the intervals that end with samples 4 and 8.
            if index == 4 { scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil)) }
            if index == 8 { scenario.change(.resize(FleetScenario.vm, vcpus: 1, memory: nil)) }
        }
        // 1.7 vCPUs of 2, of 3, and of 1.
        #expect(measured[0...2].allSatisfy { $0 == 850_000 })
        #expect(measured[4...6].allSatisfy { $0 == 566_667 })
        #expect(measured[8...11].allSatisfy { $0 == 1_000_000 })
        let served = try scenario.truth().served
        #expect(served.map(\.vcpus) == [2, 2, 2, 3, 3, 3, 3, 1, 1, 1, 1, 1])
        #expect(served.filter(\.sizeChanged).map(\.index) == [4, 8])
        #expect(served.map(\.loadPPM) == loads)
    }

    @Test("a drifting clock does not blur a trace")
    func drift() throws {
        var scenario = try FleetScenario(hosts: [FleetScenario.host(1, drift: -731)])
        try scenario.create()
        let loads: [Int64] = [123_457, 999_999, 1, 500_001]
        try scenario.administer(.play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: loads)))
        #expect(try measure(&scenario, samples: 4) == loads)
    }

    @Test("on a full host used and steal together are still the trace's value")
    func steal() throws {
        var scenario = try FleetScenario(hosts: [FleetScenario.host(1, cores: 1)])
        try scenario.create()
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)))
        let loads: [Int64] = [765_433, 333_331, 1_000_000]
        try scenario.administer(.play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: loads)))
        #expect(try measure(&scenario, samples: 3) == loads)
    }

    @Test("two samples at one instant, and samples of a paused domain, use up no value")
    func nothingIsWasted() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: [100_000, 200_000, 300_000])))
        let measured = try measure(&scenario, samples: 4) { index, scenario in
            _ = scenario.ask(.inventory())
            if index == 2 {
                scenario.change(.lifecycle(FleetScenario.vm, .suspend))
                _ = scenario.ask(.sample)
                scenario.pass(.seconds(1))
                _ = scenario.ask(.sample)
                scenario.change(.lifecycle(FleetScenario.vm, .resume))
            }
            if index == 4 {
                _ = scenario.ask(.sample)
            }
        }
        #expect(measured[0] == 100_000)
        // Paused in between: no value of the trace can be read from the second interval.
        #expect(measured[2] == 200_000)
        #expect(try scenario.truth().served.map(\.index) == [1, 2, 3])
    }

    @Test("a trace goes on after a migration with the first whole interval on the target")
    func migration() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: [100_000, 200_000, 300_000])))
        #expect(try measure(&scenario, samples: 1) == [100_000])
        scenario.change(.migrate(FleetScenario.vm, to: "host-2", targetEpoch: 1))
        scenario.pass(.seconds(1))
        #expect(try measure(&scenario, samples: 2, host: "host-2") == [200_000, 300_000])
        #expect(try scenario.truth().served.map(\.host) == ["host-1", "host-2", "host-2"])
    }

    @Test("by the clock, values change at their instants whoever samples")
    func byClock() throws {
        var scenario = try FleetScenario()
        try scenario.create(FleetScenario.definition(vcpus: 1))
        let trace = LoadTrace(loadsPPM: [100_000, 900_000, 500_000], intervalNanoseconds: 2_000_000_000)
        try scenario.administer(.play(domain: FleetScenario.vm, trace: trace))
        scenario.pass(.seconds(3))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 1_100_000_000)
        scenario.pass(.seconds(7))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 5_000_000_000)
    }

    @Test(
        "a trace that can't be played is refused",
        arguments: [
            LoadTrace(loadsPPM: []), LoadTrace(loadsPPM: [-1]), LoadTrace(loadsPPM: [.max]),
            LoadTrace(loadsPPM: [1], intervalNanoseconds: 0), LoadTrace(loadsPPM: [1], intervalNanoseconds: -5),
        ])
    func invalid(trace: LoadTrace) throws {
        var scenario = try FleetScenario()
        try scenario.create()
        #expect(throws: FleetRefusal.self) {
            try scenario.administer(.play(domain: FleetScenario.vm, trace: trace))
        }
    }
}
