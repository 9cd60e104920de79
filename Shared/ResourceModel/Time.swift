// SPDX-License-Identifier: Apache-2.0

/// An instant of cluster time: nanoseconds since 1970-01-01T00:00:00Z, never stepped.
///
/// Range: 1970 to 2262. Cores get it as a parameter; only `ServiceKit.ClusterClock` reads one.
package struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = Timestamp(nanoseconds: 0)
    package static let distantFuture = Timestamp(nanoseconds: .max)

    /// Nanoseconds from `earlier` to here; negative if it is later.
    package func nanoseconds(since earlier: Timestamp) -> Int64 { nanoseconds - earlier.nanoseconds }

    package func advanced(byNanoseconds count: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds + count) }

    package func advanced(by duration: Duration) -> Timestamp {
        advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }

    /// RFC 3339 in UTC with nanoseconds, for instance `2026-03-01T12:00:00.000000001Z`.
    package var description: String { CalendarDate.rfc3339(nanoseconds: nanoseconds) }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero; clamped to `Int64`.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product + attoseconds / 1_000_000_000
    }
}

/// A half-open period `[start, end)`.
package struct TimeRange: Hashable, Sendable, Codable, CustomStringConvertible {
    package let start: Timestamp
    package let end: Timestamp

    /// `nil` unless `start <= end`.
    package init?(_ start: Timestamp, _ end: Timestamp) {
        guard start <= end else { return nil }
        self.start = start
        self.end = end
    }

    package var nanoseconds: Int64 { end.nanoseconds(since: start) }
    package var isEmpty: Bool { start == end }
    package func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }

    /// The common part; `nil` if it is empty.
    package func intersection(_ other: TimeRange) -> TimeRange? {
        let range = TimeRange(max(start, other.start), min(end, other.end))
        return range.flatMap { $0.isEmpty ? nil : $0 }
    }

    package var description: String { "[\(start), \(end))" }
}

/// Civil dates in UTC by days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
enum CalendarDate {
    static func rfc3339(nanoseconds: Int64) -> String {
        let (days, rest) = floorDivide(nanoseconds, 86_400_000_000_000)
        let (year, month, day) = civil(daysSinceEpoch: days)
        let seconds = rest / 1_000_000_000
        let date = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
        let time = "\(pad(seconds / 3_600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
        return "\(date)T\(time).\(pad(rest % 1_000_000_000, 9))Z"
    }

    private static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSinceEpoch + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
