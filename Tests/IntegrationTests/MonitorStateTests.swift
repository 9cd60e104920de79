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

@Suite("A command has succeeded when the state asked for is there", .serialized)
struct MonitorStateTests {
    private func withVM(
        durations: OperationDurations = OperationDurations(), configuration: MonitorConfiguration = .quick,
        _ body: (MonitorRig, FleetRig) async throws -> Void
    ) async throws {
        try await withMonitor(durations: durations, configuration: configuration) { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await body(rig, fleet)
        }
    }

    private func become(
        _ state: DomainState, _ rig: MonitorRig, _ fleet: FleetRig, because reason: StateReason? = nil,
        isHeld: Bool = false
    ) async throws {
        try await fleet.administer(.state(domain: vm, state: state, reason: reason, isHeld: isHeld))
        try await eventually("its row says \(state)") {
            let row = try await rig.inventory.domain(vm)
            return row?.state == state && row?.stateReason == reason
        }
    }

    private func state(_ rig: MonitorRig) async throws -> DomainState? { try await rig.inventory.domain(vm)?.state }

    @Test("a command that has nothing to do says so in its result, and one that does something does not")
    func heldAlready() async throws {
        try await withVM { rig, _ in
            for (verb, arguments) in [
                ("resume", "{}"), ("suspend", "{}"), ("suspend", "{}"), ("resume", "{}"), ("resume", "{}"),
                ("start", "{}"), ("resize", #"{"vcpus": 2}"#), ("save", "{}"), ("save", "{}"), ("restore", "{}"),
                ("destroy", "{}"), ("destroy", "{}"), ("shutdown", "{}"), ("start", "{}"),
            ] {
                let before = try await rig.inventory.domain(vm)?.state
                let outcome = try await rig.perform(verb, vm, arguments)
                #expect(outcome.succeeded, "\(verb): \(outcome)")
                let after = try await rig.inventory.domain(vm)?.state
                let isAlready = verb == "resize" || before == after
                #expect(CommandResult(outcome.result).heldAlready == (isAlready ? true : nil), "\(verb) from \(before)")
            }
        }
    }

    @Test("a guest that sleeps is woken by a resume, and not started")
    func sleeping() async throws {
        try await withVM { rig, fleet in
            try await become(.pmSuspended, rig, fleet)
            let start = try await rig.perform("start", vm)
            #expect(start.code == .state && start.message?.contains("ebb vm resume") == true, "\(start)")
            let resumed = try await rig.perform("resume", vm)
            #expect(resumed.succeeded, "\(resumed)")
            #expect(try await state(rig) == .running)
        }
    }

    @Test("a resume that does not last has not succeeded, and says why; one that lasts has")
    func heldByItsHost() async throws {
        try await withVM { rig, fleet in
            try await become(.paused, rig, fleet, because: .ioError, isHeld: true)
            let outcome = try await rig.perform("resume", vm)
            #expect(outcome.code == .noEffect && outcome.message?.contains("I/O error") == true, "\(outcome)")
            try await become(.paused, rig, fleet, because: .watchdog)
            let resumed = try await rig.perform("resume", vm)
            #expect(resumed.succeeded, "\(resumed)")
        }
    }

    @Test("what its host pauses again a moment after a resume has not been resumed")
    func pausedAgain() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.proofPause = .seconds(2)
        try await withVM(configuration: configuration) { rig, fleet in
            try await become(.paused, rig, fleet, because: .ioError)
            let id = try await rig.enqueue("resume", vm)
            try await eventually("it runs") { try await fleet.hypervisor("h1").look(at: vm).state == .running }
            try await fleet.administer(.state(domain: vm, state: .paused, reason: .ioError))
            let outcome = try await rig.outcome(of: id)
            #expect(outcome.code == .noEffect && outcome.message?.contains("I/O error") == true, "\(outcome)")
        }
    }

    @Test("a guest that crashed and is kept holds its room, is not started or deleted, and can be ended")
    func crashed() async throws {
        try await withVM { rig, fleet in
            try await become(.crashed, rig, fleet, because: .panicked)
            let room = try await PermitRepository(rig.store).room(of: "h1", at: rig.clock.now())
            #expect(room?.domainMemory == .mebibytes(512), "\(String(describing: room))")
            for verb in ["start", "delete", "resume", "shutdown"] {
                let outcome = try await rig.perform(verb, vm)
                #expect(outcome.code == .state && outcome.message?.contains("--force") == true, "\(verb): \(outcome)")
            }
            let forced = try await rig.perform("shutdown", vm, #"{"grace_seconds": 5, "then_destroy": true}"#)
            #expect(forced.succeeded, "\(forced)")
            #expect(try await state(rig) == .shutoff)
            #expect(try await rig.perform("start", vm).succeeded)
            try await become(.crashed, rig, fleet, because: .panicked)
            #expect(try await rig.perform("destroy", vm).succeeded)
            #expect(try await rig.perform("delete", vm).succeeded)
        }
    }

    @Test("a second snapshot of one name is refused, and the first one stays")
    func snapshotTwice() async throws {
        try await withVM { rig, fleet in
            let name = #"{"name": "before"}"#
            #expect(try await rig.perform("snapshot", vm, name).succeeded)
            let first = try await fleet.hypervisor("h1").snapshots(of: vm)
            let again = try await rig.perform("snapshot", vm, name)
            #expect(!again.succeeded && again.message?.contains("'before' already") == true, "\(again)")
            #expect(try await fleet.hypervisor("h1").snapshots(of: vm) == first)
        }
    }

    @Test("there is no migration to abort where none is under way and none is queued")
    func nothingToAbort() async throws {
        try await withVM { rig, _ in
            let outcome = try await rig.perform("abort-migration", vm)
            #expect(outcome.code == .state && outcome.message?.contains("no migration") == true, "\(outcome)")
        }
    }

    @Test("an abort cancels a migration that is queued, and its room is free again")
    func abortOfQueued() async throws {
        try await withVM(durations: OperationDurations(save: 2_000_000_000)) { rig, fleet in
            _ = try await rig.enqueue("save", vm)
            let migration = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
            try await eventually("it says what it waits for") {
                try await rig.commands.fetch(migration)?.progressText?.contains("behind save") == true
            }
            let abort = try await rig.perform("abort-migration", vm)
            #expect(abort.succeeded, "\(abort)")
            #expect(try await rig.outcome(of: migration).code == .aborted)
            #expect(try await !fleet.truth().operations.contains { $0.verb == "migrate" })
        }
    }

    @Test("a command that waits behind another says so, and so does its end if it is never begun")
    func waitsBehind() async throws {
        try await withVM(durations: OperationDurations(save: 2_500_000_000)) { rig, _ in
            let save = try await rig.enqueue("save", vm)
            try await eventually("it is claimed") { try await rig.commands.fetch(save)?.state == .claimed }
            let waiting = try await rig.enqueue("reboot", vm, within: .seconds(1))
            let outcome = try await rig.outcome(of: waiting)
            #expect(outcome.code == .deadline && outcome.message?.contains("behind save") == true, "\(outcome)")
            #expect(outcome.message?.contains("\(save)") == true, "\(outcome)")
            #expect(try await rig.outcome(of: save).succeeded)
        }
    }
}
