// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Contracts
import Foundation
import Messages
import MonitorCore
import ResourceModel
import SchedulerCore
import Store
import SwiftProtobuf
import TestSupport
import UserGatewayCore

@testable import BillingMain
@testable import MonitorMain
@testable import SchedulerMain

/// A former version's database after this version's migrations, and what this version reads there.
struct UpgradedPast: Sendable {
    /// The schema's version before, and the steps that were run.
    let schema: Int64
    let steps: [Int64]
    /// Rows of all tables before.
    let rows: Int
    /// What is not as it was.
    var differences: [Difference] = []
    /// How many of each were compared.
    var bills = 0
    var decisions = 0
    /// Sealed entries of the audit, and the first whose hash does not follow from the one before.
    var entries = 0
    var brokenEntry: Int64?
    /// The verbs of all orders, and why one can't be read.
    var verbs: Set<String> = []
    var unreadable: [String] = []

    /// Made once for all tests of a version.
    static func of(_ past: Past) async throws -> UpgradedPast { try await made.value(of: past) }
    private static let made = Made()

    private actor Made {
        private var tasks: [String: Task<UpgradedPast, any Error>] = [:]

        func value(of past: Past) async throws -> UpgradedPast {
            let task = tasks[past.version] ?? Task { try await UpgradedPast.make(past) }
            tasks[past.version] = task
            return try await task.value
        }
    }

    private static func make(_ past: Past) async throws -> UpgradedPast {
        try await PostgresCluster.withOwn { cluster in
            let database = try await cluster.makeEmptyDatabase()
            let owner = try Store(configuration: StoreConfiguration(dsn: cluster.dsn(database: database)), log: .quiet)
            do {
                try await restore(past, owner, cluster.dsn(database: database))
                var upgraded = try await upgrade(owner)
                try await RoleProvisioner(owner).enableLogin(
                    passwords: Dictionary(
                        uniqueKeysWithValues: ServiceKind.allCases.map { ($0, "of-the-past-\($0.rawValue)") }))
                for role in ["billing", "scheduler", "logger"] {
                    let dsn = cluster.tcpDSN(database: database, role: "ebb_\(role)", password: "of-the-past-\(role)")
                    let store = try Store(configuration: StoreConfiguration(dsn: dsn), log: .quiet)
                    do {
                        if (try? await store.query("CREATE TEMP TABLE pile (n int)")) != nil {
                            throw BrokenFixture("ebb_\(role) fills the disk with temporary tables")
                        }
                        try await upgraded.read(as: role, store, past)
                    } catch {
                        await store.close()
                        throw error
                    }
                    await store.close()
                }
                try await upgraded.readOrders(owner)
                await owner.close()
                return upgraded
            } catch {
                await owner.close()
                throw error
            }
        }
    }

