// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

// Takes what happened before a restart. It fills the state as an uninterrupted run would have, and decides nothing.
//
// Order: inventory and policies, then decisions, oldest first, then changes, then samples, oldest first.

extension SchedulerState {
    /// For each domain whose policy has a cooldown longer than `usual`: how long it is.
    package func longRests(than usual: Int64) -> [DomainID: Int64] {
        var rests: [DomainID: Int64] = [:]
        for version in policies.values {
            guard let cooldown = version.options.restAfterChange else { continue }
            let longest = max(cooldown.upNanoseconds, cooldown.downNanoseconds)
            if longest > usual { rests[version.domain] = longest }
        }
        return rests
    }

    /// The longest time for which a domain or host may rest after a move.
    package var longestRestAfterMove: Int64 {
        let moves = settings.moves
        return max(moves.budget.restNanoseconds, moves.maximumBackoffNanoseconds, moves.foreignRestNanoseconds)
    }

    /// The present policies whose N is not the one that they should have if the platform's N is `platform`.
    package func policiesOfOldWindow(platform: Int) -> [PolicyVersion] {
        policies.values.filter {
            $0.policy != nil && $0.options.windowLength(platform: platform) != $0.windowLength
        }
    }

    /// The longest N of the present policies, at least `usual`.
    package func longestWindow(atLeast usual: Int) -> Int {
        policies.values.reduce(usual) { max($0, $1.windowLength) }
    }

    /// Takes a change of size or host that ended at `endedAt` before a restart. Its order relative to samples does not
    /// matter. `resources` are those that changed; a change of host is a change of all.
    package mutating func recallChange(
        of domain: DomainID, endedAt: Timestamp, resources: [Resource] = Resource.allCases
    ) {
        let interval = settings.samplingInterval
        domains.update(domain) { entry in
            for resource in resources where entry[resource].lastChangeAt.map({ $0 < endedAt }) ?? true {
                entry[resource].lastChangeAt = endedAt
                entry[resource].window.keep(countingFrom: endedAt, interval: interval)
            }
        }
    }

    /// Takes a decision that was recorded before a restart, so that it is not recorded again, and so that waits and
    /// rests go on. `ended`: how and when its action ended, if it had one and that is known.
    package mutating func recallDecision(_ record: DecisionRecord, ended: RecalledEnd? = nil) {
        let (domain, outcome, resource) = (record.inputs.domain, record.outcome, record.inputs.resource)
        guard domains[domain] != nil else { return }
        if let plan = record.move {
            let move = RecordedMove(cause: plan.cause, obstacle: record.obstacle, dry: outcome.dry)
            domains.update(domain) { $0.recordedMove = move }
        } else {
            let reason = RecordedReason(verdict: outcome.verdict, reason: outcome.reason, dry: outcome.dry)
            domains.update(domain) { $0[resource].recorded = reason }
            recallWaiting(record)
        }
        if let source = record.foreignSource, let until = record.finding.until {
            restAfterForeignMove(
                of: domain, from: source, to: record.inputs.host, isOrdered: outcome.reason == .orderedMove,
                at: record.decidedAt, until: until)
        }
        guard outcome.dry == nil, outcome.host != nil else { return }
        guardian.began(domain, at: record.decidedAt)
        if let ended { recall(ended, of: record) }
    }

    /// How a recalled decision's action ended.
    package enum RecalledEnd: Hashable, Sendable {
        case succeeded(at: Timestamp)
        case failed(at: Timestamp, message: String? = nil)
    }

    /// Resumes a decision whose command was under way when the last instance ended. `hasMigrated`: whether the first of
    /// the two steps of a `migrate` is done.
    package mutating func recallOperation(
        _ record: DecisionRecord, permit: UUID128?, hasMigrated: Bool = false, at now: Timestamp
    ) {
        guard domains[record.inputs.domain] != nil else { return }
        active[record.id] = record.inputs.domain
        let operation = operation(of: record, permit: permit, hasMigrated: hasMigrated, at: now)
        domains.update(record.inputs.domain) { entry in
            entry.operation = operation
            let resources = operation.phase == .migrating ? Resource.allCases : [operation.resource]
            for resource in resources { entry[resource].window.suspend() }
            if let placement = record.placement, let target = placement.chosen {
                entry.lastMove = Move(request: placement.request, target: target, endedAt: hasMigrated ? now : nil)
            }
        }
    }

