// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// New domains between the choice of their host and the inventory that lists them.

extension SchedulerState {
    /// Where a new domain was put, and what it asks of its neighbours.
    struct PlacedDomain: Hashable, Sendable, Codable {
        var host: HostID
        var options: PolicyOptions
        /// Nobody has heard of it by then: it was not created.
        var until: Timestamp
    }

    /// A new domain with these options goes to `host`; `nil`: nowhere after all. Those of its groups that are placed
    /// meanwhile are kept with it, or apart from it, although no inventory lists it yet.
    package mutating func placed(_ domain: DomainID, on host: HostID?, options: PolicyOptions, at now: Timestamp) {
        placed.keep { _, place in now < place.until }
        let until = now.advanced(byNanoseconds: settings.outcomeTimeout)
        placed[domain] = host.map { PlacedDomain(host: $0, options: options, until: until) }
    }

    /// The other domains with what they ask of their neighbours, each on its host, or on the one that it is on its way to.
    func peers(of own: DomainID, at now: Timestamp) -> [(host: HostID, options: PolicyOptions)] {
        let known = zip(policies.keys, policies.values).compactMap { domain, version in
            domains[domain].map { entry in
                let target = entry.operation.flatMap { $0.isMove ? $0.placement?.chosen : nil }
                return (domain, target ?? entry.record.host, version.options)
            }
        }
        let new = zip(placed.keys, placed.values).compactMap { domain, place in
            let isKnown = policies[domain] != nil && domains[domain] != nil
            return isKnown || now >= place.until ? nil : (domain, place.host, place.options)
        }
        return (known + new).filter { $0.0 != own }.map { ($0.1, $0.2) }
    }
}
