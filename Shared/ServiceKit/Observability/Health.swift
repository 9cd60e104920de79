// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization

/// What `/readyz` says: named checks, each fine or with a reason. A service is ready while all are fine.
package final class Health: Sendable {
    private struct State {
        var checks: [(name: String, fault: String?)] = []
        var isDraining = false
    }
    private let state = Mutex(State())

    package init() {}

    /// Sets or replaces a check; `fault` is one sentence, `nil` if all is well.
    package func report(_ name: String, fault: String?) {
        state.withLock { state in
            if let index = state.checks.firstIndex(where: { $0.name == name }) {
                state.checks[index].fault = fault
            } else {
                state.checks.append((name, fault))
            }
        }
    }

    /// From now on the service is not ready: it is about to stop.
    package func drain() { state.withLock { $0.isDraining = true } }

    package var isReady: Bool {
        state.withLock { state in !state.isDraining && state.checks.allSatisfy { $0.fault == nil } }
    }

    /// One line per check, as Kubernetes' `?verbose` writes them: `[+]database ok` or `[-]database …`.
    package var report: String {
        state.withLock { state in
            let lines = state.checks.map { check in
                check.fault.map { "[-]\(check.name) \(terminalLine($0))" } ?? "[+]\(check.name) ok"
            }
            return (lines + (state.isDraining ? ["[-]shutdown under way"] : [])).map { $0 + "\n" }.joined()
        }
    }
}
