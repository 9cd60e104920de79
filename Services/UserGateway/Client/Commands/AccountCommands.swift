// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "tenant", "Tenants.", examples: ["ebb tenant create acme", "ebb tenant quota set acme --vms 10"],
        verbs: [PlainCommand<TenantList>.self, SubjectChange<TenantCreate>.self, TenantSet.self, TenantQuota.self])
}

enum TenantList: PlainVerb {
    static let method = "tenant.list"
    static let examples = ["ebb tenant list"]
    static let view = View.tenantList
}

enum TenantCreate: PlainVerb {
    static let method = "tenant.create"
    static let examples = ["ebb tenant create acme"]
    static let view = View.tenant
}

struct TenantQuota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "quota", "What a tenant has, and how much it may have; as much as there is where nothing was set.",
        examples: ["ebb tenant quota show", "ebb tenant quota set acme --vms 10 --vcpus 40 --memory 64G"],
        verbs: [TenantQuotaShow.self, TenantQuotaSet.self])
}

struct TenantQuotaShow: GatewayCommand {
    static let method = "quota.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb tenant quota show", "ebb tenant quota show acme"])

    @Argument(help: "The tenant; its own people may leave it out.") var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .quota }
}

struct TenantQuotaSet: MutatingCommand {
    static let method = "quota.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: [
            "ebb tenant quota set acme --vms 10 --vcpus 40 --memory 64G --disk 1T",
            "ebb tenant quota set acme --vms none",
        ])

    @Argument(help: help(method, "tenant")) var tenant: String
    @Option(help: "VMs; none: without a limit.", transform: TypedQuantity.limit) var vms: JSONValue?
    @Option(
        help: "vCPUs of all VMs, also of those that are off; none: without a limit.", transform: TypedQuantity.limit)
    var vcpus: JSONValue?
    @Option(
        help: "Memory of all VMs, such as 64G, also of those that are off; none: without a limit.",
        transform: TypedQuantity.limitOfBytes)
    var memory: JSONValue?
    @Option(help: "Disks of all VMs, such as 1T; none: without a limit.", transform: TypedQuantity.limitOfBytes)
    var disk: JSONValue?
    @Option(help: "Snapshots of all VMs; none: without a limit.", transform: TypedQuantity.limit) var snapshots:
        JSONValue?
    @Option(
        help: "Tokens that are neither revoked nor expired; none: without a limit.", transform: TypedQuantity.limit)
    var tokens: JSONValue?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "tenant": .string(tenant), "vms": vms, "vcpus": vcpus, "memoryBytes": memory, "diskBytes": disk,
            "snapshots": snapshots, "tokens": tokens,
        ]
    }

    func view(of result: JSONValue) -> View { .quota }
}

extension TypedQuantity {
    /// `10`, or `none` for no limit.
    static func limit(_ text: String) throws -> JSONValue {
        if text == "none" { return .null }
        guard let count = Int64(text), count >= 0 else {
            throw ValidationError("'\(text)' is not a limit; write for example 10, or none")
        }
        return .integer(count)
    }

    /// `64G`, or `none` for no limit.
    static func limitOfBytes(_ text: String) throws -> JSONValue { text == "none" ? .null : .integer(try bytes(text)) }
}
