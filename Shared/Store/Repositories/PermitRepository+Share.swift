// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

/// The part of the requested room that its tenant does not have yet. It counts for the tenant's quota while the permit
/// is open.
struct PermitShare: Sendable {
    /// `nil`: nobody owns the domain.
    let tenant: TenantID?
    let vcpus: Int64
    let memory: Int64

    func refusal(at now: Timestamp, in transaction: Transaction) async throws(StoreError) -> QuotaRefusal? {
        guard let tenant, vcpus > 0 || memory > 0 else { return nil }
        return try await QuotaRepository.refusal(
            of: tenant, asking: [.vcpus: vcpus, .memory: memory], at: now, in: transaction)
    }
}

extension PermitRepository {
    /// A growth and a new domain take the whole requested room. A domain that starts or moves has its size already,
    /// also while it is off: it takes only what it will have beyond that.
    static func share(of request: StoredPermitRequest, in transaction: Transaction) async throws(StoreError)
        -> PermitShare
    {
        let rows = try await transaction.query(
            "SELECT tenant, vcpus, memory_bytes FROM inventory.domain_share WHERE domain = \(request.domain)")
        let asked = (vcpus: Int64(request.vcpus.count), memory: request.memory.bytes)
        guard let row = rows.first else {
            return PermitShare(tenant: request.tenant, vcpus: asked.vcpus, memory: asked.memory)
        }
        let isAdded = request.purpose == .grow
        return PermitShare(
            tenant: try row.tenantOrNil("tenant"),
            vcpus: max(0, asked.vcpus - (isAdded ? 0 : try row.int64("vcpus"))),
            memory: max(0, asked.memory - (isAdded ? 0 : try row.int64("memory_bytes"))))
    }
}
