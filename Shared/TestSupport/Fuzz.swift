// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import ResourceModel

/// A source of inputs that nobody sends by mistake: the ends of every range, what lies beside them, and texts that are
/// nearly right. The same seed gives the same inputs.
///
/// The code under test must answer or refuse; a trap ends the test process, and the line that `run` printed last says
/// how to repeat it.
package struct Fuzz: Sendable {
    /// `EBB_FUZZ_SEED`, or one that is always the same.
    package static let seed = ProcessInfo.processInfo.environment["EBB_FUZZ_SEED"].flatMap { UInt64($0) } ?? 2_011
    /// The factor by which the number of rounds is multiplied: `EBB_FUZZ_ROUNDS`.
    private static let factor = ProcessInfo.processInfo.environment["EBB_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1

    package var random: SeededGenerator

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Runs `body` for `rounds` rounds, each with inputs of its own; prints the seed, and with `EBB_FUZZ_TRACE` each
    /// round, so that the last line names the one that ended the process.
    package static func run(_ name: String, rounds: Int, _ body: (inout Fuzz) throws -> Void) rethrows {
        let isTraced = ProcessInfo.processInfo.environment["EBB_FUZZ_TRACE"] != nil
        say("fuzz: \(name), seed \(seed); EBB_FUZZ_SEED=\(seed) EBB_FUZZ_TRACE=1 repeats it and names the round")
        for round in 0..<(rounds * max(1, min(factor, 100_000))) {
            if isTraced { say("fuzz: \(name), seed \(seed), round \(round)") }
            var source = Fuzz(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(round))
            try body(&source)
        }
    }

    /// At once: what comes next may end the process.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    // MARK: - Numbers

    private static let edges: [Int64] = [
        .min, .min + 1, -(1 << 53), -(1 << 31) - 1, -(1 << 31), -1_000_000_000, -1, 0, 1, 2, 59, 60, 127, 128, 255,
        1_023,
        1_024, 65_535, 65_536, 65_537, 999_999, 1_000_000, 1_000_001, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 40) - 1,
        1 << 43, 1 << 46, (1 << 50) - 1, 1 << 50, (1 << 50) + 1, 1 << 53, (1 << 53) + 1, 1 << 62,
        86_400_000_000_000, 7_258_118_400_000_000_000, .max - 1, .max,
    ]

    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    package mutating func index(below count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &random) }

    package mutating func pick<Value>(_ values: [Value]) -> Value { values[index(below: values.count)] }

    /// An end of some range, something beside one, a small number, or any.
    package mutating func int64() -> Int64 {
        switch index(below: 10) {
        case 0..<5: pick(Self.edges)
        case 5: pick(Self.edges) &+ Int64.random(in: -3...3, using: &random)
        case 6, 7: Int64.random(in: 0...100, using: &random)
        case 8: Int64.random(in: 0...(1 << 45), using: &random)
        default: Int64.random(in: .min ... .max, using: &random)
        }
    }

    package mutating func uint64() -> UInt64 {
        chance(20) ? .max - UInt64(index(below: 3)) : UInt64(bitPattern: int64())
    }
    package mutating func int() -> Int { Int(int64()) }
    package mutating func optional<Value>(_ make: (inout Fuzz) -> Value) -> Value? { chance(25) ? nil : make(&self) }

    // MARK: - Quantities, as their constructors let them be

    package mutating func bytes() -> ByteCount { ByteCount(clamping: int64()) }
    package mutating func vcpus() -> VCPUCount { VCPUCount(clamping: int64()) }
    package mutating func share() -> Utilization { Utilization(ppm: int64()) }
    package mutating func instant() -> Timestamp { Timestamp(nanoseconds: int64()) }
    package mutating func period() -> TimeRange? { TimeRange(instant(), instant()) }
    package mutating func domain(of count: Int = 4) -> DomainID {
        DomainID(UUID128(high: 0, low: UInt64(index(below: count))))
    }
    package mutating func host(of count: Int = 3) -> HostID { HostID(trusted: "h\(index(below: count))") }

    // MARK: - Texts

    private static let pieces = [
        "", " ", "0", "-", "-0", "+1", "1e309", "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "-9223372036854775809", "99999999999999999999999999999999999999999", "NaN", "null", "\u{0}", "\u{7F}", "é", "٣",
        "\u{FEFF}",
        "\u{1F468}\u{200D}\u{1F469}", "../", "/", "//", "://", "%00", "%", "?", "#", "@", "[", "]", ":", ";", ",", "'",
        "\"", "\\",
        "\n", "\r\n", "\t", "<", ">", "&", "&amp;", "&#0;", "<!--", "]]>", "$(x)", "`x`", "{", "}", "true", "1.5", ".",
        "..", "12",
        "2026-03-01T12:00:00Z", "9999-12-31T23:59:60Z", "0000-00-00", "1970-01-01", "+25:61", "5m", "1h", "7d", "500ms",
        "GiB",
        "KiB", "7/10", "80%", "1/0", "0/1", "a", "host-1", "qemu+tls", "unix", "0x10", "1_000",
    ]

    /// Several pieces in a row, or very many of one.
    package mutating func text() -> String {
        if chance(3) { return String(repeating: pick(Self.pieces), count: 2_000) }
        return (0..<index(below: 6)).map { _ in pick(Self.pieces) }.joined()
    }

    /// The sample with a few of its bytes, digits or parts replaced.
    package mutating func mutated(_ sample: [UInt8]) -> [UInt8] {
        var bytes = sample
        for _ in 0...index(below: 6) {
            let place = index(below: bytes.count + 1)
            switch index(below: 7) {
            case 0 where !bytes.isEmpty: bytes[min(place, bytes.count - 1)] = UInt8.random(in: 0...255, using: &random)
            case 1 where !bytes.isEmpty: bytes[min(place, bytes.count - 1)] ^= 1 << UInt8(index(below: 8))
            case 2: bytes.insert(contentsOf: Array(pick(Self.pieces).utf8), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + index(below: 9)))
            case 4:
                let end = min(bytes.count, place + index(below: 64))
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: index(below: bytes.count + 1))
            case 5: replaceNumber(in: &bytes, from: place)
            default: bytes = Array(bytes.prefix(place))
            }
            if bytes.count > 200_000 { bytes = Array(bytes.prefix(200_000)) }
        }
        return bytes
    }

    package mutating func mutated(_ sample: String) -> String {
        String(decoding: mutated(Array(sample.utf8)), as: UTF8.self)
    }

    /// The next run of digits becomes another number.
    private mutating func replaceNumber(in bytes: inout [UInt8], from place: Int) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: Array(String(int64()).utf8))
    }

    // MARK: - JSON

    /// A JSON text of any kind, or nearly one.
    package mutating func json(depth: Int = 3) -> String {
        switch index(below: depth > 0 ? 8 : 6) {
        case 0, 1: String(int64())
        case 2: pick(["null", "true", "false", "[]", "{}", "1e400", "-0.0", "0.1", "18446744073709551615"])
        case 3, 4: quoted(text())
        case 5: quoted(pick(["a", "h1", "2026-03-01T12:00:00Z", "00000000-0000-0000-0000-000000000001"]))
        case 6: "[" + (0..<index(below: 4)).map { _ in json(depth: depth - 1) }.joined(separator: ",") + "]"
        default:
            "{"
                + (0..<index(below: 4)).map { _ in "\(quoted(text())):\(json(depth: depth - 1))" }
                .joined(separator: ",") + "}"
        }
    }

    /// A JSON object of these members, each of any kind; some are missing.
    package mutating func object(_ names: [String]) -> String {
        let members = names.compactMap { name in optional { "\"\(name)\":\($0.json(depth: 2))" } }
        return "{\(members.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
