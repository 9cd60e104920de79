// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "service", "Instances of Ebb's services.", examples: ["ebb service list -o wide"],
        verbs: [PlainCommand<ServiceList>.self])
}

enum ServiceList: PlainVerb {
    static let method = "service.list"
    static let examples = ["ebb service list"]
    static let view = View.serviceList
}

struct StatusCommand: GatewayCommand {
    static let method = "status.show"
    static let configuration = CommandConfiguration(
        "status", calls: method, examples: ["ebb status", "ebb status --json"])

    @Flag(help: "The same as -o json.") var json = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    mutating func run() async throws {
        if json { global.output = .json }
        try await perform()
    }

    func parameters() -> [String: JSONValue?] { [:] }

    func view(of result: JSONValue) -> View { .status }

    /// Scripts read the exit code: 0 means that all is well.
    func failure(of result: JSONValue) -> ClientFailure? {
        result["healthy"] == true ? nil : ClientFailure(.failed, "")
    }
}

struct OperationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "operation", "What was done and by whom, and what is under way.",
        examples: ["ebb operation list --since 24h", "ebb operation list --running"],
        verbs: [OperationList.self, SubjectCommand<OperationShow>.self])
}

struct OperationList: GatewayCommand {
    static let method = "operation.list"
    static let configuration = CommandConfiguration(
        "list", calls: method,
        examples: ["ebb operation list", "ebb operation list --vm web-1 --actor ada --since 24h"])

    @Option(help: help(method, "vm")) var vm: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "actor")) var actor: String?
    @Option(help: help(method, "since")) var since: String?
    @Flag(help: "Only changes of VMs that are under way, with their progress.") var running = false
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "vm": .optional(vm), "tenant": .optional(tenant), "actor": .optional(actor),
            "since": .optional(try since.map { try TypedQuantity.instant($0) }), "running": running ? true : nil,
            "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { running ? .runningList : .operationList }
}

enum OperationShow: PlainVerb {
    static let method = "operation.show"
    static let examples = ["ebb operation show 6f1f0e5e-0000-4000-8000-000000000003"]
    static let view = View.operation
}
