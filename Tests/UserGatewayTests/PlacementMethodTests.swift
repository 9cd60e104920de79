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

@Suite("Gateway's clusters")
struct PlacementMethodTests {
    /// Two clusters with a Scheduler each, of which one may have no room.
    private static func withClusters(
        full: ClusterID? = nil, because failure: Bus.CommandFailure = .denied("no host has room for it"),
        _ body: (GatewayRig, Questions) async throws -> Void
    ) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a", cluster: "main")
            try await rig.addHost("host-x", cluster: "edge")
            let rooms = Questions()
            var peers: [GatewayRig.Peer] = []
            for (number, cluster) in ["main", "edge"].enumerated() {
                let peer = try await rig.addPeer(
                    .scheduler, number: UInt64(number + 1), owning: [ShardKey(kind: .cluster, id: cluster)])
                if full?.name == cluster {
                    await peer.refuseRoom(failure)
                } else {
                    await peer.grantRoom(keeping: rooms)
                }
                peers.append(peer)
            }
            await rig.announce(peers)
            try await body(rig, rooms)
        }
    }

    private static let parameters: [String: JSONValue] = ["name": "web-1", "flavor": "tiny", "wait": false]

    private static func cluster(_ rooms: Questions) -> JSONValue? { rooms.all.last?["cluster"] }

    @Test(
        "a tenant that names no cluster is placed where it has VMs, else by name, and elsewhere where there is no room")
    func places() async throws {
        try await Self.withClusters { rig, rooms in
            try await rig.call("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "edge")
            try await rig.addDomain(1, "db-1", tenant: "acme", host: "host-a")
            try await rig.call("vm.create", Self.parameters.merging(["name": "web-2"]) { $1 }, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "main")
        }
        try await Self.withClusters(full: "edge") { rig, rooms in
            try await rig.call("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "main")
        }
    }

    @Test(
        "where the first cluster takes nothing new the next one is tried",
        arguments: [FailureCode.observed, .draining])
    func closed(code: FailureCode) async throws {
        try await Self.withClusters(full: "edge", because: Bus.CommandFailure(code, "no host takes anything new")) {
            rig, rooms in
            try await rig.call("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "main")
        }
    }

    @Test(
        "where no cluster takes a new VM, the answer is what may change the soonest, and speaks of no host of its own",
        arguments: [
            ([.observed, .draining], .conflict, TenantText.closed), ([.draining], .conflict, TenantText.closed),
            ([.observed, .denied], .noRoom, TenantText.noRoom), ([.denied, .draining], .noRoom, TenantText.noRoom),
            ([.draining, .unavailable], .unavailable, TenantText.unavailable),
            ([.quota, .denied], .quota, "no"),
        ] as [([FailureCode], ErrorReason, String)])
    func refusals(codes: [FailureCode], reason: ErrorReason, sentence: String) async throws {
        try await GatewayRig.with { rig in
            var peers: [GatewayRig.Peer] = [try await rig.addPeer(.monitor, number: 9)]
            for (number, code) in codes.enumerated() {
                let cluster = "c\(number)"
                try await rig.addHost(try #require(HostID("host-\(number)")), cluster: try #require(ClusterID(cluster)))
                let peer = try await rig.addPeer(
                    .scheduler, number: UInt64(number + 1), owning: [ShardKey(kind: .cluster, id: cluster)])
                await peer.refuseRoom(Bus.CommandFailure(code, "no"))
                peers.append(peer)
            }
            await rig.announce(peers)
            let refusal = try await rig.failure("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(refusal.reason == reason && refusal.message == sentence, "\(refusal)")
        }
    }

    @Test(
        "only the clusters that an operator allows are tried; without any all are; an affinity group stays in its own")
    func allowed() async throws {
        try await Self.withClusters { rig, rooms in
            let set = try await rig.call("tenant.set", ["tenant": "acme", "clusters": ["main"]])
            #expect(set["clusters"] == ["main"])
            try await rig.call("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "main")
            let elsewhere = Self.parameters.merging(["tenant": "acme", "cluster": "edge", "name": "web-2"]) { $1 }
            let refusal = try await rig.failure("vm.create", elsewhere)
            #expect(refusal.reason == .invalid && refusal.message.contains("edge"))
            #expect(
                try await rig.failure("tenant.set", ["tenant": "acme", "clusters": ["moon"]])
                    == .notFound("cluster", "moon"))
            #expect(try await rig.call("tenant.set", ["tenant": "acme", "weight": 7])["clusters"] == ["main"])
            #expect(try await rig.call("tenant.set", ["tenant": "acme", "clusters": []])["clusters"] == [])

            let member = try await rig.addDomain(1, "db-1", tenant: "acme", host: "host-a")
            try await rig.administration.query(
                """
                INSERT INTO scheduling.policy (domain, version, valid_from_ns, window_length, options)
                VALUES (\(member), 1, 1, 10, '{"affinityGroup": "db", "isDryRun": false, "isOptedOut": false, "pinnedHosts": []}')
                """)
            let grouped = Self.parameters.merging(["affinity": "db", "name": "db-2"]) { $1 }
            try await rig.call("vm.create", grouped, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "main")
            // One that was created a moment ago has no policy yet.
            let coming = try await rig.addDomain(2, "cache-1", tenant: "acme", host: "host-x")
            try await rig.administration.query(
                """
                INSERT INTO scheduling.wanted_place (domain, cluster, options, expires_ns)
                VALUES (\(coming), 'edge', '{"affinityGroup": "cache", "isDryRun": false, "isOptedOut": false,
                    "pinnedHosts": []}', cluster.now_ns())
                """)
            let next = Self.parameters.merging(["affinity": "cache", "name": "cache-2"]) { $1 }
            try await rig.call("vm.create", next, as: GatewayRig.ada)
            #expect(Self.cluster(rooms) == "edge")
        }
    }

    @Test("a VM is pinned to hosts of its own cluster only: it can never come to another's")
    func pins() async throws {
        try await Self.withClusters { rig, _ in
            try await rig.addDomain(1, "db-1", tenant: "acme", host: "host-a")
            let error = try await rig.failure("policy.set", ["vm": "db-1", "pinnedHosts": ["host-a", "host-x"]])
            #expect(error.reason == .invalid)
            #expect(error.message == "'host-x' belongs to cluster 'edge', and 'db-1' to 'main'")
        }
    }

    @Test("where no cluster has room a tenant reads that there is none, and no cluster's name")
    func nowhere() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a", cluster: "main")
            try await rig.addHost("host-x", cluster: "edge")
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1,
                owning: ["main", "edge"].map { ShardKey(kind: .cluster, id: $0) })
            await scheduler.refuseRoom()
            await rig.announce([scheduler, try await rig.addPeer(.monitor, number: 2)])
            let refusal = try await rig.failure("vm.create", Self.parameters, as: GatewayRig.ada)
            #expect(refusal.reason == .noRoom && refusal.message == TenantText.noRoom && refusal.hint == nil)
        }
    }

    @Test("what runs and is about to stop is not said to run already")
    func aboutToStop() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.read("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            #expect(try await rig.call("vm.start", ["vm": "web-1"])["message"] == "it runs already; nothing was done")
            try await rig.administration.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state, created_ns,
                    deadline_ns)
                VALUES (\(UUID128(high: 8, low: 1)), 'host-a', \(domain), 'save', '{}', 'ada', 'k', 'claimed',
                    cluster.now_ns(), cluster.now_ns() + 600000000000)
                """)
            for method in ["vm.start", "vm.restore"] {
                let failure = try await rig.failure(method, ["vm": "web-1"], within: .milliseconds(300))
                #expect(failure.reason == .unavailable, "it asks for room: \(failure)")
            }
        }
    }

    @Test(
        "start and restore of a VM that runs succeed, say that it runs, and ask for no room",
        arguments: ["start", "restore"])
    func runs(verb: String) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.refuseRoom()
            await rig.announce([scheduler, try await rig.addPeer(.monitor, number: 2)])
            try await rig.read("host-a")
            let done = try await rig.call("vm.\(verb)", ["vm": "web-1"], as: GatewayRig.ada)
            #expect(done["state"] == "succeeded" && done["message"]?.text?.contains("runs already") == true)
            #expect(try await CommandRepository(rig.administration).history(of: domain).isEmpty)
            // Of a VM of which nobody knows how it is, that can't be said.
            try await rig.administration.query("UPDATE inventory.domain SET state = 'shutoff' WHERE id = \(domain)")
            #expect(try await rig.failure("vm.\(verb)", ["vm": "web-1"], as: GatewayRig.ada).reason == .noRoom)
            await scheduler.refuseRoom(Bus.CommandFailure(.underWay, "it is being started already"))
            let again = try await rig.failure("vm.\(verb)", ["vm": "web-1"], as: GatewayRig.ada)
            #expect(again.reason == .conflict && again.message == "it is being started already", "\(again)")
            for (code, sentence) in [(.draining, TenantText.draining), (.observed, TenantText.observed)]
                as [(FailureCode, String)]
            {
                await scheduler.refuseRoom(
                    Bus.CommandFailure(code, "host host-a is closed; run `ebb host enable host-a`"))
                let failure = try await rig.failure("vm.\(verb)", ["vm": "web-1"], as: GatewayRig.ada)
                #expect(failure.reason == .conflict && failure.message == sentence, "\(failure)")
                let provider = try await rig.failure("vm.\(verb)", ["vm": "web-1"])
                #expect(provider.message.contains("`ebb host enable host-a`"), "\(provider)")
            }
        }
    }
}
