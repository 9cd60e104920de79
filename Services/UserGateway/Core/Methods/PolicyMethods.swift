// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

extension MethodDefinition {
    /// Thresholds and policies: U1, U2 and P = M/N, for CPU, memory and network.
    static let policies: [MethodDefinition] = [
        MethodDefinition(
            "policy.show", "Show a VM's policy", access: .roles(.vmReaders), takes: vmSelector,
            returns: policySchema, "The policy", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: examplePolicy),
        MethodDefinition(
            "policy.set", "Set how a VM grows, shrinks and moves; what is not given stays as it is",
            access: .roles(.vmManagers), mutating: true,
            takes: vmSelector + ruleFields + memoryFields + networkFields + optionFields,
            returns: policySchema, "The policy", fails: [.notFound, .conflict, .invalid],
            example: [
                "vm": "web-1", "lowerPpm": 150_000, "upperPpm": 800_000, "ratioPpm": 700_000, "minVcpus": 1,
                "maxVcpus": 4,
            ], gives: examplePolicy),
        MethodDefinition(
            "policy.pin", "Keep the bounds that the platform chose: it does not decide them any more",
            access: .roles(.vmManagers), mutating: true, takes: vmSelector, returns: policySchema,
            "The policy, now the tenant's own", fails: [.notFound, .conflict, .invalid], example: ["vm": "web-1"],
            gives: examplePolicy),
        MethodDefinition(
            "policy.clear", "End a VM's policy: its size then stays as it is", access: .roles(.vmManagers),
            mutating: true, takes: vmSelector, returns: policySchema, "The policy, now without bounds",
            fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: ["vm": "web-1", "version": 4, "validFrom": "2026-03-02T12:00:00Z", "windowLength": 10]),
        MethodDefinition(
            "policy.replay", "Show what a policy would have done with a VM in the past", access: .roles(.vmReaders),
            weight: .elsewhere(.scheduler),
            takes: vmSelector + ruleFields + [
                Field("from", .instant, required: true, "From when on it would have held"),
                Field("to", .instant, "Until when (default: now)"),
            ],
            returns: .object(replayFields), "The timeline", fails: [.notFound, .conflict, .invalid],
            example: [
                "vm": "web-1", "lowerPpm": 300_000, "upperPpm": 800_000, "ratioPpm": 666_666,
                "from": "2026-03-01T00:00:00Z",
            ], gives: exampleReplay),
    ]

    private static let presets = Schema.choice(["aggressive", "balanced", "conservative", "paper"])

    /// The rule for CPU: what every policy has.
    private static let ruleFields = [
        Field("preset", presets, "A policy with a name, in place of bounds and ratio"),
        Field("lowerPpm", .share, "U1 in parts per million: use below it lets the VM shrink"),
        Field("upperPpm", .share, "U2 in parts per million: use above it lets the VM grow"),
        Field(
            "ratioPpm", .integer(1...1_000_000),
            "M/N in parts per million: which share of the last N samples must breach; low is aggressive"),
        Field("minVcpus", .vcpus, "It never shrinks below this size (default 1)"),
        Field("maxVcpus", .vcpus, "It never grows beyond this size (default: the VM's ceiling)"),
    ]

    private static let memoryFields = [
        Field("memory", .boolean, "False: memory keeps its size; the other fields of memory then don't count"),
        Field("memoryLowerPpm", .share, "U1 for memory in parts per million (default 500000)"),
        Field("memoryUpperPpm", .share, "U2 for memory in parts per million (default 850000)"),
        Field("minMemoryBytes", .memory, "Memory never falls below this many bytes"),
        Field("maxMemoryBytes", .memory, "Memory never grows beyond this many bytes"),
    ]

    private static let networkFields = [
        Field("network", .boolean, "False: the network cap keeps its value"),
        Field("networkLowerPpm", .share, "U1 for the network cap in parts per million (default 300000)"),
        Field("networkUpperPpm", .share, "U2 for the network cap in parts per million (default 800000)"),
        Field("minNetworkBytesPerSecond", .integer(1...ByteCount.limit.bytes), "The cap never falls below this"),
        Field("maxNetworkBytesPerSecond", .integer(1...ByteCount.limit.bytes), "The cap never grows beyond this"),
    ]

    private static let optionFields = [
        Field("managed", .boolean, "Whether the platform chooses the bounds from the VM's own past"),
        Field(
            "goalPpm", .share,
            "What a managed policy must reach at the lowest cost: at most this share of minutes overloaded, in parts per million"
        ),
        Field("cooldownUpNanoseconds", .integer(0...86_400_000_000_000), "No growing for this long after a change"),
        Field("cooldownDownNanoseconds", .integer(0...86_400_000_000_000), "No shrinking for this long after a change"),
        Field(
            "windowLength", .integer(0...1_000), "N: how many samples are looked at; 0: the platform's, or the preset's"
        ),
        Field("optOut", .boolean, "Whether nothing is to be done with the VM automatically"),
        Field("dryRun", .boolean, "Whether all is decided and recorded, and nothing done"),
        Field("affinity", .text(0...63), "VMs of one group share a host; empty: no group"),
        Field("antiAffinity", .text(0...63), "No two VMs of one group share a host; empty: no group"),
        Field(
            "pinnedHosts", .list(of: .name, atMost: 100), only: .hostManagers,
            "The only hosts that it may run on; empty: any"),
    ]

    private static let policySchema = Schema.named("Policy", .object(policyFields))

    private static let policyFields =
        [
            Field("vm", .line, required: true, "The VM's name"),
            Field("version", .count, required: true, "Counts up at every change; 0: it never had a policy"),
            Field("validFrom", .instant, "Since when it holds"),
            Field("breachesNeeded", .count, "M: how many of the samples must breach"),
            Field(
                "trueRatioPpm", .share,
                "M/N as N really represents the stated ratio, in parts per million: the policy is billed by it"),
            Field("choice", .prose, "What the platform chose, and why; absent where the bounds are the tenant's"),
        ] + ruleFields + memoryFields.dropFirst() + networkFields.dropFirst() + optionFields.dropLast() + [
            Field("pinnedHosts", .list(of: .line, atMost: 100), "The only hosts that it may run on")
        ]

    private static let replayFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("from", .instant, required: true, "The timeline's begin"),
        Field("to", .instant, required: true, "Its end"),
        Field("overloadedNanoseconds", .figure, required: true, "Time in which the demand was above the size"),
        Field("idleNanoseconds", .figure, required: true, "Time below U1"),
        Field(
            "cappedNanoseconds", .figure, required: true,
            "Time in which the real size capped the demand: the real demand may have been higher"),
        Field("actions", .count, required: true, "Changes of size"),
        Field("text", .prose, "The timeline for people"),
        Field("record", .document, required: true, "The timeline for programs: sizes, actions, minutes"),
    ]

    private static let exampleReplay: JSONValue = [
        "vm": "web-1", "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z",
        "overloadedNanoseconds": 600_000_000_000, "idleNanoseconds": 7_200_000_000_000, "cappedNanoseconds": 0,
        "actions": 5, "record": [:],
    ]

    private static let examplePolicy: JSONValue = [
        "vm": "web-1", "version": 3, "validFrom": "2026-03-01T12:00:00Z", "lowerPpm": 150_000, "upperPpm": 800_000,
        "ratioPpm": 700_000, "minVcpus": 1, "maxVcpus": 4, "windowLength": 10, "breachesNeeded": 7,
        "dryRun": false, "optOut": false, "managed": false,
    ]
}
