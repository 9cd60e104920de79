// SPDX-License-Identifier: Apache-2.0

import Store
import TestSupport
import Testing

extension RoleMatrix {
    /// How an instant that a service's role may write is bounded.
    enum Bound: Hashable, Sendable {
        /// Within ten minutes of now.
        case now
        /// Not later than now.
        case past
        /// Within two days from now on.
        case soon
        /// By a trigger of its own, by its table, or not at all: why.
        case otherwise(String)
    }

    /// Every column of an instant that some role may write.
    static let instants: [String: Bound] = [
        "account.principal.created_ns": .now, "account.principal.disabled_ns": .now,
        "account.token.created_ns": .now, "account.token.revoked_ns": .now,
        "account.token.expires_ns": .otherwise("a token holds as long as whoever makes it says"),
        "account.tenant.created_ns": .now, "account.tenant_quota.changed_ns": .now,
        "account.request_key.held_until_ns": .soon, "account.request_key.expires_ns": .soon,
        "billing.rate_card.valid_from_ns": .otherwise("Billing says from when a card holds; see SECURITY.md"),
        "billing.rate_card.withdrawn_ns": .otherwise("Billing says which cards hold; see SECURITY.md"),
        "cluster.freeze.created_ns": .otherwise("check_freeze"),
        "cluster.command.created_ns": .now, "cluster.command.deadline_ns": .soon,
        "cluster.command.claimed_ns": .past, "cluster.command.finished_ns": .past,
        "inventory.host.created_ns": .now, "inventory.host.removed_ns": .now,
        "inventory.host.listed_ns": .otherwise("check_proof"),
        "inventory.host.proved_until_ns": .otherwise("check_proof"),
        "inventory.domain.created_ns": .otherwise("check_creation"),
        "inventory.domain.deleted_ns": .otherwise("check_creation and check_instants"),
        "inventory.domain.missing_ns": .otherwise("check_creation and check_instants"),
        "inventory.domain.tenant_since_ns": .otherwise("check_creation and check_instants"),
        "inventory.domain.incarnation_start_ns": .past,
        "inventory.duplicate.noticed_ns": .past, "inventory.host_abilities.asked_ns": .past,
        "inventory.saved_definition.saved_ns": .past,
        "inventory.meter_reading.at_ns": .otherwise("check_readings"),
        "inventory.meter_reading.incarnation_start_ns": .otherwise("it says which life's counter it is, and no time"),
        "log.event.at_ns": .otherwise("Logger keeps what was sent; see SECURITY.md"),
        "log.gap.noticed_ns": .otherwise("Logger keeps what was sent; see SECURITY.md"),
        "log.host_sample.sampled_ns": .otherwise("partitions are made for three days from now on"),
        "log.sample.sampled_ns": .otherwise("partitions are made for three days from now on"),
        "log.sample.incarnation_start_ns": .otherwise("it says which life's counter it is, and no time"),
        "scheduling.cluster_setting.changed_ns": .otherwise("check_setting"),
        "scheduling.tenant_setting.changed_ns": .otherwise("check_setting"),
        "scheduling.decision.at_ns": .otherwise("check_decision"),
        "scheduling.decision_measurement.at_ns": .otherwise("it is due some time after what it measures"),
        "scheduling.decision_outcome.at_ns": .otherwise("check_outcome"),
        "scheduling.policy.valid_from_ns": .otherwise("check_policy"),
        "scheduling.permit.created_ns": .now, "scheduling.permit.expires_ns": .soon,
        "scheduling.waiting_growth.since_ns": .past, "scheduling.wanted_place.expires_ns": .soon,
    ]

    /// Columns of that form that are durations.
    static let durations: Set = [
        "inventory.host_abilities.period_ns", "inventory.meter_reading.cpu_time_ns", "log.host_sample.interval_ns",
        "log.host_sample.response_time_ns", "log.sample.cpu_time_ns", "log.sample.steal_time_ns",
        "scheduling.cluster_setting.move_rest_ns",
    ]
}

/// The instants that roles may write, held against `RoleMatrix.instants`.
@Suite struct RoleInstantTests {
    @Test("every instant that a role may write has a declared bound")
    func declared() async throws {
        try await withStore { store async throws in
            let rows = try await store.query(
                """
                SELECT DISTINCT n.nspname || '.' || c.relname || '.' || a.attname AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped, pg_roles r
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attname LIKE '%\\_ns'
                    AND r.rolname LIKE 'ebb\\_%' AND (has_column_privilege(r.oid, c.oid, a.attnum, 'INSERT')
                        OR has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE'))
                """)
            let found = Set(try rows.map { try $0.string("name") })
            #expect(found == Set(RoleMatrix.instants.keys).union(RoleMatrix.durations))
        }
    }

    @Test("the bounds that are declared are those that the tables have")
    func enforced() async throws {
        try await withStore { store async throws in
            let rows = try await store.query(
                """
                SELECT n.nspname || '.' || c.relname AS name, encode(t.tgargs, 'escape') AS arguments
                FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE t.tgfoid = 'cluster.check_times'::regproc
                """)
            var found: [String: RoleMatrix.Bound] = [:]
            let bounds: [Substring: RoleMatrix.Bound] = ["now": .now, "past": .past, "soon": .soon]
            for row in rows {
                let arguments = try row.string("arguments").split(separator: "\\000")
                for index in stride(from: 0, to: arguments.count - 1, by: 2) {
                    found["\(try row.string("name")).\(arguments[index])"] = bounds[arguments[index + 1]]
                }
            }
            let declared = RoleMatrix.instants.filter { if case .otherwise = $0.value { false } else { true } }
            #expect(found == declared)
        }
    }

    private static let minute: Int64 = 60_000_000_000

    @Test("what lies outside of its bound is refused, and what lies within is not refused for that")
    func tried() async throws {
        try await withDatabase { database async throws in
            for service in ServiceKind.allCases {
                try await database.withStore(role: "ebb_\(service.rawValue)", poolSize: 1) { store async throws in
                    for (name, bound) in RoleMatrix.instants.sorted(by: { $0.key < $1.key }) {
                        guard let dot = name.lastIndex(of: ".") else { continue }
                        let (table, column) = (String(name[..<dot]), name[name.index(after: dot)...])
                        guard RoleMatrix.rights(of: service, on: table).contains("insert") else { continue }
                        func isRefused(_ distance: Int64) async -> Bool {
                            do {
                                try await store.query(
                                    Query(
                                        unsafeSQL:
                                            "INSERT INTO \(table) (\(column)) VALUES (cluster.now_ns() + \(distance))"))
                                return false
                            } catch {
                                // Something else is missing in such a row anyway.
                                return code(error) == .insufficientPrivilege && "\(error)".contains("can't be")
                            }
                        }
                        switch bound {
                        case .now:
                            #expect(await isRefused(-11 * Self.minute), "\(name)")
                            #expect(await isRefused(11 * Self.minute), "\(name)")
                            #expect(await !isRefused(0), "\(name)")
                        // An order begins without an end, which is refused for that.
                        case .past where column == "finished_ns": continue
                        case .past:
                            #expect(await isRefused(3 * Self.minute), "\(name)")
                            #expect(await !isRefused(-11 * Self.minute), "\(name)")
                        case .soon:
                            #expect(await isRefused(3 * 1_440 * Self.minute), "\(name)")
                            // Room is promised for an hour at most: see `WrittenNowTests`.
                            let within: Int64 = name == "scheduling.permit.expires_ns" ? 60 : 1_440
                            #expect(await !isRefused(within * Self.minute), "\(name)")
                        case .otherwise: continue
                        }
                    }
                }
            }
        }
    }
}
