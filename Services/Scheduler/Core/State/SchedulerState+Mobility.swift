// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// What a domain's own host says about moving it, and what failed migrations said.

extension SchedulerState {
    /// Takes what the domain's own host says, before room is requested on the target: what the domain needs of a host,
    /// and why it can't move. If the target does not fit, another one is looked for.
    package mutating func examined(
        _ decision: UUID128, needs: DomainNeeds?, obstacle: String?, at now: Timestamp
    ) {
        guard let domain = active[decision], var operation = domains[domain]?.operation,
            operation.phase == .awaitingTargetPermit
        else { return }
        let until = now.advanced(byNanoseconds: settings.moves.backoffNanoseconds)
        domains.update(domain) { entry in
            entry.examined = Examined(needs: needs, obstacle: obstacle, at: now, until: until)
        }
        if let obstacle { return hold(operation, obstacle, at: now) }
        guard let entry = domains[domain], let placement = operation.placement,
            var target = placement.facts(of: placement.chosen).map({ [$0] })
        else { return }
        addFitness(of: placement.request, needs: needs, to: &target, at: now)
        guard target.first?.unfitness != nil else { return }
        operation.placement = place(operation, entry: entry, at: now)
        guard operation.placement?.chosen != nil, remainsUseful(&operation) else { return giveUp(operation, at: now) }
        operation.since = now
        domains.update(domain) { $0.operation = operation }
        if let request = openRequest(of: operation) { pending.append(.requestPermit(request)) }
    }

    /// Whether an operation still waits for exactly this room.
    package func awaits(_ request: PermitRequest) -> Bool {
        domains[request.domain]?.operation.map { openRequest(of: $0) == request } ?? false
    }
}

extension SchedulerState {
    /// The operation's domain can't move. If it should grow elsewhere, a neighbour may move instead to make room for it
    /// here.
    private mutating func hold(_ given: Operation, _ reason: String, at now: Timestamp) {
        var operation = given
        guard operation.move == nil else { return giveUp(operation, obstacle: .immovable(reason), at: now) }
        (operation.phase, operation.placement) = (.awaitingPermit, nil)
        domains.update(operation.inputs.domain) { $0.operation = operation }
        giveUp(operation, obstacle: makeRoom(for: operation, at: now) ?? .immovable(reason), at: now)
    }

    /// A migration failed for a reason that still holds: for a while this domain is not moved, or no domain between
    /// these two hosts.
    mutating func block(_ operation: Operation, _ failure: MoveFailure, at now: Timestamp) {
        let until = now.advanced(byNanoseconds: settings.moves.maximumBackoffNanoseconds)
        guard !failure.isOfDomain else {
            let reason = "its last migration failed because of \(Sentences.text(failure))"
            domains.update(operation.inputs.domain) {
                $0.examined = Examined(needs: nil, obstacle: reason, at: now, until: until)
            }
            return
        }
        guard let placement = operation.placement, let source = placement.request.source, let target = placement.chosen
        else { return }
        hosts.update(source) { entry in
            entry.blocked.removeAll { $0.host == target || $0.until <= now }
            entry.blocked.append(BlockedTarget(host: target, failure: failure, until: until))
        }
    }
}
