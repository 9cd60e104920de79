// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// How old a figure is, and whether it still counts as known.
///
/// A figure is known for three of the intervals in which its host is read, plus the time that its way to the database
/// may take; after that it is unknown, whatever its value.
package struct Age: Hashable, Sendable {
    /// Intervals for which a figure is known.
    package static let intervals: Int64 = 3
    /// How long the way to the database may take, in nanoseconds.
    static let way: Int64 = 2_000_000_000
    /// The interval, in nanoseconds, of a host for which it is not known how often it is read.
    static let usualInterval: Int64 = 5_000_000_000

    /// `nil`: nothing was ever read.
    package let nanoseconds: Int64?
    private let limit: Int64

    /// - Parameters:
    ///   - at: when it was read; `nil`: never.
    ///   - interval: from one reading of its host to the next, in nanoseconds; `nil`: not known.
    package init(of at: Timestamp?, interval: Int64?, now: Timestamp) {
        nanoseconds = at.map { max(0, now.nanoseconds(since: $0)) }
        let interval = min(max(0, interval ?? Self.usualInterval), 600_000_000_000)
        limit = Self.intervals * interval + Self.way
    }

    package var isKnown: Bool { nanoseconds.map { $0 <= limit } ?? false }

    /// `value` while it is known, else `nil`.
    package func known<Value>(_ value: Value?) -> Value? { isKnown ? value : nil }
}
