// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SchedulerState {
    /// Everything that is known of one domain.
    ///
    /// The members are ordered by use: every sample reads those from the end of `record` to the window for CPU, which
    /// share a few cache lines. Rare values are boxed.
    struct DomainEntry: Hashable, Sendable, Codable {
        var record: DomainRecord
        var lastSampledAt: Timestamp?
        var incarnation: Incarnation?
        /// The part of the policy that each sample needs; the whole policy is in the state's table.
        private(set) var trigger = Trigger()
        @Boxed var operation: Operation?
        var followUps: [FollowUp] = []
        var cpu = ResourceTrack()
        /// Memory and network, for which most domains have no rule: empty until something is known of one of them.
        private var others: [ResourceTrack] = []
        @Boxed var lastMove: Move?
        var settlingUntil: Timestamp?
        /// The decision whose last step has an unknown outcome.
        var unresolved: UUID128?
        var rest = MoveRest()
        /// The memory before the shrinks that are not given back yet.
        var memoryBeforeShrink: ByteCount?
        var pressure: MemoryPressure?
        /// What it needs of a host and why it can't move, as its own host said last.
        @Boxed var examined: Examined?
        /// The moves that somebody ordered from Ebb and that may be under way or not seen yet, one for each target.
        var ordered: [OrderedMove] = []
        /// The last record about moving it.
        @Boxed var recordedMove: RecordedMove?

        init(record: DomainRecord) { self.record = record }

        /// A new version of its policy holds.
        mutating func adopt(_ version: PolicyVersion) {
            trigger = Trigger(version)
            forgetSteady()
            for resource in Resource.allCases {
                let rule = version.policy?.rule(for: resource)
                let bounds = rule.map { WindowBounds(lower: $0.lower, upper: $0.upper) } ?? .none
                guard rule != nil || hasTrack(of: resource) else { continue }
                if resource != .cpu { self[resource].window.restart(countingFrom: version.validFrom) }
                self[resource].window.judge(by: bounds, keeping: version.windowLength)
            }
        }

        subscript(resource: Resource) -> ResourceTrack {
            get {
                switch resource {
                case .cpu: cpu
                case .memory: memory
                case .network: network
                }
            }
            _modify {
                switch resource {
                case .cpu: yield &cpu
                case .memory: yield &memory
                case .network: yield &network
                }
            }
        }

        var memory: ResourceTrack {
            get { others.first ?? ResourceTrack() }
            _modify {
                makeOthers()
                yield &others[0]
            }
        }

        var network: ResourceTrack {
            get { others.last ?? ResourceTrack() }
            _modify {
                makeOthers()
                yield &others[1]
            }
        }

        /// Whether the resource has a window that could begin again.
        func hasTrack(of resource: Resource) -> Bool { resource == .cpu || !others.isEmpty }

        private mutating func makeOthers() {
            if others.isEmpty { others = [ResourceTrack(), ResourceTrack()] }
        }

        mutating func forgetSteady() {
            cpu.steady = nil
            for index in others.indices { others[index].steady = nil }
        }

        /// Whether nothing is under way for it.
        var isIdle: Bool { _operation.isEmpty }

        /// Its demand by the mean of its window; `nil` while that is unknown.
        var demand: CPUDemand? {
            guard let mean = cpu.window.mean, let vcpus = record.vcpus else { return nil }
            return CPUDemand(utilization: mean, capacity: record.leftByCap ?? Capacity(vcpus))
        }
    }

    /// N, M, and which rules exist beside the one for CPU.
    struct Trigger: Hashable, Sendable, Codable {
        private(set) var windowLength = Int32(SchedulerState.lengthWithoutPolicy)
        private(set) var breachesNeeded = Int32.max
        private(set) var hasMemory = false
        private(set) var hasNetwork = false
        var hasOthers: Bool { hasMemory || hasNetwork }

        init() {}

        init(_ version: PolicyVersion) {
            windowLength = Int32(clamping: version.windowLength)
            let needed = version.policy?.breachesNeeded(windowLength: version.windowLength)
            breachesNeeded = needed.map { Int32(clamping: $0) } ?? .max
            hasMemory = version.policy?.memory != nil
            hasNetwork = version.policy?.network != nil
        }
    }

    struct RecordedMove: Hashable, Sendable, Codable {
        var cause: MoveCause
        var obstacle: MoveObstacle?
        var dry: DryReason?
    }

    /// A migration whose effect on the measured use of both hosts is not in their samples yet.
    struct Move: Hashable, Sendable, Codable {
        var request: PlacementRequest
        var target: HostID
        /// `nil` while it is under way.
        var endedAt: Timestamp?
    }

    /// What a domain's own host says about moving it.
    struct Examined: Hashable, Sendable, Codable {
        var needs: DomainNeeds?
        /// Why it can't move, in the words of its host's Monitor.
        var obstacle: String?
        var at: Timestamp
        var until: Timestamp
    }

    /// Why and how long a domain is not moved.
    struct MoveRest: Hashable, Sendable, Codable {
        var until: Timestamp?
        var cause = MoveObstacle.Cause.moved
        /// How many migrations failed since the last success.
        var failures = 0
        /// Targets of failed migrations, and until when each is left out.
        var failedTargets: [FailedTarget] = []
    }

    struct FailedTarget: Hashable, Sendable, Codable {
        var host: HostID
        var until: Timestamp
    }
}

extension SchedulerState.DomainEntry {
    mutating func take(_ inventory: DomainRecord) {
        let known = record
        record = inventory
        // Samples are newer than the inventory, which is read less often; but they do not show a domain that stopped.
        if lastSampledAt != nil, inventory.vcpus != 0 {
            record.host = known.host
            if let vcpus = known.vcpus { (record.vcpus, record.leftByCap) = (vcpus, known.leftByCap) }
            if known.memory > .zero { record.memory = known.memory }
            record.networkCap = known.networkCap ?? inventory.networkCap
        }
        if operation != nil { (record.host, record.tenant) = (known.host, known.tenant) }
        if record != known { forgetSteady() }
    }

    /// What it needs of a host, unless that is too old.
    func needs(at now: Timestamp, lasting settings: MoveSettings) -> DomainNeeds? {
        examined.flatMap { now.nanoseconds(since: $0.at) <= settings.maximumBackoffNanoseconds ? $0.needs : nil }
    }

    func hasRule(_ resource: Resource) -> Bool {
        switch resource {
        case .cpu: true
        case .memory: trigger.hasMemory
        case .network: trigger.hasNetwork
        }
    }
}
