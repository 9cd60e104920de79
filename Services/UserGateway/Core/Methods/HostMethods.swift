// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Physical hosts, which only the provider sees.
    static let hosts: [MethodDefinition] =
        [
            MethodDefinition(
                "host.add", "Add a host, which Ebb only observes until it is enabled", access: .roles(.hostManagers),
                mutating: true,
                takes: [
                    hostField,
                    Field("cluster", .name, required: true, "The set of hosts between which its VMs may migrate"),
                    Field(
                        "uri", .text(1...512), required: true,
                        "The URI of its hypervisor as libvirt takes it, or fleet://address/host"),
                    Field("labels", .labels, "Labels to find it by, such as rack=7"),
                ] + limitFields(default: true),
                returns: hostSchema, "The host", fails: [.conflict, .invalid],
                example: [
                    "host": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system", "labels": ["rack": "7"],
                ], gives: exampleHost),
            MethodDefinition(
                "host.list", "List the hosts", access: .roles(.provider),
                takes: [
                    Field("cluster", .name, "Only hosts of this cluster"),
                    Field("labels", .labels, "Only hosts that have all of these labels, such as rack=7"),
                ],
                returns: .object([
                    Field(
                        "items", .list(of: hostSchema, atMost: 100_000), required: true, "The hosts by name")
                ]), "The hosts", example: ["labels": ["rack": "7"]], gives: ["items": [exampleHost]]),
            MethodDefinition(
                "host.show", "Show a host: what it can do, its figures, its domains", access: .roles(.provider),
                takes: [hostField], returns: .object(hostFields + detailFields), "The host", fails: [.notFound],
                example: ["host": "host-a"], gives: exampleDetails),
            MethodDefinition(
                "host.label", "Set and remove labels of a host", access: .roles(.hostManagers), mutating: true,
                takes: [
                    hostField, Field("set", .labels, "Labels to set, such as rack=7"),
                    Field(
                        "remove", .list(of: .text(1...63), atMost: 64), "Names of labels to remove"),
                ], returns: hostSchema, "The host", fails: [.notFound, .invalid],
                example: ["host": "host-a", "set": ["rack": "7"], "remove": ["spare"]], gives: exampleHost),
            MethodDefinition(
                "host.set", "Set how much of a host may be promised", access: .roles(.hostManagers), mutating: true,
                takes: [hostField] + limitFields(default: false), returns: hostSchema, "The host",
                fails: [.notFound, .invalid], example: ["host": "host-a", "cpuOvercommitPpm": 2_000_000],
                gives: exampleHost),
            mode("enable", "Let Ebb change the VMs of a host that it manages"),
            mode("observe", "Let Ebb read a host and change nothing on it"),
            mode("drain", "Empty a host: its VMs move away and it takes nothing new"),
            MethodDefinition(
                "host.remove", "Forget a host that has no VMs managed by Ebb; nothing on it is changed",
                access: .roles(.hostManagers), mutating: true, final: .always, takes: [hostField],
                returns: hostSchema, "The host as it was", fails: [.notFound, .conflict],
                example: ["host": "host-a"], gives: exampleHost),
        ] + hostTools

    /// Methods that prepare a host, and find out what it lacks.
    private static let hostTools = [
        MethodDefinition(
            "host.prepare", "Print a shell script that makes a machine ready to be a host", access: .roles(.provider),
            takes: [
                Field(
                    "address", .text(1...253), required: true,
                    "The machine's name or address as others reach it, or the name of a host that Ebb knows"),
                Field(
                    "hypervisor", .choice(HostPreparation.Hypervisor.allCases.map(\.rawValue)),
                    "Which hypervisor (default qemu)"),
                Field(
                    "peers", .list(of: .text(1...253), atMost: 1_000),
                    "Addresses of the hosts that it exchanges VMs with (default: those of its cluster)"),
                Field(
                    "monitors", .list(of: .text(1...253), atMost: 100),
                    "Addresses that Monitor connects from (default: those of the Monitors that run)"),
                Field("pool", .text(1...255), "The folder for disks and images (default /var/lib/ebb/disks)"),
            ],
            returns: .object([
                Field("address", .line, required: true, "The machine"),
                Field("uri", .line, required: true, "What to add it with afterwards"),
                Field("text", .prose, required: true, "The script; running it again changes nothing more"),
            ]), "The script", fails: [.invalid], example: ["address": "host-a.example"],
            gives: [
                "address": "host-a.example", "uri": "qemu+tls://host-a.example/system", "text": "#!/bin/sh\nset -eu\n",
            ]),
        MethodDefinition(
            "host.check", "Check whether hosts have what Ebb needs, and whether VMs can migrate between them",
            access: .roles(.provider),
            takes: [Field("host", .name, "Only this host and its pairs (default: every host)")],
            returns: .object([
                Field(
                    "items", .list(of: .object(checkFields), atMost: 1_000_000), required: true,
                    "What was checked, by host"),
                Field("missing", .count, required: true, "How many of them are missing something"),
                Field("unknown", .count, required: true, "How many could not be checked"),
            ]), "The checks", fails: [.notFound], example: ["host": "host-a"],
            gives: [
                "items": [
                    ["host": "host-a", "check": "clock", "result": "fine", "detail": "off by 3 ms"],
                    [
                        "host": "host-a", "target": "host-b", "check": "migration port", "result": "missing",
                        "detail": "10.0.0.2:49152 refuses", "remedy": "open TCP 49152-49215 on host-b",
                    ],
                ], "missing": 1, "unknown": 0,
            ]),
    ]

    private static func mode(_ verb: String, _ summary: String) -> MethodDefinition {
        MethodDefinition(
            "host.\(verb)", summary, access: .roles(.hostManagers), mutating: true, takes: [hostField],
            returns: hostSchema, "The host", fails: [.notFound, .conflict], example: ["host": "host-a"],
            gives: exampleHost)
    }
}
