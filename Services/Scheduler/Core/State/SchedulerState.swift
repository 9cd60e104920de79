// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Decides for one cluster which domain grows, shrinks or moves. Performs no I/O and never reads a clock: events come
/// in with their instants, directives go out, and the shell reports what became of them.
///
/// The rule runs at every known sample, at that sample's own instant, so late delivery does not change what is
/// decided. Feed what happened before a restart with `recall…`: that fills windows and decides nothing.
package struct SchedulerState: Hashable, Sendable, Codable {
    package let settings: SchedulerSettings
    var hosts = SortedTable<HostID, HostEntry>()
    var domains = SortedTable<DomainID, DomainEntry>()
    var permits = SortedTable<UUID128, OpenPermit>()
    /// Policies may be known before the inventory lists their domain.
    var policies = SortedTable<DomainID, PolicyVersion>()
    /// The domains with an operation, by decision.
    var active = SortedTable<UUID128, DomainID>()
    /// Not handed out yet.
    var pending: [Directive] = []

    package init(settings: SchedulerSettings) { self.settings = settings }

    struct HostEntry: Hashable, Sendable, Codable {
        var record: HostRecord
        var figures: HostFigures?
        var sampledAt: Timestamp?
        var intervalStart: Timestamp?
    }

    struct DomainEntry: Hashable, Sendable, Codable {
        var record: DomainRecord
        var window = UtilizationWindow()
        var incarnation: Incarnation?
        var lastSampledAt: Timestamp?
        var operation: Operation?
        var lastMove: Move?
        var lastChangeAt: Timestamp?
        var noRoomUntil: Timestamp?
        var settlingUntil: Timestamp?
        /// What was recorded last: the same is not recorded again.
        var recorded: RecordedReason?
    }

    struct RecordedReason: Hashable, Sendable, Codable {
        var verdict: Verdict
        var reason: Reason
        var dry: DryReason?
    }

    /// A migration whose effect on the measured use of both hosts is not in their samples yet.
    struct Move: Hashable, Sendable, Codable {
        var request: PlacementRequest
        var target: HostID
        /// `nil` while it is under way.
        var endedAt: Timestamp?
    }

    /// The policy that holds for a domain; `nil` without a subscription.
    package func policy(of domain: DomainID) -> PolicyVersion? { policies[domain] }

    /// What is under way for a domain.
    package func operation(of domain: DomainID) -> Operation? { domains[domain]?.operation }

    /// The window of a domain as it stands.
    package func window(of domain: DomainID) -> UtilizationWindow? { domains[domain]?.window }
}

// MARK: - Events

extension SchedulerState {
    /// Takes hosts, domains and open permits as they are now; what is not listed any more is forgotten.
    package mutating func inventoryChanged(_ inventory: Inventory) {
        let hostIDs = Set(inventory.hosts.map(\.host))
        let domainIDs = Set(inventory.domains.map(\.domain))
        hosts.keep { host, _ in hostIDs.contains(host) }
        policies.keep { domain, _ in domains[domain] == nil || domainIDs.contains(domain) }
        domains.keep { domain, _ in domainIDs.contains(domain) }
        active.keep { _, domain in domainIDs.contains(domain) }
        for record in inventory.hosts {
            if hosts[record.host] == nil { hosts[record.host] = HostEntry(record: record) }
            hosts.update(record.host) { $0.record = record }
        }
        for record in inventory.domains {
            if domains[record.domain] == nil { domains[record.domain] = DomainEntry(record: record) }
            domains.update(record.domain) { $0.take(record) }
        }
        permits = SortedTable()
        for permit in inventory.permits { permits[permit.permit] = permit }
    }

    /// A new version of a policy holds. Its samples are kept and judged by the new rule at once.
    package mutating func policyChanged(_ version: PolicyVersion, at now: Timestamp) {
        if let known = policies[version.domain], known.version >= version.version { return }
        policies[version.domain] = version
        guard let entry = domains[version.domain], !entry.window.samples.isEmpty else { return }
        evaluate(version.domain, at: now)
    }

    /// A cycle of one host arrived: the rule runs for every domain in it whose sample is known.
    package mutating func observe(_ sample: HostSample, position: SamplePosition) {
        for domain in take(sample, position: position) { evaluate(domain, at: sample.sampledAt) }
    }

    /// Feeds a stored sample: it fills windows and decides nothing. Oldest first.
    package mutating func recall(_ sample: HostSample, position: SamplePosition) {
        _ = take(sample, position: position)
    }

    /// Feeds a change of size or host that ended at `endedAt` before a restart. Order against samples does not matter.
    package mutating func recallChange(of domain: DomainID, endedAt: Timestamp) {
        let interval = settings.samplingInterval
        domains.update(domain) { entry in
            guard entry.lastChangeAt.map({ $0 < endedAt }) ?? true else { return }
            entry.lastChangeAt = endedAt
            entry.window.keep(countingFrom: endedAt, interval: interval)
        }
    }

