// SPDX-License-Identifier: Apache-2.0

/// Why a method failed: the stable part of an error that programs may rely on.
package enum ErrorReason: String, Hashable, Sendable, CaseIterable {
    /// It does not exist, or it is not the caller's: the two look alike.
    case notFound = "NOT_FOUND"
    /// The request does not fit the present state (bounds out of order, a size beyond the ceiling).
    case invalid = "INVALID"
    /// Not logged in, or the role does not allow it.
    case denied = "DENIED"
    /// It contradicts something that exists: a name is taken, another change is under way, a key was used with another
    /// body.
    case conflict = "CONFLICT"
    /// A temporary limit; trying again later helps.
    case busy = "BUSY"
    /// A part of Ebb that it needs does not answer; nothing was changed.
    case unavailable = "UNAVAILABLE"
    /// It was begun and its end is not known. Look before asking again.
    case outcomeUnknown = "OUTCOME_UNKNOWN"
    /// No host has room for it within its bounds.
    case noRoom = "NO_ROOM"
    /// The tenant has reached its quota.
    case quota = "QUOTA_EXCEEDED"
    /// A defect of Ebb.
    case `internal` = "INTERNAL"

    /// The JSON-RPC code: outside of -32768...-32000, which the specification reserves.
    package var code: Int64 {
        switch self {
        case .notFound: 1_001
        case .invalid: 1_002
        case .denied: 1_003
        case .conflict: 1_004
        case .busy: 1_005
        case .unavailable: 1_006
        case .outcomeUnknown: 1_007
        case .noRoom: 1_008
        case .internal: 1_009
        case .quota: 1_010
        }
    }

    /// Whether the same request may succeed later, unchanged. `OUTCOME_UNKNOWN` is not: it may have had its effect.
    package var isRetryable: Bool { self == .busy || self == .unavailable || self == .noRoom }

    /// What it means, for the generated documentation.
    package var summary: String {
        switch self {
        case .notFound: "There is nothing of that name for this caller."
        case .invalid: "The values make no sense for what is there."
        case .denied: "The caller is not logged in or its role does not allow it."
        case .conflict: "It contradicts something that is there or under way."
        case .busy: "A limit of the moment was reached; try again later."
        case .unavailable: "A part of Ebb does not answer; nothing was changed."
        case .outcomeUnknown: "It was begun and its end is not known; look before asking again."
        case .noRoom: "No host has room for it within its bounds."
        case .quota: "The tenant has as much as it may have."
        case .internal: "A defect of Ebb."
        }
    }
}

/// A failed method: what every handler throws.
package struct MethodError: Error, Hashable, Sendable {
    package let reason: ErrorReason
    /// For people: one sentence that names the culprit.
    package let message: String
    /// The remedy, where there is one.
    package let hint: String?
    /// When trying again makes sense; only for retryable reasons.
    package let retryAfterMilliseconds: Int64?
    /// What a tenant reads instead of message and hint; `nil`: the same.
    private let toTenants: String?

    /// - Parameter toTenants: what a tenant reads instead of message and hint, if those are the words of the provider's
    ///   people, of another service or of a hypervisor: they may name things that are not the tenant's.
    package init(
        _ reason: ErrorReason, _ message: String, toTenants: String? = nil, hint: String? = nil,
        retryAfterMilliseconds: Int64? = nil
    ) {
        self.reason = reason
        self.message = message
        self.toTenants = toTenants
        self.hint = hint
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    /// The failure as its reader may see it.
    package func seen(by reader: Principal) -> MethodError {
        guard toTenants != nil, reader.tenant == nil else { return seenByAnybody }
        return MethodError(reason, message, hint: hint, retryAfterMilliseconds: retryAfterMilliseconds)
    }

    /// The failure as somebody may see it who has not logged in.
    package var seenByAnybody: MethodError {
        guard let toTenants else { return self }
        return MethodError(reason, toTenants, retryAfterMilliseconds: retryAfterMilliseconds)
    }

    /// The same with a changed message.
    package func mapMessage(_ change: (String) -> String) -> MethodError {
        MethodError(
            reason, change(message), toTenants: toTenants, hint: hint, retryAfterMilliseconds: retryAfterMilliseconds)
    }

    /// The same answer for "does not exist" and "not yours": kind and name as the caller wrote them, nothing else.
    package static func notFound(_ kind: String, _ name: String) -> MethodError {
        MethodError(.notFound, "there is no \(kind) '\(name)'")
    }

    package var rpcError: RPCError {
        RPCError(
            code: reason.code, message: message,
            data: .object(omittingNil: [
                "reason": .string(reason.rawValue), "retryable": .bool(reason.isRetryable),
                "retryAfterMs": retryAfterMilliseconds.map(JSONValue.integer), "hint": hint.map(JSONValue.string),
            ]))
    }
}
