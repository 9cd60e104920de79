// SPDX-License-Identifier: Apache-2.0

internal import UserGatewayCore

/// Why a command failed: one sentence with culprit and remedy, and the code that the process ends with.
struct ClientFailure: Error, Hashable, Sendable {
    /// Exit codes: sysexits where one fits, because usage errors are 64 already.
    enum Code: Int32, Sendable {
        case failed = 1, notFound = 3, badData = 65, unreachable = 69, `internal` = 70, retryable = 75, unauthorised =
            77,
            configuration = 78, timedOut = 124
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What the gateway's error means here.
    init(_ error: RPCError) {
        message = error.message + (error.hint.map { "; \($0)" } ?? "")
        code =
            switch error.reason.flatMap(ErrorReason.init) {
            case .notFound: .notFound
            case .invalid: .badData
            case .denied: .unauthorised
            case .internal: .internal
            case .busy, .unavailable, .noRoom: .retryable
            case .conflict, .outcomeUnknown, .quota: error.isRetryable ? .retryable : .failed
            case nil: error.code == -32_602 ? .badData : .internal
            }
    }
}
