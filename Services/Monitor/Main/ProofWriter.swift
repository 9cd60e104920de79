// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ResourceModel
internal import Store

/// Writes down up to when hosts are proved, and when they were last listed: one statement each for all hosts, so that a
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

    /// Notes that everything about the claim's host up to this instant is written.
    func note(_ claim: ShardClaim, until instant: Timestamp) { waiting[claim] = instant }

    /// Notes that, of the listing that the claim's host was asked for at this instant, each domain of another host was
    /// looked up.
    func note(_ claim: ShardClaim, listedAt instant: Timestamp) { listings[claim] = instant }

    /// Writes until cancelled; while the database is away the newest proofs wait.
    func run() async {
        while !Task.isCancelled {
            await flush()
            try? await Task.sleep(for: interval)
        }
    }

    /// Writes what waits, for all hosts or for one that is given up.
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
            // For a host that is given up nothing is kept.
            guard claim == nil else { return }
            waiting.merge(proofs) { newer, _ in newer }
            listings.merge(listed) { newer, _ in newer }
        }
    }
}
