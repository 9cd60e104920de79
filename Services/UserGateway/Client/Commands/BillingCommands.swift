// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import UserGatewayCore

/// Whose, and from when to when.
struct PeriodOptions: ParsableArguments {
    @Option(help: help("bill.show", "tenant")) var tenant: String?
    @Option(help: help("bill.show", "from")) var from: String?
    @Option(help: help("bill.show", "to")) var to: String?

    func parameters() throws -> [String: JSONValue?] {
        [
            "tenant": .optional(tenant), "from": .optional(try from.map { try Quantity.instant($0) }),
            "to": .optional(try to.map { try Quantity.instant($0) }),
        ]
    }
}

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "usage", "What VMs used.", examples: ["ebb usage show --from 2026-03-01 --to 2026-04-01"],
        verbs: [UsageShow.self])
}

struct UsageShow: GatewayCommand {
    static let method = "usage.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb usage show", "ebb usage show --tenant acme --from 2026-03-01 -o csv"])

    @OptionGroup var period: PeriodOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] { try period.parameters() }

    func view(of result: JSONValue) -> View { .usage }
}

struct BillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "bill", "What is owed.", examples: ["ebb bill show --from 2026-03-01 --to 2026-04-01"],
        verbs: [BillShow.self])
}

struct BillShow: GatewayCommand {
    static let method = "bill.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb bill show", "ebb bill show --tenant acme --from 2026-03-01 -o json"])

    @OptionGroup var period: PeriodOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] { try period.parameters() }

    func view(of result: JSONValue) -> View { .bill(currency: result["currency"]?.text ?? "") }
}

struct RateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "rate", "Rate cards.", examples: ["ebb rate show", "ebb rate set card.yaml --valid-from 2026-04-01"],
        verbs: [RateShow.self, RateSet.self])
}

struct RateShow: GatewayCommand {
    static let method = "rate.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb rate show", "ebb rate show --at 2026-03-01"])

    @Option(help: help(method, "at")) var at: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        ["at": .optional(try at.map { try Quantity.instant($0) })]
    }

    func view(of result: JSONValue) -> View { .rates }
}

struct RateSet: MutatingCommand {
    static let method = "rate.set"
    static let configuration = CommandConfiguration(
        "set", calls: method, examples: ["ebb rate set card.json", "ebb rate set card.json --valid-from 2026-04-01"])

    @Argument(help: "A JSON file that holds the rate card.") var file: String
    @Option(help: help(method, "validFrom")) var validFrom: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        ["card": try card(), "validFrom": .optional(try validFrom.map { try Quantity.instant($0) })]
    }

    private func card() throws -> JSONValue {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw ClientFailure(.badData, "can't read \(file): \(error.localizedDescription)")
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: data)
        } catch {
            throw ClientFailure(.badData, "\(file) is not JSON: \(error)")
        }
    }

    func view(of result: JSONValue) -> View { .rates }
}
