// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit

/// The events that the host reports. An event is only a hint: it makes the next poll come at once, and what the poll
/// shows is written down.
extension HostLoop {
    /// Follows the host's events until cancelled. After a lost connection it follows the next one.
    func follow() async {
        while !Task.isCancelled {
            for await event in hypervisor.events { await take(event) }
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    private func take(_ event: HypervisorEvent) async {
        switch event {
        case .connectionLost(let reason):
            log.notice("the connection to a host was lost", metadata: ["host.id": "\(host)", "reason": "\(reason)"])
        case .rebooted(let domain):
            // The same life goes on, so no poll shows the reboot.
            reboots[domain] = edges.clock.now()
            let isForeign = rebooting.remove(domain) == nil && !ordered.contains(domain)
            await publish(
                DomainChange(kind: "rebooted", detail: "the guest began anew"), of: domain, at: edges.clock.now(),
                isForeign: isForeign)
        case .lifecycle(let domain, let state, let detail):
            log.debug(
                "a host reports",
                metadata: ["host.id": "\(host)", "domain.id": "\(domain)", "state": "\(state)", "detail": "\(detail)"])
        case .jobCompleted, .agent, .memoryChanged, .reconfigured: break
        }
        poke()
    }

    /// A reboot that an earlier owner ordered: when it comes, it is Ebb's.
    func follow(rebootOf domain: DomainID) { rebooting.insert(domain) }

    /// Whether the host reported, at or after that instant, that the guest rebooted.
    func reportedReboot(of domain: DomainID, since instant: Timestamp?) -> Bool {
        guard let latest = reboots[domain], let instant else { return false }
        return latest >= instant
    }

    /// Makes the next poll come at once.
    func poke() {
        isPoked = true
        resting?.cancel()
    }

    /// Waits for the next poll's slot; polls in between if something happened, at least `pokeSpacing` apart, so that a
    /// host that reports events without pause is not polled without pause.
    func rest(until slot: Int64) async {
        while !Task.isCancelled {
            let left = Duration.nanoseconds(slot - ClusterClock.bootTimeNanoseconds())
            guard left > .zero else { return }
            if isPoked {
                try? await Task.sleep(for: min(left, configuration.pokeSpacing))
                guard left > configuration.pokeSpacing, !Task.isCancelled else { return }
                isPoked = false
                await poll()
                resumeWaiters()
                continue
            }
            let rest = Task(executorPreference: edges.hostThread) { [pacer = edges.pacer] in
                await pacer.sleep(until: slot)
            }
            resting = rest
            await withTaskCancellationHandler {
                await rest.value
            } onCancel: {
                rest.cancel()
            }
            resting = nil
        }
    }

    /// Reports that this host shows a domain that another host has: a copy with the same UUID, which only its host
    /// distinguishes.
    /// - Parameter isLive: whether both copies hold their memory.
    func noticedDuplicate(_ domain: DomainID, of other: HostID, isLive: Bool) async {
        let detail =
            isLive
            ? "it runs on host \(other) and on host \(host): Ebb starts, resizes and deletes neither; shut one down"
            : "host \(other) has the domain, and host \(host) a copy with its UUID: undefine the copy"
        let change = DomainChange(kind: "duplicate-uuid", detail: detail)
        await publish(change, of: domain, at: edges.clock.now(), isForeign: true)
    }

    /// Reports other hosts that show the same host UUID.
    func noticedTwins(_ hosts: [HostID]) async {
        let names = hosts.map(\.name).joined(separator: ", ")
        let change = DomainChange(
            kind: "duplicate-uuid",
            detail: "host \(names) has this host's UUID too; set host_uuid in libvirtd.conf on one of them")
        await publish(change, of: nil, at: edges.clock.now(), isForeign: true)
    }
}
