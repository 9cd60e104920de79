// SPDX-License-Identifier: Apache-2.0

import Bus
import Messages
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's quotas")
struct QuotaMethodTests {
    private func items(_ answer: JSONValue) -> [String: [JSONValue]] {
        Dictionary(
            (answer["items"]?.items ?? []).map {
                ($0["resource"]?.text ?? "", [$0["used"] ?? .null, $0["quota"] ?? .null])
            }
        ) { first, _ in first }
    }

    private func withRoom(_ body: (GatewayRig, Questions) async throws -> Void) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(.scheduler, number: 1, owning: [.init(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            try await body(rig, rooms)
        }
    }

    @Test("an operator sets what a tenant may have, part by part; the tenant sees it with what it has")
    func sets() async throws {
        try await withRoom { rig, _ in
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let before = items(try await rig.call("quota.show", as: GatewayRig.ada))
            #expect(before["vms"] == [1, .null] && before["vcpus"] == [2, .null] && before.count == 6)
            try await rig.call("quota.set", ["tenant": "acme", "vms": 3, "memoryBytes": 1_073_741_824])
            try await rig.call("quota.set", ["tenant": "acme", "vms": .null, "vcpus": 10])
            let after = items(try await rig.call("quota.show", as: GatewayRig.ada))
            #expect(after["vms"] == [1, .null] && after["vcpus"] == [2, 10])
            #expect(after["memory"] == [536_870_912, 1_073_741_824])
            #expect(items(try await rig.call("quota.show", as: GatewayRig.zoe))["vcpus"] == [0, .null])
            #expect(items(try await rig.call("quota.show", ["tenant": "acme"])) == after)
            #expect(try await rig.failure("quota.show").reason == .invalid)
            #expect(try await rig.failure("quota.set", ["tenant": "acme"]).reason == .invalid)
            #expect(try await rig.failure("quota.set", ["tenant": "none", "vms": 1]) == .notFound("tenant", "none"))
            #expect(try await rig.audited() == ["root quota.set acme", "root quota.set acme"])
        }
    }

    @Test("of VMs that are created at once so many are ordered as the quota has; who may have no more asks for no room")
    func creates() async throws {
        try await withRoom { rig, rooms in
            try await rig.call("quota.set", ["tenant": "acme", "vms": 2])
            let outcomes = await withTaskGroup(of: ErrorReason?.self) { group in
                for number in 1...6 {
                    group.addTask {
                        do {
                            try await rig.call(
                                "vm.create", ["name": .string("web-\(number)"), "flavor": "tiny", "wait": false],
                                as: GatewayRig.ada)
                            return nil
                        } catch {
                            return (error as? MethodError)?.reason ?? .internal
                        }
                    }
                }
                return await group.reduce(into: [ErrorReason?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 2 && outcomes.count { $0 == .quota } == 4, "\(outcomes)")
            let asked = rooms.all.count
            let parameters: [String: JSONValue] = ["name": "web-9", "flavor": "tiny", "wait": false]
            let refusal = try await rig.failure("vm.create", parameters, as: GatewayRig.ada)
            #expect(refusal.reason == .quota && rooms.all.count == asked)
            #expect(refusal.message == "tenant 'acme' has 2 VMs, asks for 1 VM more, and its quota is 2 VMs")
            // One that fails makes place for another.
            try await rig.administration.query(
                """
                UPDATE cluster.command SET state = 'failed', code = 'hypervisor', finished_ns = 1
                WHERE id = (SELECT id FROM cluster.command LIMIT 1)
                """)
            #expect(try await rig.call("vm.create", parameters, as: GatewayRig.ada)["state"] == "queued")
            // Another tenant's is its own.
            #expect(try await rig.call("vm.create", parameters, as: GatewayRig.zoe)["state"] == "queued")
        }
    }

    @Test("disks, snapshots, adopted VMs and tokens are held to the quota too")
    func holdsOthers() async throws {
        try await withRoom { rig, _ in
            try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "old-db", tenant: nil)
            try await rig.call(
                "quota.set", ["tenant": "acme", "diskBytes": 1_024, "snapshots": 1, "vcpus": 3, "tokens": 1])
            let parameters: [String: JSONValue] = ["name": "web-2", "flavor": "tiny", "wait": false]
            let disk = try await rig.failure("vm.create", parameters, as: GatewayRig.ada)
            #expect(disk.reason == .quota && disk.message.contains("of disk"))

            func snapshot(_ name: String) -> [String: JSONValue] {
                ["vm": "web-1", "name": .string(name), "wait": false]
            }
            try await rig.call("vm.snapshot", snapshot("a"), as: GatewayRig.ada)
            let second = try await rig.failure("vm.snapshot", snapshot("b"), as: GatewayRig.ada)
            #expect(second.reason == .quota && second.message.contains("snapshot"))
            #expect(items(try await rig.call("quota.show", as: GatewayRig.ada))["snapshots"] == [1, 1])

            let adoption: [String: JSONValue] = ["vm": "old-db", "tenant": "acme", "wait": false]
            #expect(try await rig.failure("vm.adopt", adoption).message.contains("vCPU"))
            try await rig.call("quota.set", ["tenant": "acme", "vcpus": 4])
            #expect(try await rig.call("vm.adopt", adoption)["state"] == "queued")
            #expect(items(try await rig.call("quota.show", as: GatewayRig.ada))["vcpus"] == [4, 4])

            let token: [String: JSONValue] = ["principal": "bob", "role": "member"]
            let made = try await rig.call("token.create", token, as: GatewayRig.ada)
            #expect(try await rig.failure("token.create", token, as: GatewayRig.ada).reason == .quota)
            try await rig.call("token.revoke", ["id": made["id"] ?? ""], as: GatewayRig.ada)
            #expect(try await rig.call("token.create", token, as: GatewayRig.ada)["principal"] == "bob@acme")
        }
    }

    /// Six at once of which the quota has room for two.
    private struct Race: CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let quota: [String: JSONValue]
        var person = GatewayRig.ada
        let parameters: @Sendable (Int) -> [String: JSONValue]
    }

    private static let races = [
        Race(testDescription: "disks", method: "vm.create", quota: ["diskBytes": 10_737_418_240]) {
            ["name": .string("new-\($0)"), "flavor": "tiny", "wait": false]
        },
        Race(testDescription: "snapshots", method: "vm.snapshot", quota: ["snapshots": 2]) {
            ["vm": .string("web-\($0)"), "name": "before", "wait": false]
        },
        Race(testDescription: "tokens", method: "token.create", quota: ["tokens": 2]) {
            ["principal": .string("bob-\($0)"), "role": "member"]
        },
        // Each has two vCPUs, as the six that it has have.
        Race(
            testDescription: "adopted VMs", method: "vm.adopt", quota: ["vcpus": 16], person: GatewayRig.root
        ) { ["vm": .string("old-\($0)"), "tenant": "acme", "wait": false] },
    ]

    @Test(
        "of what is asked for at once so much is had as the quota has, of every resource that the gateway orders",
        arguments: races)
    private func holdsUnderRaces(_ race: Race) async throws {
        try await withRoom { rig, _ in
            for number in UInt64(1)...6 {
                try await rig.addDomain(number, "web-\(number)", tenant: "acme")
                try await rig.addDomain(10 + number, "old-\(number)", tenant: nil)
            }
            try await rig.call("quota.set", race.quota.merging(["tenant": "acme"]) { $1 })
            let outcomes = await withTaskGroup(of: ErrorReason?.self) { group in
                for number in 1...6 {
                    group.addTask {
                        do {
                            try await rig.call(race.method, race.parameters(number), as: race.person)
                            return nil
                        } catch {
                            return (error as? MethodError)?.reason ?? .internal
                        }
                    }
                }
                return await group.reduce(into: [ErrorReason?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 2 && outcomes.count { $0 == .quota } == 4, "\(outcomes)")
        }
    }

    @Test("who is refused room for the quota is told so, and not that there is no room")
    func tellsRefusal() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let scheduler = try await rig.addPeer(.scheduler, number: 1, owning: [.init(kind: .cluster, id: "main")])
            await scheduler.server.handle(.permitRequest) { _, _ async throws(Bus.CommandFailure) in
                throw .overQuota("tenant 'acme' has 2 vCPUs, asks for 2 vCPUs more, and its quota is 3 vCPUs")
            }
            await rig.announce([scheduler])
            let error = try await rig.failure("vm.resize", ["vm": "web-1", "vcpus": 4], as: GatewayRig.ada)
            #expect(error.reason == .quota && error.hint?.contains("ebb tenant quota show") == true)
            #expect(!error.rpcError.isRetryable)
        }
    }
}
