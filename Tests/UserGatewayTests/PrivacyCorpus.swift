// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import Synchronization
import UserGatewayCore

@testable import UserGatewayMain

/// Two tenants on hosts whose every name and figure stands nowhere else, and services that put them into all their words.
struct PrivacyCorpus: Sendable {
    let rig: GatewayRig
    let own: DomainID
    let stopped: DomainID
    let foreign: DomainID

    /// Names and numbers that no tenant may read, of which acme is one.
    static let hosts = ["kestrel-q1", "osprey-q2", "removed-q3"]
    static let clusters = ["north-q4", "south-q5"]
    static let machine = "10.87.65.43"
    static let secrets =
        hosts + clusters
        + [
            machine, "merlin.q6.example", "zeta", "ledger-q7", "zoe", "root", "olaf-q8", "sabotage-q9", "vault-q10",
            // A host's load, its free room, its memory; another VM's size.
            "613377", "734881", "987654321984", "7919",
        ]
    /// What Monitor, Scheduler and people say: a sentence with all of it.
    static let words = "secrets: " + secrets.joined(separator: ", ") + "; kestrel-q1's own."

    /// The codes with which commands end, and one that nobody knows.
    static let codes = [
        "outcome-unknown", "observed", "not-enabled", "draining", "not-managed", "foreign-manager", "invalid", "state",
        "conflict", "revision", "moved", "frozen", "aborted", "interrupted", "partial", "size-not-confirmed",
        "guest-refused", "no-effect", "hypervisor", "deadline", "not-found", "not-owner", "new-code",
    ]

