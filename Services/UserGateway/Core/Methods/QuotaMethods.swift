// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// How much a tenant may have. A tenant without a quota has no limit.
    static let quotas: [MethodDefinition] = [
        MethodDefinition(
            "quota.show", "Show what a tenant has, and how much it may have", access: .roles(.everyone),
            takes: [Field("tenant", .name, only: .provider, "The tenant")], returns: quota,
            "Use and quota of each resource", fails: [.notFound, .invalid], example: [:], gives: exampleQuota),
        MethodDefinition(
            "quota.set", "Set how much a tenant may have; what is left out stays as it is",
            access: .roles(.hostManagers), mutating: true,
            takes: [
                Field("tenant", .name, required: true, "The tenant"),
                Field("vms", .nullable(.count), "VMs; null: without a limit"),
                Field(
                    "vcpus", .nullable(.count), "vCPUs of all VMs, also of those that are off; null: without a limit"),
                Field(
                    "memoryBytes", .nullable(.bytes),
                    "Memory of all VMs in bytes, also of those that are off; null: without a limit"),
                Field("diskBytes", .nullable(.bytes), "Disks of all VMs in bytes; null: without a limit"),
                Field("snapshots", .nullable(.count), "Snapshots of all VMs; null: without a limit"),
                Field(
                    "tokens", .nullable(.count), "Tokens that are neither revoked nor expired; null: without a limit"),
            ], returns: quota, "Use and quota of each resource", fails: [.notFound, .invalid],
            example: ["tenant": "acme", "vms": 10, "vcpus": 40], gives: exampleQuota),
    ]

    private static let quota = Schema.named(
        "Quota",
        .object([
            Field("tenant", .name, required: true, "The tenant"),
            Field("items", .list(of: .object(quotaFields), atMost: 100), required: true, "By resource"),
        ]))

    private static let quotaFields = [
        Field(
            "resource", .choice(["vms", "vcpus", "memory", "disk", "snapshots", "tokens"]), required: true,
            "Of memory and disk bytes are counted"),
        Field("used", .figure, required: true, "What it has, with what is promised to it or under way"),
        Field("quota", .nullable(.figure), required: true, "What it may have; null: without a limit"),
    ]

    private static let exampleQuota: JSONValue = [
        "tenant": "acme",
        "items": [
            ["resource": "vms", "used": 3, "quota": 10], ["resource": "vcpus", "used": 7, "quota": 40],
            ["resource": "memory", "used": 6_442_450_944, "quota": .null],
            ["resource": "disk", "used": 64_424_509_440, "quota": .null],
            ["resource": "snapshots", "used": 1, "quota": .null], ["resource": "tokens", "used": 4, "quota": .null],
        ],
    ]
}
