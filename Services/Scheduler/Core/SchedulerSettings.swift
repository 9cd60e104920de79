// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// What the platform, not a tenant, decides about scheduling.
package struct SchedulerSettings: Hashable, Sendable, Codable {
    /// The interval of Monitor's polls. Known samples that are older than 2N intervals don't count.
    package var samplingInterval: Nanoseconds
    /// No growth for this long after a domain's last change of size or host, in either direction.
    package var cooldownUp: Nanoseconds
    /// No shrinking for this long after a domain's last change of size or host, in either direction. Longer than
    /// `cooldownUp`, because a size that is too small hurts more than one that is too large.
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
    /// If a larger share of a window's readings is unknown, the domain stays as it is.
    package var unknownBound: Utilization
    /// Whether CPU is projected by the highest use in the window; otherwise by the mean.
    package var projectsByPeak: Bool
    package var memory = MemorySettings()
    package var moves = MoveSettings()
    package var freeze = FreezeSettings()
    /// Whether everything is decided and recorded, and nothing is done.
    package var isDryRun = false
    /// The same for single tenants.
    package var dryRunTenants: [TenantID] = []
    /// Due growths of tenants with a larger weight are served first; a tenant that is not listed has 100.
    package var tenantWeights = SortedTable<TenantID, Int>()
    package var blackouts: [Blackout] = []

    package typealias Nanoseconds = Int64

    /// Why settings are not valid.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// How memory is sized.
    package struct MemorySettings: Hashable, Sendable, Codable {
        /// Sizes are multiples of the granule.
        package var granule = ByteCount.mebibytes(1)
        /// A shrink takes at most this share.
        package var shrinkShare = Utilization(percent: 5)
        /// A growth gives at least this share, and never more than doubles.
        package var growShare = Utilization(ppm: 125_000)
        /// More swap-in than this per second gives memory back at once.
        package var swapInBytesPerSecond: Int64 = 65_536
        /// More major faults than this per second give memory back at once.
        package var majorFaultsPerSecond: Int64 = 20
        /// A shrink leaves the guest at least this much unused memory; `nil`: as little as its share says, as in
        /// records that are older than this setting.
        package var minimumAvailable: ByteCount?

        package init() {}
    }

    /// The platform's defaults: 5 s between samples, cooldowns of 30 s up and 300 s down.
    package static let platform = SchedulerSettings()

    /// The paper's own loop: no cooldowns, no hold for unknown samples and projection by the mean, so that the window
    /// alone decides.
    package static let paper = SchedulerSettings(
        cooldownUp: 0, cooldownDown: 0, retryAfterNoRoom: 0, unknownBound: .full, projectsByPeak: false)

    private init(
        cooldownUp: Nanoseconds = 30_000_000_000, cooldownDown: Nanoseconds = 300_000_000_000,
        retryAfterNoRoom: Nanoseconds = 60_000_000_000, unknownBound: Utilization = Utilization(percent: 40),
        projectsByPeak: Bool = true
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
        self.unknownBound = unknownBound
        self.projectsByPeak = projectsByPeak
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
        guard blackouts.allSatisfy(\.isValid) else {
            throw Fault(description: "a blackout begins within a day, lasts at most one, and names weekdays 0 to 6")
        }
        try moves.validate()
        try memory.validate()
    }
}

extension MoveSettings {
    fileprivate func validate() throws(SchedulerSettings.Fault) {
        let counts = [
            ("inPerHost", budget.inPerHost), ("outPerHost", budget.outPerHost), ("perCluster", budget.perCluster),
        ]
        for (name, count) in counts where !(0...1_000).contains(count) {
            throw SchedulerSettings.Fault(description: "moves.budget.\(name) must lie within 0 and 1 000")
        }
        guard (1...64).contains(hostWindowLength), (1...hostWindowLength).contains(hostBreachesNeeded) else {
            throw SchedulerSettings.Fault(
                description:
                    "moves.hostBreachesNeeded must lie within 1 and moves.hostWindowLength, which is at most 64")
        }
        let waits = [budget.restNanoseconds, backoffNanoseconds, maximumBackoffNanoseconds, foreignRestNanoseconds]
        guard waits.allSatisfy({ $0 >= 0 }) else {
            throw SchedulerSettings.Fault(description: "the waits of moves must not be negative")
        }
        guard (.zero ... .full).contains(minimumImprovement) else {
            throw SchedulerSettings.Fault(description: "moves.minimumImprovement must lie within 0 % and 100 %")
        }
    }
}

extension SchedulerSettings.MemorySettings {
    fileprivate func validate() throws(SchedulerSettings.Fault) {
        guard granule.bytes > 0, shrinkShare > .zero, shrinkShare <= Utilization(percent: 5), growShare > .zero else {
            throw SchedulerSettings.Fault(
                description: "memory's granule and shares must be positive, and shrinkShare at most 5 %")
        }
    }
}
