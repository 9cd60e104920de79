// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// How far a resize has come, by what is seen of the domain after the call.
///
/// What the guest has in use counts; the grant counts only if the use is not known. Under emulation unplugging never
/// completes: a vCPU that was taken back stays plugged and offline, so a shrunk domain is granted more than it has.
package enum ResizeProgress: Hashable, Sendable {
    /// The size is as asked, or can't be seen.
    case reached
    /// The hypervisor has done its part, but the guest has not yet.
    case waiting
    /// The hypervisor granted less than was asked, and the guest has taken that: this many vCPUs are in use.
    case partial(VCPUCount)

    /// - Parameter former: what was in use before; `nil` if that was unknown.
    package init(to target: VCPUCount, from former: VCPUCount?, presence: DomainPresence) {
        guard let look = presence.look, let inUse = look.confirmed ?? look.granted else {
            self = .reached
            return
        }
        let isGrow = target > former ?? inUse
        let possible = isGrow ? min(target, look.granted ?? target) : target
        if isGrow ? inUse < possible : inUse > possible {
            self = look.confirmed == nil ? .partial(inUse) : .waiting
        } else {
            self = possible == target ? .reached : .partial(inUse)
        }
    }
}

/// How far a domain's balloon has come.
package enum BalloonProgress: Hashable, Sendable {
    /// The size is as asked, or can't be seen.
    case reached
    case waiting

    package init(to target: ByteCount, presence: DomainPresence) {
        self = presence.look?.memory.map { target.isReached(by: $0) } ?? true ? .reached : .waiting
    }
}

extension ByteCount {
    /// libvirt counts in KiB: a smaller difference counts as equal.
    func isReached(by seen: ByteCount) -> Bool { (seen.bytes - bytes).magnitude < 1_024 }
}
