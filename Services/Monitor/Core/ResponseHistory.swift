// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The last round trips to a host: how long the newest took, while that is no old news, and which had no answer. One lost
/// answer in a while tells of a bad line, not of a host that is gone.
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

    /// So many round trips are looked back at.
    package static let length = 10

    private let maximumAge: Duration
    /// Whether each was lost; the newest last.
    private var losses: [Bool] = []
    private var last: RoundTrip?

    /// - Parameter maximumAge: after which a round trip tells nothing any more: three intervals, and what one may take.
    package init(maximumAge: Duration) { self.maximumAge = maximumAge }

    /// A round trip ended; `nil`: its deadline passed.
    package mutating func record(_ roundTrip: RoundTrip?) {
        if losses.count == Self.length { losses.removeFirst() }
        losses.append(roundTrip == nil)
        last = roundTrip
    }

    /// The newest, if it was answered and is no old news: one that hangs says nothing.
    package func last(at now: Timestamp) -> RoundTrip? {
        last.flatMap { $0.isFresh(at: now, within: maximumAge) ? $0 : nil }
    }

    /// The share of them that was lost; `nil` before the first.
    package var loss: Utilization? {
        guard !losses.isEmpty else { return nil }
        return Utilization(ppm: Int64(losses.count { $0 } * 1_000_000 / losses.count))
    }
}
