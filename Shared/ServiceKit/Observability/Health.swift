// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization

/// What `/readyz` says: named checks, each fine or with a reason. A service is ready while all checks are fine that it
/// needs.
package final class Health: Sendable {
    private struct Check {
        let name: String
        var fault: String?
        /// Whether the service does nothing without it; otherwise it only does less.
        var isNeeded: Bool
    }
    private struct State {
        var checks: [Check] = []
        var isDraining = false
    }
    private let state = Mutex(State())

    package init() {}

    /// Sets or replaces a check; `fault` is one sentence, `nil` if all is well.
    ///
    /// - Parameter isNeeded: `false` if the service does less without it, and is ready all the same: degraded.
    package func report(_ name: String, fault: String?, isNeeded: Bool = true) {
        let check = Check(name: name, fault: fault, isNeeded: isNeeded)
        state.withLock { state in
            if let index = state.checks.firstIndex(where: { $0.name == name }) {
                state.checks[index] = check
            } else {
                state.checks.append(check)
            }
        }
    }

    /// From now on the service is not ready: it is about to stop.
    package func drain() { state.withLock { $0.isDraining = true } }

    package var isReady: Bool {
        state.withLock { state in !state.isDraining && state.checks.allSatisfy { $0.fault == nil || !$0.isNeeded } }
    }

    /// One line per check, as Kubernetes' `?verbose` writes them: `[+]database ok` or `[-]database …`; `[~]monitor
    /// degraded: …` for a check that is not needed.
    package var report: String {
        state.withLock { state in
            let lines = state.checks.map { check in
                check.fault.map(terminalLine).map {
                    check.isNeeded ? "[-]\(check.name) \($0)" : "[~]\(check.name) degraded: \($0)"
                } ?? "[+]\(check.name) ok"
            }
            return (lines + (state.isDraining ? ["[-]shutdown under way"] : [])).map { $0 + "\n" }.joined()
        }
    }
}
