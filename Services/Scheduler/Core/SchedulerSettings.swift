// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What the platform, not a tenant, decides about scheduling.
package struct SchedulerSettings: Hashable, Sendable, Codable {
    /// Of Monitor's polls. Known samples that are older than 2N of it don't count.
    package var samplingInterval: Nanoseconds
    /// No growth for this long after a domain's last change of size or host, in either direction.
    package var cooldownUp: Nanoseconds
    /// No shrinking for this long after a domain's last change of size or host, in either direction. Longer than
    /// `cooldownUp`, because a size that is missing hurts more than one that is spare.
    package var cooldownDown: Nanoseconds
    /// Mean steal above it forbids shrinking: the domain wants more than its host gives it.
    package var stealBound: Utilization
    /// How long a growth that found no room on any host waits before it asks again.
    package var retryAfterNoRoom: Nanoseconds
    /// How long a domain is left alone after an action whose outcome is unknown.
    package var settleAfterUnknown: Nanoseconds
    /// A permit request or action without a report for this long ends as unknown.
    package var outcomeTimeout: Nanoseconds
    /// Hosts that are tried for one decision after its own host had no room.
    package var maximumPlacementAttempts: Int
    package var weights: PlacementWeights

    package typealias Nanoseconds = Int64

    /// Why settings can't be.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// The platform's defaults: 5 s between samples, cooldowns of 30 s up and 300 s down.
    package static let platform = SchedulerSettings()

    /// The paper's own loop: no cooldowns, so that the window alone decides.
    package static let paper = SchedulerSettings(cooldownUp: 0, cooldownDown: 0, retryAfterNoRoom: 0)

    private init(
        cooldownUp: Nanoseconds = 30_000_000_000, cooldownDown: Nanoseconds = 300_000_000_000,
        retryAfterNoRoom: Nanoseconds = 60_000_000_000
    ) {
        samplingInterval = 5_000_000_000
        self.cooldownUp = cooldownUp
        self.cooldownDown = cooldownDown
        stealBound = Utilization(percent: 5)
        self.retryAfterNoRoom = retryAfterNoRoom
        settleAfterUnknown = 60_000_000_000
        outcomeTimeout = 600_000_000_000
        maximumPlacementAttempts = 3
        weights = .equal
    }

    /// Throws the first field that is out of range, by name.
    package func validate() throws(Fault) {
        guard samplingInterval > 0 else { throw Fault(description: "samplingInterval must be positive") }
        let waits = [
            ("cooldownUp", cooldownUp), ("cooldownDown", cooldownDown), ("retryAfterNoRoom", retryAfterNoRoom),
            ("settleAfterUnknown", settleAfterUnknown),
        ]
        for (name, wait) in waits where wait < 0 { throw Fault(description: "\(name) must not be negative") }
        guard outcomeTimeout > 0 else { throw Fault(description: "outcomeTimeout must be positive") }
        guard stealBound >= .zero else { throw Fault(description: "stealBound must not be negative") }
        guard (1...100).contains(maximumPlacementAttempts) else {
            throw Fault(description: "maximumPlacementAttempts must lie within 1 and 100")
        }
        guard weights.isValid else {
            throw Fault(description: "the weights of placement must not be negative and must sum to 1 000 000 ppm")
        }
    }
}
