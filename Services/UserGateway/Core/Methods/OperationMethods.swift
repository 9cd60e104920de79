// SPDX-License-Identifier: Apache-2.0

import Contracts

extension MethodDefinition {
    /// What people did.
    static let operations: [MethodDefinition] = [
        MethodDefinition(
            "operation.list", "List what was done and by whom, the newest first",
            access: .roles(Set.provider.union([.owner])),
            takes: [
                Field("vm", .vm, "Only operations on this VM (name or UUID)"),
                Field(
                    "tenant", .name, only: .provider, "Whose VM it is; without one, only what this tenant's people did"),
                Field("actor", .text(1...127), "Only operations of this principal"),
                Field("since", .instant, "Only operations at or after this instant"),
                Field(
                    "running", .boolean, "Only changes of VMs that are under way, with their progress (default false)"),
                Field("limit", .integer(1...1_000), "At most this many (default 50)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(operationFields), atMost: 1_000), required: true, "The operations"),
                Field("truncated", .boolean, "Whether there are older ones"),
            ]), "The operations", fails: [.notFound, .conflict], example: ["limit": 10],
            gives: [
                "items": [
                    [
                        "sequence": 17, "at": "2026-03-01T12:00:00Z", "actor": "ada", "action": "vm.start",
                        "subject": "web-1", "detail": ["state": "succeeded"],
                    ]
                ]
            ]),
        MethodDefinition(
            "operation.show", "Show how far a change of a VM is, or how it ended", access: .roles(.vmReaders),
            takes: [Field("id", .uuid, required: true, "The command's id, as the change's answer has it")],
            returns: .object(progressFields), "The operation", fails: [.notFound], example: ["id": exampleID(3)],
            gives: [
                "command": exampleID(3), "id": exampleID(2), "vm": "web-1", "action": "migrate", "state": "claimed",
                "actor": "ada", "host": "host-7c41", "progressPpm": 420_000, "progress": "copied 215 of 512 MiB",
                "createdAt": "2026-03-01T12:00:00Z",
            ]),
    ]

    /// A command: a change of a VM, from its request to its end.
    private static let progressFields = [
        Field("command", .uuid, required: true, "The command"),
        Field("id", .uuid, required: true, "The VM's UUID"),
        Field("vm", .line, required: true, "The VM's name"),
        Field("action", .line, required: true, "What was asked"),
        Field("state", .choice(["queued", "claimed", "succeeded", "failed"]), required: true, "How far it came"),
        Field("actor", .line, required: true, "Who asked"),
        Field("host", .line, required: true, "Where it is carried out; a pseudonym for a tenant"),
        Field("vcpus", .nullable(.count), "The VM's vCPUs afterwards; absent before its end"),
        Field("capacityThousandths", .figure, "What a cap then leaves of them, in thousandths of a vCPU; absent: all"),
        Field("progressPpm", .anyShare, "How much is done, in parts per million, where it is known"),
        Field("progress", .line, "What is being done"),
        Field("reason", .choice(ErrorReason.allCases.map(\.rawValue)), "Why it failed, for programs"),
        Field("message", .line, "Why it failed, what it waits for, or that there was nothing to do"),
        Field("createdAt", .instant, required: true, "When it was asked for"),
        Field("finishedAt", .instant, "When it ended"),
    ]

    private static let operationFields = [
        Field("sequence", .figure, "Its place in the sealed chain; absent until Logger has sealed it, and for tenants"),
        Field("at", .instant, required: true, "When"),
        Field("actor", .line, required: true, "Who"),
        Field("action", .line, required: true, "What, as the method's name"),
        Field("subject", .line, required: true, "To what"),
        Field("detail", .document, "With which values, and how it ended"),
        Field("id", .uuid, "Of a change that is under way: the command, for operation.show"),
        Field("state", .choice(["queued", "claimed"]), "Of a change that is under way: how far it is"),
        Field("progressPpm", .anyShare, "How much is done, in parts per million, where it is known"),
        Field("progress", .line, "What is being done"),
    ]
}
