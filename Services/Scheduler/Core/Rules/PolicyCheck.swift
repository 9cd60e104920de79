// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a policy can do at worst, computed before it is accepted.
package struct PolicyCheck: Hashable, Sendable {
    /// Why the policy must flap, one sentence for each resource for which it must; empty: it need not flap, and may be
    /// subscribed.
    package let refusals: [String]
    /// In the order of `Resource.allCases`, for the resources that have a rule.
    package let worstCases: [WorstCase]

    package var isAcceptable: Bool { refusals.isEmpty }

    /// Checks `policy` as it would run with `windowLength` = N under `settings`.
    package init(
        _ policy: ScalingPolicy, options: PolicyOptions = PolicyOptions(), windowLength: Int,
        settings: SchedulerSettings
    ) {
        let memory = policy.memory.flatMap { Self.flaps($0, named: "memory", keeping: 950_000) }
        let network = policy.network.flatMap { Self.flaps($0, named: "network", keeping: 900_000) }
        refusals = [Self.flaps(policy), memory, network].compactMap(\.self)
        let cooldown =
            options.restAfterChange
            ?? Cooldown(upNanoseconds: settings.cooldownUp, downNanoseconds: settings.cooldownDown)
        let refill = Int64(policy.breachesNeeded(windowLength: windowLength)) * settings.samplingInterval
        let up = max(1, cooldown.upNanoseconds, refill)
        let down = max(1, cooldown.downNanoseconds, refill)
        worstCases = Resource.allCases.compactMap { resource in
            policy.steps(of: resource, settings: settings).map {
                WorstCase(resource: resource, restUp: up, restDown: down, steps: $0)
            }
        }
    }

    /// A load between U2 · v and U1 · (v + 1) fits neither v nor v + 1 vCPUs: v is too small for it, and v + 1 too
    /// large. There is no such load only if U1 · (v + 1) ≤ U2 · v, and the smallest size is the hardest case.
    private static func flaps(_ policy: ScalingPolicy) -> String? {
        guard policy.grid.step == .whole else { return flapsOnGrid(policy) }
        let small = Int64(policy.minimumVCPUs.count)
        guard policy.maximumVCPUs > policy.minimumVCPUs else { return nil }
        guard policy.lower.ppm * (small + 1) > policy.upper.ppm * small else { return nil }
        let fits = Utilization(ppm: policy.upper.ppm * small / (small + 1))
        return "the policy must flap between \(small) and \(small + 1) vCPUs: a load above \(policy.upper) of \(small) "
            + "can be below \(policy.lower) of \(small + 1); lower U1 to \(fits) or less, raise U2, or raise the minimum"
    }

    /// Every size of the grid is checked: what a growth is rounded up to differs between them.
    private static func flapsOnGrid(_ policy: ScalingPolicy) -> String? {
        let check = GridFlapCheck(grid: policy.grid, upper: policy.upper)
        guard let (size, target) = check.flap(policy.lower) else { return nil }
        let fits = check.largestLower(upTo: policy.lower)
        return
            "the policy must flap between \(size) and \(target) vCPUs: a load that makes it grow from \(size) can be "
            + "below \(policy.lower) of \(target); lower U1 to \(fits) or less, raise U2, or raise the minimum"
    }

    /// A shrink keeps `kept` parts per million of the size, so U1 must leave as much room below U2.
    private static func flaps(_ rule: ResourceRule, named name: String, keeping kept: Int64) -> String? {
        guard rule.minimum < rule.maximum, rule.lower.ppm * 1_000_000 > rule.upper.ppm * kept else { return nil }
        let fits = Utilization(ppm: rule.upper.ppm * kept / 1_000_000)
        return "the rule for \(name) must flap: use that is below \(rule.lower) passes \(rule.upper) after one step "
            + "down; lower U1 to \(fits) or less, or raise U2"
    }
}

/// The most that one rule can do, whatever the load.
package struct WorstCase: Hashable, Sendable {
    package let resource: Resource
    /// How long at least nothing else happened to the resource before a growth, in nanoseconds.
    package let restUp: Int64
    /// The same before a shrink.
    package let restDown: Int64
    /// Steps from the smallest size to the largest.
    package let steps: Int64

    /// The largest number of actions within `nanoseconds`, whatever the load.
    ///
    /// With u growths and d shrinks in the period, all but the first action rest: u · restUp + d · restDown ≤ period +
    /// the longer rest. u and d differ by at most `steps`, so 2 · min(u, d) · (restUp + restDown) / 2 fits too. Memory
    /// that is given back under pressure adds at most one action per shrink.
    package func actions(within nanoseconds: Int64) -> Int64 {
        let pairs = (nanoseconds + max(restUp, restDown)) / (restUp + restDown)
        let alternating = 2 * pairs + steps
        // If the sizes set no bound: only the faster direction.
        let oneWay = nanoseconds / min(restUp, restDown) + 1
        return min(alternating, oneWay)
    }
}

extension ScalingPolicy {
    /// `nil`: there is no rule for the resource.
    fileprivate func steps(of resource: Resource, settings: SchedulerSettings) -> Int64? {
        switch resource {
        case .cpu: grid.count - 1
        case .memory: memory.map { ($0.maximum - $0.minimum) / settings.memory.granule.bytes }
        case .network: network.map { $0.maximum - $0.minimum }
        }
    }
}
