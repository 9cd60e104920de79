// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Stopping automatic actions; what people order still runs.
    static let freezes: [MethodDefinition] = [
        MethodDefinition(
            "freeze.set", "Stop automatic actions on a VM, a tenant's VMs or a cluster",
            access: .roles(.vmManagers), mutating: true, weight: .urgent,
            takes: scopeFields + [
                Field("reason", .text(1...512), required: true, "Why, for the people who find it later")
            ],
            returns: .object(freezeFields + reachFields), "The freeze, and who holds it already",
            fails: [.notFound, .conflict, .invalid],
            example: ["cluster": "main", "reason": "switch maintenance"],
            gives: .object(
                (exampleFreeze.members ?? [:]).merging([
                    "frozen": true, "reached": 2, "unreached": [],
                ]) { _, own in own })),
        MethodDefinition(
            "freeze.clear", "Let automatic actions go on", access: .roles(.vmManagers), mutating: true,
            weight: .urgent,
            takes: scopeFields + [
                Field(
                    "ofTenant", .boolean, only: .provider,
                    "End the freeze that the tenant's own people ordered; without it the provider's")
            ], returns: .object(freezeFields + reachFields),
            "The freeze that was, and who has ended it already", fails: [.notFound, .conflict, .invalid],
            example: ["cluster": "main"],
            gives: .object(
                (exampleFreeze.members ?? [:]).merging([
                    "frozen": false, "reached": 1,
                    "unreached": [["instance": exampleID(5), "endpoint": "tcp://10.0.0.2:7401"]],
                ]) { _, own in own })),
        MethodDefinition(
            "freeze.list", "List what is frozen, by whom and why", access: .roles(.vmReaders), takes: [],
            returns: .object([
                Field("items", .list(of: freezeSchema, atMost: 100_000), required: true, "The freezes")
            ]), "The freezes", example: [:], gives: ["items": [exampleFreeze]]),
    ]

    /// Exactly one scope: a VM, else a tenant, else a cluster. A tenant's own people may leave all out: their tenant.
    private static let scopeFields = [
        Field("vm", .vm, "The VM (name or UUID)"),
        Field("tenant", .name, only: .provider, "The tenant; beside a VM: whose it is"),
        Field("cluster", .name, only: .provider, "The cluster"),
    ]

    private static let freezeSchema = Schema.named("Freeze", .object(freezeFields))

    private static let freezeFields = [
        Field("scope", .choice(["cluster", "tenant", "vm"]), required: true, "What kind of thing is frozen"),
        Field("id", .line, required: true, "Its name; of a VM the UUID"),
        Field("name", .line, required: true, "Its name"),
        Field("reason", .line, required: true, "Why"),
        Field("principal", .line, required: true, "Who froze it; for a tenant the provider's people have no names"),
        Field("automatic", .boolean, required: true, "Whether Scheduler did it by itself"),
        Field(
            "byTenant", .boolean, required: true,
            "Whether the tenant's own people ordered it; it and the provider's freeze of the same thing hold each by itself"
        ),
        Field("createdAt", .instant, required: true, "Since when"),
    ]

    private static let reachFields = [
        Field("frozen", .boolean, required: true, "Whether it is frozen now, by whomever"),
        Field("reached", .count, required: true, "How many Monitors confirmed it"),
        Field(
            "unreached", .list(of: .object(monitorFields), atMost: 10_000), required: true,
            "Monitors that did not answer in time; they learn of it from the database"),
    ]

    private static let monitorFields = [
        Field("instance", .uuid, required: true, "The instance"),
        Field("endpoint", .line, "Where it takes commands; only the provider's people see it"),
    ]

    private static let exampleFreeze: JSONValue = [
        "scope": "cluster", "id": "main", "name": "main", "reason": "switch maintenance", "principal": "root",
        "automatic": false, "byTenant": false, "createdAt": "2026-03-01T12:00:00Z",
    ]
}