    private func operation(
        of record: DecisionRecord, permit: UUID128?, hasMigrated: Bool, at now: Timestamp
    ) -> Operation {
        let isMoving = record.outcome.verdict == .migrate && !hasMigrated
        var operation = Operation(
            decision: record.id, inputs: record.inputs, finding: record.finding, move: record.move,
            phase: isMoving ? .migrating : .resizing, since: now)
        operation.denials = record.denials
        operation.placement = record.placement
        operation.permit = permit
        return operation
    }

    private mutating func recallWaiting(_ record: DecisionRecord) {
        let (domain, resource) = (record.inputs.domain, record.inputs.resource)
        switch record.outcome.reason {
        case .noRoom where record.denials.last?.isOverQuota == true:
            leave(domain, resource)
            pause(domain, resource, after: record.decidedAt)
        case .noRoom:
            let operation = operation(of: record, permit: nil, hasMigrated: true, at: record.decidedAt)
            wait(domain, resource, missing: record.finding.target == nil ? nil : operation, at: record.decidedAt)
            // Denied by permits; not the rule's own wait after such a denial.
            if !record.denials.isEmpty { pause(domain, resource, after: record.decidedAt) }
        case .queued: wait(domain, resource, missing: nil, at: record.decidedAt)
        case .cooldown, .settling, .blackout, .enoughAbove, .outsideSizes, .memoryPressure: break
        default: leave(domain, resource)
        }
    }

    /// Waiting growths on `host` that were due at its sample asked again and were denied: they still wait.
    mutating func recallAttempts(on host: HostID, at now: Timestamp) {
        for item in waiting {
            guard let place = domains.place(of: item.domain), domains.values[place].record.host == host,
                domains.values[place][item.resource].window.newest?.sampledAt == now,
                ScalingRule.find(inputs(at: place, item.resource, at: now)).verdict == .grow
            else { continue }
            pause(item.domain, item.resource, after: now)
        }
    }

    private mutating func recallMove(_ operation: Operation, at instant: Timestamp) {
        guard operation.phase == .migrating else { return }
        for host in [operation.placement?.request.source, operation.placement?.chosen].compactMap(\.self) {
            hosts.update(host) { $0.load.restart(countingFrom: max(instant, $0.load.countsFrom)) }
        }
    }

    private mutating func recall(_ end: RecalledEnd, of record: DecisionRecord) {
        let operation = operation(of: record, permit: nil, hasMigrated: false, at: record.decidedAt)
        let moves = settings.moves
        domains.update(record.inputs.domain) { entry in
            switch end {
            case .succeeded(let instant): entry.recallSuccess(of: operation, at: instant, moves)
            case .failed(let instant, _):
                if operation.phase == .migrating {
                    entry.rest.failed(target: operation.placement?.chosen, at: instant, moves)
                }
                entry.reopen(after: operation, at: instant)
            }
        }
        switch end {
        case .succeeded(let instant):
            guardian.ended(failed: false, at: instant)
            recallMove(operation, at: instant)
        case .failed(let instant, let message):
            let failure = operation.phase == .migrating ? message.flatMap { MoveFailure(message: $0) } : nil
            if let failure { block(operation, failure, at: instant) } else { guardian.ended(failed: true, at: instant) }
        }
        if operation.move == nil { leave(record.inputs.domain, operation.resource) }
    }
}

extension SchedulerState.DomainEntry {
    /// Restores what a success leaves behind beside sizes and host, which are in the inventory.
    fileprivate mutating func recallSuccess(of operation: Operation, at instant: Timestamp, _ settings: MoveSettings) {
        let hasMoved = operation.phase == .migrating
        let resources = hasMoved ? Resource.allCases : [operation.resource]
        for resource in resources { self[resource].changed(at: instant) }
        if hasMoved {
            rest.moved(until: instant.advanced(byNanoseconds: settings.budget.restNanoseconds))
            if let placement = operation.placement, let target = placement.chosen {
                lastMove = SchedulerState.Move(request: placement.request, target: target, endedAt: instant)
            }
        }
        if operation.resource == .memory {
            memoryBeforeShrink = operation.finding.verdict == .shrink ? operation.inputs.memory : nil
        }
        follow(operation, from: instant)
    }
}
