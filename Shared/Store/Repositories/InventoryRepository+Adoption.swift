// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// A copy of a domain on a host to which the domain does not belong.
package struct CopyRecord: Hashable, Sendable {
    package let domain: DomainID
    package let host: HostID
    /// `unknown` while its host does not answer, or was not read since another host took the domain.
    package let state: DomainState
    package let isAnswering: Bool
}

/// A domain as it was before its adoption.
package struct SavedDomain: Hashable, Sendable {
    package let definition: String
    package let cpuCap: CPUCap
}

extension InventoryRepository {
    /// Saves an adopted domain's definition as it was; one that is saved already stays. Throws `fenced`.
    ///
    /// - Parameters:
    ///   - cpuCap: the cap that was found on it.
    ///   - console: how many bytes its console's file has on the claim's host.
    package func saveDefinition(
        of id: DomainID, _ definition: String, cpuCap: CPUCap = .unknown, console: Int64 = 0, at now: Timestamp,
        under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO inventory.saved_definition
                    (domain, definition, saved_ns, console_host, console_offset, cpu_cap_ppm)
                VALUES (\(id), \(definition), \(now), \(claim.id), \(console), \(cpuCap.storedPPM)) ON CONFLICT (domain) DO UPDATE SET
                    console_host = excluded.console_host, console_offset = excluded.console_offset
                """)
        }
    }

    /// What an adopted domain was before; `nil` if nothing is saved.
    package func saved(of id: DomainID) async throws(StoreError) -> SavedDomain? {
        try await store.query("SELECT definition, cpu_cap_ppm FROM inventory.saved_definition WHERE domain = \(id)")
            .first
            .map { row throws(StoreError) in
                SavedDomain(
                    definition: try row.string("definition"),
                    cpuCap: try row.utilizationOrNil("cpu_cap_ppm").map { CPUCap(ppm: $0.ppm) } ?? .unknown)
            }
    }

    /// How many bytes of a domain's console on a host are from before it was adopted there.
    package func consoleStart(of id: DomainID, on host: HostID) async throws(StoreError) -> Int64 {
        try await store.query(
            """
            SELECT console_offset FROM inventory.saved_definition WHERE domain = \(id) AND console_host = \(host)
            """
        ).first?.int64("console_offset") ?? 0
    }

    /// Deletes a saved definition, since the domain was released.
    package func dropDefinition(of id: DomainID, under claim: ShardClaim, in transaction: Transaction? = nil)
        async throws
    {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query("DELETE FROM inventory.saved_definition WHERE domain = \(id)")
        }
    }

    /// Notes the caps that were asked for a domain on the claim's host; `nil`: none was. A CPU cap of 0 is lifted.
    package func setCaps(
        of id: DomainID, cpuCapPPM: Int64?, networkCapBytesPerSecond: Int64?, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET cpu_cap_ppm = \(cpuCapPPM),
                    network_cap_bytes_per_second = \(networkCapBytesPerSecond), revision = revision + 1
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                    AND (cpu_cap_ppm, network_cap_bytes_per_second)
                        IS DISTINCT FROM (\(cpuCapPPM), \(networkCapBytesPerSecond))
                """)
        }
    }

    /// Notes the ceilings that a domain's definition gets at its next cold boot; `nil`: no change waits any more.
    package func setPending(
        of id: DomainID, maximumVCPUs: VCPUCount?, maximumMemory: ByteCount?, under claim: ShardClaim,
        in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET pending_maximum_vcpus = \(maximumVCPUs),
                    pending_maximum_memory_bytes = \(maximumMemory), revision = revision + 1
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                """)
        }
    }

    /// Notes the devices whose counters can't be read, by their labels.
    package func setUnmetered(
        of id: DomainID, _ devices: [String], under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        let names = try JSONEncoder().encode(devices)
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain
                SET unmetered_devices = nullif(\(String(decoding: names, as: UTF8.self))::jsonb, '[]')
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                """)
        }
    }

    /// Notes which files of the claim's host must still be deleted with a domain; replaces what was noted before.
    package func setLeftovers(
        of id: DomainID, _ volumes: [String], under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        let json = (try? JSONEncoder().encode(volumes)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET leftover_volumes = \(json)::jsonb
                WHERE id = \(id) AND host = \(claim.id) AND deleted_ns IS NULL
                """)
        }
    }

    /// Notes which other manager manages a domain, if its definition says so.
    package func setForeignManager(
        of id: DomainID, _ manager: String?, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws {
        try await store.fenced(claim, in: transaction) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET foreign_manager = \(manager), revision = revision + 1
                WHERE id = \(id) AND host = \(claim.id) AND foreign_manager IS DISTINCT FROM \(manager)
                """)
        }
    }

    /// Notes in which state the claim's host shows a copy of another host's domain; `nil`: it shows none.
    package func setDuplicate(
        _ id: DomainID, _ state: DomainState?, at now: Timestamp, under claim: ShardClaim
    ) async throws {
        try await store.fenced(claim) { transaction in
            if let state {
                _ = try await transaction.query(
                    """
                    INSERT INTO inventory.duplicate (host, domain, noticed_ns, state)
                    VALUES (\(claim.id), \(id), \(now), \(state))
                    ON CONFLICT (host, domain) DO UPDATE SET state = excluded.state
                    """)
            } else {
                _ = try await transaction.query(
                    "DELETE FROM inventory.duplicate WHERE host = \(claim.id) AND domain = \(id)")
            }
        }
    }

    /// Notes that a host from which another host took a domain may still have a copy of it.
    package func noteCopy(
        of id: DomainID, on host: HostID, at now: Timestamp, in transaction: Transaction
    ) async throws(StoreError) {
        try await transaction.query(
            """
            INSERT INTO inventory.duplicate (host, domain, noticed_ns, state)
            SELECT h.id, \(id), \(now), 'unknown' FROM inventory.host h WHERE h.id = \(host) AND h.removed_ns IS NULL
            ON CONFLICT DO NOTHING
            """)
    }

    /// Copies whose state is not known yet.
    package func unknownCopies() async throws(StoreError) -> [(host: HostID, domain: DomainID)] {
        var copies: [(host: HostID, domain: DomainID)] = []
        for row in try await store.query(
            "SELECT host, domain FROM inventory.duplicate WHERE state = 'unknown' ORDER BY host, domain")
        {
            copies.append((try row.host("host"), try row.domain("domain")))
        }
        return copies
    }

    /// Domains of other hosts whose UUID this host shows too, in order.
    package func duplicates(on host: HostID) async throws(StoreError) -> [DomainID] {
        var domains: [DomainID] = []
        for row in try await store.query(
            "SELECT domain FROM inventory.duplicate WHERE host = \(host) ORDER BY domain")
        {
            domains.append(try row.domain("domain"))
        }
        return domains
    }

    /// Copies of these domains on other hosts, by domain and host, with their states; `unknown` while such a host does
    /// not answer.
    package func copies(
        of ids: [DomainID]
    ) async throws(StoreError) -> [CopyRecord] {
        guard !ids.isEmpty else { return [] }
        let rows = try await store.query(
            """
            SELECT c.domain, c.host, h.state = 'up' AS answers,
                CASE WHEN h.state = 'up' THEN c.state ELSE 'unknown' END AS state
            FROM inventory.duplicate c JOIN inventory.host h ON h.id = c.host AND h.removed_ns IS NULL
                JOIN inventory.domain d ON d.id = c.domain AND d.host <> c.host
            WHERE c.domain = ANY(\(TextArray(ids.map(\.description)))::uuid[]) ORDER BY c.domain, c.host
            """)
        var copies: [CopyRecord] = []
        for row in rows {
            copies.append(
                CopyRecord(
                    domain: try row.domain("domain"), host: try row.host("host"), state: try row.value("state"),
                    isAnswering: try row.bool("answers")))
        }
        return copies
    }

    /// Marks as deleted the domains that are only observed on a removed host.
    package func forgetObserved(at now: Timestamp, under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                """
                UPDATE inventory.domain SET deleted_ns = \(now), revision = revision + 1
                WHERE host = \(claim.id) AND NOT managed AND deleted_ns IS NULL
                """)
        }
    }
}

extension CPUCap {
    /// As a column has it: unknown is NULL, none is 0.
    var storedPPM: Int64? {
        switch self {
        case .unknown: nil
        case .none: 0
        case .limit(let ppm): min(ppm, Self.largestStoredPPM)
        }
    }

    private static let largestStoredPPM: Int64 = 1_000_000_000_000
}
