// SPDX-License-Identifier: Apache-2.0

import Contracts
import FleetModel
import Hypervisor
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912}
    """

@Suite("A Monitor that is killed between a reboot's or a revert's order and its answer", .serialized)
struct MonitorInterruptionTests {
    /// Leaves behind what a Monitor leaves that is killed around this call; the successor's end of the command.
    private func end(
        of verb: String, _ arguments: String = "{}", prepare: [(verb: String, arguments: String)] = [],
        hadEffect: Bool, _ effect: (FleetHypervisor, MutatingCall) async throws -> Void
    ) async throws -> CommandOutcome {
        var ended: CommandOutcome?
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { rig in
                let first = try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                for step in prepare {
                    let outcome = try await rig.perform(step.verb, vm, step.arguments)
                    #expect(outcome.succeeded, "\(step): \(outcome)")
                }
                await rig.drop("h1")
                let hypervisor = try await fleet.hypervisor("h1")
                let mark = JSONText.encode(try await hypervisor.lifeMark(of: vm))
                // What did not happen is known once it can't happen any more.
                let id = try await rig.enqueue(verb, vm, arguments, within: .seconds(hadEffect ? 20 : 3))
                #expect(
                    try await rig.commands.claim(
                        id, under: first.claim, by: rig.instance, at: rig.clock.now(), mark: mark))
                if hadEffect {
                    try await effect(
                        hypervisor, MutatingCall(id: id, epoch: UInt64(first.epoch), timeout: .seconds(1)))
                }
                try await rig.take("h1")
                ended = try await rig.outcome(of: id)
                let orders = try await fleet.truth().operations.filter { $0.callID == id }
                #expect(orders.count == (hadEffect ? 1 : 0), "it is not ordered again")
            }
        }
        return try #require(ended)
    }

    @Test("a reboot ends by whether the guest began anew", arguments: [true, false])
    func reboot(hadEffect: Bool) async throws {
        let outcome = try await end(of: "reboot", hadEffect: hadEffect) { hypervisor, call in
            _ = try await hypervisor.perform(.reboot, on: vm, call)
        }
        #expect(outcome.succeeded == hadEffect && outcome.code?.word == (hadEffect ? nil : .interrupted), "\(outcome)")
    }

    @Test("a revert of a running VM to its current snapshot ends by whether it began again", arguments: [true, false])
    func revert(hadEffect: Bool) async throws {
        let name = #"{"name": "before"}"#
        let outcome = try await end(of: "revert", name, prepare: [("snapshot", name)], hadEffect: hadEffect) {
            hypervisor, call in _ = try await hypervisor.revert(vm, to: "before", call)
        }
        #expect(outcome.succeeded == hadEffect && outcome.code?.word == (hadEffect ? nil : .interrupted), "\(outcome)")
    }

    @Test("a revert to an earlier snapshot ends by which is the current one", arguments: [true, false])
    func revertToEarlier(hadEffect: Bool) async throws {
        let outcome = try await end(
            of: "revert", #"{"name": "early"}"#,
            prepare: [
                ("destroy", "{}"), ("snapshot", #"{"name": "early"}"#), ("start", "{}"),
                ("snapshot", #"{"name": "late"}"#),
            ], hadEffect: hadEffect
        ) { hypervisor, call in _ = try await hypervisor.revert(vm, to: "early", call) }
        #expect(outcome.succeeded == hadEffect && outcome.code?.word == (hadEffect ? nil : .interrupted), "\(outcome)")
    }

    @Test("of a domain that is off nobody can tell, and it is said that asking again does no harm")
    func revertOff() async throws {
        let name = #"{"name": "off"}"#
        let outcome = try await end(
            of: "revert", name, prepare: [("destroy", "{}"), ("snapshot", name)], hadEffect: false
        ) { _, _ in }
        #expect(outcome.code == .interrupted && outcome.message?.contains("no harm") == true, "\(outcome)")
    }

    @Test("a deleted snapshot ends by whether it is there", arguments: [true, false])
    func deleteSnapshot(hadEffect: Bool) async throws {
        let name = #"{"name": "before"}"#
        let outcome = try await end(
            of: "delete-snapshot", name, prepare: [("snapshot", name)], hadEffect: hadEffect
        ) { hypervisor, call in _ = try await hypervisor.deleteSnapshot(of: vm, name: "before", call) }
        #expect(outcome.succeeded == hadEffect && outcome.code?.word == (hadEffect ? nil : .interrupted), "\(outcome)")
    }

    @Test("a reboot or revert whose answer is lost is followed up by that Monitor", arguments: ["reboot", "revert"])
    func lostAnswer(verb: String) async throws {
        var configuration = MonitorConfiguration.quick
        configuration.commandTimeout = .milliseconds(500)
        try await withMonitor(configuration: configuration) { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("snapshot", vm, #"{"name": "before"}"#).succeeded)
            try await fleet.administer(.fault(host: nil, domain: vm, verb: verb, times: 1, effect: .loseAnswer))
            let outcome = try await rig.perform(verb, vm, verb == "revert" ? #"{"name": "before"}"# : "{}")
            #expect(outcome.succeeded, "\(outcome)")
            #expect(try await fleet.truth().operations.filter { $0.verb == verb }.count == 1)
        }
    }
}