    /// Takes up a decision again whose command was under way when the last instance ended.
    /// `hasMigrated`: the first of the two steps of a `migrate` is done.
    package mutating func recallOperation(
        _ record: DecisionRecord, permit: UUID128?, hasMigrated: Bool = false, at now: Timestamp
    ) {
        guard domains[record.inputs.domain] != nil else { return }
        active[record.id] = record.inputs.domain
        domains.update(record.inputs.domain) { entry in
            var operation = Operation(
                decision: record.id, inputs: record.inputs, finding: record.finding,
                phase: record.outcome.verdict == .migrate && !hasMigrated ? .migrating : .resizing, since: now)
            operation.denials = record.denials
            operation.placement = record.placement
            operation.permit = permit
            entry.operation = operation
            entry.window.suspend()
        }
    }

    /// Takes figures and samples in. Returns the domains that have a new known sample, in the sample's order.
    private mutating func take(_ sample: HostSample, position: SamplePosition) -> [DomainID] {
        let interval = sample.intervalNanoseconds ?? settings.samplingInterval
        let intervalStart = sample.sampledAt.advanced(byNanoseconds: -interval)
        hosts.update(sample.host) { entry in
            guard entry.sampledAt.map({ $0 < sample.sampledAt }) ?? true else { return }
            entry.figures = sample.figures
            entry.sampledAt = sample.sampledAt
            entry.intervalStart = intervalStart
        }
        return sample.domains.compactMap { reading in
            let length = policies[reading.domain]?.windowLength ?? Self.lengthWithoutPolicy
            let isKnown = domains.update(reading.domain) { entry in
                entry.take(reading, of: sample, intervalStart: intervalStart, position: position, keeping: length)
            }
            return isKnown == true ? reading.domain : nil
        }
    }

    /// Samples that are kept for a domain without a policy, so that one that is subscribed later starts with them.
    private static let lengthWithoutPolicy = 10
}

extension SchedulerState.DomainEntry {
    fileprivate mutating func take(_ inventory: DomainRecord) {
        let (host, vcpus) = (record.host, record.vcpus)
        record = inventory
        // Samples are newer than an inventory that is read now and then; but they do not tell of a domain that stopped.
        if lastSampledAt != nil, inventory.vcpus != 0, let vcpus { record.vcpus = vcpus }
        if operation != nil { record.host = host }
    }

    /// Returns whether the sample is known and counts.
    fileprivate mutating func take(
        _ reading: DomainSample, of sample: HostSample, intervalStart: Timestamp, position: SamplePosition,
        keeping length: Int
    ) -> Bool {
        if let lastSampledAt, sample.sampledAt <= lastSampledAt { return false }
        guard isPresent(reading, on: sample.host) else { return false }
        lastSampledAt = sample.sampledAt
        record.host = sample.host
        if let now = reading.incarnation, now != incarnation {
            if incarnation != nil { restart(at: sample.sampledAt) }
            incarnation = now
        }
        takeSize(reading, sampledAt: sample.sampledAt)
        guard reading.state.isRunning, let vcpus = record.vcpus, reading.vcpus != nil,
            let utilization = reading.cpuUtilization
        else { return false }
        return window.record(
            WindowSample(
                sampledAt: sample.sampledAt, utilization: utilization.clamped, vcpus: vcpus,
                steal: reading.stealUtilization, position: position),
            intervalStart: intervalStart, keeping: length)
    }

    /// A size that is not the one we know was changed by somebody else within this interval: the window begins again.
    private mutating func takeSize(_ reading: DomainSample, sampledAt: Timestamp) {
        if let lastChangeAt, sampledAt < lastChangeAt { return }
        if !reading.state.isActive, reading.state != .unknown {
            record.vcpus = 0
            record.memory = .zero
            return
        }
        if let allocated = reading.memory?.allocated { record.memory = allocated }
        guard let sizes = reading.vcpus else { return }
        record.ceiling = sizes.maximum
        let vcpus = sizes.confirmed ?? sizes.granted
        guard vcpus != record.vcpus else { return }
        if record.vcpus ?? 0 > 0 { restart(at: sampledAt) }
        record.vcpus = vcpus
    }

    /// Empties the window unless a change is in flight: then it is empty, and stays closed until the report.
    private mutating func restart(at instant: Timestamp) {
        guard operation?.phase.isChanging != true else { return }
        window.restart(countingFrom: max(instant, window.countsFrom))
    }

    /// While a domain moves two hosts may report it: the newer life is the true one.
    private func isPresent(_ reading: DomainSample, on host: HostID) -> Bool {
        guard host != record.host else { return true }
        guard let new = reading.incarnation, reading.state.isActive else { return false }
        return new == incarnation || (incarnation.map { new.start > $0.start } ?? false)
    }
}

extension DomainState {
    /// Whether its vCPUs may run, so that their use says something. `blocked` is running and idle.
    fileprivate var isRunning: Bool { self == .running || self == .blocked }
}

extension UtilizationWindow {
    /// Drops what began before `instant`, as `restart` does for samples that are still to come.
    fileprivate mutating func keep(countingFrom instant: Timestamp, interval: Int64) {
        guard countsFrom != .distantFuture else { return }
        let kept = samples.filter { $0.sampledAt.advanced(byNanoseconds: -interval) >= instant }
        restart(countingFrom: max(instant, countsFrom))
        for sample in kept {
            record(sample, intervalStart: sample.sampledAt.advanced(byNanoseconds: -interval), keeping: kept.count)
        }
    }
}
