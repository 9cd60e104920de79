// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "host", "Physical hosts.", examples: ["ebb host list", "ebb host enable host-a"],
        verbs: [HostList.self, HostShow.self, HostAdd.self, HostEnable.self, HostObserve.self])
}

struct HostList: GatewayCommand {
    static let method = "host.list"
    static let configuration = CommandConfiguration(
        "list", calls: method, examples: ["ebb host list", "ebb host list --cluster main -o wide"])

    @Option(help: help(method, "cluster")) var cluster: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["cluster": .optional(cluster)] }

    func view(of result: JSONValue) -> View { .hostList }
}

struct HostShow: GatewayCommand {
    static let method = "host.show"
    static let configuration = CommandConfiguration("show", calls: method, examples: ["ebb host show host-a"])

    @Argument(help: help(method, "host")) var host: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["host": .string(host)] }

    func view(of result: JSONValue) -> View { .host }
}

struct HostAdd: MutatingCommand {
    static let method = "host.add"
    static let configuration = CommandConfiguration(
        "add", calls: method,
        examples: [
            "ebb host add host-a --cluster main --uri qemu+tls://10.0.0.1/system",
            "ebb host add host-b --cluster main --uri fleet://127.0.0.1:7500/host-b --cpu-overcommit 2.0",
        ])

    @Argument(help: help(method, "host")) var host: String
    @Option(help: help(method, "cluster")) var cluster: String
    @Option(help: help(method, "uri")) var uri: String
    @Option(help: "vCPUs that may be promised per core, such as 2.0 (default 2).", transform: Quantity.ratio)
    var cpuOvercommit: Int64?
    @Option(help: "Memory that may be promised per memory, such as 1.0 (default 1).", transform: Quantity.ratio)
    var memoryOvercommit: Int64?
    @Option(help: help(method, "reservedVcpus")) var reservedVcpus: Int?
    @Option(help: "Memory kept free, such as 1G (default 0).", transform: Quantity.bytes) var reservedMemory: Int64?
    @Option(help: "Projected use above which nothing more is placed, such as 90%.", transform: Quantity.ratio)
    var cpuBound: Int64?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "host": .string(host), "cluster": .string(cluster), "uri": .string(uri),
            "cpuOvercommitPpm": .optional(cpuOvercommit), "memoryOvercommitPpm": .optional(memoryOvercommit),
            "reservedVcpus": .optional(reservedVcpus), "reservedMemoryBytes": .optional(reservedMemory),
            "cpuBoundPpm": .optional(cpuBound),
        ]
    }

    func view(of result: JSONValue) -> View { .host }
}

struct HostEnable: MutatingCommand {
    static let method = "host.enable"
    static let configuration = CommandConfiguration("enable", calls: method, examples: ["ebb host enable host-a"])

    @Argument(help: help(method, "host")) var host: String
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["host": .string(host)] }

    func view(of result: JSONValue) -> View { .host }
}

struct HostObserve: MutatingCommand {
    static let method = "host.observe"
    static let configuration = CommandConfiguration("observe", calls: method, examples: ["ebb host observe host-a"])

    @Argument(help: help(method, "host")) var host: String
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["host": .string(host)] }

    func view(of result: JSONValue) -> View { .host }
}
