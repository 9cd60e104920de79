// SPDX-License-Identifier: Apache-2.0

/// A condition did not hold by its deadline.
package struct ConditionNotMet: Error, CustomStringConvertible {
    package let description: String
    package init(description: String) { self.description = description }
}

/// Waits until `condition` holds, where there is no event to await (a process, a socket, another session's state).
///
/// Polls every 5 ms; throws `ConditionNotMet` when `limit` has passed, and what `condition` throws.
package func eventually(
    within limit: Duration = .seconds(10), _ what: String = "the condition", _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw ConditionNotMet(description: "\(what) did not hold within \(limit)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
