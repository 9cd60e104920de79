// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Virtual machines: what they are.
    static let vms: [MethodDefinition] = [
        MethodDefinition(
            "vm.create", "Create a virtual machine and start it", access: .roles(.vmManagers), mutating: true,
            takes: [
                Field("name", .name, required: true, "Its name, unique within the tenant"),
                Field(
                    "flavor", .choice(Flavor.all.map(\.name)), "A size by its name; what else is given overrides it"),
                Field("vcpus", .vcpus, "vCPUs that it starts with (default: the flavor's)"),
                Field(
                    "maxVcpus", .vcpus,
                    "The ceiling that it can grow to (default: the flavor's, else twice its vCPUs)"),
                Field("memoryBytes", .memory, "Memory in bytes (default: the flavor's)"),
                Field("diskBytes", .bytes, "Disk in bytes (default: the flavor's)"),
                Field(
                    "maxMemoryBytes", .memory,
                    "The memory in bytes that it can grow to (default: its memory)"),
                Field("image", .name, "The image that its disk begins as: a volume of the storage pool of its host"),
                Field("pool", .name, only: .hostManagers, "The storage pool of image and disk (default ebb)"),
                Field("network", .name, only: .hostManagers, "The network of the host that its card joins"),
                Field(
                    "sshKeys", .list(of: .text(16...8_192), atMost: 16), "Public SSH keys that may log in to its guest"),
                Field("tenant", .name, only: .hostManagers, "The tenant that it belongs to"),
                Field("host", .name, only: .hostManagers, "The host to place it on (default: the Scheduler chooses)"),
                Field(
                    "cluster", .name, only: .hostManagers,
                    "The cluster to place it in (default: that of the host, else the first of the tenant's with room)"),
                Field("affinity", .text(1...63), "VMs of one group share a host; kept as its policy"),
                Field("antiAffinity", .text(1...63), "No two VMs of one group share a host; kept as its policy"),
                Field(
                    "pinnedHosts", .list(of: .name, atMost: 100), only: .hostManagers,
                    "The only hosts that it may run on; kept as its policy"),
                Field("boot", .object(bootFields), only: .hostManagers, "What it boots (default: its disk)"),
                waitField,
            ],
            returns: outcome, "How it went", fails: [.conflict, .invalid, .noRoom, .quota, .notFound, .outcomeUnknown],
            example: ["name": "web-1", "flavor": "small", "maxVcpus": 4, "image": "debian-13"],
            gives: exampleOutcome("create")),
        MethodDefinition(
            "vm.list", "List virtual machines", access: .roles(.vmReaders),
            takes: [
                Field("tenant", .name, only: .provider, "Only VMs of this tenant"),
                Field("host", .name, only: .provider, "Only VMs on this host"),
                Field(
                    "foreign", .boolean, only: .provider,
                    "Whether to list only domains that Ebb does not manage, or only VMs that it does (default: both)"),
                Field("limit", .integer(1...10_000), "At most this many (default 1000)"),
            ],
            returns: .object([
                Field(
                    "items", .list(of: vmSchema, atMost: 10_000), required: true, "The VMs by tenant and name"),
                Field("truncated", .boolean, "Whether there are more"),
            ]), "The VMs", example: [:], gives: ["items": [exampleVM], "truncated": false]),
        MethodDefinition(
            "vm.show", "Show a virtual machine", access: .roles(.vmReaders), takes: vmSelector,
            returns: vmSchema, "The VM", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: exampleVM),
        MethodDefinition(
            "sample.list", "List a VM's newest stored samples with its host's load, in the order of time",
            access: .roles(.vmReaders), weight: .costly,
            takes: vmSelector + [
                Field("since", .instant, "Only samples at or after this instant (default: an hour ago)"),
                Field("limit", .integer(1...10_000), "At most this many, the newest (default 1000)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(sampleFields), atMost: 10_000), required: true, "The samples"),
                Field("truncated", .boolean, "Whether there are older ones"),
                Field("ageNanoseconds", .nullable(.figure), "How old the newest is; null: there is none"),
            ]), "The samples", fails: [.notFound, .conflict, .invalid], example: ["vm": "web-1", "limit": 10],
            gives: [
                "items": [
                    [
                        "at": "2026-03-01T12:00:05Z", "atNanoseconds": 1_772_366_405_000_000_000,
                        "host": "host-7c41", "state": "running", "vcpus": 2, "cpuUtilizationPpm": 412_500,
                        "virtCpuUsagePpm": 825_000, "hostCpuUtilizationPpm": 206_250,
                    ]
                ]
            ]),
    ]

    private static let sampleFields = [
        Field("at", .instant, required: true, "When its counters were read"),
        Field("atNanoseconds", .figure, required: true, "The same in nanoseconds since 1970"),
        Field("host", .line, required: true, "Where it was; a pseudonym for a tenant"),
        Field("state", .line, required: true, "Its state"),
        Field("vcpus", .nullable(.count), required: true, "Confirmed vCPUs; null while unknown"),
        Field(
            "capacityThousandths", .nullable(.figure),
            "Its size of CPU in thousandths of a vCPU: what its cap left of its vCPUs; null is unknown"),
        Field(
            "cpuUtilizationPpm", .nullable(.anyShare), required: true,
            "Use of the capacity that it had; null is unknown"),
        Field(
            "cpuDemandPpm", .nullable(.anyShare),
            "What its vCPUs used and waited for, of one core; null where that is not known"),
        Field("virtCpuUsagePpm", .nullable(.anyShare), required: true, "CPU time per time; null is unknown"),
        Field(
            "hostCpuUtilizationPpm", .nullable(.anyShare), required: true,
            "Its host's load; null is unknown, and for a tenant"),
    ]

    /// Which VM: the provider's people may have to say whose.
    static let vmSelector = [
        Field("vm", .vm, required: true, "The VM's name or UUID"),
        Field("tenant", .name, only: .provider, "Whose VM, where several tenants have one of that name"),
    ]

    /// What a change that was asked for came to.
    static let outcome = Schema.named(
        "Outcome",
        .object([
            Field("vm", .line, required: true, "The VM's name"),
            Field("id", .uuid, required: true, "The VM's UUID"),
            Field("action", .line, required: true, "What was asked"),
            Field("command", .uuid, "The durable command, for operation.show"),
            Field(
                "state", .choice(["queued", "claimed", "succeeded", "failed"]), required: true, "How far it came"),
            Field("host", .line, "Where it is now; a pseudonym for a tenant"),
            Field("vcpus", .nullable(.count), "Its vCPUs afterwards; null while unknown"),
            Field(
                "capacityThousandths", .figure, "What a cap then leaves of them, in thousandths of a vCPU; absent: all"),
            Field("message", .line, "What is to be said about it"),
            Field("change", .prose, "What changes in its definition, line by line"),
        ]))

    static func exampleOutcome(_ action: String) -> JSONValue {
        [
            "vm": "web-1", "id": exampleID(2), "action": .string(action), "command": exampleID(3), "state": "succeeded",
            "host": "host-7c41", "vcpus": 2,
        ]
    }

    private static let bootFields = [
        Field("kernelPath", .text(1...1_024), "The kernel's path on the host"),
        Field("initrdPath", .text(1...1_024), "The initial RAM disk's path on the host"),
        Field("commandLine", .text(0...4_096), "The kernel's command line"),
        Field("imagePath", .text(1...1_024), "The disk image's path on the host"),
        Field("bridge", .text(1...15), "The bridge on the host that its network card joins"),
    ]

    private static let vmSchema = Schema.named("VM", .object(vmFields))

    private static let vmFields = [
        Field("name", .line, required: true, "Its name within the tenant"),
        Field("id", .uuid, required: true, "Its UUID"),
        Field("tenant", .nullable(.name), required: true, "Whose it is; null for one that Ebb did not create"),
        Field(
            "state",
            .choice([
                "unknown", "running", "blocked", "paused", "shutting-down", "shutoff", "crashed", "saved",
                "pm-suspended", "missing",
            ]),
            required: true,
            "Its state; unknown while its host does not answer, missing if its host does not have it any more"),
        Field("stateReason", .nullable(.line), "Why it is in that state; null where nothing is said of it"),
        Field("missingSince", .nullable(.instant), "Since when its host does not have it any more; null: it has it"),
        Field("host", .line, required: true, "Where it is; a pseudonym for a tenant"),
        Field("vcpus", .nullable(.count), required: true, "Confirmed vCPUs; null while unknown"),
        Field(
            "capacityThousandths", .nullable(.figure),
            "Its size of CPU in thousandths of a vCPU: what its cap leaves of its vCPUs; null while unknown"),
        Field("maxVcpus", .count, required: true, "The ceiling that it can grow to"),
        Field("askedVcpus", .nullable(.count), "What Ebb last asked for; null if it never did"),
        Field("grantedVcpus", .nullable(.count), "What the hypervisor says it gave; null while unknown"),
        Field("memoryBytes", .nullable(.bytes), required: true, "Memory in bytes; null while unknown"),
        Field("maxMemoryBytes", .bytes, "The ceiling of its memory in bytes"),
        Field("diskBytes", .bytes, required: true, "Disk in bytes"),
        Field("cpuUtilizationPpm", .nullable(.anyShare), "Use of its capacity; null while unknown"),
        Field("memoryUtilizationPpm", .nullable(.anyShare), "Use of its memory without page cache; null while unknown"),
        Field(
            "ageNanoseconds", .nullable(.figure),
            "How long ago its host was last heard of; after three intervals state and figures are unknown; null: never"),
        Field("policy", .nullable(.line), "Its policy in short; null without one"),
        Field(
            "cpuCapPpm", .nullable(.figure),
            "The limit of CPU time that was asked for, in parts per million of one core; null: no limit"),
        Field(
            "seenCpuCap", .nullable(.line),
            "The limit that its host shows while it runs, such as 0.5 vCPU, or no cap; null: unknown"),
        Field("networkCapBytesPerSecond", .nullable(.figure), "Its network traffic at most; null: no limit"),
        Field("nextMaxVcpus", .nullable(.count), "The ceiling from its next cold boot on; null: as it is"),
        Field("nextMaxMemoryBytes", .nullable(.bytes), "The same of its memory"),
        Field("manager", .nullable(.line), "Who else manages it, such as nova; null: nobody that is known"),
        Field("unmetered", .nullable(.line), "Its devices whose counters or size can't be read, and so are not billed"),
        Field(
            "copies", .nullable(.line),
            "Where else a VM of its UUID is and in which state (unknown: that host does not answer); null: nowhere"),
        Field("managed", .boolean, "Whether Ebb may change it; false: a foreign domain, which it only observes"),
        Field("frozen", .nullable(.line), "Why automatic actions on it are stopped; null where they are not"),
        Field("waiting", .nullable(.line), "What it is due to get and waits for; null where it waits for nothing"),
        Field("broken", .nullable(.line), "Its pins and groups that do not hold where it is; null: all hold"),
        Field("revision", .figure, "Counts up at every change"),
    ]

    private static let exampleVM: JSONValue = [
        "name": "web-1", "id": exampleID(2), "tenant": "acme", "state": "running", "host": "host-7c41", "vcpus": 2,
        "maxVcpus": 4, "askedVcpus": 2, "grantedVcpus": 2, "memoryBytes": 536_870_912, "maxMemoryBytes": 536_870_912,
        "diskBytes": 21_474_836_480, "cpuUtilizationPpm": 412_500, "memoryUtilizationPpm": 630_000,
        "ageNanoseconds": 2_400_000_000, "policy": "15 %..80 %, 7/10", "managed": true, "frozen": .null, "revision": 4,
    ]
}
