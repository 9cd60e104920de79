// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ResourceModel
internal import Store

/// Writes down up to when hosts are proved, and when they were listed last: one statement each for all of them, so that a
/// quiet host costs no transaction.
actor ProofWriter {
    private let inventory: InventoryRepository
    private let interval: Duration
    private let log: Logger
    private var waiting: [ShardClaim: Timestamp] = [:]
    private var listings: [ShardClaim: Timestamp] = [:]

    init(_ inventory: InventoryRepository, every interval: Duration, log: Logger) {
        self.inventory = inventory
        self.interval = interval
        self.log = log
    }

    /// Everything of the claim's host up to this instant is written.
    func note(_ claim: ShardClaim, until instant: Timestamp) { waiting[claim] = instant }

    /// Each domain of another host that the claim's host showed when it was asked at this instant was looked up.
    func note(_ claim: ShardClaim, listedAt instant: Timestamp) { listings[claim] = instant }

    /// Writes until cancelled; while the database is away the newest proofs wait.
    func run() async {
        while !Task.isCancelled {
            await flush()
            try? await Task.sleep(for: interval)
        }
    }

    /// Writes what waits, of all hosts or of one that is given up.
    func flush(_ claim: ShardClaim? = nil) async {
        let proofs = waiting.filter { claim == nil || $0.key == claim }
        let listed = listings.filter { claim == nil || $0.key == claim }
        guard !proofs.isEmpty || !listed.isEmpty else { return }
        for proof in proofs.keys { waiting[proof] = nil }
        for listing in listed.keys { listings[listing] = nil }
        do {
            try await inventory.prove(proofs.map { (claim: $0.key, until: $0.value) })
            try await inventory.noteListed(listed.map { (claim: $0.key, at: $0.value) })
        } catch {
            log.debug("proofs wait for the database", metadata: ["error": "\(error)"])
            // Of a host that is given up nothing is kept.
            guard claim == nil else { return }
            waiting.merge(proofs) { newer, _ in newer }
            listings.merge(listed) { newer, _ in newer }
        }
    }
}
