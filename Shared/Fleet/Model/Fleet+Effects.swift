// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension Fleet {
    private var limits: TruthLimits { configuration.truth }

    // MARK: Checks

    /// Why a change can't be made now; `nil` if it can.
    func refusal(of change: FleetChange, on host: Int) -> FleetRefusal? {
        if case .create(let definition) = change { return refusal(ofCreating: definition, on: host) }
        if case .lifecycle(let domain, .undefine) = change, leftDisks[domain]?.host == host { return nil }
        guard let place = find(change.domain), place.host == host else {
            return FleetRefusal(.notFound, "host \(hosts[host].id) has no domain \(change.domain)")
        }
        let domain = hosts[host].domains[place.domain]
        switch change {
        case .create: return nil
        case .lifecycle(_, let verb): return refusal(of: verb, domain, on: host)
        case .resize(_, let vcpus, let memory): return refusal(ofResizing: domain, vcpus, memory, on: host)
        case .migrate(_, let target, _, _): return refusal(ofMigrating: domain, to: target, from: host)
        case .abortMigration, .label: return nil
        case .cap(_, let cap): return cap.fault.map { FleetRefusal(.invalid, $0) }
        case .snapshot(_, let name):
            return domain.refusal(ofSnapshot: name).map { FleetRefusal(.invalid, $0) }
        case .revert(_, let name):
            guard let snapshot = domain.snapshots[name] else {
                return FleetRefusal(.invalid, "domain \(domain.id) has no snapshot '\(name)'")
            }
            let added = snapshot.isActive && !domain.state.isActive ? snapshot.memory : .zero
            return added == .zero ? nil : lackOfMemory(added, on: host)
        case .deleteSnapshot(_, let name):
            guard domain.snapshots[name] == nil else { return nil }
            return FleetRefusal(.invalid, "domain \(domain.id) has no snapshot '\(name)'")
        case .redefine(let definition): return definition.fault.map { FleetRefusal(.invalid, $0) }
        case .prepare(_, let vcpus, let memory):
            let fault = domain.nextDefinition.raised(maximumVCPUs: vcpus, maximumMemory: memory).fault
            return fault.map { FleetRefusal(.invalid, $0) }
        }
    }

    private func refusal(ofCreating definition: FleetDomainDefinition, on host: Int) -> FleetRefusal? {
        if let fault = definition.fault { return FleetRefusal(.invalid, fault) }
        if location[definition.id] != nil {
            return FleetRefusal(.conflict, "domain \(definition.id) is defined already")
        }
        guard hosts[host].domains.count < Limits.domainsPerHost else {
            return FleetRefusal(.refused, "host \(hosts[host].id) has \(Limits.domainsPerHost) domains already")
        }
        return lackOfMemory(definition.memory, on: host)
    }

    private func refusal(of verb: LifecycleVerb, _ domain: SimulatedDomain, on host: Int) -> FleetRefusal? {
        guard verb.accepts(domain.state) else {
            return FleetRefusal(.refused, "domain \(domain.id) is \(domain.state.rawValue): it can't \(verb.rawValue)")
        }
        let takesRoom = (verb == .start || verb == .restore) && !domain.state.isActive
        return takesRoom ? lackOfMemory(domain.memory, on: host) : nil
    }

    private func refusal(
        ofResizing domain: SimulatedDomain, _ vcpus: Int?, _ memory: ByteCount?, on host: Int
    ) -> FleetRefusal? {
        if let vcpus, !(1...domain.definition.maximumVCPUs).contains(vcpus) {
            return FleetRefusal(
                .invalid, "domain \(domain.id) can have 1 to \(domain.definition.maximumVCPUs) vCPUs, not \(vcpus)")
        }
        guard let memory else { return nil }
        guard memory.bytes >= Limits.memory.lowerBound, memory <= domain.definition.memoryCeiling else {
            return FleetRefusal(
                .invalid, "domain \(domain.id) can have 1 MiB to \(domain.definition.memoryCeiling), not \(memory)")
        }
        guard domain.state.isActive, memory > domain.memory else { return nil }
        return lackOfMemory(ByteCount(clamping: memory.bytes - domain.memory.bytes), on: host)
    }

    private func refusal(ofMigrating domain: SimulatedDomain, to target: HostID, from host: Int) -> FleetRefusal? {
        guard let index = hostIndex[target] else { return FleetRefusal(.notFound, "the fleet has no host \(target)") }
        guard index != host else { return FleetRefusal(.invalid, "domain \(domain.id) is on host \(target) already") }
        guard hosts[index].condition != .dead else {
            return FleetRefusal(.refused, "target host \(target) does not answer")
        }
        guard [.running, .paused, .shutoff, .crashed].contains(domain.state) else {
            return FleetRefusal(
                .refused, "domain \(domain.id) is \(domain.state.rawValue): only one that is live or off migrates")
        }
        guard hosts[index].domains.count < Limits.domainsPerHost else {
            return FleetRefusal(.refused, "host \(target) has \(Limits.domainsPerHost) domains already")
        }
        return domain.state.isActive ? lackOfMemory(domain.memory, on: index) : nil
    }

    private func lackOfMemory(_ needed: ByteCount, on host: Int) -> FleetRefusal? {
        let (used, all) = (hosts[host].memoryUsed, hosts[host].memory)
        guard needed.bytes > all.bytes - used.bytes else { return nil }
        return FleetRefusal(.refused, "host \(hosts[host].id) has \(all) and uses \(used): no room for \(needed)")
    }

    /// Since when, by its host's clock, a domain is as the change would make it; `nil` if it is not.
    func alreadyHolds(_ change: FleetChange) -> Timestamp? {
        guard let place = find(change.domain) else { return nil }
        let domain = hosts[place.host].domains[place.domain]
        switch change {
        case .create, .migrate, .abortMigration, .cap, .snapshot, .revert, .deleteSnapshot, .label, .redefine, .prepare:
            return nil
        case .lifecycle(_, let verb): return verb.outcome == domain.state ? domain.effectiveAt : nil
        case .resize(_, let vcpus, let memory):
            let holds =
                (vcpus ?? domain.grantedVCPUs) == domain.grantedVCPUs && (memory ?? domain.memory) == domain.memory
            return holds ? domain.effectiveAt : nil
        }
    }

    // MARK: Effects

    /// Makes a change that was checked.
    mutating func apply(_ event: PendingEvent) {
        switch event.change {
        case .create(let definition):
            create(definition, on: event.host, at: event.at)
        case .lifecycle(let domain, let verb):
            if verb == .undefine {
                leftDisks[domain] = event.leavesDisk.map { LeftDisk(host: event.host, reason: $0) }
            }
            guard let place = find(domain) else { return }
            apply(verb, to: place.domain, on: place.host, at: event.at)
        case .resize(let domain, let vcpus, let memory):
            guard let place = find(domain) else { return }
            resize(place, vcpus: vcpus, granted: event.granted, memory: memory, by: event)
        case .migrate(let domain, let target, _, _):
            guard let place = find(domain), let target = hostIndex[target] else { return }
            move(place.domain, from: place.host, to: target, at: event.at)
        case .abortMigration: break
        case .revert(let domain, let name):
            guard let place = find(domain) else { return }
            revert(place, to: name, at: event.at)
        case .cap, .snapshot, .deleteSnapshot, .label, .redefine, .prepare:
            guard let place = find(event.change.domain) else { return }
            let wall = hosts[place.host].clock.wall(at: event.at)
            hosts[place.host].change(place.domain, at: event.at, limits: limits) { domain in
                domain.apply(event.change, at: wall)
            }
        }
    }

    /// Ends the present life, if there is one, and begins a new one from the snapshot.
    private mutating func revert(_ place: (host: Int, domain: Int), to name: String, at instant: Timestamp) {
        guard let snapshot = hosts[place.host].domains[place.domain].snapshots[name] else { return }
        hosts[place.host].end(place.domain, state: .shutoff, at: instant, limits: limits)
        let wall = hosts[place.host].clock.wall(at: instant)
        hosts[place.host].change(place.domain, at: instant, limits: limits) { domain in
            domain.memory = snapshot.memory
            domain.currentSnapshot = name
            domain.setVCPUs(granted: snapshot.granted, online: snapshot.online, effectiveAt: wall)
        }
        guard snapshot.isActive else { return }
        hosts[place.host].begin(place.domain, state: snapshot.state, boots: false, at: instant, limits: limits)
    }

    private mutating func apply(_ verb: LifecycleVerb, to index: Int, on host: Int, at instant: Timestamp) {
        switch verb {
        case .start:
            hosts[host].begin(index, state: .running, boots: true, at: instant, limits: limits)
        case .restore:
            hosts[host].begin(index, state: .running, boots: false, at: instant, limits: limits)
        case .shutdown, .destroy:
            hosts[host].end(index, state: .shutoff, at: instant, limits: limits)
        case .save:
            hosts[host].end(index, state: .saved, at: instant, limits: limits)
        case .suspend:
            setState(.paused, .user, of: hosts[host].domains[index].id, at: instant)
        case .resume where hosts[host].domains[index].isHeld: break
        case .resume, .wakeUp:
            setState(.running, nil, of: hosts[host].domains[index].id, at: instant)
        case .reboot:
            // The life goes on; the guest brings up all that it was granted.
            let wall = hosts[host].clock.wall(at: instant)
            hosts[host].change(index, at: instant, limits: limits) { domain in
                domain.console += "rebooted\n"
                domain.boots += 1
                domain.setVCPUs(granted: domain.grantedVCPUs, online: domain.grantedVCPUs, effectiveAt: wall)
            }
        case .undefine:
            var domain = hosts[host].remove(index, at: instant)
            domain.history.note(nil, at: instant, limit: limits.entriesPerDomain)
            location[domain.id] = nil
            goneDropped += gone.append(domain, limit: limits.operations)
        }
    }

    /// Sets the state of a domain that stays active.
    mutating func setState(
        _ state: DomainState, _ reason: StateReason?, of domain: DomainID, at instant: Timestamp
    ) {
        guard let place = find(domain), hosts[place.host].domains[place.domain].life != nil else { return }
        let wall = hosts[place.host].clock.wall(at: instant)
        hosts[place.host].change(place.domain, at: instant, limits: limits) { domain in
            domain.state = state
            domain.stateReason = reason
            domain.effectiveAt = wall
            domain.lastServe = domain.runs ? domain.lastServe : nil
        }
    }

    private mutating func resize(
        _ place: (host: Int, domain: Int), vcpus: Int?, granted: Int?, memory: ByteCount?, by event: PendingEvent
    ) {
        let wall = hosts[place.host].clock.wall(at: event.at)
        hosts[place.host].change(place.domain, at: event.at, limits: limits) { domain in
            if let memory, memory != domain.memory {
                domain.memory = memory
                domain.effectiveAt = wall
            }
            if let vcpus { domain.grant(vcpus, atMost: granted, effectiveAt: wall) }
        }
        let domain = hosts[place.host].domains[place.domain]
        guard domain.life != nil, domain.onlineVCPUs < domain.grantedVCPUs,
            case .confirms(let delay) = domain.conduct
        else { return }
        var confirmation = event
        confirmation.at = event.at.advanced(byNanoseconds: delay)
        confirmation.kind = .confirm(sizeRevision: domain.sizeRevision)
        schedule(confirmation)
    }

    /// The guest brings online what it was granted.
    mutating func confirm(_ domain: DomainID, sizeRevision: Int, at instant: Timestamp) {
        guard let place = find(domain) else { return }
        let domain = hosts[place.host].domains[place.domain]
        guard domain.sizeRevision == sizeRevision, domain.life != nil else { return }
        let wall = hosts[place.host].clock.wall(at: instant)
        hosts[place.host].change(place.domain, at: instant, limits: limits) { domain in
            domain.setVCPUs(granted: domain.grantedVCPUs, online: domain.grantedVCPUs, effectiveAt: wall)
        }
    }

    /// The switch of a migration: the copy on the source ends in the same instant in which the one on the target
    /// begins.
    private mutating func move(_ index: Int, from source: Int, to target: Int, at instant: Timestamp) {
        let state = hosts[source].domains[index].state
        // What is off has no life to end or to begin.
        let isLive = state.isActive
        if isLive { hosts[source].end(index, state: state, at: instant, limits: limits) }
        let domain = hosts[source].remove(index, at: instant)
        hosts[target].insert(domain, at: instant)
        location[domain.id] = target
        guard let place = find(domain.id) else { return }
        guard isLive else {
            let wall = hosts[target].clock.wall(at: instant)
            return hosts[target].change(place.domain, at: instant, limits: limits) { $0.effectiveAt = wall }
        }
        hosts[target].begin(place.domain, state: state, boots: false, at: instant, limits: limits)
    }
}

