// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Physical hosts, which only the provider sees.
    static let hosts: [MethodDefinition] = [
        MethodDefinition(
            "host.add", "Add a host, which Ebb only observes until it is enabled", access: .roles(.hostManagers),
            mutating: true,
            takes: [
                Field("host", .name, required: true, "The host's name"),
                Field("cluster", .name, required: true, "The set of hosts between which its VMs may migrate"),
                Field(
                    "uri", .text(1...512), required: true,
                    "The URI of its hypervisor as libvirt takes it, or fleet://address/host"),
                Field(
                    "cpuOvercommitPpm", .integer(10_000...100_000_000),
                    "vCPUs that may be promised per core, in parts per million (default 2000000)"),
                Field(
                    "memoryOvercommitPpm", .integer(10_000...100_000_000),
                    "Memory that may be promised per memory it has, in parts per million (default 1000000)"),
                Field("reservedVcpus", .count, "vCPUs kept free (default 0)"),
                Field("reservedMemoryBytes", .bytes, "Memory kept free, in bytes (default 0)"),
                Field(
                    "cpuBoundPpm", .integer(1...100_000_000),
                    "Projected use, in parts per million, above which nothing more is placed (default 900000); far above "
                        + "1000000 measured use refuses nothing"),
            ],
            returns: .object(hostFields), "The host", fails: [.conflict, .invalid],
            example: ["host": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system"], gives: exampleHost),
        MethodDefinition(
            "host.list", "List the hosts", access: .roles(.provider),
            takes: [Field("cluster", .name, "Only hosts of this cluster")],
            returns: .object([
                Field("items", .list(of: .object(hostFields), atMost: 100_000), required: true, "The hosts by name")
            ]), "The hosts", example: [:], gives: ["items": [exampleHost]]),
        MethodDefinition(
            "host.show", "Show a host", access: .roles(.provider), takes: [hostField], returns: .object(hostFields),
            "The host", fails: [.notFound], example: ["host": "host-a"], gives: exampleHost),
        MethodDefinition(
            "host.enable", "Let Ebb change the VMs of a host that it manages", access: .roles(.hostManagers),
            mutating: true, takes: [hostField], returns: .object(hostFields), "The host",
            fails: [.notFound, .conflict],
            example: ["host": "host-a"], gives: exampleHost),
        MethodDefinition(
            "host.observe", "Let Ebb read a host and change nothing on it", access: .roles(.hostManagers),
            mutating: true, takes: [hostField], returns: .object(hostFields), "The host", fails: [.notFound],
            example: ["host": "host-a"], gives: exampleHost),
    ]

    private static let hostField = Field("host", .name, required: true, "The host's name")

    private static let hostFields = [
        Field("name", .name, required: true, "The host's name"),
        Field("cluster", .name, required: true, "The set of hosts between which its VMs may migrate"),
        Field("uri", .text(1...512), required: true, "The URI of its hypervisor"),
        Field("mode", .choice(["observe", "enabled", "draining"]), required: true, "Whether Ebb may change its VMs"),
        Field("state", .choice(["unknown", "up"]), required: true, "Whether it answers; unknown is not off"),
        Field("cpuCount", .nullable(.count), "Cores; null until it was read"),
        Field("memoryBytes", .nullable(.bytes), "Memory in bytes; null until it was read"),
        Field("vcpus", .count, "vCPUs of its VMs"),
        Field("vms", .count, "VMs on it"),
        Field("cpuUtilizationPpm", .nullable(.anyShare), "Busy share of all cores; null if unknown"),
        Field("memoryUsedBytes", .nullable(.bytes), "Memory in use; null if unknown"),
        Field("responseTimeNanoseconds", .nullable(.bytes), "Round trip to it; null if it does not answer"),
        Field("cpuOvercommitPpm", .count, "vCPUs that may be promised per core, in parts per million"),
        Field("memoryOvercommitPpm", .count, "Memory that may be promised per memory, in parts per million"),
        Field("reservedVcpus", .count, "vCPUs kept free"),
        Field("reservedMemoryBytes", .bytes, "Memory kept free, in bytes"),
        Field("cpuBoundPpm", .count, "Measured use above which nothing more is placed"),
        Field("createdAt", .instant, "When it was added"),
    ]

    private static let exampleHost: JSONValue = [
        "name": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system", "mode": "observe", "state": "up",
        "cpuCount": 4, "memoryBytes": 2_147_483_648, "vcpus": 4, "vms": 2, "cpuUtilizationPpm": 412_500,
        "memoryUsedBytes": 1_342_177_280, "responseTimeNanoseconds": 412_000, "cpuOvercommitPpm": 2_000_000,
        "memoryOvercommitPpm": 1_000_000, "reservedVcpus": 0, "reservedMemoryBytes": 0, "cpuBoundPpm": 900_000,
        "createdAt": "2026-03-01T12:00:00Z",
    ]
}
