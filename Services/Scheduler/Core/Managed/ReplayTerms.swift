// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The rule's constants in a replay, which the platform sets beside a policy.
package struct ReplayTerms: Hashable, Sendable {
    /// N.
    package var windowLength: Int
    package var cooldown: Cooldown
    /// If more than this share of a window's samples is unknown, the domain stays as it is.
    package var unknownBound: Utilization
    /// Whether the next size is judged by the highest use that was seen; `false`: by the mean.
    package var projectsByPeak: Bool

    package init(
        windowLength: Int, cooldown: Cooldown, unknownBound: Utilization, projectsByPeak: Bool = true
    ) {
        self.windowLength = max(1, windowLength)
        self.projectsByPeak = projectsByPeak
        self.cooldown = cooldown
        self.unknownBound = unknownBound
    }

    /// The platform's constants, with a domain's own options.
    package init(_ settings: SchedulerSettings, windowLength: Int, options: PolicyOptions = PolicyOptions()) {
        let platform = Cooldown(upNanoseconds: settings.cooldownUp, downNanoseconds: settings.cooldownDown)
        self.init(
            windowLength: windowLength, cooldown: options.restAfterChange ?? platform,
            unknownBound: settings.unknownBound,
            projectsByPeak: settings.projectsByPeak)
    }
}

/// The figures of a policy in a replay.
package struct ReplayFigures: Hashable, Sendable {
    /// Known samples.
    package var samples: Int64 = 0
    /// Samples in which the demand was larger than the size.
    package var overloaded: Int64 = 0
    /// The same with sizes that are smaller by a share: see `ManagedPolicy.headroom`.
    package var strained: Int64 = 0
    /// Thousandths of a vCPU, summed over samples.
    package var allocatedThousandths: Int64 = 0
    /// Parts per million of a vCPU, summed over samples.
    package var used: Int64 = 0
    package var resizes: Int64 = 0
    /// By how much the size was changed, up or down, in thousandths of a vCPU, summed over resizes.
    package var resizedThousandths: Int64 = 0

    /// vCPUs, summed over samples; rounded down.
    package var allocated: Int64 { allocatedThousandths / 1_000 }
    package var overloadedShare: Utilization { Self.share(overloaded, of: samples) }
    package var strainedShare: Utilization { Self.share(strained, of: samples) }
    /// 1 − used / allocated.
    package var slack: Utilization {
        Utilization(ppm: 1_000_000 - Self.share(used, of: allocatedThousandths * 1_000).ppm)
    }

    private static func share(_ part: Int64, of whole: Int64) -> Utilization {
        Utilization(numerator: Int128(part), denominator: Int128(whole)) ?? .zero
    }
}
