// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

@Suite("Operations")
struct OperationTests {
    @Test(
        "a new incarnation counts from zero and has a new number",
        arguments: [[LifecycleVerb.shutdown, .start], [.destroy, .start], [.save, .restore]])
    func incarnations(verbs: [LifecycleVerb]) throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.pass(.seconds(10))
        let first = try #require(try scenario.reading().life)
        for verb in verbs {
            let reply = scenario.change(.lifecycle(FleetScenario.vm, verb))
            #expect(throws: Never.self) { try scenario.answer(reply) }
            if verb != verbs.last { #expect(try scenario.reading().life == nil) }
            scenario.pass(.seconds(1))
        }
        let second = try #require(try scenario.reading().life)
        #expect(second.hypervisorID > first.hypervisorID)
        #expect(second.start == scenario.now.advanced(by: .seconds(-1)))
        #expect(second.counters.cpuTimeNanoseconds == 800_000_000)
        let ended = try #require(try scenario.truth().incarnations.first)
        #expect(ended.counters.cpuTimeNanoseconds == 8_000_000_000)
        #expect(ended.end == FleetScenario.start.advanced(by: .seconds(10)))
    }

    @Test("pausing stops the counters and keeps the incarnation")
    func pause() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.pass(.seconds(1))
        scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        scenario.pass(.seconds(100))
        let paused = try scenario.reading()
        #expect(paused.state == .paused)
        #expect(paused.life?.counters.cpuTimeNanoseconds == 800_000_000)
        scenario.change(.lifecycle(FleetScenario.vm, .resume))
        scenario.pass(.seconds(1))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 1_600_000_000)
        #expect(try scenario.reading().life?.hypervisorID == paused.life?.hypervisorID)
    }

    @Test(
        "an operation that a state does not allow is refused and changes nothing",
        arguments: [
            ([], LifecycleVerb.undefine), ([.suspend], .start), ([.suspend], .shutdown), ([.shutdown], .suspend),
            ([.shutdown], .resume), ([.shutdown], .restore), ([.shutdown], .save), ([.save], .start),
            ([.save], .suspend), ([.save], .shutdown),
        ] as [([LifecycleVerb], LifecycleVerb)])
    func refusals(first: [LifecycleVerb], verb: LifecycleVerb) throws {
        var scenario = try FleetScenario()
        try scenario.create()
        for verb in first { scenario.change(.lifecycle(FleetScenario.vm, verb)) }
        let before = try scenario.reading()
        let reply = scenario.change(.lifecycle(FleetScenario.vm, verb))
        #expect(try scenario.refusal(reply) == .refused)
        #expect(try scenario.reading() == before)
    }

    @Test(
        "an operation whose outcome holds already succeeds and changes nothing",
        arguments: [
            ([], LifecycleVerb.start), ([], .resume), ([], .restore), ([.suspend], .suspend),
            ([.shutdown], .shutdown), ([.shutdown], .destroy), ([.save], .save),
        ] as [([LifecycleVerb], LifecycleVerb)])
    func repeated(first: [LifecycleVerb], verb: LifecycleVerb) throws {
        var scenario = try FleetScenario()
        try scenario.create()
        for verb in first { scenario.change(.lifecycle(FleetScenario.vm, verb)) }
        let before = try scenario.reading()
        scenario.pass(.seconds(1))
        let reply = scenario.change(.lifecycle(FleetScenario.vm, verb))
        #expect(try scenario.answer(reply).at == before.effectiveAt)
        #expect(try scenario.reading().life?.hypervisorID == before.life?.hypervisorID)
    }

    @Test("an undefined domain is gone for its host and stays in the truth")
    func undefine() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.pass(.seconds(1))
        scenario.change(.lifecycle(FleetScenario.vm, .destroy))
        scenario.pass(.seconds(1))
        let reply = scenario.change(.lifecycle(FleetScenario.vm, .undefine))
        #expect(try scenario.answer(reply).domains.isEmpty)
        #expect(try scenario.sample().domains.isEmpty)
        scenario.pass(.seconds(9))
        #expect(try scenario.truth().segments.map(\.isActive) == [true, false])
        #expect(try scenario.truth().segments.last?.end == FleetScenario.start.advanced(by: .seconds(2)))
    }

    @Test("a resize takes effect when it is over, and the answer says when")
    func resizeDuration() throws {
        var scenario = try FleetScenario(durations: OperationDurations(resize: 500_000_000))
        try scenario.create()
        scenario.pass(.seconds(1))
        let change = FleetChange.resize(FleetScenario.vm, vcpus: 3, memory: .mebibytes(300))
        let call = FleetOperation.change(change, scenario.token(77))
        let effect = scenario.now.advanced(by: .milliseconds(500))
        #expect(scenario.ask(call) == .wait(until: effect))
        #expect(try scenario.reading().grantedVCPUs == 2)
        scenario.pass(.seconds(2))
        let answer = try scenario.answer(scenario.ask(call))
        #expect(answer.at == effect)
        #expect(answer.domains.first?.grantedVCPUs == 3)
        #expect(answer.domains.first?.memory == .mebibytes(300))
        #expect(try scenario.truth().segments.map(\.vcpus) == [2, 3])
        #expect(try scenario.truth().segments.last?.start == effect)
    }

    @Test("sizes beyond the definition, and memory beyond the host, are refused")
    func sizes() throws {
        var scenario = try FleetScenario(hosts: [FleetScenario.host(1, memory: .mebibytes(1_100))])
        try scenario.create()
        for change in [
            FleetChange.resize(FleetScenario.vm, vcpus: 5, memory: nil),
            .resize(FleetScenario.vm, vcpus: -1, memory: nil),
            .resize(FleetScenario.vm, vcpus: nil, memory: .gibibytes(1)),
            .create(FleetScenario.definition(FleetScenario.domain(8), vcpus: 0)),
            .create(FleetScenario.definition(FleetScenario.domain(8), vcpus: 5)),
        ] {
            let reply = scenario.change(change)
            #expect(try scenario.refusal(reply) == .invalid)
        }
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)))
        let full = scenario.change(.create(FleetScenario.definition(FleetScenario.domain(3))))
        #expect(try scenario.refusal(full) == .refused)
        let again = scenario.change(.create(FleetScenario.definition()))
        #expect(try scenario.refusal(again) == .conflict)
    }

    @Test("a second operation on a domain waits for none: it is refused while the first is under way")
    func busy() throws {
        var scenario = try FleetScenario(durations: OperationDurations(resize: 1_000_000_000))
        try scenario.create()
        scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        let second = scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        #expect(try scenario.refusal(second) == .conflict)
        scenario.pass(.seconds(1))
        let third = scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        #expect(throws: Never.self) { try scenario.answer(third) }
    }

    // MARK: Guests and scripted failures

    @Test("a guest that refuses leaves a grow granted but not confirmed, and can be rolled back")
    func refusingGuest() throws {
        var scenario = try FleetScenario(idleLoad: .constant(ppm: 2_000_000))
        try scenario.create()
        try scenario.administer(.guest(domain: FleetScenario.vm, conduct: .refuses, report: nil))
        scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        scenario.pass(.seconds(1))
        let grown = try scenario.reading()
        #expect(grown.grantedVCPUs == 3)
        #expect(grown.life?.confirmedVCPUs == 2)
        #expect(grown.life?.vcpuTimeNanoseconds == [1_000_000_000, 1_000_000_000, 0])
        scenario.change(.resize(FleetScenario.vm, vcpus: 1, memory: nil))
        #expect(try scenario.reading().grantedVCPUs == 3)
        scenario.change(.resize(FleetScenario.vm, vcpus: 2, memory: nil))
        #expect(try scenario.reading().grantedVCPUs == 2)
        #expect(try scenario.truth().segments.map(\.vcpus) == [2])
    }

    @Test("a lying guest reports 1 and uses 4; the time of its vCPUs and the truth show it")
    func lyingGuest() throws {
        var scenario = try FleetScenario(idleLoad: .constant(ppm: 4_000_000))
        try scenario.create(FleetScenario.definition(vcpus: 1))
        try scenario.administer(.guest(domain: FleetScenario.vm, conduct: nil, report: .lies(vcpus: 1)))
        scenario.change(.resize(FleetScenario.vm, vcpus: 4, memory: nil))
        scenario.pass(.seconds(1))
        let life = try #require(try scenario.reading().life)
        #expect(life.confirmedVCPUs == 1)
        #expect(life.vcpuTimeNanoseconds == [Int64](repeating: 1_000_000_000, count: 4))
        #expect(try scenario.truth().segments.map(\.vcpus) == [4])
    }

    @Test("a slow guest confirms later, and a guest without an agent never says")
    func slowGuest() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .guest(domain: FleetScenario.vm, conduct: .confirms(afterNanoseconds: 3_000_000_000), report: nil))
        scenario.change(.resize(FleetScenario.vm, vcpus: 4, memory: nil))
        scenario.pass(.seconds(2))
        #expect(try scenario.reading().life?.confirmedVCPUs == 2)
        scenario.pass(.seconds(2))
        #expect(try scenario.reading().life?.confirmedVCPUs == 4)
        #expect(try scenario.truth().segments.last?.start == FleetScenario.start.advanced(by: .seconds(3)))
        try scenario.administer(.guest(domain: FleetScenario.vm, conduct: nil, report: .silent))
        #expect(try scenario.reading().life?.confirmedVCPUs == nil)
    }

    @Test("a confirmation that comes after a later resize is void")
    func lateConfirmation() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .guest(domain: FleetScenario.vm, conduct: .confirms(afterNanoseconds: 3_000_000_000), report: nil))
        scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        scenario.pass(.seconds(1))
        scenario.change(.resize(FleetScenario.vm, vcpus: 2, memory: nil))
        scenario.pass(.seconds(5))
        #expect(try scenario.reading().life?.confirmedVCPUs == 2)
    }

    @Test("a scripted failure strikes as often as it says, and only what it names")
    func scriptedFailure() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .fault(
                host: "host-1", domain: nil, verb: "resize", times: 1,
                effect: .fail(afterNanoseconds: 0, message: "no")))
        let paused = scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        #expect(throws: Never.self) { try scenario.answer(paused) }
        let first = scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        #expect(first == .refused(FleetRefusal(.refused, "no")))
        #expect(try scenario.reading().grantedVCPUs == 2)
        let second = scenario.change(.resize(FleetScenario.vm, vcpus: 3, memory: nil))
        #expect(throws: Never.self) { try scenario.answer(second) }
    }

    @Test("a partial grant gives less, a delay takes longer")
    func partialGrant() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        for effect in [FleetFault.Effect.partialGrant(vcpus: 3), .delay(nanoseconds: 2_000_000_000)] {
            try scenario.administer(.fault(host: nil, domain: FleetScenario.vm, verb: nil, times: nil, effect: effect))
        }
        scenario.change(.resize(FleetScenario.vm, vcpus: 4, memory: nil))
        scenario.pass(.seconds(1))
        #expect(try scenario.reading().grantedVCPUs == 2)
        scenario.pass(.seconds(1))
        #expect(try scenario.reading().grantedVCPUs == 3)
        try scenario.administer(.clearFaults)
        scenario.change(.resize(FleetScenario.vm, vcpus: 4, memory: nil))
        #expect(try scenario.reading().grantedVCPUs == 4)
    }

    @Test("a hung host answers nothing while its domains go on; a dead one refuses and its domains are gone")
    func hungAndDead() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(.condition(host: "host-1", condition: .hung))
        scenario.pass(.seconds(10))
        #expect(scenario.ask(.sample) == .hang)
        #expect(scenario.change(.lifecycle(FleetScenario.vm, .destroy)) == .hang)
        try scenario.administer(.condition(host: "host-1", condition: .up))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 8_000_000_000)
        try scenario.administer(.condition(host: "host-1", condition: .dead))
        #expect(scenario.ask(.ping) == .unreachable)
        scenario.pass(.seconds(10))
        try scenario.administer(.condition(host: "host-1", condition: .up))
        #expect(try scenario.reading().state == .shutoff)
        #expect(try scenario.truth().segments.map(\.isActive) == [true, false])
        #expect(
            scenario.ask(.sample, of: "host-9") == .refused(FleetRefusal(.notFound, "the fleet has no host host-9")))
    }
}
