// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

@Suite("Migration")
struct MigrationTests {
    private static let migration = FleetChange.migrate(FleetScenario.vm, to: "host-2", targetEpoch: 1)

    private func scenario() throws -> FleetScenario {
        var scenario = try FleetScenario(durations: OperationDurations(migrate: 4_000_000_000))
        try scenario.create()
        scenario.pass(.seconds(10))
        return scenario
    }

    @Test("what is off goes with its definition, begins no life, and starts where it went")
    func off() throws {
        var scenario = try scenario()
        _ = try scenario.answer(scenario.change(.lifecycle(FleetScenario.vm, .destroy)))
        scenario.pass(.seconds(1))
        let call = FleetOperation.change(Self.migration, scenario.token(50))
        guard case .wait(let end) = scenario.ask(call) else {
            Issue.record("it was refused")
            return
        }
        scenario.pass(.nanoseconds(end.nanoseconds(since: scenario.now)))
        _ = try scenario.answer(scenario.ask(call))
        #expect(scenario.fleet.hosts.filter { !$0.domains.isEmpty }.map(\.id) == ["host-2"])
        #expect(scenario.copies().isEmpty)
        scenario.pass(.seconds(1))
        #expect(try scenario.truth().incarnations.count == 1)
        #expect(try scenario.truth().segments.last?.host == "host-2")
        _ = try scenario.answer(scenario.change(.lifecycle(FleetScenario.vm, .start), on: "host-2"))
        #expect(try scenario.reading(on: "host-2").life != nil)
    }

    @Test("the source runs until the switch, then the target counts from zero")
    func success() throws {
        var scenario = try scenario()
        let call = FleetOperation.change(Self.migration, scenario.token(50))
        let end = scenario.now.advanced(by: .seconds(4))
        #expect(scenario.ask(call) == .wait(until: end))
        scenario.pass(.milliseconds(3_999))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 11_199_200_000)
        #expect(scenario.copies() == ["host-1"])
        scenario.pass(.milliseconds(1_001))
        #expect(try scenario.sample().domains.isEmpty)
        #expect(scenario.copies() == ["host-2"])
        let life = try #require(try scenario.reading(on: "host-2").life)
        #expect(life.start == end)
        #expect(life.counters.cpuTimeNanoseconds == 800_000_000)
        let answer = try scenario.answer(scenario.ask(call))
        #expect(answer.at == end)
        #expect(answer.domains.first?.life?.start == end)
        let truth = try scenario.truth()
        #expect(truth.segments.map(\.host) == ["host-1", "host-2"])
        #expect(truth.incarnations.map(\.counters.cpuTimeNanoseconds) == [11_200_000_000, 800_000_000])
    }

    enum Point: String, CaseIterable, Sendable {
        case refusedAtOnce, halfway, atTheSwitch, sourceDies, targetDies, destroyed, targetFillsUp
    }

    @Test(
        "whatever fails, and wherever, exactly one copy runs at every instant, or none if its host died",
        arguments: Point.allCases)
    func failures(point: Point) throws {
        var scenario = try scenario()
        switch point {
        case .refusedAtOnce: try fail(&scenario, after: .zero)
        case .halfway: try fail(&scenario, after: .seconds(2))
        case .atTheSwitch: try fail(&scenario, after: .seconds(9))
        default: break
        }
        let call = FleetOperation.change(Self.migration, scenario.token(50))
        _ = scenario.ask(call)
        #expect(scenario.copies() == ["host-1"])
        scenario.pass(.seconds(1))
        switch point {
        case .sourceDies: try scenario.administer(.condition(host: "host-1", condition: .dead))
        case .targetDies: try scenario.administer(.condition(host: "host-2", condition: .dead))
        case .destroyed: scenario.change(.lifecycle(FleetScenario.vm, .destroy))
        case .targetFillsUp:
            try scenario.create(
                FleetScenario.definition(FleetScenario.domain(2), memory: .gibibytes(4)), on: "host-2")
        default: break
        }
        let survivors: [HostID] = point == .sourceDies || point == .destroyed ? [] : ["host-1"]
        for _ in 0..<8 {
            scenario.pass(.milliseconds(500))
            _ = scenario.ask(.sample, of: "host-2")
            #expect(scenario.copies() == survivors)
        }
        if point != .sourceDies {
            #expect(try scenario.refusal(scenario.ask(call)) == .refused)
        }
        let truth = scenario.fleet.truth(until: scenario.now)
        #expect(truth.operations.contains { $0.verb == "migrate" && $0.outcome == "refused" && $0.effectiveAt == nil })
        #expect(truth.domains.first?.segments.contains { $0.host == "host-2" } == false)
    }

    private func fail(_ scenario: inout FleetScenario, after delay: Duration) throws {
        let effect = FleetFault.Effect.fail(afterNanoseconds: delay.wholeNanoseconds, message: "scripted")
        try scenario.administer(.fault(host: nil, domain: nil, verb: "migrate", times: 1, effect: effect))
    }

    @Test("a migration whose answer is lost has happened once, and a repeated call learns of it")
    func lostAnswer() throws {
        var scenario = try scenario()
        try scenario.administer(.fault(host: nil, domain: nil, verb: "migrate", times: 1, effect: .loseAnswer))
        let call = FleetOperation.change(Self.migration, scenario.token(50))
        _ = scenario.ask(call)
        scenario.pass(.seconds(5))
        #expect(scenario.ask(call) == .hang)
        #expect(scenario.copies() == ["host-2"])
        let answer = try scenario.answer(scenario.ask(call))
        #expect(answer.domains.first?.life?.start == answer.at)
        #expect(try scenario.truth().incarnations.count == 2)
    }

    @Test("a paused domain arrives paused, with the size its guest had")
    func paused() throws {
        var scenario = try scenario()
        try scenario.administer(.guest(domain: FleetScenario.vm, conduct: .refuses, report: nil))
        scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        scenario.change(Self.migration)
        scenario.pass(.seconds(10))
        let arrived = try scenario.reading(on: "host-2")
        #expect(arrived.state == .paused)
        #expect(arrived.grantedVCPUs == 3)
        #expect(arrived.life?.confirmedVCPUs == 2)
        #expect(arrived.life?.counters.cpuTimeNanoseconds == 0)
    }

    @Test("a migration to nowhere, to itself, to a dead host or of a domain that is saved is refused")
    func refusals() throws {
        var scenario = try scenario()
        let nowhere = scenario.change(.migrate(FleetScenario.vm, to: "host-3", targetEpoch: 1))
        #expect(try scenario.refusal(nowhere) == .notFound)
        let itself = scenario.change(.migrate(FleetScenario.vm, to: "host-1", targetEpoch: 1))
        #expect(try scenario.refusal(itself) == .invalid)
        try scenario.administer(.condition(host: "host-2", condition: .dead))
        let dead = scenario.change(Self.migration)
        #expect(try scenario.refusal(dead) == .refused)
        try scenario.administer(.condition(host: "host-2", condition: .hung))
        #expect(scenario.change(Self.migration) == .hang)
        try scenario.administer(.condition(host: "host-2", condition: .up))
        scenario.change(.lifecycle(FleetScenario.vm, .save))
        let saved = scenario.change(Self.migration)
        #expect(try scenario.refusal(saved) == .refused)
    }
}
