// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Virtual machines: questions that their host answers.
    static let vmQuestions: [MethodDefinition] = [
        MethodDefinition(
            "vm.check", "Check whether a VM can grow, shrink and move live, and what is missing",
            access: .roles(.vmReaders), takes: vmSelector,
            returns: .object([
                Field("vm", .line, required: true, "The VM's name"),
                Field(
                    "items", .list(of: .object(vmCheckFields), atMost: 1_000), required: true, "What was looked at"),
            ]), "What it can", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: [
                "vm": "web-1",
                "items": [
                    ["check": "grow vCPUs", "result": "fine"],
                    [
                        "check": "move live", "result": "missing",
                        "detail":
                            "its disk is on this host alone: move it to a pool that all hosts of the cluster share",
                    ],
                ],
            ]),
        MethodDefinition(
            "vm.preview", "Show what vm.prepare would change in a VM's definition", access: .roles(.vmReaders),
            takes: vmSelector + ceilingFields,
            returns: .object([
                Field("vm", .line, required: true, "The VM's name"),
                Field("items", .list(of: .object(changeFields), atMost: 1_000), required: true, "The changes"),
            ]), "The changes", fails: [.notFound, .conflict, .invalid], example: ["vm": "web-1", "maxVcpus": 8],
            gives: ["vm": "web-1", "items": [["what": "maximum vCPUs", "before": "4", "after": "8"]]]),
        MethodDefinition(
            "vm.snapshots", "List a VM's snapshots, the oldest first", access: .roles(.vmReaders), takes: vmSelector,
            returns: .object([
                Field(
                    "items", .list(of: .object(snapshotFields), atMost: 10_000), required: true, "The snapshots")
            ]), "The snapshots", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: [
                "items": [
                    [
                        "name": "before-upgrade", "createdAt": "2026-03-01T12:00:00Z", "state": "running",
                    ]
                ]
            ]),
        MethodDefinition(
            "vm.console", "Read what a VM wrote to its console", access: .roles(.vmManagers),
            takes: vmSelector + [
                Field("offset", .bytes, "Where to read from, in bytes (default: the last bytes)"),
                Field("limit", .integer(1...262_144), "At most this many bytes (default 65536)"),
            ],
            returns: .object([
                Field("vm", .line, required: true, "The VM's name"),
                Field("text", .prose, required: true, "What it wrote"),
                Field("offset", .figure, required: true, "Where the text begins"),
                Field("next", .figure, required: true, "Where to go on reading"),
            ]), "Its console", fails: [.notFound, .conflict, .invalid], example: ["vm": "web-1", "limit": 4_096],
            gives: ["vm": "web-1", "text": "web-1 login: ", "offset": 8_192, "next": 8_205]),
        MethodDefinition(
            "vm.addresses", "List a VM's network addresses", access: .roles(.vmReaders), takes: vmSelector,
            returns: .object([
                Field(
                    "items", .list(of: .object(addressFields), atMost: 1_000), required: true, "The addresses")
            ]), "The addresses", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: [
                "items": [
                    [
                        "interface": "eth0", "hardwareAddress": "52:54:00:00:00:01", "address": "10.0.1.7",
                        "source": "agent",
                    ]
                ]
            ]),
        MethodDefinition(
            "flavor.list", "List the flavors: sizes with a name", access: .roles(.everyone), takes: [],
            returns: .object([
                Field("items", .list(of: .object(flavorFields), atMost: 100), required: true, "The flavors by size")
            ]), "The flavors", example: [:], gives: ["items": .array(Flavor.all.map(\.json))]),
    ]

    private static let vmCheckFields = [
        Field("check", .line, required: true, "What was looked at, such as grow vCPUs or move live"),
        Field("result", .choice(["fine", "missing", "unknown"]), required: true, "What was found"),
        Field("detail", .line, "What is missing, and the remedy"),
    ]

    private static let changeFields = [
        Field("what", .line, required: true, "What changes"),
        Field("before", .line, required: true, "What the definition says now"),
        Field("after", .line, required: true, "What it says from the next cold boot on"),
    ]

    private static let snapshotFields = [
        Field("name", .line, required: true, "Its name"),
        Field("createdAt", .nullable(.instant), required: true, "When it was taken; null if unknown"),
        Field("state", .line, "The VM's state then"),
    ]

    private static let addressFields = [
        Field("interface", .line, required: true, "The network card"),
        Field("hardwareAddress", .line, "Its hardware address"),
        Field("address", .line, required: true, "The address"),
        Field("source", .line, "Who says so: the guest's agent, a lease of its network, or the host's neighbours"),
    ]

    private static let flavorFields = [
        Field("name", .name, required: true, "Its name"),
        Field("vcpus", .count, required: true, "vCPUs that a VM starts with"),
        Field("maxVcpus", .count, required: true, "The ceiling that it can grow to"),
        Field("memoryBytes", .bytes, required: true, "Memory in bytes"),
        Field("diskBytes", .bytes, required: true, "Disk in bytes"),
    ]
}
