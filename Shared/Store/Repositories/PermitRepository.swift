// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

package enum PermitState: String, Hashable, Sendable, Codable, CaseIterable {
    /// It holds its room until it expires.
    case open
    /// The domain's own size now holds the room.
    case used
    case released, expired
}

/// A request for room on one host.
package struct StoredPermitRequest: Hashable, Sendable {
    package var id: UUID128
    package var host: HostID
    package var domain: DomainID
    package var purpose: PermitPurpose
    /// vCPUs in addition to those that the domain already has on this host.
    package var vcpus: VCPUCount
    package var memory: ByteCount
    /// To how many vCPUs `vcpus` is added; `nil`: to as many as the host has promised the domain. If the host has
    /// promised more, as for a vCPU that is plugged and not yet online, the domain already holds the difference.
    package var countedVCPUs: VCPUCount?
    /// The host's measured use as it would be with the new room; `nil`: not known, so not checked.
    package var projectedUse: Utilization?
    package var decision: UUID128?
    package var expiresAt: Timestamp
    /// The tenant of a domain that does not exist yet; for any other domain its row says it.
    package var tenant: TenantID?

    package init(
        id: UUID128, host: HostID, domain: DomainID, purpose: PermitPurpose, vcpus: VCPUCount, memory: ByteCount,
        countedVCPUs: VCPUCount? = nil, projectedUse: Utilization? = nil, decision: UUID128? = nil,
        expiresAt: Timestamp, tenant: TenantID? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.host = host
        self.domain = domain
        self.purpose = purpose
        self.vcpus = vcpus
        self.memory = memory
        self.countedVCPUs = countedVCPUs
        self.projectedUse = projectedUse
        self.decision = decision
        self.expiresAt = expiresAt
    }
}

/// Room that was granted: a row of `scheduling.permit`.
package struct Permit: Hashable, Sendable {
    package let id: UUID128
    package let host: HostID
    package let domain: DomainID
    package let purpose: PermitPurpose
    package let vcpus: VCPUCount
    package let memory: ByteCount
    package let state: PermitState
    package let decision: UUID128?
    package let expiresAt: Timestamp

    init(_ row: Row) throws(StoreError) {
        id = try row.uuid("id")
        host = try row.host("host")
        domain = try row.domain("domain")
        purpose = try row.value("purpose")
        vcpus = try row.vcpus("vcpus")
        memory = try row.byteCount("memory_bytes")
        state = try row.value("state")
        decision = try row.uuidOrNil("decision")
        expiresAt = try row.timestamp("expires_ns")
    }
}

/// What a host has promised, and how much it may promise: everything that a refusal shows.
package struct HostRoom: Hashable, Sendable {
    /// cores × overcommit − reserve.
    package let vcpuLimit: Int
    /// memory × overcommit − reserve.
    package let memoryLimit: ByteCount
    /// The sum of the sizes of the domains that are not known to be off: the larger of confirmed and granted, else the
    /// ceiling.
    package let domainVCPUs: Int
    package let domainMemory: ByteCount
    /// Open permits that have not expired.
    package let permittedVCPUs: Int
    package let permittedMemory: ByteCount

    package var freeVCPUs: Int { vcpuLimit - domainVCPUs - permittedVCPUs }
    /// Negative if the host has promised more than it may.
    package var freeMemoryBytes: Int64 { memoryLimit.bytes - domainMemory.bytes - permittedMemory.bytes }
}

/// Why there is no room.
package enum PermitRefusal: Hashable, Sendable, CustomStringConvertible {
    case unknownHost(HostID)
    case mode(HostMode)
    /// The host's cores or memory are not known yet.
    case capacityUnknown
    case vcpus(asked: VCPUCount, HostRoom)
    case memory(asked: ByteCount, HostRoom)
    case measuredUse(projected: Utilization, bound: Utilization)
    /// The domain holds room for its start already.
    case underWay
    /// No host may give it: the tenant has reached its quota.
    case quota(QuotaRefusal)

    package var description: String {
        switch self {
        case .unknownHost(let host): "there is no host '\(host)'"
        case .mode(let mode): "the host is in mode '\(mode.rawValue)'"
        case .capacityUnknown: "the host's cores or memory are not known yet"
        case .vcpus(let asked, let room):
            "\(asked) vCPUs asked, \(room.freeVCPUs) free: of \(room.vcpuLimit), domains have \(room.domainVCPUs) "
                + "and open permits \(room.permittedVCPUs)"
        case .memory(let asked, let room):
            "\(asked) asked, \(room.freeMemoryBytes) B free: of \(room.memoryLimit), domains have "
                + "\(room.domainMemory) and open permits \(room.permittedMemory)"
        case .measuredUse(let projected, let bound):
            "the host's measured use would be \(projected), above its bound of \(bound)"
        case .underWay: "it is being started already"
        case .quota(let refusal): refusal.description
        }
    }
}

