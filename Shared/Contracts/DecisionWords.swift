// SPDX-License-Identifier: Apache-2.0

/// What was decided: the word of a decision's row, and of its record.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    case grow, shrink, migrate, refuse, nothing
}

/// Why it was decided; stable, for programs.
package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
    case enoughAbove = "enough-above"
    case enoughBelow = "enough-below"
    /// The guest swaps or faults: memory is given back at once.
    case memoryPressure = "memory-pressure"
    /// The policy does not allow the present size.
    case outsideSizes = "outside-sizes"
    /// The domain's own host has no room, but another one has.
    case ownHostFull = "own-host-full"
    /// It moves away to relieve its host.
    case hostOverload = "host-overload"
    /// It moves away because its host is drained.
    case drain
    /// It moves away so that a neighbour can grow.
    case makesRoom = "makes-room"
    /// It moves to a host that its pin or group allows.
    case brokenTie = "broken-tie"
    case atPolicyMaximum = "at-policy-maximum"
    case atPolicyMinimum = "at-policy-minimum"
    case atCeiling = "at-ceiling"
    case projectionAboveUpper = "projection-above-upper"
    case projectionBelowLower = "projection-below-lower"
    /// The guest would have too little unused memory left.
    case availableBelowFloor = "available-below-floor"
    case steal
    case cooldown
    case noRoom = "no-room"
    /// Other growths on the same host are served before it.
    case queued
    /// It would need to move, and can't.
    case cannotMove = "cannot-move"
    case settling
    case blackout
    case tooFewBreaches = "too-few-breaches"
    case tooManyUnknown = "too-many-unknown"
    case noKnownSamples = "no-known-samples"
    case noPolicy = "no-policy"
    case optedOut = "opted-out"
    case changeInFlight = "change-in-flight"
    case sizeUnknown = "size-unknown"
    /// A cap leaves it less than its vCPUs: more of them would change nothing.
    case underCap = "under-cap"
    /// Somebody else moved it.
    case foreignMove = "foreign-move"
    /// Somebody ordered Ebb to move it.
    case orderedMove = "ordered-move"
}

/// Why a domain is moved other than to grow, without which neighbour or which tie.
package enum MoveCauseWord: String, Hashable, Sendable, Codable, CaseIterable {
    case relief, drain, makeRoom, broken
}

/// Of a decision's record, what others than Scheduler go by; the rest of it is only shown.
package struct DecisionExcerpt: JSONDocument, Hashable {
    /// `nil`: it is about a size.
    package var moveCause: Recognised<MoveCauseWord>?

    package init(moveCause: MoveCauseWord?) { self.moveCause = moveCause.map { .known($0) } }

    private enum CodingKeys: CodingKey { case move }
    private enum MoveKeys: CodingKey { case cause }

    /// A cause is the only member of an object, which holds what it is about.
    private struct CauseKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        let record = try decoder.container(keyedBy: CodingKeys.self)
        guard record.contains(.move), try !record.decodeNil(forKey: .move) else { return }
        let move = try record.nestedContainer(keyedBy: MoveKeys.self, forKey: .move)
        let cause = try move.nestedContainer(keyedBy: CauseKey.self, forKey: .cause)
        moveCause = cause.allKeys.first.map { Recognised($0.stringValue) }
    }

    package func encode(to encoder: any Encoder) throws {
        var record = encoder.container(keyedBy: CodingKeys.self)
        guard let moveCause else { return }
        var move = record.nestedContainer(keyedBy: MoveKeys.self, forKey: .move)
        var cause = move.nestedContainer(keyedBy: CauseKey.self, forKey: .cause)
        _ = cause.nestedContainer(keyedBy: CauseKey.self, forKey: CauseKey(stringValue: moveCause.text))
    }
}
