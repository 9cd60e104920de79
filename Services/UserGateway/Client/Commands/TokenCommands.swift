// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "token", "Access tokens.",
        examples: [
            "ebb token create ada --role owner --tenant acme -o name", "ebb token list --all",
            "ebb token revoke 6f1f0e5e-0000-4000-8000-000000000006 --yes",
        ],
        verbs: [TokenCreate.self, TokenList.self, TokenRevoke.self])
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
    @Option(help: "How long it is valid, such as 12h or 90d (default 90d).", transform: TypedQuantity.seconds)
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

struct TokenList: GatewayCommand {
    static let method = "token.list"
    static let configuration = CommandConfiguration(
        "list", calls: method, examples: ["ebb token list", "ebb token list --principal bob --all"])

    @Option(help: help(method, "principal")) var principal: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @Flag(help: help(method, "all")) var all = false
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "principal": .optional(principal), "tenant": .optional(tenant), "all": all ? true : nil,
            "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .tokenList }
}

struct TokenRevoke: MutatingCommand {
    static let method = "token.revoke"
    static let configuration = CommandConfiguration(
        "revoke", calls: method, examples: ["ebb token revoke 6f1f0e5e-0000-4000-8000-000000000006 --yes"])

    @Argument(help: help(method, "id")) var id: String
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    var agreement: Agreement? {
        let id = id
        return Agreement(
            isGiven: consent.yes, vms: [], question: { _ in "Revoke the token \(id) and end its sessions?" },
            refusal: "nothing was revoked")
    }

    func parameters() -> [String: JSONValue?] { ["id": .string(id)] }

    func view(of result: JSONValue) -> View { .tokenRecord }
}

struct PrincipalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "principal", "Who may log in.", examples: ["ebb principal list", "ebb principal disable bob"],
        verbs: [PrincipalList.self, SubjectChange<PrincipalDisable>.self, SubjectChange<PrincipalEnable>.self])
}

struct PrincipalList: GatewayCommand {
    static let method = "principal.list"
    static let configuration = CommandConfiguration(
        "list", calls: method, examples: ["ebb principal list", "ebb principal list --tenant acme"])

    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .principalList }
}

enum PrincipalDisable: PlainVerb {
    static let method = "principal.disable"
    static let examples = ["ebb principal disable bob"]
    static let view = View.principal
}

enum PrincipalEnable: PlainVerb {
    static let method = "principal.enable"
    static let examples = ["ebb principal enable bob"]
    static let view = View.principal
}
