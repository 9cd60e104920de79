// SPDX-License-Identifier: Apache-2.0

/// Why a service stops before it serves: one clear sentence and the exit code that goes with it.
package struct StartupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Exit codes of the sysexits family, as swift-argument-parser uses them.
    package enum Code: Int32, Hashable, Sendable {
        case usage = 64
        case unavailable = 69
        case software = 70
        case notPermitted = 77
        case configuration = 78
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static func usage(_ message: String) -> StartupError { .init(.usage, message) }
    package static func configuration(_ message: String) -> StartupError { .init(.configuration, message) }
    package static func unavailable(_ message: String) -> StartupError { .init(.unavailable, message) }
    package static func notPermitted(_ message: String) -> StartupError { .init(.notPermitted, message) }

    package var description: String { message }
}
