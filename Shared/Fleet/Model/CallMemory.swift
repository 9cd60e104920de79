// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// The mutating calls that a host remembers, so that a repeated one has no second effect.
struct CallMemory: Sendable {
    enum Outcome: Hashable, Sendable {
        case underWay(until: Timestamp)
        /// `at`: when it took effect, by the clock of the host that was called.
        case done(at: Timestamp)
        case refused(FleetRefusal)
    }

    struct Call: Hashable, Sendable {
        let change: FleetChange
        var outcome: Outcome
        /// Whether its first answer gets lost.
        var losesAnswer: Bool
    }

    /// A caller repeats within minutes; this is more than a host does in days.
    static let limit = 4_096

    private var calls: [UUID128: Call] = [:]
    /// Oldest first, from `firstIndex` on.
    private var order: [UUID128] = []
    private var firstIndex = 0

    func call(_ id: UUID128) -> Call? { calls[id] }

    /// Remembers a call and forgets the oldest ones beyond the limit, but none that is under way.
    mutating func remember(_ id: UUID128, _ call: Call) {
        if calls.updateValue(call, forKey: id) == nil { order.append(id) }
        var examined = 0
        while calls.count > Self.limit, examined < Self.limit {
            examined += 1
            let oldest = order[firstIndex]
            firstIndex += 1
            if case .underWay? = calls[oldest]?.outcome { order.append(oldest) } else { calls[oldest] = nil }
        }
        if firstIndex > Self.limit {
            order.removeFirst(firstIndex)
            firstIndex = 0
        }
    }

    /// Takes note that the answer to this call was lost, as scripted; the next one is not.
    mutating func loseAnswer(_ id: UUID128) { calls[id]?.losesAnswer = false }
}
