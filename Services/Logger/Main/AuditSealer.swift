// SPDX-License-Identifier: Apache-2.0

import Logging
import Metrics
import ResourceModel
import Store

/// Seals the audit outbox while this instance owns its only shard: twice a second, so that no entry waits longer than a
/// second.
actor AuditSealer {
    /// Entries in one transaction at most.
    private static let batch = 1_000
    private static let interval: Duration = .milliseconds(500)

    private let edges: LoggerEdges
    private let audit: AuditRepository
    private let metrics = LoggerMetrics()
    private var claim: ShardClaim?

    init(_ edges: LoggerEdges) {
        self.edges = edges
        audit = AuditRepository(edges.store)
    }

    func gained(_ claim: ShardClaim) { self.claim = claim }

    /// A seal under way is fenced by its epoch.
    func lost() { claim = nil }

    /// Seals until cancelled.
    func run() async {
        while !Task.isCancelled {
            await seal()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Seals all entries that wait.
    func seal() async {
        while let claim, !Task.isCancelled {
            do {
                let count = try await audit.seal(under: claim, limit: Self.batch)
                metrics.sealed.increment(by: count)
                if count < Self.batch { return }
            } catch {
                if error.code == .fenced, self.claim == claim { self.claim = nil }
                edges.log.warning("the audit can't be sealed; trying again", metadata: ["error": "\(error)"])
                return
            }
        }
    }
}
