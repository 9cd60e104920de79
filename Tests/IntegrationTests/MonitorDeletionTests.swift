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

@Suite("A deletion forgets the domain, then its volumes, and loses none of them", .serialized)
struct MonitorDeletionTests {
    private func leaveDisk(_ fleet: FleetRig) async throws {
        try await fleet.administer(
            .fault(
                host: nil, domain: vm, verb: "undefine", times: 1, effect: .leaveDisk(reason: "the disk is held open")))
    }

    private func expectLeft(_ outcome: CommandOutcome, _ rig: MonitorRig) async throws {
        #expect(outcome.code == .partial, "\(outcome)")
        #expect(outcome.message?.contains("/fleet/\(vm).disk") == true, "\(outcome)")
        #expect(outcome.message?.contains("ebb vm delete") == true, "\(outcome)")
        let row = try #require(try await rig.inventory.domain(vm))
        #expect(row.deletedAt == nil && row.leftoverVolumes == ["/fleet/\(vm).disk"])
        #expect(try await rig.segments(vm).allSatisfy { $0.end != nil }, "nothing is billed any more")
    }

    @Test("a volume that can't be deleted is named, and a repeated deletion takes it")
    func leftDisk() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("destroy", vm).succeeded)
            try await leaveDisk(fleet)
            let outcome = try await rig.perform("delete", vm)
            #expect(outcome.message?.contains("held open") == true, "\(outcome)")
            try await expectLeft(outcome, rig)
            let again = try await rig.perform("delete", vm)
            #expect(again.succeeded, "\(again)")
            #expect(try await rig.inventory.domain(vm)?.deletedAt != nil)
            let left = try await fleet.hypervisor("h1").remaining(["/fleet/\(vm).disk"])
            #expect(left.isEmpty)
        }
    }

    @Test("a refused deletion leaves nothing to be deleted later")
    func refused() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("destroy", vm).succeeded)
            try await fleet.administer(
                .fault(
                    host: nil, domain: vm, verb: "undefine", times: 1,
                    effect: .fail(afterNanoseconds: 0, message: "no")))
            #expect(try await rig.perform("delete", vm).code == .hypervisor)
            try await eventually("nothing is left over") {
                try await rig.inventory.domain(vm)?.leftoverVolumes.isEmpty == true
            }
        }
    }

    @Test("a Monitor that dies between the definition and the volumes leaves their names to its successor")
    func interrupted() async throws {
        try await withFleet { fleet, database in
            try await MonitorRig.with(database) { rig in
                let first = try await rig.take("h1")
                #expect(try await rig.perform("create", vm, create).succeeded)
                #expect(try await rig.perform("destroy", vm).succeeded)
                await rig.drop("h1")
                let id = try await rig.enqueue("delete", vm, within: .seconds(3))
                let now = rig.clock.now()
                #expect(try await rig.commands.claim(id, under: first.claim, by: rig.instance, at: now))
                try await rig.inventory.setLeftovers(of: vm, ["/fleet/\(vm).disk"], under: first.claim)
                try await leaveDisk(fleet)
                let call = MutatingCall(id: id, epoch: UInt64(first.epoch), timeout: .seconds(1))
                _ = try await fleet.hypervisor("h1").delete(vm, volumes: [], call)
                try await rig.take("h1")
                try await expectLeft(try await rig.outcome(of: id), rig)
                let again = try await rig.perform("delete", vm)
                #expect(again.succeeded, "\(again)")
                #expect(try await rig.inventory.domain(vm)?.deletedAt != nil)
            }
        }
    }
}
