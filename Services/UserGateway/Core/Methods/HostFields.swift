// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

extension MethodDefinition {
    static let hostField = Field("host", .name, required: true, "The host's name")

    /// How much of a host may be promised.
    ///
    /// - Parameter isNew: whether a missing value gets a default; otherwise it stays.
    static func limitFields(default isNew: Bool) -> [Field] {
        func note(_ value: String) -> String { isNew ? " (default \(value))" : "" }
        return [
            Field(
                "cpuOvercommitPpm", .integer(10_000...100_000_000),
                "vCPUs that may be promised per core, in parts per million" + note("2000000")),
            Field(
                "memoryOvercommitPpm", .integer(10_000...100_000_000),
                "Memory that may be promised per memory it has, in parts per million" + note("1000000")),
            Field("reservedVcpus", .integer(VCPUCount.bounds), "vCPUs kept free" + note("0")),
            Field("reservedMemoryBytes", .integer(0...70_368_744_177_664), "Memory kept free, in bytes" + note("0")),
            Field(
                "cpuBoundPpm", .integer(1...100_000_000),
                "Projected use, in parts per million, above which nothing more is placed" + note("900000")
                    + "; far above 1000000 measured use refuses nothing"),
        ]
    }

    static let hostSchema = Schema.named("Host", .object(hostFields))

    static let hostFields = [
        Field("name", .name, required: true, "The host's name"),
        Field("cluster", .name, required: true, "The set of hosts between which its VMs may migrate"),
        Field("uri", .text(1...512), required: true, "The URI of its hypervisor"),
        Field("mode", .choice(["observe", "enabled", "draining"]), required: true, "Whether Ebb may change its VMs"),
        Field("state", .choice(["unknown", "up"]), required: true, "Whether it answers; unknown is not off"),
        Field("labels", .labels, required: true, "Its labels"),
        Field("cpuCount", .nullable(.count), "Cores; null until it was read"),
        Field("memoryBytes", .nullable(.bytes), "Memory in bytes; null until it was read"),
        Field("vcpus", .nullable(.count), "vCPUs of its VMs that run; null if unknown"),
        Field("vms", .nullable(.count), "VMs on it; null if unknown"),
        Field("foreign", .nullable(.count), "Those of them that Ebb does not manage; null if unknown"),
        Field("cpuUtilizationPpm", .nullable(.anyShare), "Busy share of all cores; null if unknown"),
        Field("memoryUsedBytes", .nullable(.bytes), "Memory in use; null if unknown"),
        Field("responseTimeNanoseconds", .nullable(.figure), "Round trip to it; null if it does not answer"),
        Field(
            "ageNanoseconds", .nullable(.figure),
            "How long ago it was last heard of; after three intervals all of it is unknown; null: never"),
        Field("cpuOvercommitPpm", .count, "vCPUs that may be promised per core, in parts per million"),
        Field("memoryOvercommitPpm", .count, "Memory that may be promised per memory, in parts per million"),
        Field("reservedVcpus", .count, "vCPUs kept free"),
        Field("reservedMemoryBytes", .bytes, "Memory kept free, in bytes"),
        Field("cpuBoundPpm", .count, "Measured use above which nothing more is placed"),
    ]

    /// What only `host.show` says.
    static let detailFields = [
        Field("driver", .nullable(.line), "The hypervisor's driver, such as QEMU; null until it was read"),
        Field("hypervisorVersion", .nullable(.line), "The hypervisor's version; null until it was read"),
        Field(
            "sampling", .nullable(.choice(["bulk", "per-domain"])),
            "Whether one call reads all domains or each has its own; null until it was found out"),
        Field("controlDomainUtilizationPpm", .nullable(.anyShare), "Domain 0's share of all cores (Xen)"),
        Field(
            "responseLossPpm", .nullable(.anyShare),
            "Share of the last ten round trips that had no answer; null if unknown"),
        Field("domainsUtilizationPpm", .nullable(.anyShare), "The domains' share of all cores; null if unknown"),
        Field("capabilities", .document, "All that was found out about it"),
        Field(
            "duplicates", .list(of: .line, atMost: 100_000),
            "Other hosts with this one's UUID: migration between them is refused until one of them gets its own"),
        Field(
            "duplicateDomains", .list(of: .line, atMost: 100_000),
            "UUIDs of domains that another host has too: Ebb keeps to the other one"),
        Field("domains", .list(of: .object(domainFields), atMost: 100_000), "The domains on it by name"),
        Field(
            "staying", .list(of: .object(stayingFields), atMost: 100_000),
            "Of a host in drain: the domains that can't move away, and why"),
    ]

    private static let stayingFields = [
        Field("name", .line, required: true, "Its name"),
        Field("reason", .prose, required: true, "Why it stays"),
    ]

    static let checkFields = [
        Field("host", .name, required: true, "The host"),
        Field("target", .name, "The other host of a pair that VMs migrate from here to"),
        Field("check", .line, required: true, "What was looked at"),
        Field("result", .choice(["fine", "missing", "unknown"]), required: true, "What was found"),
        Field("detail", .line, "What was seen"),
        Field("remedy", .line, "What to do about it"),
    ]

    private static let domainFields = [
        Field("name", .line, required: true, "Its name"),
        Field("id", .uuid, required: true, "Its UUID"),
        Field("tenant", .nullable(.name), required: true, "Whose it is; null for one that Ebb does not manage"),
        Field("state", .line, required: true, "Its state"),
        Field("vcpus", .nullable(.count), required: true, "Confirmed vCPUs; null while unknown"),
        Field("memoryBytes", .nullable(.bytes), required: true, "Memory in bytes; null while unknown"),
        Field("managed", .boolean, required: true, "Whether Ebb may change it"),
        Field("manager", .nullable(.line), "Who else manages it, such as nova"),
    ]

    static let exampleHost: JSONValue = [
        "name": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system", "mode": "observe", "state": "up",
        "labels": ["rack": "7"], "cpuCount": 4, "memoryBytes": 2_147_483_648, "vcpus": 4, "vms": 2, "foreign": 1,
        "cpuUtilizationPpm": 412_500, "memoryUsedBytes": 1_342_177_280, "responseTimeNanoseconds": 412_000,
        "ageNanoseconds": 2_400_000_000, "cpuOvercommitPpm": 2_000_000, "memoryOvercommitPpm": 1_000_000,
        "reservedVcpus": 0, "reservedMemoryBytes": 0,
        "cpuBoundPpm": 900_000,
    ]

    static let exampleDetails: JSONValue = .object(
        (exampleHost.members ?? [:]).merging([
            "driver": "QEMU", "hypervisorVersion": "7.2.0", "sampling": "bulk", "domainsUtilizationPpm": 380_000,
            "responseLossPpm": 100_000,
            "capabilities": ["driver": "QEMU", "version": "7.2.0", "hasBulkStatistics": true], "duplicates": [],
            "duplicateDomains": [],
            "domains": [
                [
                    "name": "web-1", "id": exampleID(2), "tenant": "acme", "state": "running", "vcpus": 2,
                    "memoryBytes": 536_870_912, "managed": true,
                ],
                [
                    "name": "instance-00000a1", "id": exampleID(6), "tenant": .null, "state": "running", "vcpus": 2,
                    "memoryBytes": 536_870_912, "managed": false, "manager": "nova",
                ],
            ],
        ]) { _, own in own })
}
