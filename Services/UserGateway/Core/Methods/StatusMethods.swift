// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

extension MethodDefinition {
    /// The state of Ebb itself.
    static let status: [MethodDefinition] = [
        MethodDefinition(
            "service.list", "List the instances of Ebb's services, and those that are missing since when",
            access: .roles(.provider), takes: [],
            returns: .object([
                Field(
                    "items", .list(of: .object(serviceFields), atMost: 10_000), required: true,
                    "The instances by service")
            ]), "The instances", example: [:],
            gives: [
                "items": [
                    [
                        "service": "monitor", "id": exampleID(5), "version": .string(ReleaseVersion.text),
                        "commandEndpoint": "tcp://10.0.0.2:7401", "shards": 12, "startedAt": "2026-03-01T12:00:00Z",
                        "state": "up", "since": "2026-03-01T12:00:00Z",
                    ],
                    [
                        "service": "billing", "id": .null, "version": .null, "startedAt": .null, "state": "missing",
                        "since": "2026-03-01T11:58:20Z",
                    ],
                ]
            ]),
        MethodDefinition(
            "status.show", "Show in short how Ebb is: services, hosts, freezes, and what is missing since when",
            access: .roles(.provider), takes: [], returns: .object(statusFields), "How Ebb is", example: [:],
            gives: [
                "healthy": true, "at": "2026-03-01T12:00:00Z",
                "services": [["service": "monitor", "up": 1, "missing": 0, "since": .null]],
                "hosts": ["total": 2, "up": 2, "unknown": 0, "observed": 1, "draining": 0],
                "oldestHost": "host-b", "oldestAgeNanoseconds": 4_100_000_000,
                "freezes": [
                    [
                        "scope": "vm", "name": "web-1", "reason": "load test", "automatic": false,
                        "createdAt": "2026-03-01T11:00:00Z",
                    ]
                ], "problems": [],
            ]),
    ]

    private static let serviceFields = [
        Field("service", .line, required: true, "The service's name"),
        Field("id", .nullable(.uuid), required: true, "The instance; null: the service has none"),
        Field("version", .nullable(.line), required: true, "Its version"),
        Field("commandEndpoint", .nullable(.line), "Where it takes commands"),
        Field("adminEndpoint", .nullable(.line), "Where it shows health and metrics; null without one"),
        Field("shards", .count, "Hosts, clusters or tenants that it owns"),
        Field("startedAt", .nullable(.instant), required: true, "When it started"),
        Field(
            "state", .choice(["up", "missing"]), required: true,
            "Whether it is there; missing: it ended without taking its leave and nobody took its place, or it is needed and "
                + "there is none"),
        Field(
            "since", .nullable(.instant), required: true,
            "Since when: up since its start, missing since it was last heard of; null: it never was there"),
        Field(
            "setAside", .list(of: .line, atMost: 100),
            "Rows of the database that it can't read and leaves out, each with the reason"),
    ]

    private static let statusFields = [
        Field("healthy", .boolean, required: true, "Whether nothing is wrong"),
        Field("at", .instant, required: true, "When it was looked"),
        Field(
            "services", .list(of: .object(presenceFields), atMost: 100), required: true,
            "The services that there have to be"),
        Field("hosts", .object(hostCountFields), required: true, "Hosts by what is known of them"),
        Field(
            "oldestHost", .nullable(.name), required: true, "The host whose figures are the oldest; null without hosts"),
        Field(
            "oldestAgeNanoseconds", .nullable(.figure), required: true, "How old they are; null: it was never read"),
        Field("freezes", .list(of: .object(frozenFields), atMost: 100_000), required: true, "What is frozen"),
        Field(
            "problems", .list(of: .line, atMost: 100_000), required: true,
            "What is wrong and since when, the widest first"),
    ]

    private static let presenceFields = [
        Field("service", .line, required: true, "The service's name"),
        Field("up", .count, required: true, "Instances that are there"),
        Field("missing", .count, required: true, "Instances that are missing; at least 1 where none is there"),
        Field("since", .nullable(.instant), required: true, "Since when the first of them is missing"),
    ]

    private static let hostCountFields = [
        Field("total", .count, required: true, "All"),
        Field("up", .count, required: true, "Those that answer"),
        Field("unknown", .count, required: true, "Those of which nothing was heard for three intervals"),
        Field("observed", .count, required: true, "Those that are only observed"),
        Field("draining", .count, required: true, "Those that are being emptied"),
    ]

    private static let frozenFields = [
        Field("scope", .choice(["cluster", "tenant", "vm"]), required: true, "What kind of thing is frozen"),
        Field("name", .line, required: true, "Its name; of a VM its UUID where it has none"),
        Field("reason", .line, required: true, "Why"),
        Field("automatic", .boolean, required: true, "Whether Scheduler did it by itself"),
        Field("createdAt", .instant, required: true, "Since when"),
    ]
}
