// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// A policy as it is requested, checked but not stored: rules and the options beside them.
package struct RequestedPolicy: Hashable, Sendable {
    /// `nil`: no rule is subscribed.
    package let policy: ScalingPolicy?
    package let options: PolicyOptions
    /// N.
    package let windowLength: Int

    package init(policy: ScalingPolicy?, options: PolicyOptions, windowLength: Int) {
        self.policy = policy
        self.options = options
        self.windowLength = windowLength
    }
}

/// Why a change can't be made, in one sentence.
package struct PolicyRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// What must be known of a domain to change its policy.
package struct PolicySubject: Hashable, Sendable {
    package let maximumVCPUs: VCPUCount
    package let memory: ByteCount?
    package let maximumMemory: ByteCount
    /// The platform's N, for a policy for which neither the tenant nor a preset sets it.
    package let windowLength: Int
    /// The longest N that a tenant may choose.
    package let longestWindow: Int

    package init(
        maximumVCPUs: VCPUCount, memory: ByteCount?, maximumMemory: ByteCount, windowLength: Int, longestWindow: Int
    ) {
        self.maximumVCPUs = maximumVCPUs
        self.memory = memory
        self.maximumMemory = maximumMemory
        self.windowLength = windowLength
        self.longestWindow = longestWindow
    }
}

extension PolicyChange {
    /// The policy that `current` becomes. Throws the first fault.
    package func applied(to current: PolicyVersion?, of subject: PolicySubject) throws(PolicyRefusal) -> RequestedPolicy
    {
        try checkCombination()
        try checkAmounts()
        if let windowLength, windowLength != 0, !(1...subject.longestWindow).contains(windowLength) {
            throw PolicyRefusal(
                "the window N is from 1 to \(subject.longestWindow) samples (0: the platform's), not \(windowLength)")
        }
        let options = try options(from: current?.options ?? PolicyOptions())
        let policy = try rules(from: current?.policy, options: options, of: subject)
        return RequestedPolicy(
            policy: policy, options: options, windowLength: options.windowLength(platform: subject.windowLength))
    }

    private var hasOwnBounds: Bool { lowerPpm != nil || upperPpm != nil || ratioPpm != nil }

    private func checkCombination() throws(PolicyRefusal) {
        if self == PolicyChange() { throw PolicyRefusal("say what to change, for instance a preset") }
        if case .unrecognised(let name)? = preset {
            throw PolicyRefusal("preset '\(name.prefix(63))' is none that this version knows")
        }
        if managed == true, hasOwnBounds || preset != nil {
            throw PolicyRefusal("a managed policy chooses its bounds itself: leave out bounds, ratio and preset")
        }
        if preset != nil, windowLength != nil {
            throw PolicyRefusal("a preset has its own window: leave the window out, or the preset")
        }
        if preset != nil, hasOwnBounds {
            throw PolicyRefusal("a preset has its own bounds and ratio: leave them out, or leave the preset out")
        }
    }

    /// Refuses amounts that are out of bounds.
    private func checkAmounts() throws(PolicyRefusal) {
        try Self.check(
            VCPUCount.self, [("minVcpus", minVcpus.map(Int64.init)), ("maxVcpus", maxVcpus.map(Int64.init))])
        try Self.check(
            ByteCount.self,
            [
                ("minMemoryBytes", minMemoryBytes), ("maxMemoryBytes", maxMemoryBytes),
                ("minNetworkBytesPerSecond", minNetworkBytesPerSecond),
                ("maxNetworkBytesPerSecond", maxNetworkBytesPerSecond),
            ])
        try Self.check(
            Utilization.self,
            [
                ("lowerPpm", lowerPpm), ("upperPpm", upperPpm), ("ratioPpm", ratioPpm), ("goalPpm", goalPpm),
                ("memoryLowerPpm", memoryLowerPpm), ("memoryUpperPpm", memoryUpperPpm),
                ("networkLowerPpm", networkLowerPpm), ("networkUpperPpm", networkUpperPpm),
            ])
        for (name, group) in [("affinity", affinity ?? ""), ("antiAffinity", antiAffinity ?? "")]
        where !group.isEmpty && !isValidName(group) {
            throw PolicyRefusal("\(name) '\(group.prefix(63))' is not a group's name")
        }
        guard pinnedHosts?.count ?? 0 <= 1_000 else { throw PolicyRefusal("pinnedHosts may have at most 1000 hosts") }
    }

