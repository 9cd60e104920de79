// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// The tenant and the period.
struct PeriodOptions: ParsableArguments {
    @Option(help: help("bill.show", "tenant")) var tenant: String?
    @Option(help: help("bill.show", "from")) var from: String?
    @Option(help: help("bill.show", "to")) var to: String?

    func parameters() throws -> [String: JSONValue?] {
        [
            "tenant": .optional(tenant), "from": .optional(try from.map { try TypedQuantity.instant($0) }),
            "to": .optional(try to.map { try TypedQuantity.instant($0) }),
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
        verbs: [BillShow.self, BillCompareRules.self])
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

struct BillCompareRules: GatewayCommand {
    static let method = "bill.comparerules"
    static let configuration = CommandConfiguration(
        "compare-rules", calls: method,
        examples: ["ebb bill compare-rules", "ebb bill compare-rules --tenant acme --from 2026-03-01 --to 2026-04-01"])

    @OptionGroup var period: PeriodOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] { try period.parameters() }

    func view(of result: JSONValue) -> View { .ruleComparison }
}

struct RateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "rate", "Rate cards.", examples: ["ebb rate show", "ebb rate set card.yaml --valid-from 2026-04-01"],
        verbs: [RateShow.self, PlainCommand<RateList>.self, RateSet.self, RateWithdraw.self])
}

struct RateShow: GatewayCommand {
    static let method = "rate.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb rate show", "ebb rate show --at 2026-03-01"])

    @Option(help: help(method, "at")) var at: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        ["at": .optional(try at.map { try TypedQuantity.instant($0) })]
    }

    func view(of result: JSONValue) -> View { .rates }
}

enum RateList: PlainVerb {
    static let method = "rate.list"
    static let examples = ["ebb rate list", "ebb rate list -o json"]
    static let view = View.rateList
}

struct RateSet: MutatingCommand {
    static let method = "rate.set"
    static let configuration = CommandConfiguration(
        "set", calls: method, examples: ["ebb rate set card.yaml", "ebb rate set card.json --valid-from 2026-04-01"])

    @Argument(help: "A YAML or JSON file that holds the rate card, such as compose/rate-card.yaml.") var file: String
    @Option(help: help(method, "validFrom")) var validFrom: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "card": try JSONValue(yamlFile: file),
            "validFrom": .optional(try validFrom.map { try TypedQuantity.instant($0) }),
        ]
    }

    func view(of result: JSONValue) -> View { .rates }
}

struct RateWithdraw: MutatingCommand {
    static let method = "rate.withdraw"
    static let configuration = CommandConfiguration(
        "withdraw", calls: method, examples: ["ebb rate list", "ebb rate withdraw 2"])

    @Argument(help: help(method, "version")) var version: Int64
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] { ["version": .integer(version)] }

    func view(of result: JSONValue) -> View { .rates }
}
