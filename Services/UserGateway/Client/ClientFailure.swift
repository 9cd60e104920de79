// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import UserGatewayCore

/// Why a command failed: one sentence with culprit and remedy, and the code that the process ends with.
struct ClientFailure: Error, Hashable, Sendable {
    /// Exit codes: sysexits where one fits. `ebb --help` and docs/exit-codes.md list them.
    enum Code: Int32, CaseIterable, Sendable {
        case failed = 1
        case notFound = 3
        case usage = 64
        case badData = 65
        case unreachable = 69
        case `internal` = 70
        case output = 74
        case retryable = 75
        case unauthorised = 77
        case configuration = 78
        case timedOut = 124
        case interrupted = 130
        case readerGone = 141
        case terminated = 143

        /// What it means, in a few words.
        var meaning: String {
            switch self {
            case .failed: "failed"
            case .notFound: "not found"
            case .usage: "usage"
            case .badData: "bad data"
            case .unreachable: "gateway unreachable"
            case .internal: "internal error"
            case .output: "output not written"
            case .retryable: "try again later"
            case .unauthorised: "not allowed"
            case .configuration: "configuration"
            case .timedOut: "timed out"
            case .interrupted: "interrupted"
            case .readerGone: "nobody reads the output"
            case .terminated: "terminated"
            }
        }

        /// All of them, for `--help`.
        static var list: String {
            "0 done, " + allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: ", ")
        }
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A file could not be written, for the reason that the system gives. Foundation's own words name its domains and
    /// numbers, so they are never shown.
    /// - Parameter attempt: such as "can't write" and the file's path.
    init(_ code: Code, _ attempt: String, _ error: any Error) {
        let reason = Self.systemError(of: error).map { String(cString: strerror($0)) } ?? "the system does not say why"
        self.init(code, "\(attempt): \(reason)")
    }

    /// The system's error number behind an error of Foundation.
    private static func systemError(of error: any Error) -> Int32? {
        if let error = error as? POSIXError { return error.code.rawValue }
        if let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error { return systemError(of: cause) }
        let outer = error as NSError
        if outer.domain == NSPOSIXErrorDomain { return Int32(clamping: outer.code) }
        return switch (error as? CocoaError)?.code {
        case .fileNoSuchFile?, .fileReadNoSuchFile?: ENOENT
        case .fileReadNoPermission?, .fileWriteNoPermission?: EACCES
        case .fileWriteOutOfSpace?: ENOSPC
        case .fileWriteFileExists?: EEXIST
        case .fileWriteVolumeReadOnly?: EROFS
        case .fileReadInvalidFileName?, .fileWriteInvalidFileName?: EINVAL
        default: nil
        }
    }

    /// What the gateway's error means here.
    /// - Parameter definition: the method that failed; it and its parameters are named as they were typed.
    init(_ error: RPCError, of definition: MethodDefinition? = nil) {
        let text = definition.map { FlagNames.inFlags(error.message, of: $0) } ?? error.message
        let hint = definition.map { FlagNames.inFlags(hint: error.hint ?? "", of: $0) } ?? error.hint ?? ""
        message = text + (hint.isEmpty ? "" : "; \(hint)")
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
