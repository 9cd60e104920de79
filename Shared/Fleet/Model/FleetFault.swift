// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A scripted failure: what happens to the mutating calls that match it.
package struct FleetFault: Hashable, Sendable {
    package enum Effect: Hashable, Sendable, Codable {
        /// Fails this long after the call (at the latest when it would take effect) and changes nothing.
        case fail(afterNanoseconds: Int64, message: String)
        /// Takes this much longer.
        case delay(nanoseconds: Int64)
        /// Has its effect, but the first answer never comes.
        case loseAnswer
        /// A resize is granted with this many vCPUs only.
        case partialGrant(vcpus: Int)
        /// A migration stands still for this long, after it ran for a while.
        case stall(afterNanoseconds: Int64, nanoseconds: Int64)
        /// An undefinition leaves the disk behind, for this reason.
        case leaveDisk(reason: String)

        private enum CodingKeys: String, CodingKey {
            case fail, delay
            case loseAnswer = "lose_answer"
            case partialGrant = "partial_grant"
            case stall
            case leaveDisk = "leave_disk"
        }

        private enum FailCodingKeys: String, CodingKey {
            case afterNanoseconds = "after_ns"
            case message
        }

        private enum StallCodingKeys: String, CodingKey {
            case afterNanoseconds = "after_ns"
            case nanoseconds = "ns"
        }

        private enum LeaveDiskCodingKeys: String, CodingKey { case reason }

        private enum DelayCodingKeys: String, CodingKey { case nanoseconds = "ns" }
    }

    /// `nil` matches every one.
    package var host: HostID?
    package var domain: DomainID?
    package var verb: String?
    /// How many calls it still strikes; `nil`: every one until faults are cleared.
    package var times: Int?
    package var effect: Effect

    package init(
        host: HostID? = nil, domain: DomainID? = nil, verb: String? = nil, times: Int?, effect: Effect
    ) {
        self.host = host
        self.domain = domain
        self.verb = verb
        self.times = times
        self.effect = effect
    }

    func matches(_ change: FleetChange, on host: HostID) -> Bool {
        (self.host ?? host) == host && (domain ?? change.domain) == change.domain
            && (verb ?? change.verb) == change.verb
    }

    /// Why it is not valid; `nil` if it is.
    var fault: String? {
        if let times, times < 1 { return "a fault strikes at least once" }
        switch effect {
        case .fail(let delay, _), .delay(let delay):
            return Limits.duration.contains(delay) ? nil : "a delay must lie within 0 and 24 hours"
        case .stall(let after, let pause):
            return Limits.duration.contains(after) && Limits.duration.contains(pause)
                ? nil : "a stall must lie within 0 and 24 hours"
        case .partialGrant(let vcpus): return Limits.vcpus.contains(vcpus) ? nil : "a grant has 1 to 1024 vCPUs"
        case .loseAnswer, .leaveDisk: return nil
        }
    }
}
