// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Store
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

/// A VM that was acme's until it was released, and that zeta has by the same name now; everything happened in the last
/// hour, and something of each kind while it was acme's, nobody's and zeta's.
private struct Handover {
    let rig: GatewayRig
    let id: DomainID
    let now: Timestamp

    static func with(_ body: (Handover) async throws -> Void) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let now = try await rig.administration.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
            let handover = Handover(rig: rig, id: try await rig.addDomain(1, "web", tenant: nil), now: now)
            for (minutes, tenant) in [(50, "acme"), (30, nil), (20, "zeta")] as [(Int64, TenantID?)] {
                try await rig.administration.query(
                    """
                    UPDATE inventory.domain SET tenant = \(tenant), managed = \(tenant != nil),
                        tenant_since_ns = \(handover.ago(minutes)) WHERE id = \(handover.id)
                    """)
            }
            for (number, minutes) in [(UInt64(1), Int64(40)), (2, 25), (3, 10)] {
                try await handover.happen(number, minutes)
            }
            try await body(handover)
        }
    }

    func ago(_ minutes: Int64) -> Timestamp { now.advanced(by: .seconds(-60 * minutes)) }

    func decision(_ number: UInt64) -> JSONValue { .string(UUID128(high: 8, low: number).description) }
    func command(_ number: UInt64) -> JSONValue { .string(UUID128(high: 6, low: number).description) }

    /// A decision, a sample, a command, and what an owner or, between the two, the provider did.
    private func happen(_ number: UInt64, _ minutes: Int64) async throws {
        let at = ago(minutes)
        try await rig.administration.query(
            """
            INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
            VALUES (\(UUID128(high: 8, low: number)), 'main', 1, \(id), \(at), 'nothing', 1, 'as it was', '{}')
            """)
        try await rig.administration.query(
            "SELECT log.maintain_partitions(\(at), \(at), 0)")
        try await rig.administration.query(
            """
            INSERT INTO log.sample (sampled_ns, host, stream_epoch, sequence, domain, state)
            VALUES (\(at), 'host-a', 1, \(number), \(id), 'running')
            """)
        try await rig.administration.query(
            """
            INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state, created_ns,
                deadline_ns, finished_ns)
            VALUES (\(UUID128(high: 6, low: number)), 'host-a', \(id), 'stop', '{}', 'p', \("\(number)"), 'succeeded', \(at),
                \(at), \(at))
            """)
        let actor = [1: "ada", 2: "root", 3: "zoe"][number] ?? ""
        try await rig.administration.query(
            """
            INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
            VALUES (\(at), \(actor), 'vm.stop', 'web', '{}', 'usergateway')
            """)
    }

    func reason(_ method: String, _ person: GatewayRig.Person, _ parameters: [String: JSONValue]) async throws
        -> ErrorReason
    {
        let failure = try await rig.failure(method, parameters, as: person)
        return failure.reason
    }

    func items(_ method: String, _ person: GatewayRig.Person, _ more: [String: JSONValue] = [:]) async throws -> Int {
        try await rig.call(method, more, as: person)["items"]?.items?.count ?? -1
    }
}

