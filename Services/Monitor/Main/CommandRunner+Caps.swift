// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// A CPU cap belongs to the running domain: a start, and on Xen also an arrival, begins without it.
extension CommandRunner {
    /// Sets caps again that were asked for and that a domain's present life does not have. What somebody else changes
    /// later in that life is only recorded. Works under a freeze too, and not on a host that is only observed.
    func capAgain() async {
        let lost = await loop.lostCaps()
        guard !lost.isEmpty, mayCommand, let record = try? await edges.inventory.host(host) else { return }
        guard record.mode != .observe else { return await loop.postpone(lost) }
        for cap in lost {
            guard let id = occupy(cap.domain) else { continue }
            await setAgain(cap, id)
            vacate(id)
        }
    }

    private func setAgain(_ cap: LostCap, _ id: UUID128) async {
        let call = MutatingCall(id: id, epoch: UInt64(clamping: shard.epoch), timeout: configuration.commandTimeout)
        await loop.begin(.cap, on: cap.domain)
        do throws(HypervisorError) {
            try checkOwnership()
            await loop.took(try await loop.hypervisor.cap(cap.domain, .cpu(ppm: cap.ppm), call))
        } catch {
            log.warning(
                "a CPU cap can't be set again",
                metadata: ["domain.id": "\(cap.domain)", "host.id": "\(host)", "error": "\(error)"])
            await loop.capFailed(cap, because: "\(error)")
        }
        await loop.end(.cap, on: cap.domain)
    }
}

/// A cap that was asked for, and that the domain's present life does not have.
struct LostCap: Sendable {
    let domain: DomainID
    /// In parts per million of one core; 0: no cap was asked for, and the life began with one.
    let ppm: Int64
    let life: Incarnation
}

/// Since which life a domain lacks its cap.
struct Uncapped: Sendable {
    let life: Incarnation
    /// When it is to be set, or tried anew.
    var due = Timestamp.zero
    /// Whether it could not be set in this life.
    var hasFailed = false
}

extension HostLoop {
    /// Caps that are to be set now.
    func lostCaps() -> [LostCap] {
        let now = edges.clock.now()
        uncapped = uncapped.filter { trackers[$0.key] != nil }
        return uncapped.keys.sorted().compactMap { domain in
            guard let lack = uncapped[domain], now >= lack.due, !ordered.contains(domain) else { return nil }
            return trackers[domain]?.lostCap(latest[domain])
        }
    }

    /// Takes note of a sighting's cap.
    func noteCap(_ seen: DomainSighting) {
        trackers[seen.domain]?.noteCap(seen)
        let lost = trackers[seen.domain]?.lostCap(seen)
        if lost?.life != uncapped[seen.domain]?.life { uncapped[seen.domain] = lost.map { Uncapped(life: $0.life) } }
    }

    /// Not now: its host is only observed.
    func postpone(_ caps: [LostCap]) {
        let due = edges.clock.now().advanced(by: configuration.capRetryInterval)
        for cap in caps { uncapped[cap.domain]?.due = due }
    }

    /// The first failure in a life is an event.
    func capFailed(_ cap: LostCap, because reason: String) async {
        if uncapped[cap.domain]?.hasFailed == false {
            let change = DomainChange(kind: "cap-lost", detail: "\(CPUCap(ppm: cap.ppm)) can't be set again: \(reason)")
            await publish(change, of: cap.domain, at: edges.clock.now(), isForeign: false)
        }
        uncapped[cap.domain]?.hasFailed = true
        postpone([cap])
    }
}

extension DomainTracker {
    /// The life shows the cap that was asked for: whoever changes it later in this life, it wasn't Ebb.
    mutating func noteCap(_ seen: DomainSighting) {
        guard let asked = caps.cpuPPM, seen.cpuCap.fulfils(asked: asked, granule: CommandPlan.capGranulePPM) == true
        else { return }
        cappedLife = seen.incarnation
    }

    /// The cap that was asked for, if the life that is seen has not had it; an unknown cap may be the right one.
    func lostCap(_ seen: DomainSighting?) -> LostCap? {
        guard isManaged, let asked = caps.cpuPPM, let seen, seen.state.isActive, let life = seen.incarnation,
            life != cappedLife, seen.cpuCap.fulfils(asked: asked, granule: CommandPlan.capGranulePPM) == false
        else { return nil }
        return LostCap(domain: seen.domain, ppm: asked, life: life)
    }
}
