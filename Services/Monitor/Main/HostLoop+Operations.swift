// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension HostLoop {
    /// A call that changes a domain is about to be made: its meters are read up to here, and what it shrinks holds from
    /// here on.
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

    /// A domain that Ebb is about to create: its row is there.
    func expect(_ domain: DomainID) {
        trackers[domain] = DomainTracker(
            isManaged: true, size: SizeTracker(domain: domain),
            meter: schedule(domain, since: .zero), asked: nil)
        leftAt[domain] = nil
    }

    /// What Ebb asks for now, as its row has it.
    func asked(_ vcpus: VCPUCount, of domain: DomainID) { trackers[domain]?.asked = vcpus }

    /// The call's effect: what it shows is written down at its instant.
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

    /// The domain lives on the target now. Returns what its row is to say there.
    func movedOut(_ domain: DomainID, _ effect: Effect, to target: HostID) async -> DomainObservation? {
        let now = edges.clock.now()
        let movedAt = effect.effectiveAt.map {
            ReadingInstant(calledAt: now, answeredAt: now, readAt: $0, monotonicNanoseconds: 0).seenAt
        }
        let asked = trackers[domain]?.asked
        sampler.forget(domain)
        leftAt[domain] = now
        // Without the driver's instant it ends now: the call returns once the source has let go.
        let facts = await depart(domain, movedAt: movedAt ?? now, seenAt: now, isForeign: false)
        moving.remove(domain)
        await writer.append(facts)
        guard let seen = effect.domain, let number = seen.hypervisorID else { return nil }
        let start = seen.incarnationStart ?? movedAt ?? now
        return DomainObservation(
            state: seen.state,
            vcpus: seen.grantedVCPUs.map {
                VCPUSizes(maximum: seen.maximumVCPUs ?? $0, asked: asked, granted: $0, confirmed: seen.confirmedVCPUs)
            }, memory: seen.memory, disk: seen.disk,
            incarnation: Incarnation(host: target, hypervisorID: number, start: start))
    }

    /// A migration whose owner was cut off turned out to have happened: nobody here knows when. The target's first
    /// sighting says it, and ends what is open here.
    func release(_ domain: DomainID) async {
        sampler.forget(domain)
        trackers[domain] = nil
        latest[domain] = nil
        leftAt[domain] = edges.clock.now()
        moving.remove(domain)
        let change = DomainChange(kind: "migrated-out", detail: "moved by Ebb")
        await publish(change, of: domain, at: edges.clock.now(), isForeign: false)
    }

    /// The domain was undefined, or is missing and to be forgotten.
    func deleted(_ domain: DomainID, at effectiveAt: Timestamp?) async {
        let now = edges.clock.now()
        sampler.forget(domain)
        var tracker = trackers.removeValue(forKey: domain)
        latest[domain] = nil
        leftAt[domain] = now
        let end = effectiveAt ?? now
        await writer.append((tracker?.departed(movedAt: end, seenAt: now) ?? []) + [.deleted(domain, at: end)])
    }

    func name(of domain: DomainID) -> String? { latest[domain]?.name }

    /// The domain is Ebb's from now on: its size and its meters begin here.
    func adopted(_ domain: DomainID, by tenant: TenantID) async {
        let now = edges.clock.now()
        trackers[domain]?.isManaged = true
        trackers[domain]?.size = SizeTracker(domain: domain)
        trackers[domain]?.meter = schedule(domain, since: now)
        await writer.append([.adopted(domain, by: tenant)])
        poke()
    }

    /// The domain is not Ebb's any more: what is billed of it ends here.
    func released(_ domain: DomainID) async {
        guard var tracker = trackers[domain] else { return }
        let now = edges.clock.now()
        let facts = tracker.departed(movedAt: now, seenAt: now)
        tracker.isManaged = false
        tracker.caps = DomainCaps()
        trackers[domain] = tracker
        await writer.append(
            facts + [
                .caps(domain, DomainCaps()), .pending(domain, maximumVCPUs: nil, maximumMemory: nil),
                .adopted(domain, by: nil),
            ])
    }

    /// A cap holds, or is lifted.
    func capped(_ domain: DomainID, _ change: @Sendable (inout DomainCaps) -> Void) async {
        guard var caps = trackers[domain]?.caps else { return }
        change(&caps)
        trackers[domain]?.caps = caps
        await writer.append([.caps(domain, caps)])
    }

    /// The operation ended, one way or the other.
    func end(_ verb: CommandVerb, on domain: DomainID) {
        // What ended a migration leaves the rest to the migration itself.
        guard verb != .abortMigration else { return }
        ordered.remove(domain)
        moving.remove(domain)
        trackers[domain]?.settledAt = edges.clock.now()
        let isPending = verb == .shutdown && latest[domain]?.state.isActive ?? false
        // A guest that was asked to shut down stops in its own time: the request stands until then.
        trackers[domain]?.isShuttingDown = isPending
        if !isPending { trackers[domain]?.size.requestEnded() }
    }

    /// What is seen of a domain now, as a command's result.
    func result(of domain: DomainID, effectiveAt: Timestamp? = nil, host: HostID? = nil) -> String? {
        let seen = latest[domain]
        return JSONText.encode(
            CommandResult(
                host: host ?? self.host, state: seen?.state, vcpus: seen?.vcpus?.confirmed ?? seen?.vcpus?.granted,
                granted: seen?.vcpus?.granted, memory: seen?.memory?.allocated, effectiveAt: effectiveAt))
    }
}

/// A command's result as its row keeps it.
struct CommandResult: Codable, Sendable {
    var host: HostID
    var state: DomainState?
    /// Confirmed, else granted.
    var vcpus: VCPUCount?
    var granted: VCPUCount?
    var memory: ByteCount?
    /// Where the driver says when it took effect: nanoseconds of cluster time.
    var effectiveAt: Timestamp?
}
