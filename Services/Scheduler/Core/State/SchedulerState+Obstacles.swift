// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

// Which domains may move, and why the others can't.

extension SchedulerState {
    /// The plan of the last attempt to relieve or empty `host`: every VM that was considered, and why it did not leave;
    /// `nil`: there was no attempt.
    package func lastPlan(of host: HostID) -> MovePlan? { hosts[host]?.lastPlan }
}

extension SchedulerState {
    /// Why `entry` can't move now, whatever the target. `toGrow`: the move is for its own growth.
    func obstacle(toMoving entry: DomainEntry, toGrow: Bool, isDrain: Bool = false, at now: Timestamp) -> MoveObstacle?
    {
        guard entry.record.isManaged else { return .notManaged }
        if policies[entry.record.domain]?.options.isOptedOut == true { return .optedOut }
        if let reason = entry.record.immovable { return .immovable(reason) }
        if let examined = entry.examined, let reason = examined.obstacle, now < examined.until {
            return .immovable(reason)
        }
        // A domain that is off moves only to drain its host: its definition leaves and finds its disk on the target.
        guard entry.record.vcpus ?? 0 > 0 || isDrain && entry.record.vcpus == 0 else { return .notRunning }
        if !toGrow, entry.operation != nil { return .changeInFlight }
        if let until = entry.settlingUntil, now < until { return .rests(until: until, .settling) }
        if let until = entry.rest.until, now < until, !isDrain || entry.rest.cause == .failed {
            return .rests(until: until, entry.rest.cause)
        }
        if isDrain, let until = blackoutEnd(at: now) { return .rests(until: until, .blackout) }
        return toGrow && !hasBudget(from: entry.record.host, besides: entry.record.domain) ? .budget : nil
    }

    /// All domains on a host as options, by id, with the obstacle of each.
    func options(on host: HostID, cause: MoveCause, at now: Timestamp) -> [MoveOption] {
        domains.keys.indices.filter { domains.values[$0].record.host == host }.map { place in
            let entry = domains.values[place]
            var found = obstacle(toMoving: entry, toGrow: false, isDrain: cause == .drain, at: now)
            if found == nil, entry.demand == nil, cause != .drain { found = .loadUnknown }
            return option(moving: entry, obstacle: found)
        }
    }

    /// A domain as an option; if its demand is not known, its whole size counts.
    func option(moving entry: DomainEntry, obstacle: MoveObstacle?) -> MoveOption {
        let vcpus = entry.record.vcpus ?? 0
        return MoveOption(
            domain: entry.record.domain, vcpus: vcpus, memory: entry.record.memory,
            demand: entry.demand ?? CPUDemand(utilization: .full, vcpus: vcpus), obstacle: obstacle)
    }

    /// Whether one more migration may leave `host`, not counting one of `own`.
    func hasBudget(from host: HostID, besides own: DomainID? = nil) -> Bool {
        let budget = settings.moves.budget
        var (leaving, all) = (0, 0)
        for domain in active.values where domain != own {
            guard let operation = domains[domain]?.operation, operation.isMove else { continue }
            all += 1
            if operation.placement?.request.source == host { leaving += 1 }
        }
        return leaving < budget.outPerHost && all < budget.perCluster
    }

    func hasUnseenMove(on host: HostID) -> Bool {
        domains.keys.indices.contains { place in
            guard let move = domains.values[place].lastMove, move.target == host || move.request.source == host else {
                return false
            }
            return isUnseen(move, on: host)
        }
    }

    func blackoutEnd(at now: Timestamp) -> Timestamp? {
        settings.blackouts.isEmpty ? nil : settings.blackouts.compactMap { $0.end(at: now) }.max()
    }
}
