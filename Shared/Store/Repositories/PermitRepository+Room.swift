// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

// What a host has promised. A domain's orders are carried out one after the other, to absolute sizes: of its growths that
// are open at once, the host gives it the largest and not their sum.
extension PermitRepository {
    /// A request for what the host has not promised the domain yet.
    static func missing(
        of request: StoredPermitRequest, at now: Timestamp, in transaction: Transaction
    ) async throws(StoreError) -> StoredPermitRequest {
        guard request.purpose == .grow, request.targetVCPUs != nil || request.targetMemory != nil else {
            return request
        }
        let rows = try await transaction.query(
            """
            WITH \(promises(on: request.host, at: now))
            SELECT held_vcpus + promised_vcpus AS vcpus, held_memory + promised_memory AS memory FROM sizes
            WHERE domain = \(request.domain)
            """)
        var missing = request
        let has = (vcpus: try rows.first?.int64("vcpus") ?? 0, memory: try rows.first?.int64("memory") ?? 0)
        if let target = request.targetVCPUs {
            missing.vcpus = VCPUCount(clamping: max(0, target.count - Int(clamping: has.vcpus)))
        }
        if let target = request.targetMemory {
            missing.memory = ByteCount(clamping: max(0, target.bytes - has.memory))
        }
        return missing
    }

    static func room(
        of host: StoredHost, at now: Timestamp, in runner: some QueryRunner
    ) async throws(StoreError) -> HostRoom? {
        guard let cores = host.facts.cpuCount, let memory = host.facts.memory else { return nil }
        let rows = try await runner.query(
            """
            WITH \(promises(on: host.id, at: now))
            SELECT \(sum("held_vcpus")) AS domain_vcpus, \(sum("held_memory")) AS domain_memory,
                \(sum("promised_vcpus + added_vcpus")) AS permitted_vcpus,
                \(sum("promised_memory + added_memory")) AS permitted_memory FROM sizes
            """)
        guard let row = rows.first else { return nil }
        let limits = host.limits
        return HostRoom(
            vcpuLimit: Int(share(Int64(cores), limits.cpuOvercommit)) - limits.reservedVCPUs.count,
            memoryLimit: ByteCount(
                clamping: share(memory.bytes, limits.memoryOvercommit) - limits.reservedMemory.bytes),
            domainVCPUs: try row.int("domain_vcpus"), domainMemory: ByteCount(clamping: try row.int64("domain_memory")),
            permittedVCPUs: try row.int("permitted_vcpus"),
            permittedMemory: ByteCount(clamping: try row.int64("permitted_memory")))
    }

    /// Tables of a query, the last of them `sizes`: for each domain what it holds on the host, how much more its largest
    /// growth promises, and what is promised in addition to all that. Unreachable is not off: a domain in an unknown
    /// state holds its room.
    private static func promises(on host: HostID, at now: Timestamp) -> Query {
        let (held, size) = (
            valid("coalesce(greatest(confirmed_vcpus, granted_vcpus), maximum_vcpus)", VCPUCount.self),
            valid("coalesce(memory_bytes, maximum_memory_bytes)", ByteCount.self)
        )
        return """
            held AS (
                SELECT id AS domain, \(held) AS vcpus, \(size) AS memory FROM inventory.domain
                WHERE host = \(host) AND \(StoredDomain.holdsRoom)),
            promised AS (
                SELECT domain, max(target_vcpus) FILTER (WHERE purpose = 'grow') AS vcpus,
                    max(target_memory_bytes) FILTER (WHERE purpose = 'grow') AS memory,
                    sum(\(valid("vcpus", VCPUCount.self))) FILTER (
                        WHERE purpose <> 'grow' OR target_vcpus IS NULL) AS added_vcpus,
                    sum(\(valid("memory_bytes", ByteCount.self))) FILTER (
                        WHERE purpose <> 'grow' OR target_memory_bytes IS NULL) AS added_memory
                FROM scheduling.permit WHERE host = \(host) AND state = 'open' AND expires_ns > \(now)
                GROUP BY domain),
            sizes AS (
                SELECT domain, coalesce(held.vcpus, 0) AS held_vcpus, coalesce(held.memory, 0) AS held_memory,
                    greatest(promised.vcpus - coalesce(held.vcpus, 0), 0) AS promised_vcpus,
                    greatest(promised.memory - coalesce(held.memory, 0), 0) AS promised_memory,
                    coalesce(added_vcpus, 0) AS added_vcpus, coalesce(added_memory, 0) AS added_memory
                FROM held FULL JOIN promised USING (domain))
            """
    }

    /// A column's valid amounts: a row with an amount out of bounds is set aside, and takes no room.
    private static func valid<Quantity: BoundedQuantity>(_ column: Query, _ type: Quantity.Type) -> Query {
        let (least, largest) = (type.bounds.lowerBound, type.bounds.upperBound)
        return "CASE WHEN \(column) BETWEEN \(least) AND \(largest) THEN \(column) ELSE 0 END"
    }

    /// A sum that fits into 64 bits, however many rows there are.
    private static func sum(_ column: Query) -> Query { "least(coalesce(sum(\(column)), 0), 1::int8 << 60)::int8" }

    private static func share(_ amount: Int64, _ ratio: Utilization) -> Int64 {
        Int64(clamping: Int128(amount) * Int128(ratio.ppm) / 1_000_000)
    }
}
