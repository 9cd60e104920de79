// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

/// Counts failures and changes, and freezes the cluster when there are too many.
struct FreezeGuardian: Hashable, Sendable, Codable {
    private var begun: [Begun] = []
    private var ended: [Ended] = []
    /// The freeze that was ordered and is not listed yet: it holds from the moment it is ordered.
    private(set) var ordered: Freeze?
    private var isListed = false

    private struct Begun: Hashable, Sendable, Codable {
        var domain: DomainID
        var at: Timestamp
    }

    private struct Ended: Hashable, Sendable, Codable {
        var at: Timestamp
        var failed: Bool
    }

    /// A freeze that was not listed for this long was not stored, or is lifted already.
    private static let patience: Int64 = 60_000_000_000

    /// Counts a change when it begins, so that many changes at the same moment are stopped too.
    mutating func began(_ domain: DomainID, at now: Timestamp) { begun.append(Begun(domain: domain, at: now)) }

    mutating func ended(failed: Bool, at now: Timestamp) { ended.append(Ended(at: now, failed: failed)) }

    /// Takes the stored freezes. If our own freeze was listed and is not any more, somebody lifted it: counting begins
    /// again, so that the freeze does not come back at once.
    mutating func listed(_ freezes: [Freeze], at now: Timestamp) {
        guard let ordered else { return }
        if freezes.contains(where: { $0.scope == .cluster }) {
            isListed = true
        } else if isListed || now.nanoseconds(since: ordered.since) > Self.patience {
            self.ordered = nil
            isListed = false
            (begun, ended) = ([], [])
        }
    }

    /// The freeze that is due; returned once.
    mutating func due(domains: Int, settings: FreezeSettings, at now: Timestamp) -> Freeze? {
        let start = now.advanced(byNanoseconds: -settings.periodNanoseconds)
        begun.removeAll { $0.at < start }
        ended.removeAll { $0.at < start }
        guard ordered == nil, begun.count + ended.count >= min(settings.minimumChanged, settings.minimumFailures),
            let reason = reason(domains: domains, settings: settings)
        else { return nil }
        let freeze = Freeze(scope: .cluster, reason: reason, isAutomatic: true, since: now)
        ordered = freeze
        return freeze
    }

    private func reason(domains: Int, settings: FreezeSettings) -> String? {
        let minutes = settings.periodNanoseconds / 60_000_000_000
        let failures = ended.count { $0.failed }
        if failures >= settings.minimumFailures, exceeds(failures, of: ended.count, settings.failedShare) {
            return "\(failures) of \(ended.count) actions failed within \(minutes) minutes, more than "
                + "\(settings.failedShare); look at the failed decisions, then unfreeze"
        }
        let changed = Set(begun.map(\.domain)).count
        if changed >= settings.minimumChanged, exceeds(changed, of: domains, settings.changedShare) {
            return "\(changed) of \(domains) VMs were changed within \(minutes) minutes, more than "
                + "\(settings.changedShare); look at the decisions, then unfreeze"
        }
        return nil
    }

    private func exceeds(_ part: Int, of whole: Int, _ share: Utilization) -> Bool {
        Int64(part) * 1_000_000 > Int64(whole) * share.ppm
    }
}

extension SchedulerState {
    /// Why automatic actions on a domain are frozen; `nil`: they are not.
    func freezeReason(of record: DomainRecord, at now: Timestamp) -> String? {
        if let ordered = guardian.ordered { return ordered.reason }
        return freezes.isEmpty ? nil : freezes.first { $0.covers(record) }?.reason
    }

    mutating func guardAgainstFailures(at now: Timestamp) {
        if let freeze = guardian.due(domains: domains.count, settings: settings.freeze, at: now) {
            pending.append(.freeze(freeze))
        }
    }
}
