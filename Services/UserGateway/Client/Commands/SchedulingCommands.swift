// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct QueueCommand: GatewayCommand {
    static let method = "queue.list"
    static let configuration = CommandConfiguration("queue", calls: method, examples: ["ebb queue"])

    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .queue }
}

struct AssessCommand: GatewayCommand {
    static let method = "assess.show"
    static let configuration = CommandConfiguration(
        "assess", calls: method,
        examples: ["ebb assess --host host-a", "ebb assess --cluster main --from 7d"])

    @Option(help: help(method, "host")) var host: String?
    @Option(help: help(method, "cluster")) var cluster: String?
    @Option(help: help(method, "from")) var from: String?
    @Option(help: help(method, "to")) var to: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "host": .optional(host), "cluster": .optional(cluster),
            "from": .optional(try from.map { try TypedQuantity.instant($0) }),
            "to": .optional(try to.map { try TypedQuantity.instant($0) }),
        ]
    }

    func view(of result: JSONValue) -> View { .assessment }
}

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "cluster", "How a cluster's VMs are scheduled.",
        examples: ["ebb cluster set main --dry-run", "ebb cluster show main"],
        verbs: [SubjectCommand<ClusterShow>.self, ClusterSet.self])
}

enum ClusterShow: PlainVerb {
    static let method = "cluster.show"
    static let examples = ["ebb cluster show main"]
    static let view = View.cluster
}

struct ClusterSet: MutatingCommand {
    static let method = "cluster.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: [
            "ebb cluster set main --dry-run", "ebb cluster set main --blackout mon,fri@08:00+1h --blackout 23:00+30m",
            "ebb cluster set main --no-blackouts", "ebb cluster set main --moves-per-cluster 4 --move-rest 1h",
        ])

    @Argument(help: help(method, "cluster")) var cluster: String
    @Flag(inversion: .prefixedNo, help: help(method, "dryRun")) var dryRun: Bool?
    @Option(
        name: .customLong("blackout"),
        help: "A window in which nothing is done automatically, UTC: 08:00+1h, mon,fri@08:00+1h; repeat it.",
        transform: TypedQuantity.blackout)
    var blackouts: [JSONValue] = []
    @Flag(help: "No windows any more.") var noBlackouts = false
    @Option(help: "a: weight of the response time, such as 0.5; all three together.", transform: TypedQuantity.share)
    var weightResponse: Int64?
    @Option(help: "b: weight of free CPU.", transform: TypedQuantity.share) var weightCpu: Int64?
    @Option(help: "c: weight of free memory.", transform: TypedQuantity.share) var weightMemory: Int64?
    @Option(help: help(method, "movesInPerHost")) var movesIn: Int?
    @Option(help: help(method, "movesOutPerHost")) var movesOut: Int?
    @Option(help: help(method, "movesPerCluster")) var movesPerCluster: Int?
    @Option(help: "How long a VM rests after a move, such as 30m.", transform: TypedQuantity.wait) var moveRest: Int64?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "cluster": .string(cluster), "dryRun": dryRun.map { .bool($0) },
            "blackouts": blackouts.isEmpty && !noBlackouts ? nil : .array(blackouts),
            "weightResponsePpm": .optional(weightResponse), "weightCpuPpm": .optional(weightCpu),
            "weightMemoryPpm": .optional(weightMemory), "movesInPerHost": .optional(movesIn),
            "movesOutPerHost": .optional(movesOut), "movesPerCluster": .optional(movesPerCluster),
            "moveRestNanoseconds": .optional(moveRest),
        ]
    }

    func view(of result: JSONValue) -> View { .cluster }
}

struct TenantSet: MutatingCommand {
    static let method = "tenant.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: [
            "ebb tenant set acme --weight 200", "ebb tenant set acme --cluster main --cluster edge",
            "ebb tenant set acme --every-cluster",
        ])

    @Argument(help: help(method, "tenant")) var tenant: String
    @Option(help: help(method, "weight")) var weight: Int?
    @Flag(inversion: .prefixedNo, help: help(method, "dryRun")) var dryRun: Bool?
    @Option(name: .customLong("cluster"), help: "A cluster that its new VMs may be placed in; may be repeated.")
    var clusters: [String] = []
    @Flag(help: "Let its new VMs be placed in every cluster.") var everyCluster = false
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard clusters.isEmpty || !everyCluster else {
            throw ValidationError("--cluster and --every-cluster exclude each other; give one of them")
        }
    }

    func parameters() -> [String: JSONValue?] {
        [
            "tenant": .string(tenant), "weight": .optional(weight), "dryRun": dryRun.map { .bool($0) },
            "clusters": clusters.isEmpty && !everyCluster ? nil : .array(clusters.map { .string($0) }),
        ]
    }

    func view(of result: JSONValue) -> View { .tenantSetting }
}

extension TypedQuantity {
    /// `08:00+1h`, `mon,fri@08:00+1h`: days, begin (UTC) and length of a window.
    static func blackout(_ text: String) throws -> JSONValue {
        let wrong = ValidationError("'\(text)' is not a window; write for example 08:00+1h or mon,fri@08:00+1h")
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let days =
            halves.count == 2 ? halves[0].split(separator: ",").map { names.firstIndex(of: $0.lowercased()) } : []
        let window = (halves.last ?? "").split(separator: "+", maxSplits: 1)
        let clock = (window.first ?? "").split(separator: ":").map { Int64($0) }
        guard !days.contains(nil), window.count == 2, clock.count == 2, let hour = clock[0], let minute = clock[1],
            (0...23).contains(hour), (0...59).contains(minute)
        else { throw wrong }
        let length = try nanoseconds(String(window[1])) / 1_000_000_000
        guard (1...86_400).contains(length) else { throw wrong }
        return [
            "startSecond": .integer(hour * 3_600 + minute * 60), "lengthSeconds": .integer(length),
            "weekdays": .array(days.compactMap { $0 }.sorted().map { .integer(Int64($0)) }),
        ]
    }
}
