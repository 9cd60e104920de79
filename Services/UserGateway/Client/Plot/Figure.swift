// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A VM's load beside its host's, with bounds, size and actions: the data of the paper's figures.
///
/// Series have one value per sample; `null` is unknown and leaves a gap.
struct Figure: Codable, Equatable, Sendable {
    struct Action: Codable, Equatable, Sendable {
        /// The sample's index.
        let t: Int
        let label: String
    }

    var title: String?
    /// The index of the first sample (default 0).
    var firstSample: Int?
    /// Names for the legend (default "VM" and "host").
    var vm: String?
    var host: String?
    var vmLoadPercent: [Double?]
    var hostLoadPercent: [Double?]?
    var lowerPercent: Double?
    var upperPercent: Double?
    var vcpus: [Int?]?
    var actions: [Action]?

    static let maximumSamples = 100_000
    /// Bytes: the most samples of all series, each with many digits.
    private static let largestFile = 16 << 20

    /// Reads and checks a file; throws a `ClientFailure` that names the culprit.
    static func load(_ path: String) throws -> Figure {
        let text = try FileText.read(
            path, atMost: largestFile, failing: .badData, remedy: "name the JSON file that holds the figure")
        do {
            let figure = try JSONDecoder().decode(Figure.self, from: Data(text.utf8))
            if let fault = figure.fault { throw ClientFailure(.badData, "\(path): \(fault)") }
            return figure
        } catch let error as DecodingError {
            throw ClientFailure(.badData, "\(path) is not a figure: \(error.sentence)")
        }
    }

    /// Why it can't be drawn.
    var fault: String? {
        guard (2...Self.maximumSamples).contains(vmLoadPercent.count) else {
            return "vmLoadPercent has \(vmLoadPercent.count) samples; give 2 to \(Self.maximumSamples)"
        }
        for (name, count) in [("hostLoadPercent", hostLoadPercent?.count), ("vcpus", vcpus?.count)] {
            if let count, count != vmLoadPercent.count {
                return "\(name) has \(count) samples, vmLoadPercent \(vmLoadPercent.count); give as many of each"
            }
        }
        let loads =
            (vmLoadPercent + (hostLoadPercent ?? [])).compactMap { $0 } + [lowerPercent ?? 0, upperPercent ?? 0]
        if let load = loads.first(where: { !(0...10_000).contains($0) }) { return "a load of \(load) % can't be drawn" }
        if let size = vcpus?.compactMap({ $0 }).first(where: { !(0...1_024).contains($0) }) {
            return "a size of \(size) vCPUs can't be drawn"
        }
        let indices = first...(first + vmLoadPercent.count - 1)
        if let action = actions?.first(where: { !indices.contains($0.t) }) {
            return "the action at t = \(action.t) lies outside of \(indices.lowerBound) to \(indices.upperBound)"
        }
        return nil
    }

    var first: Int { min(max(firstSample ?? 0, -1_000_000_000), 1_000_000_000) }
    var count: Int { vmLoadPercent.count }
    var vmName: String { vm ?? "VM" }
    var hostName: String { host ?? "host" }

    /// The top of the load axis: 100 %, or the next 20 % above the highest load.
    var ceilingPercent: Double {
        let highest = (vmLoadPercent + (hostLoadPercent ?? [])).compactMap { $0 }.max() ?? 0
        return max(100, (highest / 20).rounded(.up) * 20)
    }

    /// The sizes that the strip shows: all that occur, and one neighbour so that a constant size is a line, not a
    /// frame.
    var sizes: ClosedRange<Int>? {
        guard let sizes = vcpus?.compactMap({ $0 }), let lowest = sizes.min(), let highest = sizes.max() else {
            return nil
        }
        return lowest == highest ? max(0, lowest - 1)...highest : lowest...highest
    }

    /// Indices for the axis: round numbers, about `target` of them.
    func ticks(about target: Int) -> [Int] {
        let span = max(1, count - 1)
        let steps = (0..<10).flatMap { power in
            [1, 2, 5].map { step in (0..<power).reduce(step) { product, _ in product * 10 } }
        }
        let step = steps.first { span / $0 <= max(1, target) } ?? span
        let start = Int((Double(first) / Double(step)).rounded(.up)) * step
        return Array(stride(from: start, through: first + count - 1, by: step))
    }
}

extension DecodingError {
    /// What is wrong, and where.
    var sentence: String {
        switch self {
        case .keyNotFound(let key, let context): "'\((context.codingPath + [key]).path)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? context.debugDescription : "\(context.codingPath.path) \(context.debugDescription)"
        @unknown default: "it does not have the form that is expected"
        }
    }
}

extension [any CodingKey] {
    fileprivate var path: String { map(\.stringValue).joined(separator: ".") }
}
