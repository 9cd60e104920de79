// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What binds a domain to certain hosts, or keeps it off some, by its own options.
package enum Tie: Hashable, Sendable, Codable {
    /// The only hosts that it may run on, by id.
    case pin([HostID])
    /// The group's domains share a host.
    case affinity(String)
    /// No two of the group's domains share a host.
    case antiAffinity(String)

    /// A plain phrase, for instance `its anti-affinity group 'db'`.
    package var description: String { Sentences.text(self) }
}

extension PlacementRequest {
    /// The tie behind a rejection with this code; `nil`: it was not a tie.
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
    /// The tie that keeps the domain where it is although another host has room; `nil`: it has a target, or it would
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
