// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct DecisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "decision", "What the Scheduler decided, and why.",
        examples: ["ebb decision list --vm web-1", "ebb decision why web-1", "ebb decision verify --all"],
        verbs: [
            DecisionList.self, DecisionWhy.self, SubjectCommand<DecisionShow>.self, DecisionVerify.self,
            DecisionOutcomes.self,
        ])
}

struct DecisionList: GatewayCommand {
    static let method = "decision.list"
    static let configuration = CommandConfiguration(
        "list", calls: method, examples: ["ebb decision list", "ebb decision list --vm web-1 --since 2h"])

    @Option(help: help(method, "vm")) var vm: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "since")) var since: String?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "vm": .optional(vm), "tenant": .optional(tenant),
            "since": .optional(try since.map { try TypedQuantity.instant($0) }), "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .decisionList }
}

struct DecisionWhy: GatewayCommand {
    static let method = "decision.why"
    static let configuration = CommandConfiguration(
        "why", calls: method,
        examples: ["ebb decision why web-1", "ebb decision why web-1 --at 2026-03-01T12:04:20Z"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "at")) var at: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "vm": .string(vm), "at": .optional(try at.map { try TypedQuantity.instant($0) }),
            "tenant": .optional(tenant),
        ]
    }

    func view(of result: JSONValue) -> View { .why }
}

enum DecisionShow: PlainVerb {
    static let method = "decision.show"
    static let examples = ["ebb decision show 6f1f0e5e-0000-4000-8000-000000000004 -o json"]
    static let view = View.decision
}

struct DecisionVerify: GatewayCommand {
    static let method = "decision.verify"
    static let configuration = CommandConfiguration(
        "verify", calls: method,
        examples: [
            "ebb decision verify --all", "ebb decision verify 6f1f0e5e-0000-4000-8000-000000000004",
        ])

    @Argument(help: help(method, "id")) var id: String?
    @Flag(help: "All decisions.") var all = false
    @Option(help: help(method, "cluster")) var cluster: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard (id != nil) != (all || cluster != nil) else {
            throw ValidationError("give a decision's id, or --all, or --cluster")
        }
    }

    func parameters() -> [String: JSONValue?] { ["id": .optional(id), "cluster": .optional(cluster)] }

    func view(of result: JSONValue) -> View { .verification }

    func failure(of result: JSONValue) -> ClientFailure? {
        result["failures"]?.items?.isEmpty == false ? ClientFailure(.failed, "") : nil
    }
}

struct DecisionOutcomes: GatewayCommand {
    static let method = "decision.outcomes"
    static let configuration = CommandConfiguration(
        "outcomes", calls: method,
        examples: ["ebb decision outcomes", "ebb decision outcomes --vm web-1 --since 1d"])

    @Option(help: help(method, "vm")) var vm: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "since")) var since: String?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "vm": .optional(vm), "tenant": .optional(tenant),
            "since": .optional(try since.map { try TypedQuantity.instant($0) }), "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .measurementList }
}
