// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Usage, bills and rates.
    static let billing: [MethodDefinition] = [
        MethodDefinition(
            "usage.show", "Show what a tenant's VMs used in a period",
            access: .roles(Set.billReaders.union([.member, .operator])), takes: periodFields,
            returns: .object([
                Field("tenant", .name, required: true, "The tenant"),
                Field("from", .instant, required: true, "The period's first instant"),
                Field("to", .instant, required: true, "The first instant after it"),
                Field(
                    "items", .list(of: .object(usageFields), atMost: 100_000), required: true,
                    "Use by VM, resource and host"),
                Field("text", .prose, "The same for people"),
            ]), "Use by VM, resource and host", fails: [.notFound, .invalid],
            example: ["from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"],
            gives: [
                "tenant": "acme", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z",
                "items": [
                    [
                        "vm": "web-1", "resource": "vcpu", "host": "host-7c41", "quantity": "7200000000000",
                        "unit": "vcpu-ns",
                    ]
                ],
            ]),
        MethodDefinition(
            "bill.show", "Show what a tenant owes for a period, term by term", access: .roles(.billReaders),
            takes: periodFields,
            returns: .object([
                Field("tenant", .name, required: true, "The tenant"),
                Field("from", .instant, required: true, "The period's first instant"),
                Field("to", .instant, required: true, "The first instant after it"),
                Field("currency", .text(3...3), required: true, "The currency (ISO 4217)"),
                Field("totalNano", .digits, required: true, "The sum in thousand millionths of the currency"),
                Field("items", .list(of: .object(lineFields), atMost: 100_000), required: true, "The terms"),
                Field("text", .prose, "The same for people: C = sum of C_i * X_ij * f(U1, U2, P)"),
            ]), "The bill", fails: [.notFound, .invalid],
            example: ["from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"],
            gives: [
                "tenant": "acme", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "currency": "EUR",
                "totalNano": "36000000", "items": [exampleLine],
            ]),
        MethodDefinition(
            "rate.show", "Show the rates that hold now or at an instant", access: .roles(.everyone),
            takes: [Field("at", .instant, "The instant (default: now)")], returns: .object(rateFields),
            "The rate card", fails: [.notFound], example: [:], gives: exampleRates),
        MethodDefinition(
            "rate.set", "Publish a rate card that holds from an instant on", access: .roles([.administrator]),
            mutating: true,
            takes: [
                Field(
                    "card", .document, required: true, "The rate card: currency, unit prices and the parameters of f"),
                Field("validFrom", .instant, "The instant; not in the past (default: now)"),
            ],
            returns: .object(rateFields), "The rate card", fails: [.invalid, .conflict],
            example: ["card": exampleCard, "validFrom": "2026-04-01T00:00:00Z"], gives: exampleRates),
    ]

    private static let periodFields = [
        Field("tenant", .name, only: .provider, "The tenant (default: the caller's own)"),
        Field("from", .instant, "The period's first instant (default: the first of this month)"),
        Field("to", .instant, "The first instant after the period (default: now)"),
    ]

    private static let usageFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("resource", .line, required: true, "What was used, such as vcpu, memory, disk or network"),
        Field("host", .line, "On which host; a pseudonym for a tenant"),
        Field("quantity", .digits, required: true, "How much, in the unit"),
        Field("unit", .line, required: true, "vcpu-ns, byte-ns or byte"),
    ]

    private static let lineFields =
        usageFields + [
            Field("unitPriceNano", .digits, required: true, "C_i: the price of one pricing unit in nano-units"),
            Field("pricingUnit", .line, required: true, "What the price is for, such as vCPU-hour"),
            Field("factorPpm", .anyShare, required: true, "f(U1, U2, P) in parts per million"),
            Field("amountNano", .digits, required: true, "The term's amount in nano-units, rounded once"),
        ]

    private static let rateFields = [
        Field("version", .count, required: true, "Counts up with every card"),
        Field("validFrom", .instant, required: true, "Since when it holds"),
        Field("currency", .text(3...3), required: true, "The currency (ISO 4217)"),
        Field("card", .document, required: true, "Unit prices and the parameters of f"),
        Field("text", .prose, "The same for people"),
    ]

    private static let exampleLine: JSONValue = [
        "vm": "web-1", "resource": "vcpu", "host": "host-7c41", "quantity": "7200000000000", "unit": "vcpu-ns",
        "unitPriceNano": "20000000", "pricingUnit": "vCPU-hour", "factorPpm": 900_000, "amountNano": "36000000",
    ]

    private static let exampleCard: JSONValue = [
        "currency": "EUR", "rates": ["vcpu": ["price": "0.02", "per": "vCPU-hour"]],
    ]

    private static let exampleRates: JSONValue = [
        "version": 1, "validFrom": "2026-04-01T00:00:00Z", "currency": "EUR", "card": exampleCard,
    ]
}
