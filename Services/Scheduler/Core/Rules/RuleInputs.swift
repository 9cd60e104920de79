// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Everything that the rule looks at: nothing else has any influence on what it finds.
///
/// What came with rules version 2 is optional, so that older records still decode.
package struct RuleInputs: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var host: HostID
    /// The instant of the decision: that of the sample that triggered it, or of the event that made the rule run again.
    package var at: Timestamp
    /// Version of the policy; zero without one.
    package var policyVersion: Int64
    package var policy: ScalingPolicy?
    /// N.
    package var windowLength: Int
    /// Samples older than this don't count: 2N sampling intervals.
    package var staleAfterNanoseconds: Int64
    /// The window, oldest first.
    package var samples: [WindowSample]
    /// What the domain has now; `nil` while unknown.
    package var vcpus: VCPUCount?
    /// The ceiling of its definition; `nil` while unknown.
    package var ceiling: VCPUCount?
    package var isManaged: Bool
    /// `nil`: the host is not in the inventory.
    package var hostMode: HostMode?
    package var isChangeInFlight: Bool
    /// When the resource's size or the domain's host last changed.
    package var lastChangeAt: Timestamp?
    package var cooldownUpNanoseconds: Int64
    package var cooldownDownNanoseconds: Int64
    package var stealBound: Utilization
    /// Hosts that may deny room, the domain's own among them, before a growth is given up.
    package var maximumDenials: Int
    /// When a growth that found no room anywhere asks again.
    package var noRoomUntil: Timestamp?
    /// Until when the domain is left alone, since an action's outcome is unknown.
    package var settlingUntil: Timestamp?

    /// `nil`: CPU, as in records of rules version 1.
    package var recordedResource: Resource?
    package var memory: ByteCount?
    package var memoryCeiling: ByteCount?
    /// Bytes per second.
    package var networkCap: Int64?
    package var memorySettings: SchedulerSettings.MemorySettings?
    /// The memory before the last shrink that is not given back yet.
    package var memoryBeforeShrink: ByteCount?
    /// Set if the newest reading shows that the guest lacks memory.
    package var pressure: MemoryPressure?
    /// A larger share of unknown readings keeps the domain as it is; `nil`: no share does.
    package var unknownBound: Utilization?
    /// Unknown readings since the newest sample.
    package var unknownRun: Int?
    /// Whether CPU is projected by the highest use that was seen, as memory is, and not by the mean.
    package var projectsByPeak: Bool?
    package var isOptedOut: Bool?
    /// `nil`: not a dry run.
    package var dryRun: DryReason?
    /// Why automatic actions are frozen; `nil`: they are not.
    package var freezeReason: String?
    package var blackoutUntil: Timestamp?
    /// How many growths on the same host are served before this one.
    package var queuedBehind: Int?
    /// For CPU what a cap leaves of its vCPUs; `nil`: all of them.
    package var leftByCap: Capacity?

    package var resource: Resource { recordedResource ?? .cpu }

    /// Bounds and sizes of the resource's rule; `nil` without one.
    package var rule: ResourceRule? { policy?.rule(for: resource) }

    /// The domain's size of the resource; `nil` while unknown.
    package var size: Int64? {
        switch resource {
        case .cpu: vcpus.map { Int64($0.count) }
        case .memory: memory?.bytes
        case .network: networkCap
        }
    }

    /// The largest possible size, whatever the policy says; `nil` while unknown, or without such a limit.
    var sizeCeiling: Int64? {
        switch resource {
        case .cpu: ceiling.map { Int64($0.count) }
        case .memory: memoryCeiling?.bytes
        case .network: nil
        }
    }

    /// The direction towards the policy's sizes, if they do not allow the present number of vCPUs; otherwise `nil`.
    var wayInside: Direction? {
        guard resource == .cpu, let size, let rule, size > 0 else { return nil }
        if size < rule.minimum { return .up }
        return size > rule.maximum ? .down : nil
    }

    /// The samples that count at `at`: the N newest, without those that are too old.
    package var counted: ArraySlice<WindowSample> {
        let recent = samples.suffix(windowLength)
        let first = recent.firstIndex { at.nanoseconds(since: $0.sampledAt) <= staleAfterNanoseconds }
        return first.map { recent[$0...] } ?? []
    }
}

/// A guest lacks memory: it reads back from swap, or loads pages from its disk.
package struct MemoryPressure: Hashable, Sendable, Codable {
    package let sampledAt: Timestamp
    package let swapInBytesPerSecond: Int64
    package let majorFaultsPerSecond: Int64

    /// `nil` unless one of the rates is above its bound. An unknown rate is not pressure.
    init?(_ reading: DomainSample, sampledAt: Timestamp, interval: Int64, settings: SchedulerSettings.MemorySettings) {
        guard reading.swapInDelta ?? 0 > 0 || reading.majorFaultsDelta ?? 0 > 0, interval > 0 else { return nil }
        let rate = { (delta: Int64?) in
            Int64(clamping: Int128(max(0, delta ?? 0)) * 1_000_000_000 / Int128(interval))
        }
        swapInBytesPerSecond = rate(reading.swapInDelta)
        majorFaultsPerSecond = rate(reading.majorFaultsDelta)
        self.sampledAt = sampledAt
        guard
            swapInBytesPerSecond > settings.swapInBytesPerSecond
                || majorFaultsPerSecond > settings.majorFaultsPerSecond
        else { return nil }
    }
}

extension ScalingPolicy {
    /// The rule for CPU is the policy's own bounds; its amounts are vCPUs.
    package func rule(for resource: Resource) -> ResourceRule? {
        switch resource {
        case .cpu:
            try? ResourceRule(
                lower: lower, upper: upper, minimum: Int64(minimumVCPUs.count), maximum: Int64(maximumVCPUs.count))
        case .memory: memory
        case .network: network
        }
    }
}
