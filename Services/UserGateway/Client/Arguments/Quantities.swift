// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ResourceModel
internal import UserGatewayCore

/// Reads quantities as people write them. Every reader throws a `ValidationError` that shows a right form.
enum TypedQuantity {
    /// `512M`, `4GiB`, `1.5g`, `1073741824`: bytes. Units are binary, whichever way they are written.
    static func bytes(_ text: String) throws -> Int64 {
        let wrong = ValidationError("'\(text)' is not an amount of bytes; write for example 512M or 4GiB")
        let letters = text.lowercased().filter { !$0.isWhitespace }
        let digits = letters.prefix { $0.isNumber || $0 == "." }
        let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
        let suffix = letters.dropFirst(digits.count)
        let unit =
            suffix.hasSuffix("ib")
            ? suffix.dropLast(2) : suffix.count > 1 && suffix.hasSuffix("b") ? suffix.dropLast() : suffix
        guard let shift = units[String(unit)], let (numerator, denominator) = decimal(digits) else { throw wrong }
        let (product, overflow) = numerator.multipliedReportingOverflow(by: 1 << Int64(shift))
        guard !overflow, product % denominator == 0 else { throw wrong }
        return product / denominator
    }

    /// `3`, `0.25`: vCPUs, in thousandths of one.
    static func capacity(_ text: String) throws -> Int64 {
        guard let capacity = Capacity(text), capacity > .zero else {
            throw ValidationError("'\(text)' is not a size of CPU; write for example 3, 1.5 or 0.25")
        }
        return capacity.thousandths
    }

    /// `15%`, `0.15`, `3/20`: parts per million, rounded half up, at most 100 %.
    static func share(_ text: String) throws -> Int64 {
        let ppm = try ratio(text)
        guard ppm <= 1_000_000 else {
            throw ValidationError("'\(text)' is more than 100 %; write for example 15%, 0.15 or 3/20")
        }
        return ppm
    }

    /// As `share`, but rounded down: `4/6` becomes 666 666, of which 6 samples are ⌈3.999996⌉ = 4. Rounded up they
    /// would be 5.
    static func quorum(_ text: String) throws -> Int64 {
        guard try share(text) > 0 else { return 0 }
        let (numerator, denominator) = try fraction(text)
        return Int64(clamping: Int128(numerator) * 1_000_000 / Int128(denominator))
    }

    /// As `share`, but may pass 100 %: `2.0`, `150%`.
    static func ratio(_ text: String) throws -> Int64 {
        let (numerator, denominator) = try fraction(text)
        let share = Utilization(numerator: Int128(numerator), denominator: Int128(denominator))
        guard let share, share.ppm <= 1_000_000_000 else { throw notShare(text) }
        return share.ppm
    }

    private static func notShare(_ text: String) -> ValidationError {
        ValidationError("'\(text)' is not a share; write for example 15%, 0.15 or 3/20")
    }

    private static func fraction(_ text: String) throws -> (numerator: Int64, denominator: Int64) {
        let wrong = notShare(text)
        let compact = text.filter { !$0.isWhitespace }
        if compact.hasSuffix("%") {
            guard let percent = decimal(compact.dropLast()) else { throw wrong }
            return (percent.numerator, percent.denominator * 100)
        }
        if let slash = compact.firstIndex(of: "/") {
            guard let upper = Int64(compact[..<slash]), let lower = Int64(compact[compact.index(after: slash)...]),
                upper >= 0, lower > 0
            else { throw wrong }
            return (upper, lower)
        }
        guard let value = decimal(compact[...]) else { throw wrong }
        return value
    }

    /// `30s`, `500ms`, `2m`, `1h`, `7d`; a bare number is seconds. Nanoseconds, above 0.
    static func nanoseconds(_ text: String) throws -> Int64 {
        let wrong = ValidationError("'\(text)' is not a duration; write for example 30s, 5m or 2h")
        let digits = text.prefix { $0.isNumber }
        let units: [String: Int64] = [
            "ms": 1_000_000, "": 1_000_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
            "d": 86_400_000_000_000,
        ]
        guard let count = Int64(digits), count > 0, let unit = units[String(text.dropFirst(digits.count))] else {
            throw wrong
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { throw wrong }
        return product
    }

    /// As `nanoseconds`, in whole seconds: a fraction is refused.
    static func seconds(_ text: String) throws -> Int64 { try whole(text, in: 1_000_000_000, "seconds") }

    /// As `nanoseconds`, in milliseconds.
    static func milliseconds(_ text: String) throws -> Int64 { try whole(text, in: 1_000_000, "milliseconds") }

    private static func whole(_ text: String, in unit: Int64, _ name: String) throws -> Int64 {
        let (count, rest) = try nanoseconds(text).quotientAndRemainder(dividingBy: unit)
        guard rest == 0 else { throw ValidationError("'\(text)' is no whole number of \(name)") }
        return count
    }

    /// As `nanoseconds`, but `0s` is allowed.
    static func wait(_ text: String) throws -> Int64 { ["0", "0s"].contains(text) ? 0 : try nanoseconds(text) }

    /// An instant (`2026-03-01T12:00:00Z`, `2026-03-01`, `20260301`) or how long ago it was (`2h`, `7d`); as the
    /// gateway takes it. A date is the day's first instant in UTC: as an end it leaves that day out. A bare number is
    /// not a duration here: `20260301` would be seven months of seconds.
    static func instant(_ text: String) throws -> String {
        if let instant = RFC3339.timestamp(text) ?? basicDate(text) { return instant.description }
        guard text.last?.isNumber == false, let ago = try? nanoseconds(text) else {
            throw ValidationError(
                "'\(text)' is not an instant from 1970 to 2199; write for example 2026-03-01T12:00:00Z, 2026-03-01, "
                    + "or 2h for two hours ago"
            )
        }
        guard ago <= Surroundings.current.now() else { throw ValidationError("'\(text)' ago is before 1970") }
        return Timestamp(nanoseconds: Surroundings.current.now() - ago).description
    }

    /// `20260301`: a day's first instant in UTC.
    private static func basicDate(_ text: String) -> Timestamp? {
        guard text.utf8.count == 8, text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            return nil
        }
        return RFC3339.timestamp("\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))")
    }

    /// A decimal of at most nine places as a fraction of integers.
    private static func decimal(_ text: Substring) -> (numerator: Int64, denominator: Int64)? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int64(parts[0]), whole >= 0, parts[0].allSatisfy(\.isASCII) else {
            return nil
        }
        guard parts.count == 2 else { return (whole, 1) }
        guard (1...9).contains(parts[1].count), let fraction = Int64(parts[1]), fraction >= 0 else { return nil }
        let denominator = parts[1].reduce(Int64(1)) { product, _ in product * 10 }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: denominator)
        guard !overflow else { return nil }
        let (sum, carries) = scaled.addingReportingOverflow(fraction)
        return carries ? nil : (sum, denominator)
    }
}
