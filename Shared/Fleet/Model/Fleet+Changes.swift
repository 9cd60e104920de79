// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension Fleet {
    /// What scripted faults do to one call.
    private struct Strike {
        var failure: (afterNanoseconds: Int64, message: String)?
        var delayNanoseconds: Int64 = 0
        var losesAnswer = false
        var granted: Int?
        var leavesDisk: String?
        var stall: (afterNanoseconds: Int64, nanoseconds: Int64)?
    }

    /// Fences, recognises a repeated call, checks, and begins the operation.
    mutating func handle(
        _ change: FleetChange, _ token: FleetCallToken, on host: Int, at now: Timestamp
    ) -> FleetReply {
        if let target = change.target.flatMap({ hostIndex[$0] }), hosts[target].condition == .hung { return .hang }
        if let refusal = fence(change, token, on: host, at: now) { return .refused(refusal) }
        if let call = hosts[host].calls.call(token.id) {
            guard call.change == change else {
                return .refused(FleetRefusal(.conflict, "call \(token.id) was another \(call.change.verb) before"))
            }
            return reply(to: token.id, on: host, at: now)
        }
        if busy.contains(change.domain) {
            endWhat(isUnderWayFor: change, at: now)
            guard !busy.contains(change.domain) else {
                let refusal = FleetRefusal(.conflict, "another operation is under way for domain \(change.domain)")
                record(change, token, on: host, requestedAt: now, refusal: refusal)
                return .refused(refusal)
            }
        }
        begin(change, token, on: host, at: now)
        return reply(to: token.id, on: host, at: now)
    }

    /// Ends what a destruction, or the abortion of a migration, cuts short.
    private mutating func endWhat(isUnderWayFor change: FleetChange, at now: Timestamp) {
        switch change {
        case .lifecycle(let domain, .destroy):
            abort("the domain was destroyed", at: now) { $0.change.domain == domain }
        case .abortMigration(let domain):
            abort("the migration was called off", at: now) { $0.change.domain == domain && $0.change.target != nil }
        default: break
        }
    }

    /// Begins a change without a call and an epoch of its own: an administrator made it on the host.
    mutating func begin(foreign change: FleetChange, at now: Timestamp) throws(FleetRefusal) {
        guard let place = find(change.domain) else {
            throw FleetRefusal(.notFound, "the fleet has no domain \(change.domain)")
        }
        if busy.contains(change.domain) { endWhat(isUnderWayFor: change, at: now) }
        guard !busy.contains(change.domain) else {
            throw FleetRefusal(.conflict, "another operation is under way for domain \(change.domain)")
        }
        foreignCalls += 1
        let token = FleetCallToken(id: UUID128(high: 0, low: foreignCalls), epoch: hosts[place.host].epoch)
        begin(change, token, on: place.host, at: now)
        if case .refused(let refusal) = hosts[place.host].calls.call(token.id)?.outcome { throw refusal }
    }

    private mutating func begin(_ change: FleetChange, _ token: FleetCallToken, on host: Int, at now: Timestamp) {
        if let refusal = refusal(of: change, on: host) {
            remember(change, token, on: host, .refused(refusal))
            record(change, token, on: host, requestedAt: now, refusal: refusal)
            return
        }
        if let since = alreadyHolds(change) {
            remember(change, token, on: host, .done(at: since))
            record(change, token, on: host, requestedAt: now, effectiveAt: now)
            return
        }
        let strike = strike(change, on: host)
        let duration = duration(of: change) + strike.delayNanoseconds + (strike.stall?.nanoseconds ?? 0)
        let failure = strike.failure.map { FleetRefusal(.refused, $0.message) }
        let wait = strike.failure.map { min($0.afterNanoseconds, duration) } ?? duration
        let event = PendingEvent(
            at: now.advanced(byNanoseconds: wait), host: host, change: change, token: token, requestedAt: now,
            granted: strike.granted, leavesDisk: strike.leavesDisk,
            stall: strike.stall.map { StallPeriod(after: $0.afterNanoseconds, length: $0.nanoseconds) },
            kind: .finish(failure: failure))
        remember(change, token, on: host, .underWay(until: event.at), losesAnswer: strike.losesAnswer)
        guard event.at > now else { return complete(event) }
        if case .lifecycle(let domain, .shutdown) = change { setState(.shuttingDown, nil, of: domain, at: now) }
        busy.insert(change.domain)
        schedule(event)
    }

    private func duration(of change: FleetChange) -> Int64 {
        let usual = configuration.durations.nanoseconds(of: change)
        guard case .migrate(let domain, _, _, let bandwidth?) = change, bandwidth > 0, let place = find(domain) else {
            return usual
        }
        let bytes = hosts[place.host].domains[place.domain].memory.bytes
        let transfer = Int64(clamping: Int128(bytes) * 1_000_000_000 / Int128(bandwidth))
        return max(usual, min(transfer, Limits.duration.upperBound))
    }

    /// Fails what is under way and matches.
    mutating func abort(_ reason: String, at now: Timestamp, where matches: (PendingEvent) -> Bool) {
        let isAborted = { (event: PendingEvent) -> Bool in
            guard case .finish = event.kind else { return false }
            return matches(event)
        }
        let aborted = pending.filter(isAborted)
        pending.removeAll(where: isAborted)
        for var event in aborted {
            event.at = now
            event.kind = .finish(failure: FleetRefusal(.refused, reason))
            complete(event)
        }
    }

    /// The instant of an event has come.
    mutating func complete(_ event: PendingEvent) {
        switch event.kind {
        case .confirm(let sizeRevision):
            confirm(event.change.domain, sizeRevision: sizeRevision, at: event.at)
        case .finish(let failure):
            busy.remove(event.change.domain)
            if let refusal = failure ?? refusal(of: event.change, on: event.host) {
                if case .lifecycle(let domain, .shutdown) = event.change {
                    setState(.running, nil, of: domain, at: event.at)
                }
                finish(event, .refused(refusal))
                record(
                    event.change, event.token, on: event.host, requestedAt: event.requestedAt, refusal: refusal)
                return
            }
            apply(event)
            finish(event, .done(at: hosts[event.host].clock.wall(at: event.at)))
            record(
                event.change, event.token, on: event.host, requestedAt: event.requestedAt, effectiveAt: event.at)
        }
    }

    private mutating func strike(_ change: FleetChange, on host: Int) -> Strike {
        var strike = Strike()
        for index in faults.indices where faults[index].matches(change, on: hosts[host].id) {
            switch faults[index].effect {
            case .fail(let delay, let message): strike.failure = (delay, message)
            case .delay(let nanoseconds): strike.delayNanoseconds += nanoseconds
            case .loseAnswer: strike.losesAnswer = true
            case .partialGrant(let vcpus): strike.granted = vcpus
            case .stall(let after, let length): strike.stall = (after, length)
            case .leaveDisk(let reason): strike.leavesDisk = reason
            }
            faults[index].times = faults[index].times.map { $0 - 1 }
        }
        faults.removeAll { $0.times == 0 }
        return strike
    }

    // MARK: Fencing and memory

    /// Refuses an epoch below one seen before, on the host and on a migration's target; remembers a higher one.
    private mutating func fence(
        _ change: FleetChange, _ token: FleetCallToken, on host: Int, at now: Timestamp
    ) -> FleetRefusal? {
        var claims = [(host: host, epoch: token.epoch)]
        if case .migrate(_, let target, let epoch, _) = change, let index = hostIndex[target] {
            claims.append((index, epoch))
        }
        for claim in claims where claim.epoch < hosts[claim.host].epoch {
            let violation = FencingViolation(
                verb: change.verb, host: hosts[claim.host].id, domain: change.domain, callID: token.id,
                epoch: claim.epoch, highestEpoch: hosts[claim.host].epoch, at: now)
            log.add(violation, limit: configuration.truth.operations)
            return FleetRefusal(
                .fenced,
                "epoch \(claim.epoch) of host \(violation.host) is over: its owner has epoch \(violation.highestEpoch)")
        }
        for claim in claims { hosts[claim.host].epoch = claim.epoch }
        return nil
    }

    private mutating func remember(
        _ change: FleetChange, _ token: FleetCallToken, on host: Int, _ outcome: CallMemory.Outcome,
        losesAnswer: Bool = false
    ) {
        hosts[host].calls.remember(token.id, .init(change: change, outcome: outcome, losesAnswer: losesAnswer))
    }

    private mutating func finish(_ event: PendingEvent, _ outcome: CallMemory.Outcome) {
        let losesAnswer = hosts[event.host].calls.call(event.token.id)?.losesAnswer ?? false
        remember(event.change, event.token, on: event.host, outcome, losesAnswer: losesAnswer)
    }

    private mutating func record(
        _ change: FleetChange, _ token: FleetCallToken, on host: Int, requestedAt: Timestamp,
        effectiveAt: Timestamp? = nil, refusal: FleetRefusal? = nil
    ) {
        let operation = TruthOperation(
            verb: change.verb, host: hosts[host].id, domain: change.domain, target: change.target, callID: token.id,
            epoch: token.epoch, requestedAt: requestedAt, effectiveAt: effectiveAt,
            outcome: refusal?.code.rawValue ?? "done", message: refusal?.message ?? "")
        log.add(operation, limit: configuration.truth.operations)
    }

    /// What the host says about a call that it remembers, with the domain as it is now, wherever it is.
    private mutating func reply(to id: UUID128, on host: Int, at now: Timestamp) -> FleetReply {
        guard let call = hosts[host].calls.call(id) else {
            return .refused(FleetRefusal(.notFound, "call \(id) is not known"))
        }
        if case .underWay(let until) = call.outcome { return .wait(until: until) }
        if call.losesAnswer {
            hosts[host].calls.loseAnswer(id)
            return .hang
        }
        switch call.outcome {
        case .underWay(let until): return .wait(until: until)
        case .refused(let refusal): return .refused(refusal)
        case .done(let at):
            let own = hosts[host].answer(0..<0, at: now)
            var domains: [SimulatedDomainReading] = []
            if let place = find(call.change.domain) {
                domains = hosts[place.host].answer(place.domain..<place.domain + 1, at: now).domains
            }
            return .answer(
                FleetAnswer(
                    at: at, host: own.host, domains: domains, responseTimeNanoseconds: own.responseTimeNanoseconds))
        }
    }
}

extension OperationDurations {
    /// How long a change takes.
    func nanoseconds(of change: FleetChange) -> Int64 {
        switch change {
        case .create: create
        case .resize: resize
        case .migrate: migrate
        case .lifecycle(_, .start): start
        case .lifecycle(_, .shutdown): shutdown
        case .lifecycle(_, .save): save
        case .lifecycle(_, .restore): restore
        case .lifecycle(_, .destroy), .lifecycle(_, .suspend), .lifecycle(_, .resume), .lifecycle(_, .wakeUp),
            .lifecycle(_, .reboot),
            .lifecycle(_, .undefine), .abortMigration, .cap, .snapshot, .revert, .deleteSnapshot, .label, .redefine,
            .prepare:
            0
        }
    }
}
