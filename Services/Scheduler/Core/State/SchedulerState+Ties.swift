// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

// Broken pins and groups: somebody moved a domain, or changed its options.

extension SchedulerState {
    /// A pin or group of a domain that the domain's present host violates.
    package struct BrokenTie: Hashable, Sendable {
        package let domain: DomainID
        package let tie: Tie
        /// The host with most of its affinity group.
        let home: HostID?
    }

    /// All broken pins and groups, by domain.
    package func brokenTies(at now: Timestamp) -> [BrokenTie] {
        let members = members(at: now).filter { $0.options.hasTies }
        guard !members.isEmpty else { return [] }
        let groups = Groups(members) { hosts[$0].map { $0.record.isUp && $0.record.mode == .enabled } ?? false }
        return members.flatMap { groups.broken($0) }.sorted { $0.domain < $1.domain }
    }

    /// Moves domains to hosts that their pins and groups allow, within the budgets.
    mutating func heal(at now: Timestamp) {
        let isDue = healedAt.map { now.nanoseconds(since: $0) >= settings.retryAfterNoRoom } ?? true
        guard isDue, blackoutEnd(at: now) == nil else { return }
        healedAt = now
        var hasBegun = false
        for broken in brokenTies(at: now) {
            guard let entry = domains[broken.domain], entry.record.vcpus ?? 0 > 0,
                hosts[entry.record.host]?.record.mode == .enabled, hasBudget(from: entry.record.host),
                // A move that was begun just now may have repaired it.
                !hasBegun || brokenTies(at: now).contains(broken)
            else { continue }
            let option = option(moving: entry, obstacle: obstacle(toMoving: entry, toGrow: false, at: now))
            let plan = MovePlan(
                cause: .broken(broken.tie), source: entry.record.host, need: MoveNeed(cpu: 0, memory: 0, vcpus: 0),
                options: [option], settings)
            if begin(plan, home: broken.home, at: now) { hasBegun = true }
        }
    }
}

extension PolicyOptions {
    fileprivate var hasTies: Bool { affinityGroup != nil || antiAffinityGroup != nil || !pinnedHosts.isEmpty }
}

/// The hosts of each group's members. A group belongs to one tenant: another tenant's group of the same name is another
/// group.
private struct Groups {
    private struct Name: Hashable {
        let tenant: TenantID?
        let group: String
    }
    private var affinity: [Name: [HostID: Int]] = [:]
    private var antiAffinity: [Name: [HostID: Int]] = [:]
    private let isHome: (HostID) -> Bool

    init(_ members: [SchedulerState.Member], isHome: @escaping (HostID) -> Bool) {
        self.isHome = isHome
        for member in members {
            if let group = member.options.affinityGroup {
                affinity[Name(tenant: member.tenant, group: group), default: [:]][member.host, default: 0] += 1
            }
            if let group = member.options.antiAffinityGroup {
                antiAffinity[Name(tenant: member.tenant, group: group), default: [:]][member.host, default: 0] += 1
            }
        }
    }

    func broken(_ member: SchedulerState.Member) -> [SchedulerState.BrokenTie] {
        var broken: [SchedulerState.BrokenTie] = []
        let options = member.options
        if !options.pinnedHosts.isEmpty, !options.pinnedHosts.contains(member.host) {
            broken.append(.init(domain: member.domain, tie: .pin(options.pinnedHosts), home: nil))
        }
        if let group = options.affinityGroup, let home = home(Name(tenant: member.tenant, group: group)),
            home != member.host
        {
            broken.append(.init(domain: member.domain, tie: .affinity(group), home: home))
        }
        if let group = options.antiAffinityGroup,
            antiAffinity[Name(tenant: member.tenant, group: group)]?[member.host] ?? 0 > 1
        {
            broken.append(.init(domain: member.domain, tie: .antiAffinity(group), home: nil))
        }
        return broken
    }

    /// The host with most of the group's members; of equal ones the lower id. A host that is being emptied, or is gone,
    /// does not count.
    private func home(_ name: Name) -> HostID? {
        affinity[name]?.filter { isHome($0.key) }.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
    }
}
