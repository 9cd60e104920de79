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
    /// For a growth: the sizes that the domain then has; `nil`: the room is added to all that it has and is promised. What
    /// the host has promised of it already, as for a vCPU that is plugged and not yet online or in a permit of another
    /// growth, is not asked for again.
    package var targetVCPUs: VCPUCount?
    package var targetMemory: ByteCount?
    /// The host's measured use as it would be with the new room; `nil`: not known, so not checked.
    package var projectedUse: Utilization?
    package var decision: UUID128?
    package var expiresAt: Timestamp
    /// The tenant of a domain that does not exist yet; for any other domain its row says it.
    package var tenant: TenantID?

    package init(
        id: UUID128, host: HostID, domain: DomainID, purpose: PermitPurpose, vcpus: VCPUCount, memory: ByteCount,
        targetVCPUs: VCPUCount? = nil, targetMemory: ByteCount? = nil, projectedUse: Utilization? = nil,
        decision: UUID128? = nil,
        expiresAt: Timestamp, tenant: TenantID? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.host = host
        self.domain = domain
        self.purpose = purpose
        self.vcpus = vcpus
        self.memory = memory
        self.targetVCPUs = targetVCPUs
        self.targetMemory = targetMemory
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
    /// What open permits that have not expired promise beyond these: of a domain's growths the largest.
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
            let request = try await Self.missing(of: request, at: now, in: transaction)
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

    private static func insert(
        _ request: StoredPermitRequest, _ share: PermitShare, at now: Timestamp, in transaction: Transaction
    ) async throws -> Permit {
        let rows = try await transaction.query(
            """
            INSERT INTO scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, decision, created_ns,
                expires_ns, tenant, quota_vcpus, quota_memory_bytes, target_vcpus, target_memory_bytes)
            VALUES (\(request.id), \(request.host), \(request.domain), \(request.purpose.rawValue), \(request.vcpus),
                \(request.memory), \(request.decision), \(now), \(request.expiresAt), \(share.tenant), \(share.addedVCPUs),
                \(share.addedMemory), \(share.targetVCPUs), \(share.targetMemory)) RETURNING *
            """)
        guard let row = rows.first else {
            throw StoreError(.invalidResult, operation: "grant a permit", message: "no row came back")
        }
        return try Permit(row)
    }
}