    /// A server knows no roles of another: they are there before what is granted to them.
    private static func restore(_ past: Past, _ store: Store, _ dsn: String) async throws {
        for role in RoleProvisioner.roles {
            try await store.query(Query(unsafeSQL: "CREATE ROLE \(role) NOLOGIN"))
        }
        let restored = try await run(
            "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", dsn, "-f", past.dump.path])
        guard restored.status == 0 else { throw BrokenFixture("the dump can't be restored: \(restored.errors)") }
    }

    private static func upgrade(_ store: Store) async throws -> UpgradedPast {
        let schema = try await store.query("SELECT max(version) AS version FROM public.schema_migration")[0]
            .int64("version")
        let before = try await TableContent.all(store)
        let steps = try await Migrator().migrate(store)
        try await Migrator().check(store)
        var upgraded = UpgradedPast(schema: schema, steps: steps, rows: before.reduce(0) { $0 + $1.rows.count })
        for table in before { upgraded.differences += table.differences(to: try await table.read(store)) }
        return upgraded
    }

    /// With no more rights than the service that does it.
    private mutating func read(as role: String, _ store: Store, _ past: Past) async throws {
        switch role {
        case "billing": try await readBills(store, past)
        case "scheduler": try await readDecisions(store, past)
        default: try await readAudit(store)
        }
    }

    // MARK: - Bills

    private mutating func readBills(_ store: Store, _ past: Past) async throws {
        let recorded = try past.document("bills.json").items ?? []
        let rules = RatingRules(rawValue: Int(try past.document("past.json").requiredInteger("ratingRules")))
        let handlers = BillingHandlers(store: store, now: { .distantFuture }, log: .quiet)
        for kind in ["bill", "usage"] {
            let was = try recorded.map { try $0.required(kind) }
            let known = was.reduce(into: Set<String>()) { $0.formUnion(BillLines.paths(of: $1)) }
            var additions: Set<String> = []
            for (request, document) in zip(recorded, was) {
                let name = "\(kind) of \(try request.requiredText("tenant")) from \(try document.requiredText("from"))"
                let now = try await present(kind, request, handlers)
                differences += Difference.between(document, now, knowing: known, of: name)
                additions.formUnion(BillLines.paths(of: now).subtracting(known))
                bills += 1
                guard kind == "bill", let rules, rules != .current else { continue }
                let then = try await present(request, by: rules, store)
                differences += Difference.between(document, then, knowing: known, of: "\(name), by the rules of then")
            }
            let paths = additions.sorted().map { String($0.dropFirst()) }
            if let more = Difference(of: kind, part: "what it tells in addition", was: [], now: paths) {
                differences.append(more)
            }
        }
    }

    /// What this version answers.
    private func present(_ kind: String, _ request: JSONValue, _ handlers: BillingHandlers) async throws -> JSONValue {
        let request = try WireBillRequest.with {
            $0.tenantID = try request.requiredText("tenant")
            $0.fromNs = try request.requiredInteger("fromNs")
            $0.toNs = try request.requiredInteger("toNs")
        }
        let body = MessageCodec.encoded(request)
        guard kind == "bill" else { return try withoutText(try await handlers.usage(body)) }
        return try withoutText(try await handlers.bill(body))
    }

    /// The bill as this version knows the facts, by rating rules that stand beside the present ones.
    private func present(_ request: JSONValue, by rules: RatingRules, _ store: Store) async throws -> JSONValue {
        let from = Timestamp(nanoseconds: try request.requiredInteger("fromNs"))
        let to = Timestamp(nanoseconds: try request.requiredInteger("toNs"))
        guard let tenant = TenantID(try request.requiredText("tenant")), let period = TimeRange(from, to) else {
            throw BrokenFixture("a bill has no tenant or period")
        }
        let snapshot = try await BillingReader(store).snapshot(of: tenant, in: period)
        return try withoutText(
            BillDocument(try Rating.bill(snapshot.inputs, rules: rules), fixed: try snapshot.fixedSizeTotals()))
    }

    /// Without the text for people, which is made of the same values.
    private func withoutText(_ answer: any JSONDocument) throws -> JSONValue {
        var members = try JSONValue(parsing: Data(answer.json.utf8)).members ?? [:]
        members["text"] = nil
        return .object(members)
    }

    // MARK: - Decisions

    private mutating func readDecisions(_ store: Store, _ past: Past) async throws {
        let recorded = try past.document("decisions.json").items ?? []
        let hashes = try await store.query(
            "SELECT id, encode(sha256(convert_to(record, 'UTF8')), 'hex') AS hash FROM scheduling.decision")
        var present: [String: String] = [:]
        for row in hashes { present[try row.string("id")] = try row.string("hash") }
        var faults: [String: String] = [:]
        for cluster in try await store.query("SELECT DISTINCT cluster FROM scheduling.decision") {
            guard let cluster = ClusterID(try cluster.string("cluster")) else { continue }
            for row in try await DecisionRepository(store).page(of: cluster, after: .start, limit: 100_000) {
                faults["\(row.id)"] = DecisionVerifier.fault(in: row) ?? "it follows from its inputs"
            }
        }
        for (verdict, group) in try Dictionary(grouping: recorded, by: { try $0.requiredText("verdict") }) {
            let ids = try group.map { try $0.requiredText("id") }
            let was = try group.map { "\(try $0.requiredText("id")) \(try $0.requiredText("sha256")):" }
            let now = ids.map { "\($0) \(present[$0] ?? "is gone"): \(faults[$0] ?? "it can't be found")" }
            let difference = Difference(
                of: "decisions", part: verdict, was: was.map { $0 + " it follows from its inputs" }, now: now)
            differences += difference.map { [$0] } ?? []
            decisions += group.count
        }
    }

    // MARK: - Audit and orders

    private mutating func readAudit(_ store: Store) async throws {
        let rows = try await store.query(
            """
            SELECT sequence, hash = sha256(coalesce(lag(hash) OVER (ORDER BY sequence), sha256('ebb audit'::bytea))
                || convert_to(audit.canonical(sequence, at_ns, actor, action, subject, detail), 'UTF8')) AS holds
            FROM audit.entry ORDER BY sequence
            """)
        entries = rows.count
        brokenEntry = try rows.first { try !$0.bool("holds") }?.int64("sequence")
    }

    private mutating func readOrders(_ store: Store) async throws {
        for row in try await store.query("SELECT * FROM cluster.command ORDER BY created_ns") {
            let command = NewCommand(
                id: try row.uuid("id"), host: "host", domain: DomainID(try row.uuid("domain")),
                verb: Recognised(try row.string("verb")), arguments: try row.string("arguments"), expectedRevision: nil,
                principal: try row.string("principal"), idempotencyKey: try row.string("idempotency_key"), permit: nil,
                decision: nil, createdAt: try row.timestamp("created_ns"), deadline: try row.timestamp("deadline_ns"))
            do throws(CommandRefusal) {
                _ = try CommandOrder(command)
                verbs.insert(command.verb.text)
            } catch {
                unreadable.append("\(command.verb) \(command.arguments): \(error)")
            }
        }
    }
}
