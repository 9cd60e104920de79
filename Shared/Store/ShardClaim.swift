// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The kinds of work that are shared out among a service's instances, each by rows of `cluster.shard`.
package enum ShardKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// A physical host, owned by a Monitor.
    case host
    /// A cluster, owned by a Scheduler.
    case cluster
    /// A tenant's bill, owned by a Billing.
    case tenant
    /// A host's streams, owned by a Logger.
    case log
    /// The one sealer of the audit chain, a Logger.
    case audit
}

/// The right to write for one shard: valid until somebody else takes it over, which raises the epoch.
///
/// Every write that depends on it holds it in its own transaction: `cluster.hold_shards` locks `(kind, id, epoch)`.
package struct ShardClaim: Hashable, Sendable {
    package let kind: ShardKind
    package let id: String
    package let epoch: Int64

    package init(kind: ShardKind, id: String, epoch: Int64) {
        self.kind = kind
        self.id = id
        self.epoch = epoch
    }

    package static func host(_ id: HostID, epoch: Int64) -> ShardClaim {
        ShardClaim(kind: .host, id: id.name, epoch: epoch)
    }
    package static func cluster(_ id: ClusterID, epoch: Int64) -> ShardClaim {
        ShardClaim(kind: .cluster, id: id.name, epoch: epoch)
    }
    package static func tenant(_ id: TenantID, epoch: Int64) -> ShardClaim {
        ShardClaim(kind: .tenant, id: id.name, epoch: epoch)
    }
    package static func log(_ id: HostID, epoch: Int64) -> ShardClaim {
        ShardClaim(kind: .log, id: id.name, epoch: epoch)
    }
    package static func audit(epoch: Int64) -> ShardClaim { ShardClaim(kind: .audit, id: "main", epoch: epoch) }
}

extension Transaction {
    /// Holds the claim until this transaction ends: a take-over waits. Throws `fenced` if it is lost already.
    package func require(_ claim: ShardClaim) async throws(StoreError) {
        let rows = try await query(
            "SELECT cluster.hold_shards(\(claim.kind.rawValue), ARRAY[\(claim.id)::text], ARRAY[\(claim.epoch)::int8])")
        guard !rows.isEmpty else { throw .fenced(claim) }
    }
}
