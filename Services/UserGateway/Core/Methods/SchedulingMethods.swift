// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// The queue of growths, what Ebb would have done, and what people set for clusters and tenants.
    static let scheduling: [MethodDefinition] = [
        MethodDefinition(
            "queue.list", "List growths that are due and wait for room, the next to be served first",
            access: .roles(.vmReaders),
            takes: [Field("tenant", .name, only: .provider, "Only VMs of this tenant")],
            returns: .object([
                Field("items", .list(of: .object(queueFields), atMost: 100_000), required: true, "The growths")
            ]), "The growths", example: [:],
            gives: [
                "items": [
                    [
                        "vm": "web-1", "tenant": "acme", "resource": "cpu", "missing": 1, "weight": 100,
                        "since": "2026-03-01T12:00:00Z", "position": 1,
                    ]
                ]
            ]),
        MethodDefinition(
            "assess.show", "Show what Ebb would have done with observed VMs: savings, overload, right size",
            access: .roles(.provider),
            weight: .elsewhere(.scheduler),
            takes: [
                Field("host", .name, "VMs on this host"), Field("cluster", .name, "VMs of this cluster"),
                Field("from", .instant, "From when on (default: 7 days ago)"),
                Field("to", .instant, "Until when (default: now)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(assessmentFields), atMost: 100_000), required: true, "VM by VM"),
                Field("total", .object(assessmentFields), "All of them together"),
                Field("text", .prose, "The same for people"),
            ]), "The assessment", fails: [.notFound, .invalid], example: ["host": "host-a"],
            gives: ["items": [exampleAssessment]]),
        MethodDefinition(
            "cluster.show", "Show what is set for a cluster's scheduling", access: .roles(.provider),
            takes: [Field("cluster", .name, required: true, "The cluster")], returns: clusterSchema,
            "The settings", fails: [.notFound], example: ["cluster": "main"], gives: exampleCluster),
        MethodDefinition(
            "cluster.set", "Set a cluster's scheduling; what is not given stays as it is",
            access: .roles(.hostManagers), mutating: true,
            takes: [Field("cluster", .name, required: true, "The cluster")] + clusterFields.dropFirst(),
            returns: clusterSchema, "The settings", fails: [.notFound, .invalid],
            example: ["cluster": "main", "dryRun": true], gives: exampleCluster),
        MethodDefinition(
            "tenant.set", "Set how a tenant's due growths are served, and where it may have VMs",
            access: .roles(.hostManagers), mutating: true,
            takes: [
                Field("tenant", .name, required: true, "The tenant"),
                Field("weight", .integer(1...10_000), "Heavier tenants' growths are served first (default 100)"),
                Field("dryRun", .boolean, "Whether all is decided and recorded, and nothing done"),
                Field(
                    "clusters", .list(of: .name, atMost: 1_000),
                    "The clusters that its new VMs may be placed in; none: every cluster (default)"),
            ],
            returns: .object(tenantSettingFields), "The settings", fails: [.notFound],
            example: ["tenant": "acme", "weight": 200],
            gives: ["tenant": "acme", "weight": 200, "dryRun": false, "clusters": []]),
    ]

    private static let queueFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("tenant", .nullable(.name), required: true, "Whose it is"),
        Field("resource", .choice(["cpu", "memory", "network"]), required: true, "What it wants more of"),
        Field("missing", .figure, required: true, "How much: vCPUs, bytes or bytes per second"),
        Field("weight", .count, required: true, "The tenant's weight: the heavier is served first"),
        Field("since", .instant, required: true, "When it was first denied"),
        Field("position", .count, required: true, "Its place in the queue of its cluster, from 1"),
    ]

    private static let assessmentFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("tenant", .nullable(.name), "Whose it is"),
        Field("host", .line, "Where it runs"),
        Field("vcpus", .nullable(.count), "What it has"),
        Field("rightVcpus", .nullable(.count), "The fixed size that keeps the goal at the lowest cost"),
        Field("meanVcpusPpm", .nullable(.figure), "What it would have had on average, in millionths of a vCPU"),
        Field("savedVcpuNanoseconds", .nullable(.integer(Int64.min...Int64.max)), "Against what it had"),
        Field("overloadedPpm", .nullable(.share), "Share of the time that it would have been overloaded"),
        Field("presentOverloadedPpm", .nullable(.share), "Share of the time that it was overloaded"),
        Field("actions", .nullable(.count), "Changes of size that Ebb would have made"),
        Field("knownPpm", .share, "Share of the time of which samples are known"),
    ]

    private static let exampleAssessment: JSONValue = [
        "vm": "web-1", "tenant": "acme", "host": "host-a", "vcpus": 8, "rightVcpus": 4, "meanVcpusPpm": 2_610_000,
        "savedVcpuNanoseconds": 3_259_872_000_000_000, "overloadedPpm": 3_100, "presentOverloadedPpm": 0,
        "actions": 38, "knownPpm": 998_000,
    ]

    private static let clusterSchema = Schema.named("ClusterSettings", .object(clusterFields))

    private static let clusterFields = [
        Field("cluster", .name, required: true, "The cluster"),
        Field("dryRun", .boolean, "Whether all is decided and recorded, and nothing done"),
        Field(
            "blackouts", .list(of: .object(blackoutFields), atMost: 100),
            "Windows in which nothing is done automatically; they replace the present ones"),
        Field("weightResponsePpm", .share, "Weight a, of the response time; all three together, their sum 1000000"),
        Field("weightCpuPpm", .share, "Weight b, of free CPU"),
        Field("weightMemoryPpm", .share, "Weight c, of free memory"),
        Field("movesInPerHost", .integer(0...1_000), "Migrations onto one host at once"),
        Field("movesOutPerHost", .integer(0...1_000), "Migrations away from one host at once"),
        Field("movesPerCluster", .integer(0...1_000), "Migrations in the cluster at once"),
        Field("moveRestNanoseconds", .integer(0...604_800_000_000_000), "How long a VM rests after a move"),
    ]

    private static let blackoutFields = [
        Field("startSecond", .integer(0...86_399), required: true, "Of the day, UTC"),
        Field("lengthSeconds", .integer(1...86_400), required: true, "It may pass midnight"),
        Field(
            "weekdays", .list(of: .integer(0...6), atMost: 7), required: true,
            "Days on which it begins, 0 is Monday; empty: every day"),
    ]

    private static let exampleCluster: JSONValue = [
        "cluster": "main", "dryRun": true,
        "blackouts": [["startSecond": 28_800, "lengthSeconds": 3_600, "weekdays": [0]]],
    ]

    private static let tenantSettingFields = [
        Field("tenant", .name, required: true, "The tenant"),
        Field("weight", .count, required: true, "Heavier tenants' growths are served first"),
        Field("dryRun", .boolean, required: true, "Whether all is decided and recorded, and nothing done"),
        Field(
            "clusters", .list(of: .name, atMost: 1_000), required: true,
            "The clusters that its new VMs may be placed in; none: every cluster"),
    ]
}