@Suite("What happened is whose the VM was") struct OwnershipMethodTests {
    @Test("each owner reads the decisions, samples and operations of its own time, the provider all")
    func lists() async throws {
        try await Handover.with { handover in
            let (rig, since) = (handover.rig, JSONValue.instant(handover.ago(60)))
            for (person, count) in [(GatewayRig.ada, 1), (GatewayRig.zoe, 1), (GatewayRig.root, 3)] {
                #expect(try await handover.items("decision.list", person, ["since": since]) == count, "\(person.name)")
                let named: [String: JSONValue] = ["vm": .string(handover.id.description), "since": since]
                #expect(try await handover.items("decision.list", person, named) == count, "\(person.name)")
                #expect(try await handover.items("sample.list", person, named) == count, "\(person.name)")
                #expect(try await handover.items("operation.list", person, named) == count, "\(person.name)")
                #expect(try await handover.items("operation.list", person) == count, "\(person.name)")
            }
            let mine = try await rig.call("decision.list", ["vm": "web"], as: GatewayRig.ada)
            #expect(
                mine["items"]?.items?.first?["id"] == handover.decision(1), "the name is that of the VM it had last")
            let theirs = try await rig.call("decision.list", ["vm": "web"], as: GatewayRig.zoe)
            #expect(theirs["items"]?.items?.first?["id"] == handover.decision(3))
        }
    }

    @Test(
        "a list that is cut shows the newest and says that there are more", arguments: ["sample.list", "decision.list"])
    func cuts(method: String) async throws {
        try await Handover.with { handover in
            let parameters: [String: JSONValue] = [
                "vm": .string(handover.id.description), "since": .instant(handover.ago(60)),
            ]
            let whole = try await handover.rig.call(method, parameters.merging(["limit": 3]) { $1 })
            let cut = try await handover.rig.call(method, parameters.merging(["limit": 2]) { $1 })
            #expect(whole["truncated"] == false && cut["truncated"] == true)
            let instants = { (answer: JSONValue) in answer["items"]?.items?.compactMap { $0["at"]?.text } ?? [] }
            #expect(Set(instants(cut)) == Set(instants(whole).sorted().suffix(2)) && instants(cut).count == 2)
        }
    }

    @Test("a decision or an operation of another's time, or of nobody's, looks like none")
    func single() async throws {
        try await Handover.with { handover in
            for (person, own) in [(GatewayRig.ada, UInt64(1)), (GatewayRig.zoe, 3)] {
                for number in UInt64(1)...3 where number != own {
                    let decision: [String: JSONValue] = ["id": handover.decision(number)]
                    #expect(try await handover.reason("decision.show", person, decision) == .notFound)
                    let operation: [String: JSONValue] = ["id": handover.command(number)]
                    #expect(try await handover.reason("operation.show", person, operation) == .notFound)
                }
                let shown = try await handover.rig.call("operation.show", ["id": handover.command(own)], as: person)
                #expect(shown["vm"] == "web")
            }
        }
    }

    @Test("the former owner can neither see the VM nor change it, and asks why only of its own time")
    func present() async throws {
        try await Handover.with { handover in
            let ada = GatewayRig.ada
            for name in ["web", handover.id.description] {
                let named: [String: JSONValue] = ["vm": .string(name)]
                #expect(try await handover.reason("vm.show", ada, named) == .notFound)
                #expect(try await handover.reason("decision.why", ada, named) == .notFound)
                let later = named.merging(["at": .instant(handover.ago(10))]) { $1 }
                #expect(try await handover.reason("decision.why", ada, later) == .notFound)
            }
            let shown = try await handover.rig.call("vm.show", ["vm": "web"], as: GatewayRig.zoe)
            #expect(shown["tenant"] == "zeta")
        }
    }

    @Test(
        "a snapshot of another's time is not there: neither to go back to nor to delete",
        arguments: ["revert", "snapshotdelete"])
    func snapshots(action: String) async throws {
        try await Handover.with { handover in
            try await handover.rig.administration.query(
                "INSERT INTO inventory.snapshot (domain, name, taken_ns) VALUES (\(handover.id), 'secret', \(handover.ago(40)))"
            )
            let parameters: [String: JSONValue] = ["vm": "web", "name": "secret"]
            let failure = try await handover.rig.failure("vm.\(action)", parameters, as: GatewayRig.zoe)
            #expect(failure.reason == .notFound && failure.message == "there is no snapshot 'secret'")
            let ownership = OwnershipRepository(handover.rig.administration)
            #expect(try await ownership.snapshots(of: handover.id, notOf: "zeta") == ["secret"])
            #expect(try await ownership.snapshots(of: handover.id, notOf: "acme") == [])
        }
    }

    @Test("a name is who has it now; of two that ended, who had it last; a UUID is always one's own")
    func names() async throws {
        try await Handover.with { handover in
            let rig = handover.rig
            let next = try await rig.addDomain(2, "web", tenant: "acme")
            let at = handover.ago(1)
            try await rig.administration.query(
                """
                INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                VALUES (\(UUID128(high: 8, low: 9)), 'main', 1, \(next), \(at), 'nothing', 1, 'x', '{}')
                """)
            // It has the name now: what happened to the one before is found by its UUID.
            #expect(try await handover.items("decision.list", GatewayRig.ada, ["vm": "web"]) == 0)
            let former: [String: JSONValue] = ["vm": .string(handover.id.description)]
            #expect(try await handover.items("decision.list", GatewayRig.ada, former) == 1)
            try await rig.administration.query(
                "UPDATE inventory.domain SET deleted_ns = cluster.now_ns() WHERE id = \(next)")
            #expect(try await handover.reason("vm.show", GatewayRig.ada, ["vm": "web"]) == .notFound)
            #expect(try await handover.items("sample.list", GatewayRig.ada, ["vm": "web"]) == 0)
        }
    }

    @Test("devices that can't be metered are shown")
    func unmetered() async throws {
        try await Handover.with { handover in
            let devices = #"["interface 52:54:00:00:00:03"]"#
            try await handover.rig.administration.query(
                "UPDATE inventory.domain SET unmetered_devices = \(devices)::jsonb WHERE id = \(handover.id)")
            let shown = try await handover.rig.call("vm.show", ["vm": "web"], as: GatewayRig.zoe)
            #expect(shown["unmetered"] == "interface 52:54:00:00:00:03")
        }
    }
}
