// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// New domains whose host is chosen and that no inventory lists yet.

extension SchedulerState {
    /// The host of a new domain, and its affinity options.
    struct PlacedDomain: Hashable, Sendable, Codable {
        var host: HostID
        var tenant: TenantID?
        var options: PolicyOptions
        /// A domain that is not listed by then was not created.
        var until: Timestamp
    }

    /// Notes that a new domain of `tenant` with these options goes to `host`; `nil`: it goes nowhere after all. So
    /// other domains of its groups that are placed meanwhile get the same host, or another one, although no inventory
    /// lists it yet.
    package mutating func placed(
        _ domain: DomainID, of tenant: TenantID?, on host: HostID?, options: PolicyOptions, at now: Timestamp
    ) {
        placed.keep { _, place in now < place.until }
        let until = now.advanced(byNanoseconds: settings.outcomeTimeout)
        placed[domain] = host.map { PlacedDomain(host: $0, tenant: tenant, options: options, until: until) }
    }

    /// New domains that have a host and that no inventory lists yet.
    package var unlisted: [DomainID] { placed.keys.filter { domains[$0] == nil } }

    /// A domain with its affinity options and its host, or the host to which it is on its way.
    struct Member {
        let domain: DomainID
        let tenant: TenantID?
        let host: HostID
        let options: PolicyOptions
    }

    /// All domains that have a policy, or were placed with options.
    func members(at now: Timestamp) -> [Member] {
        let known = zip(policies.keys, policies.values).compactMap { domain, version in
            domains[domain].map { entry in
                let target = entry.operation.flatMap { $0.isMove ? $0.placement?.chosen : nil }
                return Member(
                    domain: domain, tenant: entry.record.tenant, host: target ?? entry.record.host,
                    options: version.options)
            }
        }
        let new = zip(placed.keys, placed.values).compactMap { domain, place in
            let isKnown = policies[domain] != nil && domains[domain] != nil
            return isKnown || now >= place.until
                ? nil : Member(domain: domain, tenant: place.tenant, host: place.host, options: place.options)
        }
        return known + new
    }
}
