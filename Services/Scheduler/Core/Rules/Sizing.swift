// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// The next size of a resource.
///
/// - CPU: one vCPU more or less; from outside the policy's sizes to the nearest of them.
/// - Memory: up, so that the highest use that was seen lies in the middle of U1 and U2, at most doubled; down by at
///   most 5 %. Under pressure, the size before the last shrink, or one eighth more if there was none.
/// - Network: so that the mean use lies in the middle of U1 and U2; at most doubled, at most halved.
enum Sizing {
    /// The next size in the resource's unit. It may lie outside the policy's sizes, except that it does not pass their
    /// end unless the present size is there already. Zero is not a valid size.
    static func target(_ direction: Direction, size: Int64, use: Utilization, inputs: RuleInputs, rule: ResourceRule)
        -> Int64
    {
        switch inputs.resource {
        case .cpu: return direction == .up ? max(size + 1, rule.minimum) : min(size - 1, rule.maximum)
        case .memory:
            let settings = inputs.memorySettings ?? SchedulerSettings.MemorySettings()
            return memory(direction, size: size, use: use, inputs: inputs, rule: rule, settings: settings)
        case .network:
            let wanted = centred(use, of: size, in: rule)
            if direction == .up { return end(min(max(wanted, size + 1), 2 * size), above: size, inputs, rule) }
            return max(wanted, (size + 1) / 2, rule.minimum)
        }
    }

    private static func memory(
        _ direction: Direction, size: Int64, use: Utilization, inputs: RuleInputs, rule: ResourceRule,
        settings: SchedulerSettings.MemorySettings
    ) -> Int64 {
        let granule = settings.granule.bytes
        switch direction {
        case .up:
            let wanted =
                inputs.pressure == nil
                ? centred(use, of: size, in: rule)
                : inputs.memoryBeforeShrink?.bytes ?? size + share(settings.growShare, of: size)
            return end(min(max(roundUp(wanted, to: granule), size + granule), 2 * size), above: size, inputs, rule)
        case .down:
            return max(roundUp(size - share(settings.shrinkShare, of: size), to: granule), rule.minimum)
        }
    }

    /// `size · use / middle`, rounded up: the size at which the same use lies in the middle of the bounds.
    private static func centred(_ use: Utilization, of size: Int64, in rule: ResourceRule) -> Int64 {
        let middle = Int128(max(1, (rule.lower.ppm + rule.upper.ppm) / 2))
        let wanted = Int64(clamping: (Int128(size) * Int128(use.ppm) + middle - 1) / middle)
        return min(wanted, ResourceRule.largestAmount)
    }

    /// The wanted size, or the largest possible one if that is more than the present one.
    private static func end(_ wanted: Int64, above size: Int64, _ inputs: RuleInputs, _ rule: ResourceRule) -> Int64 {
        let largest = min(rule.maximum, inputs.sizeCeiling ?? .max)
        return largest > size ? min(wanted, largest) : wanted
    }

    private static func share(_ share: Utilization, of size: Int64) -> Int64 {
        Int64(clamping: Int128(size) * Int128(share.ppm) / 1_000_000)
    }

    private static func roundUp(_ value: Int64, to granule: Int64) -> Int64 {
        (value + granule - 1) / granule * granule
    }
}
