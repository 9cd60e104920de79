// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What ties a domain to certain hosts, by its own options.
package enum Tie: Hashable, Sendable, Codable {
    /// The only hosts that it may run on, by id.
    case pin([HostID])
    /// The group's domains share a host.
    case affinity(String)
    /// The group's domains share none.
    case antiAffinity(String)

    /// A plain phrase, for instance `its anti-affinity group 'db'`.
    package var description: String { Sentences.text(self) }
}

extension PlacementRequest {
    /// What forbids a host that was rejected by this code; `nil`: it is no tie that forbids it.
    func tie(of code: RejectionCode) -> Tie? {
        switch code {
        case .notPinned: .pin(pinnedHosts ?? [])
        case .affinity: .affinity(affinityGroup ?? "")
        case .antiAffinity: .antiAffinity(antiAffinityGroup ?? "")
        default: nil
        }
    }
}

extension PlacementResult {
    /// What keeps the domain where it is although a host would have it otherwise; `nil`: it has a target, or it would
    /// have none in any case.
    var keepingTie: Tie? {
        guard chosen == nil else { return nil }
        var free = request
        (free.pinnedHosts, free.mustJoinPeers) = (nil, nil)
        return candidates.lazy.compactMap { candidate -> Tie? in
            guard let code = candidate.rejection?.code, let tie = request.tie(of: code) else { return nil }
            var facts = candidate.facts
            facts.antiAffinityPeers = nil
            return Placement.rejection(of: facts, for: free) == nil ? tie : nil
        }.first
    }
}
