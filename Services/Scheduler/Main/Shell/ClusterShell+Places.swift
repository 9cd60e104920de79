// SPDX-License-Identifier: Apache-2.0

import Logging
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// What a new VM requires of its host.
struct NewPlace: Hashable, Sendable {
    /// Its future owner.
    let tenant: TenantID?
    let options: PolicyOptions
    /// `nil`: it needs nothing that a host could lack.
    let needs: DomainNeeds?

    /// Whether it has no group and no pin.
    var isFree: Bool { options == PolicyOptions() }
}

// Where VMs may run, and which VMs run where they should not.
extension ClusterShell {
    private var places: PlaceRepository { PlaceRepository(runtime.store) }

    /// Chooses a host for a request; `new` is set for a new domain, which has no policy yet. The next choice takes this
    /// one into account.
    func place(_ request: PlacementRequest, _ new: NewPlace?) -> PlacementResult {
        let now = runtime.clock.now()
        guard let new else { return state.placement(for: request, at: now) }
        let result = state.placement(
            for: request, options: new.options, of: new.tenant, needing: new.needs, at: now)
        guard !new.isFree else { return result }
        report { $0.placed(request.domain, of: new.tenant, on: result.chosen, options: new.options, at: now) }
        return result
    }

    /// Drops the choice for a new domain that got no room.
    func forgetPlace(of domain: DomainID) {
        let now = runtime.clock.now()
        report { $0.placed(domain, of: nil, on: nil, options: PolicyOptions(), at: now) }
    }

    /// Drops the choices for new domains that will never be listed, so that they do not keep others off their hosts.
    func forgetGone() async throws {
        for domain in try await places.gone(among: state.unlisted) { forgetPlace(of: domain) }
    }

    /// What speaks against running the request's domain on `host`, apart from room; `nil`: nothing.
    func objection(to request: PlacementRequest, on host: HostID, _ new: NewPlace?) -> String? {
        state.objection(
            to: request, on: host, options: new?.options, of: new?.tenant, needing: new?.needs,
            at: runtime.clock.now())
    }

    func host(of domain: DomainID) -> HostID? { state.host(of: domain) }

    /// Notes that somebody ordered Ebb to move the domain. The inventory lists the order from its next reading on.
    func ordered(_ domain: DomainID, to host: HostID) {
        let until = runtime.clock.now().advanced(byNanoseconds: configuration.core.outcomeTimeout)
        report { $0.ordered(OrderedMove(domain: domain, target: host, until: until)) }
    }

    /// Stores a new domain's requirements until it exists, so that they survive a restart.
    func want(_ new: NewPlace, for domain: DomainID, on host: HostID) async throws {
        guard !new.isFree else { return }
        let now = runtime.clock.now()
        report { $0.placed(domain, of: new.tenant, on: host, options: new.options, at: now) }
        try await places.want(
            new.options, for: domain, of: cluster, at: now, until: now.advanced(by: Self.wantedTime),
            under: shard.claim)
    }

    /// How long they are kept: longer than any creation takes.
    private static let wantedTime = Duration.seconds(3_600)

    /// Turns new domains' requirements into their policies once they are listed. Returns when that is done.
    func keepWanted() async throws {
        // One call after another: two at once would each find no policy and make one.
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
                    RequestedPolicy(policy: nil, options: wanted.options, windowLength: configuration.windowLength),
                    for: wanted.domain)
            }
            try await places.settle(wanted.domain, under: shard.claim)
        }
    }

    /// Shows people the broken pins and groups, whenever these change.
    func showBroken() async throws {
        let broken = state.brokenTies(at: runtime.clock.now()).map {
            BrokenTieRow(domain: $0.domain, tie: $0.tie.description)
        }
        guard broken != shownBroken else { return }
        try await places.replace(broken, of: cluster, under: shard.claim)
        shownBroken = broken
    }
}
