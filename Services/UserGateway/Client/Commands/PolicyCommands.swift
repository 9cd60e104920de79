// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "policy", "Bounds and ratio by which VMs grow and shrink.",
        examples: ["ebb policy set web-1 --lower 15% --upper 80% --ratio 7/10", "ebb policy show web-1"],
        verbs: [PolicyShow.self, PolicySet.self, PolicyClear.self])
}

struct PolicyShow: GatewayCommand {
    static let method = "policy.show"
    static let configuration = CommandConfiguration("show", calls: method, examples: ["ebb policy show web-1"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["vm": .string(vm), "tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .policy }
}

struct PolicySet: MutatingCommand {
    static let method = "policy.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: [
            "ebb policy set web-1 --lower 15% --upper 80% --ratio 7/10 --min-vcpus 1 --max-vcpus 4",
            "ebb policy set web-1 --lower 0.2 --upper 0.9 --ratio 30%",
        ])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: "U1, such as 15%: use below it lets the VM shrink.", transform: Quantity.share) var lower: Int64
    @Option(help: "U2, such as 80%: use above it lets the VM grow.", transform: Quantity.share) var upper: Int64
    @Option(
        help: "M/N, such as 7/10: which share of the last N samples must breach; low is aggressive.",
        transform: Quantity.quorum)
    var ratio: Int64
    @Option(help: help(method, "minVcpus")) var minVcpus: Int?
    @Option(help: help(method, "maxVcpus")) var maxVcpus: Int?
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard lower < upper else { throw ValidationError("--lower must be below --upper") }
        guard ratio > 0 else { throw ValidationError("--ratio must be above 0") }
    }

    func parameters() -> [String: JSONValue?] {
        [
            "vm": .string(vm), "lowerPpm": .integer(lower), "upperPpm": .integer(upper), "ratioPpm": .integer(ratio),
            "minVcpus": .optional(minVcpus), "maxVcpus": .optional(maxVcpus), "tenant": .optional(tenant),
        ]
    }

    func view(of result: JSONValue) -> View { .policy }
}

struct PolicyClear: MutatingCommand {
    static let method = "policy.clear"
    static let configuration = CommandConfiguration("clear", calls: method, examples: ["ebb policy clear web-1"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["vm": .string(vm), "tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .policy }
}
