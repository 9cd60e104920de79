// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "policy", "Bounds and ratio by which VMs grow and shrink.",
        examples: [
            "ebb policy set web-1 --preset balanced", "ebb policy set web-1 --lower 15% --upper 80% --ratio 7/10",
            "ebb policy set web-1 --managed --goal 0.5%", "ebb policy show web-1",
        ],
        verbs: [PolicyShow.self, PolicySet.self, PolicyPin.self, PolicyClear.self, PolicyReplay.self])
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
            "ebb policy set web-1 --preset balanced --max-vcpus 8",
            "ebb policy set web-1 --lower 15% --upper 80% --ratio 7/10 --max-vcpus 4",
            "ebb policy set web-1 --managed --goal 0.5%", "ebb policy set web-1 --max-memory 4G --min-memory 1G",
            "ebb policy set web-1 --dry-run", "ebb policy set db-1 --anti-affinity databases",
        ])

    @Argument(help: help(method, "vm")) var vm: String
    @OptionGroup(title: "CPU") var rule: RuleOptions
    @OptionGroup(title: "Memory and network") var resources: ResourceOptions
    @OptionGroup(title: "Beside the rules") var beside: PolicyOptionFlags
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        var values: [String: JSONValue?] = ["vm": .string(vm), "tenant": .optional(tenant)]
        for part in [rule.parameters(), resources.parameters(), beside.parameters()] {
            values.merge(part) { $1 }
        }
        return values
    }

    func view(of result: JSONValue) -> View { .policy }
}

/// The rule for CPU: what every policy has.
struct RuleOptions: ParsableArguments {
    @Option(help: "A policy with a name in place of bounds and ratio: aggressive, balanced, conservative or paper.")
    var preset: String?
    @Option(help: "U1, such as 15%: use below it lets the VM shrink.", transform: TypedQuantity.share) var lower: Int64?
    @Option(help: "U2, such as 80%: use above it lets the VM grow.", transform: TypedQuantity.share) var upper: Int64?
    @Option(
        help: "M/N, such as 7/10: which share of the last N samples must breach; low is aggressive.",
        transform: TypedQuantity.quorum)
    var ratio: Int64?
    @Option(help: help("policy.set", "minVcpus")) var minVcpus: Int?
    @Option(help: help("policy.set", "maxVcpus")) var maxVcpus: Int?

    func validate() throws {
        if let lower, let upper, lower >= upper { throw ValidationError("--lower must be below --upper") }
        if let ratio, ratio == 0 { throw ValidationError("--ratio must be above 0") }
    }

    func parameters() -> [String: JSONValue?] {
        [
            "preset": .optional(preset), "lowerPpm": .optional(lower), "upperPpm": .optional(upper),
            "ratioPpm": .optional(ratio), "minVcpus": .optional(minVcpus), "maxVcpus": .optional(maxVcpus),
        ]
    }
}

/// The rules for memory and the network cap.
struct ResourceOptions: ParsableArguments {
    @Option(help: "U1 for memory, such as 50%.", transform: TypedQuantity.share) var memoryLower: Int64?
    @Option(help: "U2 for memory, such as 85%.", transform: TypedQuantity.share) var memoryUpper: Int64?
    @Option(help: "Memory never falls below this, such as 1G.", transform: TypedQuantity.bytes) var minMemory: Int64?
    @Option(help: "Memory never grows beyond this, such as 4G.", transform: TypedQuantity.bytes) var maxMemory: Int64?
    @Flag(inversion: .prefixedNo, help: "Whether memory follows a rule.") var memory: Bool?
    @Option(help: "U1 for the network cap, such as 30%.", transform: TypedQuantity.share) var networkLower: Int64?
    @Option(help: "U2 for the network cap, such as 80%.", transform: TypedQuantity.share) var networkUpper: Int64?
    @Option(help: "The cap never falls below this per second, such as 1M.", transform: TypedQuantity.bytes)
    var minNetwork: Int64?
    @Option(help: "The cap never grows beyond this per second, such as 100M.", transform: TypedQuantity.bytes)
    var maxNetwork: Int64?
    @Flag(inversion: .prefixedNo, help: "Whether the network cap follows a rule.") var network: Bool?

