// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// What the Scheduler decided, and why.
    static let decisions: [MethodDefinition] = [
        MethodDefinition(
            "decision.list", "List decisions, the newest first", access: .roles(.vmReaders),
            takes: [
                Field("vm", .vm, "Only decisions about this VM (name or UUID)"),
                Field("tenant", .name, only: .provider, "Whose VM, where several tenants have one of that name"),
                Field("since", .instant, "Only decisions at or after this instant"),
                Field("limit", .integer(1...1_000), "At most so many (default 50)"),
            ],
            returns: .object([
                Field("items", .list(of: .object(decisionFields), atMost: 1_000), required: true, "The decisions")
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
            ]), "The explanation", fails: [.notFound, .conflict], example: ["vm": "web-1"],
            gives: [
                "vm": "web-1", "at": "2026-03-01T12:04:20Z",
                "text": "web-1 grew from 2 to 3 vCPUs: 7 of its last 10 samples were above 80 % (7 needed).",
            ]),
        MethodDefinition(
            "decision.show", "Show a decision with all that went into it", access: .roles(.vmReaders),
            takes: [Field("id", .uuid, required: true, "The decision's id")],
            returns: .object(
                decisionFields + [
                    Field("text", .prose, "The explanation"),
                    Field("record", .document, "Samples, thresholds, candidates with their weights, outcome"),
                ]), "The decision", fails: [.notFound], example: ["id": exampleID(4)], gives: exampleDecision),
    ]

    private static let decisionFields = [
        Field("id", .uuid, required: true, "The decision's id"),
        Field("at", .instant, required: true, "When it was made"),
        Field("vm", .line, required: true, "The VM's name"),
        Field(
            "verdict", .choice(["grow", "shrink", "migrate", "refuse", "nothing"]), required: true, "What was decided"),
        Field("summary", .prose, required: true, "Why, in one sentence"),
        Field("outcome", .nullable(.line), "What it came to; null while it is under way"),
        Field("rulesVersion", .count, "The version of the rules"),
    ]

    private static let exampleDecision: JSONValue = [
        "id": exampleID(4), "at": "2026-03-01T12:04:20Z", "vm": "web-1", "verdict": "grow",
        "summary": "2 to 3 vCPUs: 7 of 10 samples above 80 %", "outcome": "succeeded", "rulesVersion": 1,
    ]
}