    private static func check<Quantity: BoundedQuantity>(
        _ type: Quantity.Type, _ amounts: [(name: String, amount: Int64?)]
    ) throws(PolicyRefusal) {
        for case (let name, let amount?) in amounts where !type.bounds.contains(amount) {
            throw PolicyRefusal(
                "\(name) must be from \(type.bounds.lowerBound) to \(type.bounds.upperBound), not \(amount)")
        }
    }

    // MARK: - Options

    private func options(from current: PolicyOptions) throws(PolicyRefusal) -> PolicyOptions {
        var options = current
        if let preset = preset?.word {
            options.preset = preset
            options.cooldown = preset.cooldown
            options.windowLength = nil
        } else if hasOwnBounds || managed == true || windowLength != nil {
            options.preset = nil
        }
        if let windowLength { options.windowLength = windowLength == 0 ? nil : windowLength }
        options.goal = goal(from: current)
        if let cooldown = cooldown(from: options.cooldown) { options.cooldown = cooldown }
        options.isOptedOut = optOut ?? current.isOptedOut
        options.isDryRun = dryRun ?? current.isDryRun
        if let affinity { options.affinityGroup = affinity.isEmpty ? nil : affinity }
        if let antiAffinity { options.antiAffinityGroup = antiAffinity.isEmpty ? nil : antiAffinity }
        if let group = options.affinityGroup, group == options.antiAffinityGroup {
            throw PolicyRefusal("group '\(group)' can't share a host and not share one: name another group")
        }
        if let pinnedHosts { options.pinnedHosts = pinnedHosts.sorted() }
        return options
    }

    /// A goal makes a policy managed; bounds of the tenant's own, or a preset, end that.
    private func goal(from current: PolicyOptions) -> ManagedGoal? {
        if managed == false || hasOwnBounds || preset != nil { return nil }
        guard managed == true || current.goal != nil || goalPpm != nil else { return nil }
        guard let goalPpm else { return current.goal ?? .standard }
        return ManagedGoal(overloadedShare: Utilization(ppm: goalPpm))
    }

    private func cooldown(from current: Cooldown?) -> Cooldown? {
        guard cooldownUpNanoseconds != nil || cooldownDownNanoseconds != nil else { return nil }
        let platform = SchedulerSettings.platform
        return Cooldown(
            upNanoseconds: cooldownUpNanoseconds ?? current?.upNanoseconds ?? platform.cooldownUp,
            downNanoseconds: cooldownDownNanoseconds ?? current?.downNanoseconds ?? platform.cooldownDown)
    }

    // MARK: - Rules

    private func rules(
        from current: ScalingPolicy?, options: PolicyOptions, of subject: PolicySubject
    ) throws(PolicyRefusal) -> ScalingPolicy? {
        let memory = try memoryRule(from: current?.memory, of: subject)
        let network = try networkRule(from: current?.network)
        let minimum = minVcpus.map { VCPUCount(clamping: $0) } ?? current?.minimumVCPUs ?? 1
        let maximum = maxVcpus.map { VCPUCount(clamping: $0) } ?? current?.maximumVCPUs ?? subject.maximumVCPUs
        guard maximum <= subject.maximumVCPUs else {
            throw PolicyRefusal(
                "the maximum of \(maximum) vCPUs is above the VM's ceiling of \(subject.maximumVCPUs)")
        }
        do {
            // The bounds of a managed policy before there is a history to choose by.
            if options.goal != nil, current == nil || managed == true {
                return try PolicyPreset.balanced.policy(
                    minimumVCPUs: minimum, maximumVCPUs: maximum, memory: memory, network: network)
            }
            if let preset = preset?.word {
                return try preset.policy(
                    minimumVCPUs: minimum, maximumVCPUs: maximum, memory: memory, network: network)
            }
            guard let bounds = try bounds(from: current) else { return nil }
            return try ScalingPolicy(
                lower: bounds.lower, upper: bounds.upper, ratio: bounds.ratio, minimumVCPUs: minimum,
                maximumVCPUs: maximum, memory: memory, network: network)
        } catch let fault as ScalingPolicy.Fault {
            throw PolicyRefusal(fault.description)
        } catch let refusal as PolicyRefusal {
            throw refusal
        } catch {
            throw PolicyRefusal("\(error)")
        }
    }