    func parameters() -> [String: JSONValue?] {
        [
            "memoryLowerPpm": .optional(memoryLower), "memoryUpperPpm": .optional(memoryUpper),
            "minMemoryBytes": .optional(minMemory), "maxMemoryBytes": .optional(maxMemory),
            "memory": memory.map { .bool($0) }, "networkLowerPpm": .optional(networkLower),
            "networkUpperPpm": .optional(networkUpper), "minNetworkBytesPerSecond": .optional(minNetwork),
            "maxNetworkBytesPerSecond": .optional(maxNetwork), "network": network.map { .bool($0) },
        ]
    }
}

/// The options that hold for a VM beside its rules.
struct PolicyOptionFlags: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Whether the platform chooses the bounds from the VM's own past.")
    var managed: Bool?
    @Option(
        help:
            "What a managed policy must reach at the lowest cost: at most this share of minutes overloaded, such as 0.5%.",
        transform: TypedQuantity.share)
    var goal: Int64?
    @Option(help: "No growing for this long after a change, such as 30s.", transform: TypedQuantity.wait)
    var cooldownUp: Int64?
    @Option(help: "No shrinking for this long after a change, such as 5m.", transform: TypedQuantity.wait)
    var cooldownDown: Int64?
    @Option(help: "N: how many samples are looked at; 0: the platform's, or the preset's.") var window: Int64?
    @Flag(inversion: .prefixedNo, help: "Whether nothing is to be done with the VM automatically.") var optOut: Bool?
    @Flag(inversion: .prefixedNo, help: "Whether all is decided and recorded, and nothing done.") var dryRun: Bool?
    @Option(help: "VMs of one group share a host; '' for no group.") var affinity: String?
    @Option(help: "No two VMs of one group share a host; '' for no group.") var antiAffinity: String?
    @Option(name: .customLong("pin-host"), help: "The only hosts that it may run on; repeat it. '' for any.")
    var pinnedHosts: [String] = []

    func parameters() -> [String: JSONValue?] {
        [
            "managed": managed.map { .bool($0) }, "goalPpm": .optional(goal),
            "cooldownUpNanoseconds": .optional(cooldownUp), "cooldownDownNanoseconds": .optional(cooldownDown),
            "windowLength": .optional(window), "optOut": optOut.map { .bool($0) }, "dryRun": dryRun.map { .bool($0) },
            "affinity": .optional(affinity), "antiAffinity": .optional(antiAffinity),
            "pinnedHosts": pinnedHosts.isEmpty
                ? nil : .array(pinnedHosts.filter { !$0.isEmpty }.map { .string($0) }),
        ]
    }
}

struct PolicyPin: MutatingCommand {
    static let method = "policy.pin"
    static let configuration = CommandConfiguration("pin", calls: method, examples: ["ebb policy pin web-1"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["vm": .string(vm), "tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .policy }
}

struct PolicyReplay: GatewayCommand {
    static let method = "policy.replay"
    static let configuration = CommandConfiguration(
        "replay", calls: method,
        examples: [
            "ebb policy replay web-1 --lower 30% --upper 80% --ratio 2/3 --from 7d",
            "ebb policy replay web-1 --preset aggressive --from 2026-03-01 --to 2026-03-02",
        ])

    @Argument(help: help(method, "vm")) var vm: String
    @OptionGroup(title: "CPU") var rule: RuleOptions
    @Option(help: help(method, "from")) var from: String
    @Option(help: help(method, "to")) var to: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        var values: [String: JSONValue?] = [
            "vm": .string(vm), "tenant": .optional(tenant), "from": .string(try TypedQuantity.instant(from)),
            "to": .optional(try to.map { try TypedQuantity.instant($0) }),
        ]
        values.merge(rule.parameters()) { $1 }
        return values
    }

    func view(of result: JSONValue) -> View { .replay }
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
