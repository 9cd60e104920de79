// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The last round trips to a host: how long the newest took, unless it is too old, and which had no answer. A lost
/// answer now and then means a bad line, not that the host is gone.
package struct ResponseHistory: Hashable, Sendable {
    /// A round trip that was answered.
    package struct RoundTrip: Hashable, Sendable {
        package let nanoseconds: Int64
        package let method: ResponseMethod
        private let endedAt: Timestamp

        package init(nanoseconds: Int64, method: ResponseMethod, endedAt: Timestamp) {
            self.nanoseconds = nanoseconds
            self.method = method
            self.endedAt = endedAt
        }

        fileprivate func isFresh(at now: Timestamp, within age: Duration) -> Bool {
            now <= endedAt.advanced(by: age)
        }
    }

    /// How many round trips are kept.
    package static let length = 10

    private let maximumAge: Duration
    /// Whether each was lost; the newest last.
    private var losses: [Bool] = []
    private var last: RoundTrip?

    /// - Parameter maximumAge: after which a round trip is too old: three intervals, plus the longest time that one may
    ///   take.
    package init(maximumAge: Duration) { self.maximumAge = maximumAge }

    /// Takes a round trip that ended; `nil`: its deadline passed.
    package mutating func record(_ roundTrip: RoundTrip?) {
        if losses.count == Self.length { losses.removeFirst() }
        losses.append(roundTrip == nil)
        last = roundTrip
    }

    /// The newest round trip, if it was answered and is not too old.
    package func last(at now: Timestamp) -> RoundTrip? {
        last.flatMap { $0.isFresh(at: now, within: maximumAge) ? $0 : nil }
    }

    /// The share of lost round trips; `nil` before the first.
    package var loss: Utilization? {
        guard !losses.isEmpty else { return nil }
        return Utilization(ppm: Int64(losses.count { $0 } * 1_000_000 / losses.count))
    }
}
