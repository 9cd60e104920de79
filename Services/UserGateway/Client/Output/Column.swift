// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel
internal import UserGatewayCore

/// A member of a result and how people read it.
struct Column: Sendable {
    enum Style: Sendable {
        /// Thousandths of a vCPU, in vCPUs.
        case capacity
        case text, state, count, bytes, rate, share, instant, nanoseconds, quantity, money(currency: String)
        /// A number; for memory and disk, as the item's resource says, in bytes.
        case limit
        /// A tenant; without one it is a foreign domain.
        case owner
        /// Labels and lists, on one line.
        case list
    }

    let title: String
    let key: String
    let style: Style
    /// Only in `-o wide`.
    let isWide: Bool
    /// The meaning of null: `unknown`, or that there is none.
    let absence: String

    init(
        _ title: String, _ key: String, _ style: Style = .text, wide isWide: Bool = false,
        null absence: String = "unknown"
    ) {
        self.title = title
        self.key = key
        self.style = style
        self.isWide = isWide
        self.absence = absence
    }

    var isNumeric: Bool {
        switch style {
        case .text, .state, .instant, .owner, .list: false
        case .count, .capacity, .bytes, .rate, .share, .nanoseconds, .quantity, .limit, .money: true
        }
    }

    /// The value for people: `-` if there is none, `unknown` if it is not known. Nothing in it steers a terminal.
    func human(_ item: JSONValue) -> SafeText { SafeText(line: text(item)) }

    private func text(_ item: JSONValue) -> String {
        guard let value = item[key] else { return "-" }
        if value.isNull, case .owner = style { return "(\(item["manager"]?.text ?? "foreign"))" }
        if value.isNull { return absence }
        switch style {
        case .text, .state, .count, .owner: return Self.raw(value)
        case .list: return Self.line(value)
        case .bytes: return value.integer.map(Humanize.bytes) ?? Self.raw(value)
        case .limit where ["memory", "disk"].contains(item["resource"]?.text):
            return value.integer.map(Humanize.bytes) ?? Self.raw(value)
        case .limit: return Self.raw(value)
        case .rate: return value.integer.map { Humanize.bytes($0) + "/s" } ?? Self.raw(value)
        case .capacity: return value.integer.map { "\(Capacity(clamping: $0))" } ?? Self.raw(value)
        case .share: return value.integer.map(Humanize.share) ?? Self.raw(value)
        case .instant: return value.text.map(Humanize.instant) ?? Self.raw(value)
        case .nanoseconds: return value.integer.map(Humanize.duration) ?? Self.raw(value)
        case .quantity: return Humanize.quantity(Self.raw(value), unit: item["unit"]?.text ?? "")
        case .money(let currency): return Humanize.money(nano: Self.raw(value), currency: currency)
        }
    }

    /// `rack=7 zone=north`, `host-b, host-c`; `-` for nothing.
    private static func line(_ value: JSONValue) -> String {
        let parts =
            value.members?.sorted { $0.key < $1.key }.map { "\($0.key)=\(raw($0.value))" }.joined(separator: " ")
            ?? value.items?.map(raw).joined(separator: ", ") ?? raw(value)
        return parts.isEmpty ? "-" : parts
    }

    /// The value for programs: units as in the key's name, unknown as nothing.
    static func raw(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .bool, .integer, .number, .array, .object: String(decoding: value.compact, as: UTF8.self)
        }
    }
}

/// Numbers as people read them.
enum Humanize {
    /// `512 MiB`, or with one decimal `1.3 GiB`.
    static func bytes(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = 0
        var size: Int64 = 1
        while unit < units.count - 1, bytes / size >= 1_024 {
            size *= 1_024
            unit += 1
        }
        return "\(decimal(Int128(bytes), per: Int128(size), places: 1, trims: true)) \(units[unit])"
    }

    /// Percent with one decimal: `41.3 %`, `15 %`.
    static func share(_ ppm: Int64) -> String {
        "\(decimal(Int128(ppm), per: 10_000, places: 1, trims: true)) %"
    }

    /// RFC 3339 in UTC to the second: `2026-03-01 12:00:00Z`.
    static func instant(_ text: String) -> String {
        guard let instant = RFC3339.timestamp(text) else { return text }
        let utc = instant.description
        return utc.prefix(10) + " " + utc.dropFirst(11).prefix(8) + "Z"
    }

    static func duration(_ nanoseconds: Int64) -> String {
        let units: [(Int64, String)] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")]
        for (size, name) in units where nanoseconds >= size {
            return "\(decimal(Int128(nanoseconds), per: Int128(size), places: 1, trims: true)) \(name)"
        }
        return "\(nanoseconds) ns"
    }

    /// A metered quantity in the unit that a price names.
    static func quantity(_ digits: String, unit: String) -> String {
        guard let value = Int128(digits) else { return digits }
        let hour: Int128 = 3_600_000_000_000
        return switch MeteredUnit(rawValue: unit) ?? formerUnits[unit] {
        case .vcpuNanosecond: "\(decimal(value, per: hour, places: 3)) vCPU-h"
        case .thousandthVCPUNanosecond: "\(decimal(value, per: hour * 1_000, places: 3)) vCPU-h"
        case .byteNanosecond: "\(decimal(value, per: hour << 30, places: 3)) GiB-h"
        case .byte: Int64(exactly: value).map(bytes) ?? "\(digits) B"
        case .nanosecond, nil: unit.isEmpty ? digits : "\(digits) \(unit)"
        }
    }

    /// As the gateway's schema named units before it named those of Billing.
    private static let formerUnits: [String: MeteredUnit] = ["vcpu-ns": .vcpuNanosecond, "byte-ns": .byteNanosecond]

    /// Nano-units of a currency: at least two decimals, no more than are needed.
    static func money(nano digits: String, currency: String) -> String {
        guard let nano = Int128(digits) else { return digits }
        var text = decimal(nano, per: 1_000_000_000, places: 9)
        while text.hasSuffix("0"), let point = text.firstIndex(of: "."),
            text.distance(from: point, to: text.endIndex) > 3
        {
            text.removeLast()
        }
        return currency.isEmpty ? text : "\(text) \(currency)"
    }

    /// `value / divisor`, rounded half away from zero.
    private static func decimal(_ value: Int128, per divisor: Int128, places: Int, trims: Bool = false) -> String {
        let scale = (0..<places).reduce(Int128(1)) { product, _ in product * 10 }
        let magnitude = value < 0 ? -value : value
        // The whole part first: the product of a large value and the scale could pass 128 bits.
        let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: divisor)
        let scaled = (rest * scale + divisor / 2) / divisor
        let carried = whole + scaled / scale
        var fraction = String(scaled % scale)
        fraction = String(repeating: "0", count: places - fraction.utf8.count) + fraction
        while trims, fraction.hasSuffix("0") { fraction.removeLast() }
        return (value < 0 ? "-" : "") + "\(carried)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
