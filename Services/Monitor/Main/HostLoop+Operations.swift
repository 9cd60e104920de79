// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension HostLoop {
    /// A call that changes a domain is about to be made: its meters are read up to now, and a shrink holds from now on.
    func begin(_ verb: CommandVerb, on domain: DomainID) async {
        guard verb != .abortMigration else { return }
        ordered.insert(domain)
        if verb == .migrate { moving.insert(domain) }
        if verb == .reboot { rebooting.insert(domain) }
        guard var tracker = trackers[domain] else { return }
        tracker.size.requested(at: edges.clock.now())
        let readings = tracker.isManaged ? tracker.meter.flush() : []
        trackers[domain] = tracker
        if !readings.isEmpty { await writer.append([.readings(readings)]) }
    }

    /// Notes a domain that Ebb is about to create; its row exists already, and no listing that lacks it ends it.
    func expect(_ domain: DomainID) {
        ordered.insert(domain)
        trackers[domain] = DomainTracker(
            isManaged: true, size: SizeTracker(domain: domain),
            meter: schedule(domain, since: .zero), asked: nil)
        leftAt[domain] = nil
    }

    /// Notes the vCPUs that Ebb now asks for, as its row has them.
    func asked(_ vcpus: VCPUCount, of domain: DomainID) { trackers[domain]?.asked = vcpus }

    /// Takes a call's effect: what it shows is written down at its instant.
    func took(_ effect: Effect) async {
        guard let reading = effect.domain else { return await freshCycle() }
        let now = edges.clock.now()
        let instant = ReadingInstant(
            calledAt: now, answeredAt: now, readAt: effect.effectiveAt,
            monotonicNanoseconds: ClusterClock.bootTimeNanoseconds())
        let asked = trackers[reading.domain]?.asked
        let seen = sampler.sight(reading, at: instant, asked: asked)
        let facts = await observe(seen, isForced: true)
        await writer.append(facts)
    }

    /// The domain runs on the target now. Returns what its row must say there.
    func movedOut(_ domain: DomainID, _ effect: Effect, to target: HostID) async -> DomainObservation? {
        let now = edges.clock.now()
        let movedAt = effect.effectiveAt.map {
            ReadingInstant(calledAt: now, answeredAt: now, readAt: $0, monotonicNanoseconds: 0).seenAt
        }
        let asked = trackers[domain]?.asked
        sampler.forget(domain)
        leftAt[domain] = now
        // Without the driver's instant it ends here now: the call returns once the domain has left the source.
        let facts = await depart(domain, movedAt: movedAt ?? now, seenAt: now, isForeign: false)
        moving.remove(domain)
        await writer.append(facts)
        guard let seen = effect.domain, seen.hypervisorID != nil || !seen.state.isActive else { return nil }
        let start = seen.incarnationStart ?? movedAt ?? now
        // A domain that is off has no life.
        let life = seen.hypervisorID.map { Incarnation(host: target, hypervisorID: $0, start: start) }
        return DomainObservation(
            state: seen.state, stateReason: seen.stateReason,
            vcpus: seen.grantedVCPUs.map {
                VCPUSizes(maximum: seen.maximumVCPUs ?? $0, asked: asked, granted: $0, confirmed: seen.confirmedVCPUs)
            }, memory: seen.memory, disk: seen.disk,
            incarnation: life)
    }

    /// A migration whose owner was cut off turned out to have happened, and it is not known when. The target's first
    /// sighting gives the instant, and ends the segment that is open here.
    func release(_ domain: DomainID) async {
        sampler.forget(domain)
        trackers[domain] = nil
        (latest[domain], stoppedAt[domain]) = (nil, nil)
        uncertain.remove(domain)
        leftAt[domain] = edges.clock.now()
        moving.remove(domain)
        let change = DomainChange(kind: "migrated-out", detail: "moved by Ebb")
        await publish(change, of: domain, at: edges.clock.now(), isForeign: false)
    }

    /// The domain was undefined, or is missing and must be dropped. As long as files of it are left behind, its row
    /// stays, so that they can be deleted.
    func deleted(_ domain: DomainID, at effectiveAt: Timestamp?, leaving volumes: [String] = []) async {
        let now = edges.clock.now()
        sampler.forget(domain)
        (latest[domain], stoppedAt[domain]) = (nil, nil)
        uncertain.remove(domain)
        leftAt[domain] = now
        let end = effectiveAt ?? now
        var tracker = trackers.removeValue(forKey: domain)
        let facts = tracker?.departed(movedAt: end, seenAt: now) ?? []
        await writer.append(
            facts
                + (volumes.isEmpty
                    ? [.deleted(domain, at: end)]
                    : [.domain(domain, DomainObservation(state: .shutoff)), .leftovers(domain, volumes)]))
    }

    func name(of domain: DomainID) -> String? { latest[domain]?.name }

    /// The domain is its tenant's from a fresh sighting on: its size and its meters begin there.
    func adopted(_ domain: DomainID, by tenant: TenantID) async {
        let seen = await freshSighting(of: domain)
        let since = seen?.seenAt ?? edges.clock.now()
        trackers[domain]?.changeOwner(
            isManaged: true, since: since, domain, meter: schedule(domain, since: since))
        var facts: [Fact] = [.adopted(domain, by: tenant, at: since)]
        if let seen { facts += await observe(seen, isForced: true) }
        await writer.append(facts)
        poke()
    }

    /// The domain is nobody's from a fresh sighting on: its bill ends there, with a reading.
    func released(_ domain: DomainID) async {
        let seen = await freshSighting(of: domain)
        guard var tracker = trackers[domain] else { return }
        let now = edges.clock.now()
        let end = seen?.seenAt ?? now
        let facts = tracker.departed(movedAt: end, seenAt: now)
        tracker.changeOwner(isManaged: false, since: end, domain, meter: schedule(domain, since: .distantFuture))
        tracker.caps = DomainCaps()
        trackers[domain] = tracker
        await writer.append(
            facts + [
                .caps(domain, DomainCaps()), .pending(domain, maximumVCPUs: nil, maximumMemory: nil),
                .adopted(domain, by: nil, at: end),
            ])
    }

    /// The domain as a poll shows it that begins after now; `nil` if no poll does.
    private func freshSighting(of domain: DomainID) async -> DomainSighting? {
        let former = latest[domain]
        await freshCycle()
        guard let seen = latest[domain], seen.state != .unknown, seen.seenAt != former?.seenAt else { return nil }
        return seen
    }

    /// Notes that a cap holds, or is lifted.
    func capped(_ domain: DomainID, _ change: @Sendable (inout DomainCaps) -> Void) async {
        guard var caps = trackers[domain]?.caps else { return }
        change(&caps)
        trackers[domain]?.caps = caps
        await writer.append([.caps(domain, caps)])
    }

    /// The operation has ended, whatever its outcome.
    func end(_ verb: CommandVerb, on domain: DomainID) {
        // An abort leaves the rest to the migration's own command.
        guard verb != .abortMigration else { return }
        ordered.remove(domain)
        moving.remove(domain)
        trackers[domain]?.settledAt = edges.clock.now()
        let isPending = verb == .shutdown && latest[domain]?.state.isActive ?? false
        // A guest that was asked to shut down takes its time: the request stands until then.
        trackers[domain]?.isShuttingDown = isPending
        if !isPending { trackers[domain]?.size.requestEnded() }
    }

    /// A migration ended with an unknown outcome: if the domain leaves, Ebb's migration did it.
    func leftUncertain(_ domain: DomainID) { uncertain.insert(domain) }

    /// The present state of a domain as a command's result.
    func result(
        of domain: DomainID, effectiveAt: Timestamp? = nil, host: HostID? = nil, heldAlready: Bool? = nil
    ) -> String {
        let seen = latest[domain]
        let vcpus = seen?.vcpus?.confirmed ?? seen?.vcpus?.granted
        return CommandResult(
            host: host ?? self.host, state: seen?.state, vcpus: vcpus, granted: seen?.vcpus?.granted,
            leftByCap: vcpus.flatMap { seen?.cpuCap.binding(of: $0) }, memory: seen?.memory?.allocated,
            effectiveAt: effectiveAt,
            heldAlready: heldAlready
        ).json
    }
}