    static func with(_ body: @Sendable (PrivacyCorpus) async throws -> Void) async throws {
        try await GatewayRig.with { rig in
            for (host, cluster) in zip(hosts, clusters + ["north-q4"]) {
                try await rig.addHost(HostID(trusted: host), cluster: ClusterID(trusted: cluster))
            }
            let host = HostID(trusted: hosts[0])
            let own = try await rig.addDomain(1, "web-1", tenant: "acme", host: host)
            let stopped = try await rig.addDomain(2, "web-2", tenant: "acme", host: host, state: .shutoff)
            let foreign = try await rig.addDomain(3, "ledger-q7", tenant: "zeta", host: host)
            let corpus = PrivacyCorpus(rig: rig, own: own, stopped: stopped, foreign: foreign)
            try await corpus.furnish()
            let peers = try await corpus.makePeers()
            await rig.announce(peers)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await corpus.endCommands() }
                do {
                    try await body(corpus)
                } catch {
                    group.cancelAll()
                    throw error
                }
                group.cancelAll()
            }
        }
    }

    /// Rows as others write them.
    private func furnish() async throws {
        let (host, store) = (HostID(trusted: Self.hosts[0]), rig.administration)
        try await store.query(
            "UPDATE inventory.host SET uri = \("qemu+tls://\(Self.machine)/system") WHERE id = \(host)")
        try await store.query(
            "UPDATE inventory.host SET uri = 'xen+tls://merlin.q6.example/system' WHERE id = 'osprey-q2'")
        try await store.query("UPDATE inventory.host SET removed_ns = 1 WHERE id = 'removed-q3'")
        try await store.query(
            """
            INSERT INTO account.principal (id, name, role) VALUES (\(UUID128(high: 7, low: 9)), 'olaf-q8', 'operator')
            """)
        try await rig.read(host, cpu: Utilization(ppm: 613_377))
        for domain in [own, foreign] { try await rig.sample(domain, on: host, cpu: Utilization(ppm: 500_000)) }
        for (scope, id) in [("cluster", Self.clusters[0]), ("vm", own.description), ("tenant", "zeta")] {
            try await store.query(
                """
                INSERT INTO cluster.freeze (scope, id, reason, principal, is_automatic)
                VALUES (\(scope), \(id), \(Self.words), 'olaf-q8', \(scope == "vm"))
                """)
        }
        for (number, domain) in [(UInt64(1), own), (2, foreign)] {
            try await store.query(
                """
                INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                VALUES (\(Self.id(8, number)), 'north-q4', 1, \(domain), cluster.now_ns(), 'refuse', 1, \(Self.words), '{}')
                """)
            try await store.query(
                """
                INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, state, created_ns,
                    deadline_ns, progress_ppm, progress_text)
                VALUES (\(Self.id(6, number)), \(host), \(domain), 'migrate', '{"target": "osprey-q2"}', 'olaf-q8',
                    \("k\(number)"), 'claimed', cluster.now_ns(), cluster.now_ns() + 600000000000, 420000, \(Self.words))
                """)
            try await store.query(
                "INSERT INTO scheduling.broken_tie VALUES (\(domain), 'its pin to kestrel-q1, removed-q3', 'north-q4')")
            try await store.query(
                """
                INSERT INTO scheduling.waiting_growth (domain, resource, cluster, missing, weight, since_ns)
                VALUES (\(domain), 'cpu', 'north-q4', \(domain == own ? 1 : 7_919), 100, 1)
                """)
        }
        try await store.query(
            """
            INSERT INTO scheduling.policy (domain, version, valid_from_ns, window_length, options)
            VALUES (\(own), 1, 1, 10, '{"pinnedHosts": ["kestrel-q1", "removed-q3"]}')
            """)
        for (actor, subject) in [("olaf-q8", "web-1"), ("zoe", "ledger-q7"), ("ada", "web-1")] {
            try await store.query(
                """
                INSERT INTO audit.entry (sequence, outbox, at_ns, actor, action, subject, detail, hash)
                SELECT n, n, 1, \(actor), 'vm.start', \(subject),
                    jsonb_build_object('said', \(actor == "ada" ? "mine" : Self.words)::text), sha256('x')
                FROM (SELECT count(*) + 1 AS n FROM audit.entry) c
                """)
        }
    }

    static func id(_ high: UInt64, _ low: UInt64) -> UUID128 { UUID128(high: high, low: low) }

    /// Ends every order, each with another code and all the words.
    private func endCommands() async throws {
        var next = 0
        while !Task.isCancelled {
            let queued = try await rig.administration.query("SELECT id FROM cluster.command WHERE state = 'queued'")
            for row in queued {
                let code = Self.codes[next % Self.codes.count]
                next += 1
                try await rig.administration.query(
                    """
                    UPDATE cluster.command SET state = 'failed', code = \(code), message = \(Self.words),
                        finished_ns = cluster.now_ns() WHERE id = \(try row.uuid("id"))
                    """)
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: - Peers

    private func makePeers() async throws -> [GatewayRig.Peer] {
        let monitor = try await rig.addPeer(
            .monitor, number: 1, owning: Self.hosts.map { ShardKey(kind: .host, id: $0) })
        let scheduler = try await rig.addPeer(
            .scheduler, number: 2, owning: Self.clusters.map { ShardKey(kind: .cluster, id: $0) })
        let billing = try await rig.addPeer(.billing, number: 3, owning: [ShardKey(kind: .tenant, id: "acme")])
        let turns = Turns()
        for type in [MessageType.checkVM, .previewVM, .listSnapshots, .readConsole, .listAddresses] {
            await monitor.server.handle(type) { _, _ async throws(Bus.CommandFailure) in
                if let failure = Self.failure(turns.next()) { throw failure }
                return Self.document(Self.answer(to: type))
            }
        }
        await monitor.answer(.freezeSet, with: [:], keeping: Questions())
        for type in [MessageType.permitRequest, .why, .setPolicy, .replayPolicy] {
            await scheduler.server.handle(type) { body, _ async throws(Bus.CommandFailure) in
                if let failure = Self.failure(turns.next()) { throw failure }
                guard type == .permitRequest else {
                    return Self.document(Self.answer(to: type))
                }
                return MessageCodec.encoded(
                    WirePermitReply.with {
                        $0.permitID = Data(Self.id(4, UInt64(turns.next())).bytes)
                        $0.hostID = Self.hosts[0]
                        $0.overridden = Self.words
                    })
            }
        }
        for type in [MessageType.bill, .usage, .compareRules, .showRates] {
            await billing.server.handle(type) { _, _ async throws(Bus.CommandFailure) in
                if let failure = Self.failure(turns.next()) { throw failure }
                return Self.document(Self.answer(to: type))
            }
        }
        return [monitor, scheduler, billing]
    }

    /// Every second answer is a failure, of each kind in turn.
    private static func failure(_ turn: Int) -> Bus.CommandFailure? {
        guard turn.isMultiple(of: 2) else { return nil }
        return switch turn / 2 % 5 {
        case 0: .denied(words)
        case 1: .internal(words)
        case 2: .conflict(words)
        case 3: nil
        default: .unavailable(words)
        }
    }

    private static func document(_ value: JSONValue) -> [UInt8] {
        MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(value.compact) })
    }

    private static func answer(to type: MessageType) -> JSONValue {
        switch type {
        // What Monitor words by itself names hosts and their addresses.
        case .checkVM: ["movesLive": ["missing": ["kestrel-q1 (10.87.65.43) and removed-q3 share no pool"]]]
        case .previewVM: [["what": "maximum vCPUs", "before": "8", "after": "16"]]
        case .listSnapshots: [["name": "monday", "createdAt": 1_000_000_000, "state": "running"]]
        case .listAddresses: [["interface": "eth0", "address": "10.0.1.7", "source": "agent"]]
        case .why: ["at": 1, "text": "as it is"]
        case .replayPolicy:
            [
                "overloadedNanoseconds": 1, "idleNanoseconds": 1, "cappedNanoseconds": 0, "actions": 1, "record": [:],
            ]
        case .readConsole: ["offset": 4, "nextOffset": 9, "text": "login"]
        case .bill, .usage:
            .object(
                (period.members ?? [:]).merging(
                    type == .bill
                        ? [
                            "currency": "EUR", "totalNano": "5", "items": [.object(use.merging(price) { $1 })],
                            "text": "web-1 vcpu\n  removed-q3 [a, b): X 5",
                        ] : ["items": [.object(use)], "text": "web-1 vcpu on removed-q3: 5 vcpu-ns"]
                ) { $1 })
        case .showRates: ["version": 1, "validFrom": "2026-03-01T00:00:00Z", "currency": "EUR", "card": [:]]
        default: ["tenant": "acme", "currency": "EUR"]
        }
    }

    private static let period: JSONValue = [
        "tenant": "acme", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z",
    ]
    private static let use: [String: JSONValue] = [
        "vm": "web-1", "resource": "vcpu", "host": "removed-q3", "quantity": "5", "unit": "vcpu-ns",
    ]
    private static let price: [String: JSONValue] = [
        "unitPriceNano": "1", "pricingUnit": "vCPU-hour", "factorPpm": 900_000, "amountNano": "5", "part": "base",
    ]
}

/// Counts up, over all that answer.
private final class Turns: Sendable {
    private let state = Mutex(0)
    func next() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}
