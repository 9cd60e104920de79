// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct VMResize: VMChangeCommand {
    static let method = "vm.resize"
    static let configuration = CommandConfiguration(
        "resize", calls: method,
        examples: [
            "ebb vm resize web-1 --vcpus 3", "ebb vm resize web-1 --vcpus 0.25", "ebb vm resize web-1 --memory 2G",
        ])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(
        help: "Its size of CPU in vCPUs, such as 3 or 0.25; what is not whole is a cap of its vCPUs.",
        transform: TypedQuantity.capacity)
    var vcpus: Int64?
    @Option(help: "The memory that it is to have, such as 2G.", transform: TypedQuantity.bytes) var memory: Int64?
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard vcpus != nil || memory != nil else { throw ValidationError("say --vcpus, --memory or both") }
    }

    func parameters() -> [String: JSONValue?] {
        // Older gateways know whole sizes.
        let whole = vcpus.flatMap { $0 % 1_000 == 0 ? $0 / 1_000 : nil }
        return [
            "vm": .string(vm), "vcpus": whole.map { .integer($0) },
            "capacityThousandths": whole == nil ? vcpus.map { .integer($0) } : nil, "memoryBytes": .optional(memory),
            "tenant": .optional(tenant),
        ]
    }

    func view(of result: JSONValue) -> View { .outcome }
}

struct VMCap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "cap", calls: "vm.cap",
        examples: [
            "ebb vm cap web-1 --cpu 50%", "ebb vm cap web-1 --cpu none", "ebb vm cap web-1 --network 10MB/s",
        ])

    @Argument(help: help("vm.cap", "vm")) var vm: String
    @Option(help: "CPU time at most, such as 50% of one core or 2.5 cores; none ends the limit.", transform: Self.share)
    var cpu: Int64?
    @Option(
        help: "Network traffic at most in each direction, such as 10MB/s; none ends the limit. For operators.",
        transform: Self.rate)
    var network: Int64?
    @Option(help: help("vm.cap", "tenant")) var tenant: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard cpu != nil || network != nil else { throw ValidationError("say --cpu, --network or both") }
    }

    mutating func run() async throws {
        let (vm, tenant, waiting) = (vm, tenant, waiting)
        // Two changes, each with a key of its own.
        let changes = [
            ("vm.cap", "cpuCapPpm", cpu, mutation.key(part: "cpu")),
            ("vm.networkcap", "bytesPerSecond", network, mutation.key(part: "network")),
        ].compactMap { method, name, value, key in value.map { (method, name, $0, key) } }
        let progress = ProgressLine()
        let settings = try ConnectionSettings(global, timeout: WaitOptions.timeout)
        let outcomes = try await progress.following(settings) { client in
            var outcomes: [JSONValue] = []
            for (method, name, value, key) in changes {
                let parameters: [String: JSONValue?] = [
                    "vm": .string(vm), "tenant": .optional(tenant), name: .integer(value),
                    "idempotencyKey": .string(key),
                ]
                outcomes.append(
                    try await client.change(method, parameters.compactMapValues { $0 }, waiting, progress))
            }
            return outcomes
        }
        try global.show(outcomes.count == 1 ? outcomes[0] : ["items": .array(outcomes)], .outcome)
    }

    /// A share of one core, in parts per million; 0: no limit.
    private static func share(_ text: String) throws -> Int64 {
        if text == "none" { return 0 }
        guard let ppm = try? TypedQuantity.ratio(text), ppm > 0 else {
            throw ValidationError("'\(text)' is no limit of CPU time; write for example 50%, 2.5 or none")
        }
        return ppm
    }

    /// Bytes per second; 0: no limit.
    private static func rate(_ text: String) throws -> Int64 {
        if text == "none" { return 0 }
        guard let bytes = try? TypedQuantity.bytes(text.hasSuffix("/s") ? String(text.dropLast(2)) : text), bytes > 0
        else {
            throw ValidationError("'\(text)' is no limit of traffic; write for example 10MB/s or none")
        }
        return bytes
    }
}

struct VMPrepare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "prepare", calls: "vm.prepare",
        examples: ["ebb vm prepare web-1 --max-vcpus 8 --dry-run", "ebb vm prepare web-1 --max-vcpus 8"])

    @Argument(help: help("vm.prepare", "vm")) var vm: String
    @Option(help: help("vm.prepare", "maxVcpus")) var maxVcpus: Int?
    @Option(help: "The memory that it can grow to, such as 8G.", transform: TypedQuantity.bytes) var maxMemory: Int64?
    @Flag(help: "Only show what would change.") var dryRun = false
    @Option(help: help("vm.prepare", "tenant")) var tenant: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard maxVcpus != nil || maxMemory != nil else {
            throw ValidationError("say --max-vcpus, --max-memory or both")
        }
    }

    mutating func run() async throws {
        var values: [String: JSONValue] = ["vm": .string(vm)]
        values["maxVcpus"] = .optional(maxVcpus)
        values["maxMemoryBytes"] = .optional(maxMemory)
        values["tenant"] = .optional(tenant)
        if !dryRun { values["idempotencyKey"] = .string(mutation.key()) }
        let (parameters, waiting) = (values, waiting)
        if dryRun {
            let preview = try await GatewayClient.withSession(ConnectionSettings(global)) { client in
                try await client.call("vm.preview", parameters)
            }
            try global.show(preview, .changeList)
        } else {
            let progress = ProgressLine()
            let settings = try ConnectionSettings(global, timeout: WaitOptions.timeout)
            let outcome = try await progress.following(settings) { client in
                try await client.change("vm.prepare", parameters, waiting, progress)
            }
            try global.show(outcome, .outcome)
        }
    }
}
