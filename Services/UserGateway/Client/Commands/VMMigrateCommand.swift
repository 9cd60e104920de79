// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct VMMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "migrate", calls: "vm.migrate",
        examples: [
            "ebb vm migrate web-1", "ebb vm migrate web-1 --to host-b --bandwidth 100MB/s --downtime 300ms",
            "ebb vm migrate web-1 --to host-b --no-wait", "ebb vm migrate web-1 --to host-b --force",
            "ebb vm migrate web-1 --abort",
        ])

    @Argument(help: help("vm.migrate", "vm")) var vm: String
    @Option(help: help("vm.migrate", "host")) var to: String?
    @Option(
        help: "What it may take of the network, such as 100MB/s (default: what there is).", transform: Self.rate)
    var bandwidth: Int64?
    @Option(help: "How long the VM may stand still at the end, such as 300ms.", transform: TypedQuantity.milliseconds)
    var downtime: Int64?
    @Flag(help: "Slow a VM down that changes its memory faster than it is copied.") var autoConverge = false
    @Option(
        help: "How long it may take, such as 30m; then it is aborted (default: as long as it makes progress).",
        transform: TypedQuantity.seconds)
    var timeLimit: Int64?
    @Flag(help: help("vm.migrate", "force")) var force = false
    @Flag(help: "Abort the migration that is under way: the VM stays where it is.") var abort = false
    @Option(help: help("vm.migrate", "tenant")) var tenant: String?
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        let hasOptions = to != nil || bandwidth != nil || downtime != nil || autoConverge || timeLimit != nil || force
        guard !abort || !hasOptions else {
            throw ValidationError("--abort goes with no other option of a migration")
        }
        guard !force || to != nil else { throw ValidationError("--force goes with --to: only a named host is forced") }
    }

    mutating func run() async throws {
        var values: [String: JSONValue] = ["vm": .string(vm), "idempotencyKey": .string(mutation.key())]
        values["tenant"] = .optional(tenant)
        values["host"] = .optional(to)
        values["bandwidthBytesPerSecond"] = .optional(bandwidth)
        values["maximumDowntimeMs"] = .optional(downtime)
        values["timeLimitSeconds"] = .optional(timeLimit)
        if autoConverge { values["autoConverge"] = true }
        if force { values["force"] = true }
        let (method, parameters, waiting) = (abort ? "vm.abort" : "vm.migrate", values, waiting)
        let progress = ProgressLine()
        let settings = try ConnectionSettings(global, timeout: WaitOptions.timeout)
        let outcome = try await progress.following(settings) { client in
            try await client.change(method, parameters, waiting, progress)
        }
        try global.show(outcome, .outcome)
    }

    private static func rate(_ text: String) throws -> Int64 {
        try TypedQuantity.bytes(text.hasSuffix("/s") ? String(text.dropLast(2)) : text)
    }
}