extension SimulatedDomain {
    /// Sets the granted vCPUs, as far as the guest lets it: all of a grow (a guest that confirms without delay brings
    /// them online at once), none of a shrink below what a guest that refuses has online.
    mutating func grant(_ wanted: Int, atMost cut: Int?, effectiveAt wall: Timestamp) {
        let (low, high) = (min(wanted, grantedVCPUs), max(wanted, grantedVCPUs))
        let granted = cut.map { min(max($0, low), high) } ?? wanted
        guard life != nil else { return setVCPUs(granted: granted, online: granted, effectiveAt: wall) }
        if granted < onlineVCPUs, conduct == .refuses { return }
        let confirmsAtOnce = conduct == .confirms(afterNanoseconds: 0)
        let online = confirmsAtOnce ? granted : min(onlineVCPUs, granted)
        setVCPUs(granted: granted, online: online, effectiveAt: wall)
    }
}

extension LifecycleVerb {
    /// The state it leads to; `nil` for one that ends the definition or leaves the state as it is.
    var outcome: DomainState? {
        switch self {
        case .start, .resume, .restore, .wakeUp: .running
        case .shutdown, .destroy: .shutoff
        case .suspend: .paused
        case .save: .saved
        case .reboot, .undefine: nil
        }
    }

    /// Whether it can be done, or holds already, in this state.
    func accepts(_ state: DomainState) -> Bool {
        switch self {
        case .start: [.shutoff, .running].contains(state)
        case .wakeUp: [.pmSuspended, .running].contains(state)
        case .shutdown: [.running, .shuttingDown, .shutoff].contains(state)
        case .destroy: state != .unknown
        case .suspend, .resume: [.running, .paused].contains(state)
        case .reboot: state == .running
        case .save: [.running, .paused, .saved].contains(state)
        case .restore: [.saved, .running].contains(state)
        case .undefine: !state.isActive
        }
    }
}
