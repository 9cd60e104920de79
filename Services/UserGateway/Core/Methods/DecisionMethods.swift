// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// What the Scheduler decided, and why.
    static let decisions: [MethodDefinition] = [
        MethodDefinition(
            "decision.list", "List decisions, the newest first", access: .roles(.vmReaders),
            weight: .elsewhere(.scheduler),
            takes: [
                Field("vm", .vm, "Only decisions about this VM (name or UUID)"),
                Field("tenant", .name, only: .provider, "Whose VM, where several tenants have one of that name"),
                Field("since", .instant, "Only decisions at or after this instant"),
                Field("limit", .integer(1...1_000), "At most this many (default 50)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(decisionFields), atMost: 1_000), required: true, "The decisions"),
                Field("truncated", .boolean, "Whether there are older ones"),
            ]), "The decisions", fails: [.notFound, .conflict], example: ["vm": "web-1", "limit": 10],
            gives: ["items": [exampleDecision]]),
        MethodDefinition(
            "decision.why", "Explain why a VM has the size it has, now or at an instant", access: .roles(.vmReaders),
            takes: vmSelector + [Field("at", .instant, "The instant (default: now)")],
            returns: .object([
                Field("vm", .line, required: true, "The VM's name"),
                Field("at", .instant, required: true, "The instant that is explained"),
                Field("text", .prose, required: true, "The explanation"),
                Field("record", .document, "The same for programs: samples, thresholds, verdict"),
            ]), "The explanation", fails: [.notFound, .conflict, .invalid],
            example: ["vm": "web-1"],
            gives: [
                "vm": "web-1", "at": "2026-03-01T12:04:20Z",
                "text": "web-1 grew from 2 to 3 vCPUs: 7 of its last 10 samples were above 80 % (7 needed).",
            ]),
        MethodDefinition(
            "decision.show", "Show a decision with all its inputs", access: .roles(.vmReaders),
            takes: [Field("id", .uuid, required: true, "The decision's id")],
            returns: .object(
                decisionFields + [
                    Field("text", .prose, "The explanation"),
                    Field("record", .document, "Samples, thresholds, candidates with their weights, outcome"),
                ]), "The decision", fails: [.notFound], example: ["id": exampleID(4)], gives: exampleDecision),
        MethodDefinition(
            "decision.verify", "Run the rules again over stored decisions: each must give the same bytes",
            access: .roles(.provider),
            weight: .elsewhere(.scheduler),
            takes: [
                Field("id", .uuid, "One decision (default: all)"),
                Field("cluster", .name, "All decisions of this cluster (default: of every cluster)"),
            ],
            returns: .object([
                Field("checked", .count, required: true, "Records that were read"),
                Field("held", .count, required: true, "Records that gave the same bytes"),
                Field("otherRules", .count, required: true, "Records of another version of the rules"),
                Field(
                    "failures", .list(of: .object(failureFields), atMost: 1_000), required: true,
                    "Records that did not, at most 100 of a cluster"),
                Field("text", .prose, required: true, "The same in words"),
            ]), "What held", fails: [.notFound], example: [:],
            gives: ["checked": 212, "held": 212, "otherRules": 0, "failures": [], "text": "212 of 212 records hold"]),
        MethodDefinition(
            "decision.outcomes", "List the outcomes of decisions, 1, 10 and 60 minutes after them",
            access: .roles(.vmReaders),
            takes: [
                Field("vm", .vm, "Only decisions about this VM (name or UUID)"),
                Field("tenant", .name, only: .provider, "Whose VM, where several tenants have one of that name"),
                Field("since", .instant, "Only decisions at or after this instant"),
                Field("limit", .integer(1...1_000), "Of at most this many decisions (default 50)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(outcomeFields), atMost: 3_000), required: true, "The outcomes"),
                Field("truncated", .boolean, "Whether there are older ones"),
            ]), "The outcomes", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: [
                "items": [
                    [
                        "decision": exampleID(4), "vm": "web-1", "minutes": 10, "at": "2026-03-01T12:14:25Z",
                        "resource": "cpu", "predictedPpm": 566_667, "realPpm": 571_000, "samples": 120,
                        "reversed": false,
                    ]
                ]
            ]),
    ]

    private static let failureFields = [
        Field("id", .uuid, required: true, "The decision's id"),
        Field("at", .instant, required: true, "When it was made"),
        Field("fault", .line, required: true, "What differs"),
    ]

    private static let outcomeFields = [
        Field("decision", .uuid, required: true, "The decision's id"),
        Field("vm", .line, required: true, "The VM's name"),
        Field("minutes", .count, required: true, "How long after its success"),
        Field("at", .instant, required: true, "When it was measured"),
        Field("resource", .choice(["cpu", "memory", "network"]), required: true, "What was resized"),
        Field("predictedPpm", .nullable(.anyShare), required: true, "Utilisation as the decision projected it"),
        Field("realPpm", .nullable(.anyShare), required: true, "Mean utilisation since; null: no sample is known"),
        Field("samples", .count, required: true, "How many samples that is"),
        Field("reversed", .boolean, required: true, "Whether a later action has taken it back"),
    ]

    private static let decisionFields = [
        Field("id", .uuid, required: true, "The decision's id"),
        Field("at", .instant, required: true, "When it was made"),
        Field("atNanoseconds", .figure, "The same in nanoseconds since 1970"),
        Field("vm", .line, required: true, "The VM's name"),
        Field(
            "verdict", .choice(["grow", "shrink", "migrate", "refuse", "nothing"]), required: true, "What was decided"),
        Field("summary", .prose, required: true, "Why, in one sentence"),
        Field("outcome", .nullable(.line), "Its outcome; null while it is under way"),
        Field("rulesVersion", .count, "The version of the rules"),
    ]

    private static let exampleDecision: JSONValue = [
        "id": exampleID(4), "at": "2026-03-01T12:04:20Z", "vm": "web-1", "verdict": "grow",
        "summary": "2 to 3 vCPUs: 7 of 10 samples above 80 %", "outcome": "succeeded", "rulesVersion": 1,
    ]
}
