// SPDX-License-Identifier: Apache-2.0

/// An instant of cluster time: nanoseconds since 1970-01-01T00:00:00Z, never stepped.
///
/// Range: 1910 to 2200, so that the distance of any two fits into 64 bits and sixty years can be added to any. Facts
/// are from 1970 and later; an earlier instant was computed, such as two hours before the first one. Cores get the time
/// as a parameter; only `ServiceKit.ClusterClock` reads it.
package struct Timestamp: Comparable, Codable, CustomStringConvertible, BoundedQuantity {
    package let nanoseconds: Int64

    /// What may come from outside: 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z.
    package static let bounds: ClosedRange<Int64> = 0...7_258_118_400_000_000_000
    /// 1910-01-01T00:00:00Z.
    private static let earliest: Int64 = -1_893_456_000_000_000_000

    /// An instant outside the range is taken as its nearest end: before or after everything that there is.
    package init(nanoseconds: Int64) { self.nanoseconds = min(max(nanoseconds, Self.earliest), Self.bounds.upperBound) }
    /// The nearest instant that may come from outside.
    package init(clamping amount: Int64) { self.init(nanoseconds: max(Self.bounds.lowerBound, amount)) }

    package static let zero = Timestamp(nanoseconds: 0)
    /// The end of the range: nothing is later.
    package static let distantFuture = Timestamp(nanoseconds: bounds.upperBound)

    /// Nanoseconds from `earlier` to here; negative if it is later.
    package func nanoseconds(since earlier: Timestamp) -> Int64 { nanoseconds - earlier.nanoseconds }

    /// Stays within the range.
    package func advanced(byNanoseconds count: Int64) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds.addedOrClamped(count))
    }

    /// Stays within the range.
    package func advanced(by duration: Duration) -> Timestamp {
        advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    package init(from decoder: any Decoder) throws {
        let nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
        // Older versions wrote the largest number for the distant future.
        guard nanoseconds == .max || (Self.earliest...Self.bounds.upperBound).contains(nanoseconds) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(nanoseconds) is no instant before 2200"))
        }
        self.init(nanoseconds: nanoseconds)
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
        return seconds.multipliedOrClamped(by: 1_000_000_000).addedOrClamped(attoseconds / 1_000_000_000)
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

    private enum CodingKeys: CodingKey { case start, end }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let (start, end) = (
            try container.decode(Timestamp.self, forKey: .start), try container.decode(Timestamp.self, forKey: .end)
        )
        guard let range = TimeRange(start, end) else {
            throw DecodingError.dataCorruptedError(
                forKey: .end, in: container, debugDescription: "\(end) is before \(start)")
        }
        self = range
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
