// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Which of the last round trips to a host had no answer: one lost answer in a while tells of a bad line, not of a
/// host that is gone.
package struct ResponseHistory: Hashable, Sendable {
    /// So many round trips are looked back at.
    package static let length = 10

    /// Whether each was lost; the newest last.
    private var losses: [Bool] = []

    package init() {}

    /// A round trip ended, or its deadline passed.
    package mutating func record(isLost: Bool) {
        if losses.count == Self.length { losses.removeFirst() }
        losses.append(isLost)
    }

    /// The share of them that was lost; `nil` before the first.
    package var loss: Utilization? {
        guard !losses.isEmpty else { return nil }
        return Utilization(ppm: Int64(losses.count { $0 } * 1_000_000 / losses.count))
    }
}
