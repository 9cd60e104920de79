// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ResourceModel
internal import Store

/// Writes into the audit what Monitor did even while the database may be away: in order, trying each again until it is
/// written.
actor AuditTrail {
    /// What was carried out, and who asked for it.
    struct Act: Hashable, Sendable {
        let action: String
        let subject: String
        let asker: InstanceID
        let principal: String?
        let at: Timestamp
    }

    /// How many may wait; beyond that the oldest is written into the log only.
    private static let limit = 1_000
    private static let pause: Duration = .milliseconds(500)

    private let store: Store
    private let log: Logger
    private var waiting: [Act] = []
    private var isWriting = false

    init(_ store: Store, _ log: Logger) {
        self.store = store
        self.log = log
    }

    /// Returns at once.
    func note(_ act: Act) {
        if waiting.count >= Self.limit { lose(waiting.removeFirst(), why: "\(Self.limit) wait already") }
        waiting.append(act)
        guard !isWriting else { return }
        isWriting = true
        Task { await write() }
    }

    /// Removes a written act, unless it was dropped meanwhile because too many waited.
    private func drop(_ act: Act) {
        if waiting.first == act { waiting.removeFirst() }
    }

    private func lose(_ act: Act, why: String) {
        log.error(
            "an act can't be written into the audit",
            metadata: [
                "action": "\(act.action)", "subject": "\(act.subject)", "asker": "\(act.asker)", "error": "\(why)",
            ])
    }

    /// Writes until nothing waits, or until the store is closed, since the process then ends.
    private func write() async {
        while let act = waiting.first {
            do {
                try await AuditRepository.carriedOut(
                    act.action, on: act.subject, by: .monitor, asker: act.asker, for: act.principal, at: act.at,
                    in: store)
                drop(act)
            } catch {
                guard error.code != .closed else { break }
                guard error.isTransient else {
                    drop(act)
                    lose(act, why: "\(error)")
                    continue
                }
                log.warning("the audit waits for the database", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.pause)
            }
        }
        isWriting = false
    }
}
