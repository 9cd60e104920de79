// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetMain
@testable import FleetModel

@Suite("The true timeline")
struct TruthTests {
    /// Some hundred random operations, failures, samples and clock changes on three hosts.
    private func play(seed: UInt64, steps: Int = 400) throws -> FleetScenario {
        var generator = SeededGenerator(seed: seed)
        let durations = OperationDurations(
            create: 100_000_000, shutdown: 300_000_000, resize: 200_000_000, migrate: 900_000_000)
        var scenario = try FleetScenario(
            hosts: [FleetScenario.host(1), FleetScenario.host(2, cores: 2, drift: 40), FleetScenario.host(3)],
            durations: durations, truth: TruthLimits(readings: 1_000), seed: seed,
            idleLoad: .bursty(
                basePPM: 200_000, burstPPM: 1_000_000, stepNanoseconds: 250_000_000, chancePPM: 200_000, length: 2))
        for _ in 0..<steps {
            scenario.pass(.nanoseconds(Int64.random(in: 0...700_000_000, using: &generator)))
            try step(&scenario, using: &generator)
        }
        return scenario
    }

    private func step(_ scenario: inout FleetScenario, using generator: inout SeededGenerator) throws {
        let domain = FleetScenario.domain(UInt64.random(in: 1...6, using: &generator))
        let hosts: [HostID] = ["host-1", "host-2", "host-3"]
        let home = scenario.fleet.location[domain]
        let host = hosts[home ?? Int.random(in: 0..<3, using: &generator)]
        switch Int.random(in: 0..<12, using: &generator) {
        case 0, 1: scenario.change(.create(FleetScenario.definition(domain)), on: host)
        case 2, 3:
            let vcpus = Int.random(in: 1...4, using: &generator)
            scenario.change(.resize(domain, vcpus: vcpus, memory: nil), on: host)
        case 4, 5:
            let target = hosts[Int.random(in: 0..<3, using: &generator)]
            scenario.change(.migrate(domain, to: target, targetEpoch: 1), on: host)
        case 6, 7:
            let verbs = LifecycleVerb.allCases
            let verb = verbs[Int.random(in: 0..<verbs.count, using: &generator)]
            scenario.change(.lifecycle(domain, verb), on: host)
        case 8:
            let isDead = Int.random(in: 0..<8, using: &generator) == 0
            try scenario.administer(.condition(host: host, condition: isDead ? .dead : .up))
        case 9:
            let effect = FleetFault.Effect.fail(
                afterNanoseconds: Int64.random(in: 0...1_000_000_000, using: &generator), message: "")
            try scenario.administer(.fault(host: host, domain: nil, verb: nil, times: 1, effect: effect))
        default: _ = scenario.ask(.sample, of: host)
        }
    }

    @Test(
        "segments neither overlap nor leave holes, and incarnations lie within their active ones",
        arguments: 1...12 as ClosedRange<UInt64>)
    func segments(seed: UInt64) throws {
        let scenario = try play(seed: seed)
        let truth = scenario.fleet.truth(until: scenario.now)
        #expect(truth.domains.contains { $0.segments.count > 3 }, "seed \(seed)")
        for domain in truth.domains {
            for (first, second) in zip(domain.segments, domain.segments.dropFirst()) {
                #expect(first.end == second.start, "seed \(seed), domain \(domain.id)")
            }
            #expect(domain.segments.allSatisfy { $0.start < $0.end }, "seed \(seed)")
            for incarnation in domain.incarnations {
                let own = domain.segments.filter { $0.incarnationStart == incarnation.start }
                let end = incarnation.end ?? truth.until
                #expect(own.first?.start == incarnation.start || end == incarnation.start, "seed \(seed)")
                #expect(own.last?.end == end || end == incarnation.start, "seed \(seed)")
                #expect(own.allSatisfy { $0.host == incarnation.host && $0.isActive }, "seed \(seed)")
            }
        }
    }