    /// `nil`: only options are changed, and there are no rules.
    private func bounds(
        from current: ScalingPolicy?
    ) throws(PolicyRefusal) -> (lower: Utilization, upper: Utilization, ratio: Utilization)? {
        let lower = lowerPpm.map { Utilization(ppm: $0) } ?? current?.lower
        let upper = upperPpm.map { Utilization(ppm: $0) } ?? current?.upper
        let ratio = ratioPpm.map { Utilization(ppm: $0) } ?? current?.ratio
        if let lower, let upper, let ratio { return (lower, upper, ratio) }
        guard hasOwnBounds || changesRules else { return nil }
        throw PolicyRefusal("a first policy needs a preset, a goal (managed), or U1, U2 and the ratio")
    }

    private var changesRules: Bool {
        minVcpus != nil || maxVcpus != nil || memory == true || network == true || maxMemoryBytes != nil
            || maxNetworkBytesPerSecond != nil
    }

    private func memoryRule(
        from current: ResourceRule?, of subject: PolicySubject
    ) throws(PolicyRefusal) -> ResourceRule? {
        if memory == false { return nil }
        let isChanged =
            memory == true || memoryLowerPpm != nil || memoryUpperPpm != nil || minMemoryBytes != nil
            || maxMemoryBytes != nil
        guard isChanged else { return current }
        let ceiling = subject.maximumMemory.bytes
        let maximum = maxMemoryBytes ?? current?.maximum ?? ceiling
        guard maximum <= ceiling else {
            throw PolicyRefusal(
                "the maximum of \(ByteCount(clamping: maximum)) is above the VM's ceiling of \(ByteCount(clamping: ceiling))"
            )
        }
        return try rule(
            lower: memoryLowerPpm, upper: memoryUpperPpm, minimum: minMemoryBytes, maximum: maximum, current: current,
            // Without a minimum in the change, a VM never gets less than half of what it has now.
            defaults: (500_000, 850_000, max(1, (subject.memory?.bytes ?? maximum) / 2)), named: "memory")
    }

    private func networkRule(from current: ResourceRule?) throws(PolicyRefusal) -> ResourceRule? {
        if network == false { return nil }
        let isChanged =
            network == true || networkLowerPpm != nil || networkUpperPpm != nil || minNetworkBytesPerSecond != nil
            || maxNetworkBytesPerSecond != nil
        guard isChanged else { return current }
        guard let maximum = maxNetworkBytesPerSecond ?? current?.maximum else {
            throw PolicyRefusal("a rule for the network needs its largest cap in bytes per second")
        }
        return try rule(
            lower: networkLowerPpm, upper: networkUpperPpm, minimum: minNetworkBytesPerSecond, maximum: maximum,
            current: current, defaults: (300_000, 800_000, max(1, maximum / 10)), named: "the network")
    }

    private func rule(
        lower: Int64?, upper: Int64?, minimum: Int64?, maximum: Int64, current: ResourceRule?,
        defaults: (lower: Int64, upper: Int64, minimum: Int64), named name: String
    ) throws(PolicyRefusal) -> ResourceRule {
        do throws(ResourceRule.Fault) {
            return try ResourceRule(
                lower: lower.map { Utilization(ppm: $0) } ?? current?.lower ?? Utilization(ppm: defaults.lower),
                upper: upper.map { Utilization(ppm: $0) } ?? current?.upper ?? Utilization(ppm: defaults.upper),
                minimum: minimum ?? current?.minimum ?? min(maximum, defaults.minimum), maximum: maximum)
        } catch {
            throw PolicyRefusal("the rule for \(name): \(error.description)")
        }
    }
}
