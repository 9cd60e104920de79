// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

extension MethodDefinition {
    /// Virtual machines: what can be done to them.
    static let vmActions: [MethodDefinition] = [
        action(
            "start", "Start a VM that is stopped", fails: [.noRoom, .quota],
            becomes: VMOrder.plain(.start, starting: .start)),
        action(
            "shutdown", "Ask a VM's guest to stop, or stop it", final: .with("force"),
            takes: [
                Field("graceSeconds", .integer(1...3_600), "How long the guest may take (default 60)"),
                Field(
                    "force", .boolean,
                    "Cut its power: at once, or after graceSeconds if these are given (default false)"),
            ], example: ["graceSeconds": 120], becomes: VMOrder.shutdown),
        action("reboot", "Ask a VM's guest to restart", becomes: VMOrder.plain(.reboot)),
        action("suspend", "Pause a VM: it keeps its memory and gets no CPU time", becomes: VMOrder.plain(.suspend)),
        action("resume", "Let a paused VM go on", becomes: VMOrder.plain(.resume)),
        action("save", "Save a VM's memory to disk and stop it", becomes: VMOrder.plain(.save)),
        action(
            "restore", "Start a saved VM where it was", fails: [.noRoom, .quota],
            becomes: VMOrder.plain(.restore, starting: .restore)),
        action(
            "resize", "Give a VM this number of vCPUs or this much memory", roles: .vmSizers,
            takes: [
                Field("vcpus", .vcpus, "The number of vCPUs that it is to have, without a cap"),
                Field(
                    "capacityThousandths", .integer(50...512_000),
                    "Its size of CPU in thousandths of a vCPU, in place of vcpus: what is not whole is a cap of its vCPUs"
                ),
                Field("memoryBytes", .memory, "The memory in bytes that it is to have"),
            ], fails: [.noRoom, .quota], example: ["vcpus": 2]),
        action(
            "cap", "Limit a VM's CPU time, or end the limit", roles: .vmSizers,
            takes: [
                Field(
                    "cpuCapPpm", .integer(0...512_000_000), required: true,
                    "CPU time per time in parts per million of one core; 0: no limit")
            ], example: ["cpuCapPpm": 500_000], becomes: VMOrder.cap),
        action(
            "networkcap", "Limit a VM's network traffic, or end the limit", roles: .hostManagers,
            takes: [
                Field("bytesPerSecond", .bytes, required: true, "Bytes per second in each direction; 0: no limit")
            ], example: ["bytesPerSecond": 10_485_760],
            becomes: VMOrder.networkCap),
        action(
            "migrate", "Move a VM to another host: live if it runs, its definition if it is off", roles: .hostManagers,
            takes: [
                Field("host", .name, "The host to move it to (default: the Scheduler chooses)"),
                Field(
                    "bandwidthBytesPerSecond", .integer(1_048_576...ByteCount.limit.bytes),
                    "Bytes per second that it may take (default: what the network gives)"),
                Field("maximumDowntimeMs", .integer(1...60_000), "Milliseconds that the VM may stand still at the end"),
                Field("autoConverge", .boolean, "Slow a VM down that changes its memory faster than it is copied"),
                Field(
                    "timeLimitSeconds", .integer(1...604_800),
                    "How long it may take; then it is aborted (default: as long as it makes progress)"),
                Field(
                    "force", .boolean,
                    "Move it to the named host although its pin or a group speaks against it (default false)"),
            ], fails: [.noRoom], example: ["host": "host-b", "maximumDowntimeMs": 300]),
        action(
            "abort", "Abort a VM's migration: it stays where it is", roles: .hostManagers,
            becomes: VMOrder.plain(.abortMigration)),
        action(
            "snapshot", "Keep a VM's disk, and its memory if it runs, under a name", takes: [snapshotField],
            fails: [.quota], example: ["name": "before-upgrade"],
            becomes: VMOrder.snapshot),
        action(
            "revert", "Take a VM back to a snapshot; what it did since is lost", final: .always, takes: [snapshotField],
            fails: [.noRoom, .quota], example: ["name": "before-upgrade"]),
        action(
            "snapshotdelete", "Delete a snapshot of a VM, which itself goes on as it is", final: .always,
            takes: [snapshotField], example: ["name": "before-upgrade"]),
        action(
            "delete", "Delete a VM and its disk", final: .always,
            takes: [Field("keepDisk", .boolean, "Leave its disk where it is (default false)")],
            becomes: VMOrder.delete),
        action(
            "prepare", "Raise the ceiling of a VM's size, from its next cold boot on", roles: .vmSizers,
            takes: ceilingFields, example: ["maxVcpus": 8]),
        MethodDefinition(
            "vm.adopt", "Manage a domain that was found on a host, for a tenant", access: .roles(.hostManagers),
            mutating: true,
            takes: [
                Field("vm", .text(1...255), required: true, "The domain's UUID or its name on the host"),
                Field("tenant", .name, required: true, "Whose it is to be"),
                Field("host", .name, "Where it is, where several hosts have one of that name"), waitField,
            ], returns: outcome, "How it went", fails: [.notFound, .conflict, .invalid, .outcomeUnknown, .quota],
            example: ["vm": "instance-00000a1", "tenant": "acme"], gives: exampleOutcome("adopt")),
        action(
            "release", "Give a VM back: Ebb only observes it from now on", roles: .hostManagers, final: .always,
            becomes: VMOrder.plain(.release)),
    ]

    private static let snapshotField = Field("name", .name, required: true, "The snapshot's name")

    /// The ceilings that `vm.prepare` and `vm.preview` take.
    static let ceilingFields = [
        Field("maxVcpus", .vcpus, "The vCPUs that it can grow to"),
        Field("maxMemoryBytes", .memory, "The memory in bytes that it can grow to"),
    ]

    /// Whether a change is waited for.
    static let waitField = Field(
        "wait", .boolean, "Whether to answer at its end, or soon with how far it is: see operation.show (default true)")

    /// - Parameter order: the command that it becomes; `nil`: a handler of the gateway finds out more first.
    private static func action(
        _ verb: String, _ summary: String, roles: Set<Role> = .vmManagers,
        final finality: MethodDefinition.Finality = .never, takes fields: [Field] = [],
        fails reasons: [ErrorReason] = [], example: [String: JSONValue] = [:], becomes order: VMOrder.Maker? = nil
    ) -> MethodDefinition {
        MethodDefinition(
            "vm.\(verb)", summary, access: .roles(roles), mutating: true, final: finality,
            takes: vmSelector + fields + [waitField], returns: outcome, "How it went",
            fails: [.notFound, .conflict, .invalid, .outcomeUnknown] + reasons,
            example: example.merging(["vm": "web-1"]) { own, _ in own }, gives: exampleOutcome(verb), becomes: order)
    }
}