    @Test(
        "counters never fall within an incarnation and never pass what its vCPUs could do",
        arguments: 1...6 as ClosedRange<UInt64>)
    func counters(seed: UInt64) throws {
        let scenario = try play(seed: seed)
        for domain in scenario.fleet.truth(until: scenario.now).domains {
            for incarnation in domain.incarnations {
                let readings = domain.readings.filter {
                    $0.host == incarnation.host && $0.hypervisorID == incarnation.hypervisorID
                }
                let times = readings.map(\.counters.cpuTimeNanoseconds) + [incarnation.counters.cpuTimeNanoseconds]
                #expect(times == times.sorted(), "seed \(seed)")
                let room = domain.segments.filter { $0.incarnationStart == incarnation.start }
                    .reduce(Int64(0)) { $0 + Int64($1.vcpus) * $1.end.nanoseconds(since: $1.start) }
                let used = incarnation.counters.cpuTimeNanoseconds + incarnation.counters.stealTimeNanoseconds
                // A host whose clock runs fast counts that much more.
                #expect(used <= room + room / 10_000, "seed \(seed)")
            }
        }
    }

    @Test("the same seed and calls give the same truth, to the byte; another seed does not")
    func determinism() throws {
        func bytes(_ seed: UInt64) throws -> [UInt8] {
            let scenario = try play(seed: seed, steps: 150)
            return Array(try FleetJSON.encode(scenario.fleet.truth(until: scenario.now)))
        }
        #expect(try bytes(21) == bytes(21))
        #expect(try bytes(21) != bytes(22))
    }

    @Test("it survives JSON unchanged")
    func json() throws {
        let scenario = try play(seed: 3)
        let truth = scenario.fleet.truth(until: scenario.now)
        #expect(try FleetJSON.decode(FleetTruth.self, from: FleetJSON.encode(truth)) == truth)
    }

    @Test("asking for it changes nothing, also for later instants")
    func asking() throws {
        var scenario = try play(seed: 4, steps: 100)
        var undisturbed = scenario
        let later = scenario.now.advanced(by: .seconds(100))
        #expect(scenario.fleet.truth(until: later).until == later)
        scenario.pass(.seconds(1))
        undisturbed.pass(.seconds(1))
        #expect(try scenario.sample("host-1") == undisturbed.sample("host-1"))
    }

    @Test("readings are kept when asked for, always for a domain with a trace, and never beyond the limit")
    func readings() throws {
        var scenario = try FleetScenario(truth: TruthLimits(readings: 0, tracedReadings: 10))
        try scenario.create()
        for _ in 0..<5 {
            scenario.pass(.seconds(1))
            _ = try scenario.sample()
        }
        #expect(try scenario.truth().readings.isEmpty)
        #expect(!scenario.fleet.isInput(FleetRequest(host: "host-1", operation: .sample)))
        try scenario.administer(.play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: [1])))
        for _ in 0..<100 {
            scenario.pass(.seconds(1))
            _ = try scenario.sample()
        }
        let truth = try scenario.truth()
        #expect((10..<20).contains(truth.readings.count))
        #expect(truth.readings.count + truth.dropped == 100)
        #expect(truth.readings.last?.at == scenario.now)
        #expect(scenario.fleet.isInput(FleetRequest(host: "host-1", operation: .sample)))
    }

    @Test("a configuration that can't be names the culprit")
    func configuration() {
        let twice = [FleetScenario.host(1), FleetScenario.host(1)]
        #expect(throws: FleetConfigurationError(description: "host host-1: two hosts have this id")) {
            try FleetScenario(hosts: twice)
        }
        #expect(throws: FleetConfigurationError.self) { try FleetScenario(hosts: []) }
        #expect(throws: FleetConfigurationError.self) { try FleetScenario(hosts: [FleetScenario.host(1, cores: 0)]) }
        #expect(throws: FleetConfigurationError.self) { try FleetScenario(idleLoad: .constant(ppm: -1)) }
        var full = FleetScenario.host(1, memory: .gibibytes(1))
        full.domains = [FleetScenario.definition(memory: .gibibytes(2))]
        #expect(throws: FleetConfigurationError.self) { try FleetScenario(hosts: [full]) }
    }
}
