// SPDX-License-Identifier: Apache-2.0

import FleetModel

/// A recorded trace as a CSV file: a header `t,load`, then one line per value, t from 1 without a hole, the load in
/// percent of the domain's first size with at most four decimals.
enum TraceFile {
    struct Fault: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    /// The loads in parts per million.
    static func loads(_ text: String) throws(Fault) -> [Int64] {
        var lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)[...]
        guard let header = lines.popFirst(), header == "t,load" else {
            throw Fault(description: "line 1: the header must be 't,load'")
        }
        var loads: [Int64] = []
        for line in lines {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let expected = loads.count + 1
            guard fields.count == 2, Int(fields[0]) == expected, let load = ppm(fields[1]) else {
                throw Fault(description: "line \(expected + 1): expected '\(expected),PERCENT', not '\(line)'")
            }
            loads.append(load)
        }
        return loads
    }

    /// `85` or `7.25` percent in parts per million; never through a binary fraction.
    private static func ppm(_ percent: Substring) -> Int64? {
        let parts = percent.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ digits($0, atMost: 6) }) else { return nil }
        guard parts.count > 1 else { return whole * 10_000 }
        guard parts.count == 2, var fraction = digits(parts[1], atMost: 4) else { return nil }
        for _ in parts[1].utf8.count..<4 { fraction *= 10 }
        return whole * 10_000 + fraction
    }

    private static func digits(_ text: Substring, atMost length: Int) -> Int64? {
        let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber && (1...length).contains(text.utf8.count) ? Int64(text) : nil
    }
}
