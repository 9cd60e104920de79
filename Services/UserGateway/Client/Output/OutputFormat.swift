// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// How a result is printed. `json` is the gateway's result as it is; its shape only grows.
enum OutputFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    case table, wide, json, yaml, csv, name

    static let names = "one of \(allCases.map(\.rawValue).joined(separator: ", "))"
}
