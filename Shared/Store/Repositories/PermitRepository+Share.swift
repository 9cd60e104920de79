// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

/// The room as it counts for its tenant's quota while the permit is open: up to which size of the domain it goes, and
/// where that is not said, how much is added.
struct PermitShare: Sendable {
    let domain: DomainID
    /// `nil`: nobody owns the domain.
    let tenant: TenantID?
    let targetVCPUs: VCPUCount?
    let targetMemory: ByteCount?
    let addedVCPUs: Int64
    let addedMemory: Int64

    func refusal(at now: Timestamp, in transaction: Transaction) async throws(StoreError) -> QuotaRefusal? {
        guard let tenant else { return nil }
        if targetVCPUs != nil || targetMemory != nil {
            let refusal = try await QuotaRepository.refusal(
                of: tenant, growing: domain, to: (targetVCPUs, targetMemory), at: now, in: transaction)
            if let refusal { return refusal }
        }
        guard addedVCPUs > 0 || addedMemory > 0 else { return nil }
        return try await QuotaRepository.refusal(
            of: tenant, asking: [.vcpus: addedVCPUs, .memory: addedMemory], at: now, in: transaction)
    }
}

extension PermitRepository {
    /// A new domain, and one that starts or moves, will be as large as the room. So will one that grows if the request
    /// says how large; else it takes the whole room in addition.
    static func share(of request: StoredPermitRequest, in transaction: Transaction) async throws(StoreError)
        -> PermitShare
    {
        let rows = try await transaction.query(
            "SELECT tenant FROM inventory.domain_share WHERE domain = \(request.domain)")
        let isGrowth = request.purpose == .grow
        let vcpus = isGrowth ? request.targetVCPUs : request.vcpus
        let memory = isGrowth ? request.targetMemory : request.memory
        var tenant = request.tenant
        if let row = rows.first { tenant = try row.tenantOrNil("tenant") }
        return PermitShare(
            domain: request.domain, tenant: tenant,
            targetVCPUs: vcpus, targetMemory: memory, addedVCPUs: vcpus == nil ? Int64(request.vcpus.count) : 0,
            addedMemory: memory == nil ? request.memory.bytes : 0)
    }
}
