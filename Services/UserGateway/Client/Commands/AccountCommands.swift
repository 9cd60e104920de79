// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "tenant", "Tenants.", examples: ["ebb tenant create acme"],
        verbs: [TenantList.self, TenantCreate.self, TenantSet.self])
}

struct TenantList: GatewayCommand {
    static let method = "tenant.list"
    static let configuration = CommandConfiguration("list", calls: method, examples: ["ebb tenant list"])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { [:] }

    func view(of result: JSONValue) -> View { .tenantList }
}

struct TenantCreate: MutatingCommand {
    static let method = "tenant.create"
    static let configuration = CommandConfiguration("create", calls: method, examples: ["ebb tenant create acme"])

    @Argument(help: help(method, "name")) var name: String
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["name": .string(name)] }

    func view(of result: JSONValue) -> View { .tenant }
}

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "token", "Access tokens.", examples: ["ebb token create ada --role owner --tenant acme -o name"],
        verbs: [TokenCreate.self])
}

struct TokenCreate: MutatingCommand {
    static let method = "token.create"
    static let configuration = CommandConfiguration(
        "create", calls: method,
        examples: [
            "ebb token create ada --role owner --tenant acme",
            "ebb token create bob --role member --expires-in 30d -o name",
        ])

    @Argument(help: help(method, "principal")) var principal: String
    @Option(help: help(method, "role")) var role: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: "How long it is valid, such as 12h or 90d (default 90d).", transform: Quantity.seconds)
    var expiresIn: Int64?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "principal": .string(principal), "role": .string(role), "tenant": .optional(tenant),
            "expiresInSeconds": .optional(expiresIn),
        ]
    }

    func view(of result: JSONValue) -> View { .token }
}
