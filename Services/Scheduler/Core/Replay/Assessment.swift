// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What Ebb would have done for one domain that it only watched.
package struct Assessment: Hashable, Sendable, Codable {
    package let domain: DomainID
    /// The size at the beginning of the replay: the one that the domain has.
    package let vcpus: VCPUCount
    /// The smallest fixed size that the demand exceeds for no larger share of the time than the goal allows.
    package let rightSize: VCPUCount
    /// Overloaded shares: as it was, at the right size, and under the policy.
    package let overloadedNow: Utilization
    package let overloadedAtRightSize: Utilization
    package let overloaded: Utilization
    /// vCPU time that the policy would have saved, as a share of what the domain had; negative: it would have had more.
    package let saved: Utilization
    package let replay: ReplayResult

    /// Replays `plan` over `samples` and compares the result with the size that the domain has. `nil` if nothing is
    /// known of the domain.
    package init?(_ plan: ReplayPlan, goal: ManagedGoal = .standard, over samples: [ReplaySample]) {
        let replay = Replay.run(plan, over: samples)
        guard replay.known > 0, plan.vcpus > 0 else { return nil }
        let demand = DemandTimes(samples)
        domain = plan.domain
        vcpus = plan.vcpus
        self.replay = replay
        let ceiling = plan.ceiling ?? plan.policy.maximumVCPUs
        let size = demand.smallestSize(goal.overloadedShare, upTo: max(ceiling, plan.vcpus))
        rightSize = size
        overloadedNow = demand.overloadedShare(at: plan.vcpus)
        overloadedAtRightSize = demand.overloadedShare(at: size)
        overloaded = replay.overloadedShare
        let had = Int128(plan.vcpus.count) * Int128(replay.known)
        saved = Utilization(ppm: Int64(clamping: (had - replay.vcpuTime) * 1_000_000 / had))
    }

    /// What the policy would have saved in total, as a share of what all domains had, and the share of their time that
    /// would have been overloaded; `nil` without assessments.
    package static func total(of assessments: [Assessment]) -> (saved: Utilization, overloaded: Utilization)? {
        let had = assessments.reduce(Int128(0)) { $0 + Int128($1.vcpus.count) * Int128($1.replay.known) }
        let known = assessments.reduce(Int128(0)) { $0 + Int128($1.replay.known) }
        guard had > 0, known > 0 else { return nil }
        let used = assessments.reduce(Int128(0)) { $0 + $1.replay.vcpuTime }
        let overloaded = assessments.reduce(Int128(0)) { $0 + Int128($1.replay.overloaded) }
        return (
            Utilization(ppm: Int64(clamping: (had - used) * 1_000_000 / had)),
            Utilization(ppm: Int64(clamping: overloaded * 1_000_000 / known))
        )
    }
}

/// For how long a domain's demand was above each whole number of vCPUs.
private struct DemandTimes {
    /// The time by the smallest size that is enough.
    private var times = SortedTable<Int64, Int64>()
    private var known: Int64 = 0

    init(_ samples: [ReplaySample]) {
        for sample in samples {
            guard let demand = sample.demand else { continue }
            let size = max(1, (demand.ppmOfOneCore + 999_999) / 1_000_000)
            times[size] = (times[size] ?? 0).addedOrClamped(sample.intervalNanoseconds)
            known = known.addedOrClamped(sample.intervalNanoseconds)
        }
    }

    func overloadedShare(at size: VCPUCount) -> Utilization {
        let over = zip(times.keys, times.values).reduce(Int64(0)) {
            $1.0 > Int64(size.count) ? $0.addedOrClamped($1.1) : $0
        }
        return Utilization(numerator: Int128(over), denominator: Int128(max(1, known))) ?? .zero
    }

    func smallestSize(_ share: Utilization, upTo largest: VCPUCount) -> VCPUCount {
        (1...max(1, largest.count)).lazy.map { VCPUCount(clamping: $0) }.first { overloadedShare(at: $0) <= share }
            ?? largest
    }
}
