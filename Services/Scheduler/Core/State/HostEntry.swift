// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SchedulerState {
    /// Everything that is known of one host.
    struct HostEntry: Hashable, Sendable, Codable {
        var record: HostRecord
        var figures: HostFigures?
        var sampledAt: Timestamp?
        var intervalStart: Timestamp?
        var load = HostWindow()
        /// Until when it is not relieved: no move helped, or somebody else moves its domains.
        var reliefRestsUntil: Timestamp?
        /// While it is drained: until when it is not looked at again, since none of its domains could move.
        var drainPausesUntil: Timestamp?
        /// The plan of the last attempt to empty or relieve it.
        var lastPlan: MovePlan?
        /// Its abilities, as its Monitor found them.
        var abilities: KnownAbilities?
        /// Targets to which migrations from here failed for a reason that would make them fail again.
        var blocked: [BlockedTarget] = []
        var places = Places()
    }

    /// The place of each domain of the last sample in the table of domains: only a guess that saves a search.
    struct Places: Hashable, Sendable, Codable {
        var guesses: [Int] = []

        init() {}
        // The guesses do not count when states are compared, and are not stored.
        static func == (_: Places, _: Places) -> Bool { true }
        func hash(into _: inout Hasher) {}
        init(from _: any Decoder) throws {}
        func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoKeys.self) }
        private enum NoKeys: CodingKey {}
    }

    /// Whether a host's last known samples were above its bounds: one bit each, the newest lowest.
    struct HostWindow: Hashable, Sendable, Codable {
        private(set) var cpu: UInt64 = 0
        private(set) var memory: UInt64 = 0
        private(set) var steal: UInt64 = 0
        private(set) var known = 0
        /// Whether the last sample made relief due.
        private(set) var hasBecomeDue = false
        /// The instant of the last move to or from the host: samples whose interval began before it don't count.
        private(set) var countsFrom = Timestamp.zero

        /// `steal` is the mean over the domains for which it is known.
        mutating func record(
            _ figures: HostFigures, steal stolen: Utilization?, intervalStart: Timestamp, host: HostRecord,
            settings: SchedulerSettings
        ) {
            guard intervalStart >= countsFrom, let use = figures.cpuUtilization else { return }
            let wasDue = isDue(settings.moves)
            let mask = (1 as UInt64) << UInt64(settings.moves.hostWindowLength) &- 1
            let inUse = figures.memoryUsed.flatMap {
                Utilization(numerator: Int128($0.bytes), denominator: Int128(host.memory.bytes))
            }
            let isShort = host.memoryBound.flatMap { bound in inUse.map { $0 > bound } } ?? false
            cpu = (cpu << 1 | (use > host.cpuBound ? 1 : 0)) & mask
            memory = (memory << 1 | (isShort ? 1 : 0)) & mask
            steal = (steal << 1 | (stolen ?? .zero > settings.stealBound ? 1 : 0)) & mask
            known = min(known + 1, settings.moves.hostWindowLength)
            hasBecomeDue = !wasDue && isDue(settings.moves)
        }

        mutating func restart(countingFrom instant: Timestamp) {
            self = HostWindow()
            countsFrom = instant
        }

        func isDue(_ settings: MoveSettings) -> Bool { isCPUDue(settings) || isMemoryDue(settings) }

        func isCPUDue(_ settings: MoveSettings) -> Bool {
            (cpu | steal).nonzeroBitCount >= settings.hostBreachesNeeded
        }

        func isMemoryDue(_ settings: MoveSettings) -> Bool { memory.nonzeroBitCount >= settings.hostBreachesNeeded }
    }
}
