// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

enum VMCheck: PlainVerb {
    static let method = "vm.check"
    static let examples = ["ebb vm check web-1"]
    static let view = View.vmCheckList
}

enum VMSnapshots: PlainVerb {
    static let method = "vm.snapshots"
    static let examples = ["ebb vm snapshots web-1"]
    static let view = View.snapshotList
}

enum VMAddresses: PlainVerb {
    static let method = "vm.addresses"
    static let examples = ["ebb vm addresses web-1", "ssh $(ebb vm addresses web-1 -o name)"]
    static let view = View.addressList
}

struct VMConsole: AsyncParsableCommand {
    static let method = "vm.console"
    static let configuration = CommandConfiguration(
        "console", calls: method, examples: ["ebb vm console web-1", "ebb vm console web-1 --follow --timeout 1h"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "offset")) var offset: Int64?
    @Option(help: help(method, "limit")) var limit: Int?
    @Flag(help: "Go on reading until --timeout.") var follow = false
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    mutating func run() async throws {
        let (global, follow) = (global, follow)
        var values: [String: JSONValue] = ["vm": .string(vm)]
        values["offset"] = .optional(offset)
        values["limit"] = .optional(limit)
        values["tenant"] = .optional(tenant)
        let parameters = values
        let settings = try ConnectionSettings(global, timeout: follow ? .seconds(86_400) : .seconds(30))
        try await GatewayClient.withSession(settings) { client in
            var parameters = parameters
            repeat {
                let result = try await client.call(Self.method, parameters)
                try global.show(result, .console)
                guard follow else { return }
                parameters["offset"] = result["next"]
                try await Task.sleep(for: .seconds(1))
            } while !Task.isCancelled
        }
    }
}

struct VMAdopt: VMChangeCommand {
    static let method = "vm.adopt"
    static let configuration = CommandConfiguration(
        "adopt", calls: method,
        examples: [
            "ebb vm list --foreign", "ebb vm adopt old-db --tenant acme",
            "ebb vm adopt old-db --tenant acme --host host-a",
        ])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String
    @Option(help: help(method, "host")) var host: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        ["vm": .string(vm), "tenant": .string(tenant), "host": .optional(host)]
    }

    func view(of result: JSONValue) -> View { .outcome }
}

struct FlavorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "flavor", "Sizes with a name.", examples: ["ebb flavor list"], verbs: [PlainCommand<FlavorList>.self])
}

enum FlavorList: PlainVerb {
    static let method = "flavor.list"
    static let examples = ["ebb flavor list"]
    static let view = View.flavorList
}
