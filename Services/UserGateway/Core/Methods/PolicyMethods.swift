// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Thresholds and policies: U1, U2 and P = M/N.
    static let policies: [MethodDefinition] = [
        MethodDefinition(
            "policy.show", "Show a VM's policy", access: .roles(.vmReaders), takes: vmSelector,
            returns: .object(policyFields), "The policy", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: examplePolicy),
        MethodDefinition(
            "policy.set", "Set the bounds and the ratio by which a VM grows and shrinks", access: .roles(.vmManagers),
            mutating: true,
            takes: vmSelector + [
                Field("lowerPpm", .share, required: true, "U1 in parts per million: use below it lets the VM shrink"),
                Field("upperPpm", .share, required: true, "U2 in parts per million: use above it lets the VM grow"),
                Field(
                    "ratioPpm", .integer(1...1_000_000), required: true,
                    "M/N in parts per million: which share of the last N samples must breach; low is aggressive"),
                Field("minVcpus", .integer(1...512), "It never shrinks below this size (default 1)"),
                Field("maxVcpus", .integer(1...512), "It never grows beyond this size (default: the VM's ceiling)"),
            ],
            returns: .object(policyFields), "The policy", fails: [.notFound, .conflict, .invalid],
            example: [
                "vm": "web-1", "lowerPpm": 150_000, "upperPpm": 800_000, "ratioPpm": 700_000, "minVcpus": 1,
                "maxVcpus": 4,
            ], gives: examplePolicy),
        MethodDefinition(
            "policy.clear", "End a VM's policy: its size then stays as it is", access: .roles(.vmManagers),
            mutating: true, takes: vmSelector, returns: .object(policyFields), "The policy, now without bounds",
            fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: ["vm": "web-1", "version": 4, "validFrom": "2026-03-02T12:00:00Z", "windowLength": 10]),
    ]

    private static let policyFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("version", .count, required: true, "Counts up at every change; 0: it never had a policy"),
        Field("validFrom", .instant, "Since when it holds"),
        Field("lowerPpm", .share, "U1 in parts per million; absent without a policy"),
        Field("upperPpm", .share, "U2 in parts per million"),
        Field("ratioPpm", .share, "M/N in parts per million"),
        Field("minVcpus", .count, "It never shrinks below this size"),
        Field("maxVcpus", .count, "It never grows beyond this size"),
        Field("windowLength", .count, "N: how many samples are looked at"),
        Field("breachesNeeded", .count, "M: how many of them must breach"),
    ]

    private static let examplePolicy: JSONValue = [
        "vm": "web-1", "version": 3, "validFrom": "2026-03-01T12:00:00Z", "lowerPpm": 150_000, "upperPpm": 800_000,
        "ratioPpm": 700_000, "minVcpus": 1, "maxVcpus": 4, "windowLength": 10, "breachesNeeded": 7,
    ]
}
