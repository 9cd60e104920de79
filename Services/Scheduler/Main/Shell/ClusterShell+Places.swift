// SPDX-License-Identifier: Apache-2.0

import Logging
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// What a new VM asks of its place.
struct NewPlace: Hashable, Sendable {
    /// Whose it will be.
    let tenant: TenantID?
    let options: PolicyOptions
    /// `nil`: nothing that a host could lack.
    let needs: DomainNeeds?

    /// It asks for no group and no host.
    var isFree: Bool { options == PolicyOptions() }
}

// Where people may have VMs, and where VMs are that should not be.
extension ClusterShell {
    private var places: PlaceRepository { PlaceRepository(runtime.store) }

    /// Where a request goes; `new`: it is a new domain, which has no policy yet. The next one is told of it at once.
    func place(_ request: PlacementRequest, _ new: NewPlace?) -> PlacementResult {
        let now = runtime.clock.now()
        guard let new else { return state.placement(for: request, at: now) }
        let result = state.placement(
            for: request, options: new.options, of: new.tenant, needing: new.needs, at: now)
        guard !new.isFree else { return result }
        report { $0.placed(request.domain, of: new.tenant, on: result.chosen, options: new.options, at: now) }
        return result
    }

    /// A new domain that was placed gets no room.
    func forgetPlace(of domain: DomainID) {
        let now = runtime.clock.now()
        report { $0.placed(domain, of: nil, on: nil, options: PolicyOptions(), at: now) }
    }

    /// Of new domains that are not listed yet, those that never will be hold nobody off any more.
    func forgetGone() async throws {
        for domain in try await places.gone(among: state.unlisted) { forgetPlace(of: domain) }
    }

    /// What speaks against having the request's domain on `host`, room aside; `nil`: nothing.
    func objection(to request: PlacementRequest, on host: HostID, _ new: NewPlace?) -> String? {
        state.objection(
            to: request, on: host, options: new?.options, of: new?.tenant, needing: new?.needs,
            at: runtime.clock.now())
    }

    func host(of domain: DomainID) -> HostID? { state.host(of: domain) }

    /// Somebody has Ebb move the domain. The inventory lists the order from its next reading on.
    func ordered(_ domain: DomainID, to host: HostID) {
        let until = runtime.clock.now().advanced(byNanoseconds: configuration.core.outcomeTimeout)
        report { $0.ordered(OrderedMove(domain: domain, target: host, until: until)) }
    }

    /// Keeps what a new domain asks for until it is there, through restarts.
    func want(_ new: NewPlace, for domain: DomainID, on host: HostID) async throws {
        guard !new.isFree else { return }
        let now = runtime.clock.now()
        report { $0.placed(domain, of: new.tenant, on: host, options: new.options, at: now) }
        try await places.want(
            new.options, for: domain, of: cluster, at: now, until: now.advanced(by: Self.wantedTime),
            under: shard.claim)
    }

    /// Longer than any creation takes.
    private static let wantedTime = Duration.seconds(3_600)

    /// What new domains asked for becomes their policy once they are listed. Returns when it has.
    func keepWanted() async throws {
        // One after another: two that find no policy at once would each make one.
        let task = Task { [former = keepingWanted] in
            _ = await former?.result
            try await keepWantedNow()
        }
        keepingWanted = task
        try await task.value
    }

    private func keepWantedNow() async throws {
        for wanted in try await places.arrived(of: cluster) {
            if try await PolicyRepository(runtime.store).current(wanted.domain) == nil {
                _ = try await subscribe(
                    PolicyWish(policy: nil, options: wanted.options, windowLength: configuration.windowLength),
                    for: wanted.domain)
            }
            try await places.settle(wanted.domain, under: shard.claim)
        }
    }

    /// Lets people see which pins and groups do not hold, whenever that changes.
    func showBroken() async throws {
        let broken = state.brokenTies(at: runtime.clock.now()).map {
            BrokenTieRow(domain: $0.domain, tie: $0.tie.description)
        }
        guard broken != shownBroken else { return }
        try await places.replace(broken, of: cluster, under: shard.claim)
        shownBroken = broken
    }
}
