// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// New domains between the choice of their host and the inventory that lists them.

extension SchedulerState {
    /// Where a new domain was put, and what it asks of its neighbours.
    struct PlacedDomain: Hashable, Sendable, Codable {
        var host: HostID
        var tenant: TenantID?
        var options: PolicyOptions
        /// Nobody has heard of it by then: it was not created.
        var until: Timestamp
    }

    /// A new domain of `tenant` with these options goes to `host`; `nil`: nowhere after all. Those of its groups that are
    /// placed meanwhile are kept with it, or apart from it, although no inventory lists it yet.
    package mutating func placed(
        _ domain: DomainID, of tenant: TenantID?, on host: HostID?, options: PolicyOptions, at now: Timestamp
    ) {
        placed.keep { _, place in now < place.until }
        let until = now.advanced(byNanoseconds: settings.outcomeTimeout)
        placed[domain] = host.map { PlacedDomain(host: $0, tenant: tenant, options: options, until: until) }
    }

    /// New domains that were put somewhere and that no inventory has listed yet.
    package var unlisted: [DomainID] { placed.keys.filter { domains[$0] == nil } }

    /// A domain with what it asks of its neighbours, on its host or on the one that it is on its way to.
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
