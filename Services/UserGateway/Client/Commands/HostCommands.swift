// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "host", "Physical hosts.",
        examples: [
            "ebb host prepare host-a.example >prepare.sh",
            "ebb host add qemu+tls://host-a.example/system --name host-a --cluster main",
            "ebb host check host-a", "ebb host enable host-a",
        ],
        verbs: [
            HostList.self, SubjectCommand<HostShow>.self, HostPrepare.self, HostAdd.self, HostCheck.self,
            SubjectChange<HostEnable>.self, SubjectChange<HostObserve>.self, SubjectChange<HostDrain>.self,
            HostRemove.self, HostLabel.self, HostSet.self,
        ])
}

struct HostList: GatewayCommand {
    static let method = "host.list"
    static let configuration = CommandConfiguration(
        "list", calls: method,
        examples: ["ebb host list", "ebb host list --cluster main -o wide", "ebb host list --label rack=7"])

    @Option(help: help(method, "cluster")) var cluster: String?
    @Option(help: ArgumentHelp("Only hosts that have this label; may be repeated.", valueName: "name=value"))
    var label: [String] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        ["cluster": .optional(cluster), "labels": label.isEmpty ? nil : .object(try Labels.set(label))]
    }

    func view(of result: JSONValue) -> View { .hostList }
}

enum HostShow: PlainVerb {
    static let method = "host.show"
    static let examples = ["ebb host show host-a", "ebb host show host-a -o yaml"]
    static let view = View.hostDetails
}

/// How much of a host may be promised.
struct HostLimitOptions: ParsableArguments {
    @Option(help: "vCPUs that may be promised per core, such as 2.0 (a new host: 2).", transform: TypedQuantity.ratio)
    var cpuOvercommit: Int64?
    @Option(
        help: "Memory that may be promised per memory, such as 1.0 (a new host: 1).", transform: TypedQuantity.ratio)
    var memoryOvercommit: Int64?
    @Option(help: "vCPUs kept free, such as 2 (a new host: 0).") var reserveVcpus: Int?
    @Option(help: "Memory kept free, such as 1G (a new host: 0).", transform: TypedQuantity.bytes) var reserveMemory:
        Int64?
    @Option(
        help: "Projected use above which nothing more is placed, such as 90% (a new host: 90%).",
        transform: TypedQuantity.ratio)
    var cpuBound: Int64?

    var parameters: [String: JSONValue?] {
        [
            "cpuOvercommitPpm": .optional(cpuOvercommit), "memoryOvercommitPpm": .optional(memoryOvercommit),
            "reservedVcpus": .optional(reserveVcpus), "reservedMemoryBytes": .optional(reserveMemory),
            "cpuBoundPpm": .optional(cpuBound),
        ]
    }
}

struct HostAdd: MutatingCommand {
    static let method = "host.add"
    static let configuration = CommandConfiguration(
        "add", calls: method,
        examples: [
            "ebb host add qemu+tls://10.0.0.1/system --name host-a --cluster main",
            "ebb host add xen+tls://10.0.0.2/system --name b --cluster xen --label rack=7",
            "ebb host add fleet://127.0.0.1:7500/c --name c --cluster b --cpu-overcommit 3",
        ])

    @Argument(help: help(method, "uri")) var uri: String
    @Option(help: help(method, "host")) var name: String
    @Option(help: help(method, "cluster")) var cluster: String
    @Option(help: ArgumentHelp("A label to find it by; may be repeated.", valueName: "name=value"))
    var label: [String] = []
    @OptionGroup var limits: HostLimitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        let own: [String: JSONValue?] = [
            "host": .string(name), "cluster": .string(cluster), "uri": .string(uri),
            "labels": label.isEmpty ? nil : .object(try Labels.set(label)),
        ]
        return own.merging(limits.parameters) { own, _ in own }
    }

    func view(of result: JSONValue) -> View { .host }
}

struct HostSet: MutatingCommand {
    static let method = "host.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: ["ebb host set host-a --cpu-overcommit 3.0", "ebb host set host-a --reserve-memory 2G"])

    @Argument(help: help(method, "host")) var host: String
    @OptionGroup var limits: HostLimitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard limits.parameters.values.contains(where: { $0 != nil }) else {
            throw ValidationError("say what to set, for example --cpu-overcommit 3.0")
        }
    }

    func parameters() -> [String: JSONValue?] {
        limits.parameters.merging(["host": .string(host)]) { own, _ in own }
    }

    func view(of result: JSONValue) -> View { .host }
}

struct HostLabel: MutatingCommand {
    static let method = "host.label"
    static let configuration = CommandConfiguration(
        "label", calls: method, examples: ["ebb host label host-a rack=7 zone=north", "ebb host label host-a rack-"])

    @Argument(help: help(method, "host")) var host: String
    @Argument(help: ArgumentHelp("name=value sets a label, name- removes it.", valueName: "label"))
    var labels: [String]
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        let removed = labels.filter { !$0.contains("=") && $0.hasSuffix("-") }
        let set = try Labels.set(labels.filter { !removed.contains($0) })
        return [
            "host": .string(host), "set": set.isEmpty ? nil : .object(set),
            "remove": removed.isEmpty ? nil : .array(removed.map { .string(String($0.dropLast())) }),
        ]
    }

    func view(of result: JSONValue) -> View { .host }
}

/// Labels as people write them.
enum Labels {
    /// `rack=7` as a member; throws a `ValidationError` that shows the right form.
    static func set(_ texts: [String]) throws -> [String: JSONValue] {
        var labels: [String: JSONValue] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ValidationError("'\(text)' is not a label; write for example rack=7, or rack- to remove it")
            }
            labels[String(text[..<equals])] = .string(String(text[text.index(after: equals)...]))
        }
        return labels
    }
}
