// SPDX-License-Identifier: Apache-2.0

internal import CSodium

/// libsodium, made ready once for the process; every function of this module asks for it first.
enum Sodium {
    /// libsodium wants `sodium_init()` before any other call. It may be called from any thread and fails only where the
    /// system has no random numbers to give, without which no service could work at all.
    static let isReady: Bool = sodium_init() >= 0

    static func requireReady() { precondition(isReady, "libsodium can't start: the system gives no random numbers") }
}
