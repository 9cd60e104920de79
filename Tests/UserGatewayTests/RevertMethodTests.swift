// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Messages
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

/// A VM that holds 2 vCPUs and 512 MiB while it runs.
@Suite("Gateway's reverts")
struct RevertMethodTests {
    private static let small: JSONValue = [
        "name": "monday", "createdAt": 5, "state": "running", "vcpus": 1, "memoryBytes": 268_435_456,
    ]
    private static let large: JSONValue = [
        "name": "monday", "createdAt": 5, "state": "running", "vcpus": 6, "memoryBytes": 805_306_368,
    ]
    private static let off: JSONValue = [
        "name": "monday", "createdAt": 5, "state": "shutoff", "vcpus": 6, "memoryBytes": 805_306_368,
    ]

    private static func room(_ purpose: String, vcpus: Int64, memory: Int64) -> JSONValue {
        [
            "cluster": "main", "purpose": .string(purpose), "vcpus": .integer(vcpus), "memory": .integer(memory),
            "host": "host-a",
        ]
    }

    private static func with(
        _ snapshot: JSONValue, state: DomainState,
        _ body: (GatewayRig, GatewayRig.Peer, Questions, DomainID) async throws -> Void
    ) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme", state: state)
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            let monitor = try await rig.addPeer(.monitor, number: 2, owning: [ShardKey(kind: .host, id: "host-a")])
            await monitor.answer(.listSnapshots, with: [snapshot], keeping: Questions())
            await rig.announce([scheduler, monitor])
            try await body(rig, scheduler, rooms, domain)
        }
    }

    @Test(
        "a revert asks for the room that the snapshot takes beyond what the VM holds",
        arguments: [
            (small, DomainState.running, nil), (large, .running, room("grow", vcpus: 4, memory: 256 << 20)),
            (small, .shutoff, room("restore", vcpus: 1, memory: 256 << 20)),
            (large, .unknown, room("grow", vcpus: 4, memory: 256 << 20)), (off, .running, nil), (off, .shutoff, nil),
        ] as [(JSONValue, DomainState, JSONValue?)])
    func asksForRoom(snapshot: JSONValue, state: DomainState, expected: JSONValue?) async throws {
        try await Self.with(snapshot, state: state) { rig, _, rooms, domain in
            try await rig.call("vm.revert", ["vm": "web-1", "name": "monday", "wait": false], as: GatewayRig.ada)
            #expect(rooms.all == [expected].compactMap { $0 })
            let command = try await CommandRepository(rig.administration).history(of: domain).first?.command
            #expect((command?.permit != nil) == (expected != nil))
        }
    }

    @Test("what was saved is as large when it is restored, whatever was asked of it before")
    func restores() async throws {
        try await Self.with(Self.small, state: .saved) { rig, _, rooms, _ in
            try await rig.administration.query("UPDATE inventory.domain SET asked_vcpus = 1, granted_vcpus = 4")
            try await rig.call("vm.restore", ["vm": "web-1", "wait": false], as: GatewayRig.ada)
            #expect(rooms.all == [Self.room("restore", vcpus: 4, memory: 1 << 30)])
        }
    }

    @Test("a revert of a running VM to a larger snapshot is refused where there is no room, or no quota for it")
    func refuses() async throws {
        try await Self.with(Self.large, state: .running) { rig, scheduler, _, domain in
            let revert: [String: JSONValue] = ["vm": "web-1", "name": "monday", "wait": false]
            await scheduler.refuseRoom()
            let full = try await rig.failure("vm.revert", revert, as: GatewayRig.ada)
            #expect(full.reason == .noRoom && full.message == TenantText.noRoom, "\(full)")
            await scheduler.refuseRoom(.overQuota("its quota is 2 vCPUs"))
            #expect(try await rig.failure("vm.revert", revert, as: GatewayRig.ada).reason == .quota)
            #expect(try await CommandRepository(rig.administration).history(of: domain).isEmpty)
        }
    }
}
