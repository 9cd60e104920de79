// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Holds every metric of the process and writes them in Prometheus' text format 0.0.4.
///
/// Hand-written because no Prometheus backend of swift-metrics is among our packages; it keeps to what the format
/// needs: counters, gauges and histograms with fixed buckets.
package final class PrometheusRegistry: Sendable {
    /// Upper bounds in seconds of every histogram of durations.
    package static let durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    enum Value: Sendable {
        case counter(Double)
        case gauge(Double)
        case histogram(counts: [UInt64], sum: Double, count: UInt64)

        var typeName: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    struct Key: Hashable, Sendable {
        let name: String
        /// In the order in which they were given, names already sanitised.
        let labels: [String]
    }

    private struct State: Sendable {
        var values: [Key: Value] = [:]
        var help: [String: String] = [:]
    }

    /// At most this many series; more are dropped, so that labels can't exhaust the memory.
    private static let maximumSeries = 20_000
    private let state = Mutex(State())

    package init() {}

    /// The sentence of a metric's `# HELP` line.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[Self.sanitize(name)] = help }
    }

    func key(_ label: String, _ dimensions: [(String, String)]) -> Key {
        Key(
            name: Self.sanitize(label),
            labels: dimensions.map { "\(Self.sanitize($0.0))=\"\(Self.escape($0.1))\"" })
    }

    func update(_ key: Key, initial: Value, _ change: @Sendable (inout Value) -> Void) {
        state.withLock { state in
            if state.values[key] == nil {
                guard state.values.count < Self.maximumSeries else { return }
                state.values[key] = initial
            }
            if var value = state.values[key] {
                change(&value)
                state.values[key] = value
            }
        }
    }

    func remove(_ key: Key) {
        state.withLock { state in _ = state.values.removeValue(forKey: key) }
    }

    /// The exposition, sorted by name and labels; ends with a newline.
    package func text() -> String {
        let snapshot = state.withLock { $0 }
        let names = Dictionary(grouping: snapshot.values.keys, by: \.name)
        var lines: [String] = []
        for name in names.keys.sorted() {
            let keys = (names[name] ?? []).sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
            guard let first = keys.first.flatMap({ snapshot.values[$0] }) else { continue }
            lines.append("# HELP \(name) \(snapshot.help[name] ?? "No description.")")
            lines.append("# TYPE \(name) \(first.typeName)")
            for key in keys {
                if let value = snapshot.values[key] { lines += Self.lines(key, value) }
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(_ key: Key, _ value: Value) -> [String] {
        switch value {
        case .counter(let number), .gauge(let number):
            return ["\(key.name)\(braces(key.labels)) \(format(number))"]
        case .histogram(let counts, let sum, let count):
            var cumulative: UInt64 = 0
            var lines: [String] = []
            for (bound, bucket) in zip(durationBuckets, counts) {
                cumulative += bucket
                lines.append("\(key.name)_bucket\(braces(key.labels + ["le=\"\(format(bound))\""])) \(cumulative)")
            }
            lines.append("\(key.name)_bucket\(braces(key.labels + ["le=\"+Inf\""])) \(count)")
            lines.append("\(key.name)_sum\(braces(key.labels)) \(format(sum))")
            lines.append("\(key.name)_count\(braces(key.labels)) \(count)")
            return lines
        }
    }

    private static func braces(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }

    private static func format(_ number: Double) -> String {
        number.magnitude < 1e15 && number == number.rounded() ? String(Int64(number)) : String(number)
    }

    /// Letters, digits, `_` and `:`; everything else becomes `_`.
    static func sanitize(_ name: String) -> String {
        // Nearly every name is fine as it is, and names are looked at with every observation.
        if name.utf8.allSatisfy(isPlain), let first = name.utf8.first, !isDigit(first) { return name }
        let mapped = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" }
        guard let first = mapped.first else { return "_" }
        return first.isNumber ? "_" + String(mapped) : String(mapped)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: ":"):
            true
        default: isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return text }
        return escapeAll(text)
    }

    private static func escapeAll(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
    }
}
