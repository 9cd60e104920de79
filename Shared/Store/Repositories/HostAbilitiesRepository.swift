// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import FoundationEssentials
package import ResourceModel

/// A host's abilities as its Monitor found them: a row of `inventory.host_abilities`.
package struct HostAbilitiesRow: Hashable, Sendable {
    package let host: HostID
    package let abilities: HostAbilities
    package let askedAt: Timestamp
    /// The time from one such question to the next.
    package let periodNanoseconds: Int64

    package init(host: HostID, abilities: HostAbilities, askedAt: Timestamp, periodNanoseconds: Int64) {
        self.host = host
        self.abilities = abilities
        self.askedAt = askedAt
        self.periodNanoseconds = periodNanoseconds
    }

    /// The instant until which the abilities count as known: three periods after they were asked for.
    package var knownUntil: Timestamp {
        askedAt.advanced(byNanoseconds: Int64(clamping: Int128(periodNanoseconds) * 3))
    }
}

/// Hosts' abilities: their Monitors write them, and Scheduler places by them.
package struct HostAbilitiesRepository: Sendable {
    private let store: Store
    package init(_ store: Store) { self.store = store }

    /// A short name for a CPU's description by its driver: the same for the same description.
    package static func shortName(of cpu: String) -> String {
        SHA256.hash(cpu).prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Writes the abilities of the claim's host. Throws `fenced`.
    ///
    /// - Parameter cpu: the CPU in the driver's own words, about which other hosts are asked.
    package func set(_ row: HostAbilitiesRow, cpu: String?, under claim: ShardClaim) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(row.abilities), as: UTF8.self)
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO inventory.host_abilities (host, asked_ns, period_ns, abilities, cpu)
                VALUES (\(row.host), \(row.askedAt), \(row.periodNanoseconds), \(text)::jsonb, \(cpu))
                ON CONFLICT (host) DO UPDATE SET asked_ns = excluded.asked_ns, period_ns = excluded.period_ns,
                    abilities = excluded.abilities, cpu = excluded.cpu
                """)
        }
    }

    /// Each different CPU of the hosts in the same cluster as `host`, by its short name. At most 256.
    package func cpus(near host: HostID) async throws(StoreError) -> [String: String] {
        let rows = try await store.query(
            """
            SELECT DISTINCT ON (a.abilities->>'cpu') a.abilities->>'cpu' AS name, a.cpu
            FROM inventory.host_abilities a JOIN inventory.host h ON h.id = a.host AND h.removed_ns IS NULL
            WHERE h.cluster = (SELECT cluster FROM inventory.host WHERE id = \(host))
                AND a.cpu IS NOT NULL AND a.abilities->>'cpu' IS NOT NULL
            ORDER BY a.abilities->>'cpu', a.host LIMIT 256
            """)
        var cpus: [String: String] = [:]
        for row in rows { cpus[try row.string("name")] = try row.string("cpu") }
        return cpus
    }

    /// The abilities of a cluster's hosts, by host. A row that can't be read is left out: nothing is known about that
    /// host.
    package func list(of cluster: ClusterID) async throws(StoreError) -> [HostAbilitiesRow] {
        let rows = try await store.query(
            """
            SELECT a.host, a.asked_ns, a.period_ns, a.abilities FROM inventory.host_abilities a
                JOIN inventory.host h ON h.id = a.host
            WHERE h.cluster = \(cluster) AND h.removed_ns IS NULL ORDER BY a.host
            """)
        var found: [HostAbilitiesRow] = []
        for row in rows {
            let text = try row.string("abilities")
            guard let abilities = try? JSONDecoder().decode(HostAbilities.self, from: Data(text.utf8)) else { continue }
            found.append(
                HostAbilitiesRow(
                    host: try row.host("host"), abilities: abilities, askedAt: try row.timestamp("asked_ns"),
                    periodNanoseconds: try row.int64("period_ns")))
        }
        return found
    }
}