package enum PermitAnswer: Hashable, Sendable {
    /// The room as it was before this permit.
    case granted(Permit, HostRoom)
    case refused(PermitRefusal)
}

/// Room on hosts: `scheduling.permit`.
package struct PermitRepository: Sendable {
    let store: Store
    package init(_ store: Store) { self.store = store }

    /// Grants the room or says exactly why not. Requests for one host wait for each other, so that its room can't be
    /// overdrawn; so do requests of one tenant, for its quota. `claim` is the claim of the host's cluster. Throws
    /// `fenced`.
    package func request(
        _ request: StoredPermitRequest, at now: Timestamp, under claim: ShardClaim, in transaction: Transaction? = nil
    ) async throws -> PermitAnswer {
        try await store.fenced(claim, in: transaction) { transaction in
            let hosts = try await transaction.query(
                "SELECT * FROM inventory.host WHERE id = \(request.host) FOR UPDATE")
            guard let row = hosts.first else { return .refused(.unknownHost(request.host)) }
            let host = try StoredHost(row)
            if host.mode == .observe || host.mode == .draining && request.purpose.bringsDomain {
                return .refused(.mode(host.mode))
            }
            if request.purpose.startsDomain,
                try await Self.isStarting(request.domain, on: host.id, at: now, in: transaction)
            {
                return .refused(.underWay)
            }
            guard let room = try await Self.room(of: host, at: now, in: transaction) else {
                return .refused(.capacityUnknown)
            }
            let share = try await Self.share(of: request, in: transaction)
            if let refusal = try await share.refusal(at: now, in: transaction) { return .refused(.quota(refusal)) }
            var request = request
            request.vcpus = try await Self.missing(of: request, in: transaction)
            if let refusal = Self.refusal(of: request, room: room, bound: host.limits.cpuBound) {
                return .refused(refusal)
            }
            return .granted(try await Self.insert(request, share, at: now, in: transaction), room)
        }
    }

    /// What a host has promised right now; `nil` if it or its capacity is unknown. Only `request` may grant room by it.
    package func room(of id: HostID, at now: Timestamp) async throws(StoreError) -> HostRoom? {
        guard let row = try await store.query("SELECT * FROM inventory.host WHERE id = \(id)").first else { return nil }
        return try await Self.room(of: try StoredHost(row), at: now, in: store)
    }

    package func fetch(_ id: UUID128) async throws(StoreError) -> Permit? {
        guard let row = try await store.query("SELECT * FROM scheduling.permit WHERE id = \(id)").first else {
            return nil
        }
        return try Permit(row)
    }

    /// Ends an open permit, in the transaction that writes the domain's new size; `false` if it was not open.
    @discardableResult
    package func setState(
        of id: UUID128, to state: PermitState, in runner: (any QueryRunner)? = nil
    ) async throws(StoreError) -> Bool {
        let rows = try await (runner ?? store).query(
            """
            UPDATE scheduling.permit SET state = \(state.rawValue) WHERE id = \(id) AND state = 'open' RETURNING id
            """)
        return !rows.isEmpty
    }

    /// Ends open permits that are past their expiry; returns how many. They hold no room from that instant anyway.
    @discardableResult
    package func expire(at now: Timestamp) async throws(StoreError) -> Int {
        try await store.query(
            """
            UPDATE scheduling.permit SET state = 'expired' WHERE state = 'open' AND expires_ns <= \(now) RETURNING id
            """
        ).count
    }

    /// Whether a domain holds room for a start: many starts of one would hold many times what it takes.
    private static func isStarting(
        _ domain: DomainID, on host: HostID, at now: Timestamp, in transaction: Transaction
    ) async throws -> Bool {
        let purposes = TextArray(PermitPurpose.allCases.filter(\.startsDomain).map(\.rawValue))
        return try await !transaction.query(
            """
            SELECT 1 FROM scheduling.permit WHERE host = \(host) AND domain = \(domain) AND state = 'open'
                AND expires_ns > \(now) AND purpose = ANY(\(purposes)::text[]) LIMIT 1
            """
        ).isEmpty
    }

    /// How many of the requested vCPUs the host has not promised the domain yet.
    private static func missing(
        of request: StoredPermitRequest, in transaction: Transaction
    ) async throws(StoreError) -> VCPUCount {
        guard let counted = request.countedVCPUs else { return request.vcpus }
        let rows = try await transaction.query(
            """
            SELECT greatest(confirmed_vcpus, granted_vcpus) AS promised FROM inventory.domain
            WHERE id = \(request.domain) AND host = \(request.host) AND \(StoredDomain.holdsRoom)
            """)
        guard let promised = try rows.first?.vcpusOrNil("promised") else { return request.vcpus }
        return VCPUCount(clamping: max(0, request.vcpus.count - max(0, promised.count - counted.count)))
    }

    private static func refusal(of request: StoredPermitRequest, room: HostRoom, bound: Utilization) -> PermitRefusal? {
        if request.vcpus.count > 0, request.vcpus.count > room.freeVCPUs {
            return .vcpus(asked: request.vcpus, room)
        }
        if request.memory > .zero, request.memory.bytes > room.freeMemoryBytes {
            return .memory(asked: request.memory, room)
        }
        if let projected = request.projectedUse, projected > bound {
            return .measuredUse(projected: projected, bound: bound)
        }
        return nil
    }

    private static func room(
        of host: StoredHost, at now: Timestamp, in runner: some QueryRunner
    ) async throws(StoreError) -> HostRoom? {
        guard let cores = host.facts.cpuCount, let memory = host.facts.memory else { return nil }
        // Unreachable is not off: a domain in an unknown state holds its room.
        let rows = try await runner.query(
            """
            WITH held AS (
                SELECT coalesce(greatest(confirmed_vcpus, granted_vcpus), maximum_vcpus) AS vcpus,
                    coalesce(memory_bytes, maximum_memory_bytes) AS memory FROM inventory.domain
                WHERE host = \(host.id) AND \(StoredDomain.holdsRoom)),
            promised AS (
                SELECT vcpus, memory_bytes AS memory FROM scheduling.permit
                WHERE host = \(host.id) AND state = 'open' AND expires_ns > \(now))
            SELECT \(sum("vcpus", of: "held", VCPUCount.self)) AS domain_vcpus,
                \(sum("memory", of: "held", ByteCount.self)) AS domain_memory,
                \(sum("vcpus", of: "promised", VCPUCount.self)) AS permitted_vcpus,
                \(sum("memory", of: "promised", ByteCount.self)) AS permitted_memory
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

    /// The sum of a column over the valid amounts: a row with an amount out of bounds is set aside, and takes no room.
    /// The sum fits into 64 bits, however many rows there are.
    private static func sum<Quantity: BoundedQuantity>(_ column: Query, of table: Query, _ type: Quantity.Type) -> Query
    {
        let (least, largest) = (type.bounds.lowerBound, type.bounds.upperBound)
        return """
            (SELECT least(coalesce(sum(\(column)), 0), 1::int8 << 60)::int8 FROM \(table)
                WHERE \(column) BETWEEN \(least) AND \(largest))
            """
    }

    private static func share(_ amount: Int64, _ ratio: Utilization) -> Int64 {
        Int64(clamping: Int128(amount) * Int128(ratio.ppm) / 1_000_000)
    }

    private static func insert(
        _ request: StoredPermitRequest, _ share: PermitShare, at now: Timestamp, in transaction: Transaction
    ) async throws -> Permit {
        let rows = try await transaction.query(
            """
            INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, decision, created_ns,
                expires_ns, tenant, quota_vcpus, quota_memory_bytes)
            VALUES (\(request.id), \(request.host), \(request.domain), \(request.purpose.rawValue), \(request.vcpus),
                \(request.memory), \(request.decision), \(now), \(request.expiresAt), \(share.tenant), \(share.vcpus),
                \(share.memory)) RETURNING *
            """)
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "grant a permit", message: "no row came back")
        }
        return try Permit(row)
    }
}
