// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SchedulerState {
    /// All that is known of one host.
    struct HostEntry: Hashable, Sendable, Codable {
        var record: HostRecord
        var figures: HostFigures?
        var sampledAt: Timestamp?
        var intervalStart: Timestamp?
        var load = HostWindow()
        /// It is not relieved until then: no move helped, or somebody else moves its domains.
        var reliefRestsUntil: Timestamp?
        /// Nothing that is left on it could move: it is not looked at again until then, while it is drained.
        var drainPausesUntil: Timestamp?
        /// What the last attempt to empty or relieve it came to.
        var lastPlan: MovePlan?
        /// What it was found to have.
        var abilities: KnownAbilities?
        /// Where migrations from here failed for a reason that would make them fail again.
        var blocked: [BlockedTarget] = []
        var places = Places()
    }

    /// Where each domain of the last sample stands in the table of domains: only a guess that saves a search.
    struct Places: Hashable, Sendable, Codable {
        var guesses: [Int] = []

        init() {}
        // What is only a guess makes no difference, and is not stored.
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
        /// The last sample made it due.
        private(set) var hasBecomeDue = false
        /// Nothing whose interval began before counts: the last move to or from the host.
        private(set) var countsFrom = Timestamp.zero

        /// `steal` is the mean of the domains that tell it.
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
