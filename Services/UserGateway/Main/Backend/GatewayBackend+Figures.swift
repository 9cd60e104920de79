// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

/// What is known of a host at this moment.
struct HostSight: Sendable {
    /// The age of what its Monitor last wrote about it and its domains.
    let age: Age
    /// The age of its figures.
    let figuresAge: Age
    /// Its figures while they are known.
    let figures: HostFigures?
    /// The time from one reading to the next, in nanoseconds; `nil`: not known.
    let interval: Int64?
}

// How old figures are.
extension GatewayBackend {
    /// Older figures are not looked for: they are unknown in any case.
    private static let memory = Duration.seconds(3_600)

    /// What is known of each of these hosts. A host without a report for three intervals counts as unknown, whether the
    /// host, its Monitor or Logger failed.
    func sights(of hosts: [StoredHost]) async throws(MethodError) -> [HostID: HostSight] {
        let now = runtime.clock.now()
        let newest = try await reading {
            try await LogRepository(store).newest(of: hosts.map(\.id), since: now.advanced(by: .zero - Self.memory))
        }
        var sights: [HostID: HostSight] = [:]
        for host in hosts {
            let found = newest[host.id]
            let figuresAge = Age(of: found?.sampledAt, interval: found?.interval, now: now)
            let seenAt = [found?.sampledAt, host.provedUntil].compactMap(\.self).max()
            sights[host.id] = HostSight(
                age: Age(of: seenAt, interval: found?.interval, now: now), figuresAge: figuresAge,
                figures: figuresAge.known(found?.figures), interval: found?.interval)
        }
        return sights
    }

    /// The newest sample of each of these domains.
    func newestSamples(of domains: [VisibleVM]) async throws(MethodError) -> [DomainID: DomainPoint] {
        let since = runtime.clock.now().advanced(by: .zero - Self.memory)
        return try await reading { try await LogRepository(store).newest(of: domains.map(\.id), since: since) }
    }

    /// Whether what the inventory says about a host's domains is still known to be true.
    func isFresh(_ host: HostID) async throws(MethodError) -> Bool {
        guard let record = try await reading({ try await inventory.host(host) }) else { return false }
        return try await sights(of: [record])[host]?.age.isKnown ?? false
    }
}
