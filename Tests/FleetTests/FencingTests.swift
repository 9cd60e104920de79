// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

@Suite("Fencing and repeated calls")
struct FencingTests {
    private let grow = FleetChange.resize(FleetScenario.vm, vcpus: 3, memory: nil)

    @Test("an epoch below the highest seen is refused, recorded, and changes nothing")
    func fenced() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(.lifecycle(FleetScenario.vm, .suspend), epoch: 5)
        let late = scenario.change(grow, epoch: 4)
        #expect(try scenario.refusal(late) == .fenced)
        #expect(try scenario.reading().grantedVCPUs == 2)
        let violation = try #require(scenario.fleet.truth(until: scenario.now).violations.first)
        #expect(violation.epoch == 4)
        #expect(violation.highestEpoch == 5)
        #expect(violation.host == "host-1")
        let same = scenario.change(grow, epoch: 5)
        #expect(throws: Never.self) { try scenario.answer(same) }
    }

    @Test("epochs are of a host: another host's are its own")
    func perHost() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(grow, epoch: 9)
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)), on: "host-2")
        #expect(scenario.fleet.hosts.map(\.epoch) == [9, 1])
    }

    @Test("a migration is fenced by the target's epoch too, and then raises neither")
    func migration() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)), on: "host-2")
        scenario.change(.lifecycle(FleetScenario.domain(2), .suspend), on: "host-2", epoch: 7)
        let late = scenario.change(.migrate(FleetScenario.vm, to: "host-2", targetEpoch: 6), epoch: 3)
        #expect(try scenario.refusal(late) == .fenced)
        #expect(scenario.fleet.hosts.map(\.epoch) == [1, 7])
        #expect(scenario.fleet.truth(until: scenario.now).violations.map(\.host) == ["host-2"])
        scenario.change(.migrate(FleetScenario.vm, to: "host-2", targetEpoch: 8), epoch: 3)
        #expect(scenario.fleet.hosts.map(\.epoch) == [3, 8])
        #expect(scenario.copies() == ["host-2"])
    }

    @Test("a repeated call has one effect and the same answer, whatever happened in between")
    func repeated() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        let call = FleetOperation.change(grow, scenario.token(70))
        let first = try scenario.answer(scenario.ask(call))
        scenario.pass(.seconds(1))
        scenario.change(.resize(FleetScenario.vm, vcpus: 1, memory: nil))
        let again = try scenario.answer(scenario.ask(call))
        #expect(again.at == first.at)
        #expect(again.domains.first?.grantedVCPUs == 1)
        #expect(scenario.fleet.truth(until: scenario.now).operations.map(\.verb) == ["create", "resize", "resize"])
    }

    @Test("a refused call stays refused, a successor may repeat it, the predecessor may not")
    func repeatedRefusal() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        let change = FleetChange.lifecycle(FleetScenario.vm, .undefine)
        let first = scenario.ask(.change(change, scenario.token(70)))
        scenario.change(.lifecycle(FleetScenario.vm, .destroy))
        #expect(scenario.ask(.change(change, scenario.token(70, epoch: 2))) == first)
        #expect(try scenario.refusal(scenario.ask(.change(change, scenario.token(70, epoch: 1)))) == .fenced)
    }

    @Test("a call id that was another call before is refused")
    func reused() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        _ = scenario.ask(.change(grow, scenario.token(70)))
        let other = FleetChange.resize(FleetScenario.vm, vcpus: 4, memory: nil)
        #expect(try scenario.refusal(scenario.ask(.change(other, scenario.token(70)))) == .conflict)
        #expect(try scenario.reading().grantedVCPUs == 3)
    }

    @Test("a host forgets the oldest calls, but none that is under way")
    func memory() {
        var memory = CallMemory()
        func id(_ number: Int) -> UUID128 { UUID128(high: 1, low: UInt64(number)) }
        memory.remember(id(0), .init(change: grow, outcome: .underWay(until: .zero), losesAnswer: false))
        for number in 1...20_000 {
            memory.remember(id(number), .init(change: grow, outcome: .done(at: .zero), losesAnswer: false))
        }
        #expect(memory.call(id(0)) != nil)
        #expect(memory.call(id(1)) == nil)
        #expect(memory.call(id(20_000)) != nil)
        #expect(memory.call(id(20_002 - CallMemory.limit)) != nil)
        #expect(memory.call(id(20_000 - CallMemory.limit)) == nil)
    }
}
