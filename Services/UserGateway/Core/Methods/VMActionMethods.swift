// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Virtual machines: what can be done to them.
    static let vmActions: [MethodDefinition] = [
        action("start", "Start a VM that is stopped", fails: [.noRoom]),
        action(
            "shutdown", "Stop a VM",
            takes: [Field("force", .boolean, "Cut its power instead of asking the guest (default false)")]),
        action("suspend", "Pause a VM: it keeps its memory and gets no CPU time"),
        action("resume", "Let a paused VM go on"),
        action("save", "Save a VM's memory to disk and stop it"),
        action("restore", "Start a saved VM where it was", fails: [.noRoom]),
        action(
            "resize", "Give a VM this number of vCPUs", roles: [.owner, .operator, .administrator],
            takes: [Field("vcpus", .integer(1...512), required: true, "The number of vCPUs that it is to have")],
            fails: [.noRoom, .invalid], example: ["vcpus": 2]),
        action(
            "migrate", "Move a running VM to another host", roles: .hostManagers,
            takes: [Field("host", .name, "The host to move it to (default: the Scheduler chooses)")],
            fails: [.noRoom, .invalid], example: ["host": "host-b"]),
        action("delete", "Delete a VM and its disk"),
    ]

    private static func action(
        _ verb: String, _ summary: String, roles: Set<Role> = .vmManagers, takes fields: [Field] = [],
        fails reasons: [ErrorReason] = [], example: [String: JSONValue] = [:]
    ) -> MethodDefinition {
        MethodDefinition(
            "vm.\(verb)", summary, access: .roles(roles), mutating: true, takes: vmSelector + fields, returns: outcome,
            "How it went", fails: [.notFound, .conflict, .outcomeUnknown] + reasons,
            example: example.merging(["vm": "web-1"]) { own, _ in own }, gives: exampleOutcome(verb))
    }
}
