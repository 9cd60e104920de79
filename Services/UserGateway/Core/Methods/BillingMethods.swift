// SPDX-License-Identifier: Apache-2.0

import Contracts
internal import ResourceModel

extension MethodDefinition {
    /// Usage, bills and rates.
    static let billing: [MethodDefinition] = [
        MethodDefinition(
            "usage.show", "Show what a tenant's VMs used in a period",
            access: .roles(Set.billReaders.union([.member, .operator])), weight: .elsewhere(.billing),
            takes: periodFields,
            returns: .object([
                Field("tenant", .name, required: true, "The tenant"),
                Field("from", .instant, required: true, "The period's first instant"),
                Field("to", .instant, required: true, "The first instant after it"),
                knownUntilField,
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
                        "unit": "vCPU·ns",
                    ]
                ],
            ]),
        MethodDefinition(
            "bill.show", "Show what a tenant owes for a period, term by term", access: .roles(.billReaders),
            weight: .elsewhere(.billing), takes: periodFields,
            returns: .object([
                Field("tenant", .name, required: true, "The tenant"),
                Field("from", .instant, required: true, "The period's first instant"),
                Field("to", .instant, required: true, "The first instant after it"),
                knownUntilField,
                Field("currency", .text(3...3), required: true, "The currency (ISO 4217)"),
                Field("rulesVersion", .count, "Version of the rule that says what f multiplies"),
                Field("totalNano", .digits, required: true, "The sum in thousand millionths of the currency"),
                Field("items", .list(of: .object(lineFields), atMost: 100_000), required: true, "The terms"),
                Field(
                    "fixedSize", .object(fixedSizeFields),
                    "What the same use would have cost with each VM at the size that it first ran with, and f = 1"),
                Field(
                    "detailsLeftOut", .boolean,
                    "True if the terms' parts are left out because the answer would be too long: ask for a shorter period to see them"
                ),
                Field("text", .prose, "The same for people: C = sum of C_i * (base + f(U1, U2, P) * elastic)"),
            ]), "The bill", fails: [.notFound, .invalid],
            example: ["from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"],
            gives: [
                "tenant": "acme", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "currency": "EUR",
                "totalNano": "36000000", "items": [exampleLine],
            ]),
        MethodDefinition(
            "bill.comparerules", "Show what a period would have cost by the former rules of rating",
            access: .roles(.billReaders),
            weight: .elsewhere(.billing),
            takes: [
                Field("tenant", .name, only: .provider, "Only this tenant (default: all, or the caller's own)"),
                periodFields[1], periodFields[2],
            ],
            returns: .object([
                Field("from", .instant, required: true, "The period's first instant"),
                Field("to", .instant, required: true, "The first instant after it"),
                Field(
                    "items", .list(of: .object(comparisonFields), atMost: 100_000), required: true, "Tenant by tenant"),
            ]), "Each tenant's difference", fails: [.notFound, .invalid],
            example: ["from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"],
            gives: [
                "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z",
                "items": [
                    [
                        "tenant": "acme", "currency": "EUR", "formerRules": 1, "presentRules": 2,
                        "formerNano": "31710000", "presentNano": "37100000", "differenceNano": "5390000",
                    ]
                ],
            ]),
        MethodDefinition(
            "rate.show", "Show the rates that hold now or at an instant", access: .roles(.everyone),
            takes: [Field("at", .instant, "The instant (default: now)")], returns: rateSchema,
            "The rate card", fails: [.notFound], example: [:], gives: exampleRates),
        MethodDefinition(
            "rate.set", "Publish a rate card that holds from an instant on", access: .roles([.administrator]),
            mutating: true,
            takes: [
                Field(
                    "card", .document, required: true, "The rate card: currency, unit prices and the parameters of f"),
                Field("validFrom", .instant, "The instant; not in the past (default: now)"),
            ],
            returns: rateSchema, "The rate card", fails: [.invalid, .conflict],
            example: ["card": exampleCard, "validFrom": "2026-04-01T00:00:00Z"], gives: exampleRates),
        MethodDefinition(
            "rate.list", "List all rate cards that ever existed, also future and withdrawn ones",
            access: .roles(.provider), takes: [],
            returns: .object([
                Field("items", .list(of: rateSchema, atMost: 100_000), required: true, "The cards, by version")
            ]), "The rate cards", example: [:], gives: ["items": [exampleRates]]),
        MethodDefinition(
            "rate.withdraw", "Withdraw a rate card that does not hold yet; its instant is free for another",
            access: .roles(.hostManagers), mutating: true,
            takes: [Field("version", .count, required: true, "The card's version")], returns: rateSchema,
            "The rate card as it is kept", fails: [.notFound, .conflict], example: ["version": 2],
            gives: [
                "version": 2, "validFrom": "2026-04-01T00:00:00Z", "currency": "EUR", "card": exampleCard,
                "withdrawnAt": "2026-03-01T12:00:00Z", "withdrawnBy": "root",
            ]),
    ]

    private static let knownUntilField = Field(
        BillingMember.knownUntil.rawValue, .instant,
        "Up to when the use is known, if that is before the end: later use is added when it is known")

    private static let periodFields = [
        Field("tenant", .name, only: .provider, "The tenant (default: the caller's own)"),
        Field("from", .instant, "The period's first instant (default: the first of the month that the period ends in)"),
        Field("to", .instant, "The first instant after the period (default: now)"),
    ]

    private static let usageFields = [
        Field("vm", .line, required: true, "The VM's name"),
        Field("resource", .line, required: true, "What was used, such as vcpu, memory, disk or network"),
        Field("host", .line, "On which host; a pseudonym for a tenant"),
        Field("quantity", .digits, required: true, "How much, in the unit"),
        Field(
            "unit", .line, required: true,
            "What the quantity counts: vCPU·ns, mvCPU·ns (thousandths of a vCPU, where a size is not whole), byte·ns, byte or ns"
        ),
    ]

    private static let lineFields =
        usageFields + [
            Field(
                "part", .choice(LinePart.allCases.map(\.rawValue)),
                "Up to the minimum of the policy's rule (f is 1), or above it, which the policy may take back"),
            Field("unitPriceNano", .digits, required: true, "C_i: the price of one pricing unit in nano-units"),
            Field("pricingUnit", .line, required: true, "What the price is for, such as vCPU·hour"),
            Field("factorPpm", .anyShare, required: true, "f(U1, U2, P) in parts per million"),
            Field("amountNano", .digits, required: true, "The term's amount in nano-units, rounded once"),
            Field(
                "details", .list(of: .object(termPartFields), atMost: 100_000),
                "The term's parts, unrounded, in its unit"),
        ]

    private static let termPartFields = [
        Field("host", .line, "On which host; a pseudonym for a tenant"),
        Field("from", .instant, required: true, "The part's first instant"),
        Field("to", .instant, required: true, "The first instant after it"),
        Field("quantity", .digits, required: true, "How much, in the unit of the term"),
        Field("size", .figure, "vCPUs or bytes; left out for counters and where capacity is given"),
        Field(
            "capacity", .integer(Capacity.bounds),
            "Thousandths of a vCPU, in place of size, where the unit is mvCPU·ns"),
        Field("policyVersion", .figure, required: true, "Version of the policy; 0 without one"),
        Field("rateCardVersion", .figure, required: true, "Version of the rate card"),
    ]

    private static let fixedSizeFields = [
        Field(
            "items",
            .list(
                of: .object([
                    Field("vm", .line, required: true, "The VM's name"),
                    Field("vcpus", .count, "The vCPUs that it first ran with; left out if it never ran"),
                    Field(
                        "capacity", .integer(Capacity.bounds),
                        "Thousandths of a vCPU, in place of vcpus, where that size is not whole"),
                    Field("totalNano", .digits, required: true, "What it would have cost, in nano-units"),
                ]), atMost: 100_000), required: true, "VM by VM"),
        Field("totalNano", .digits, required: true, "The sum, in nano-units"),
        Field("savedNano", .digits, required: true, "The sum less the bill's; negative: elasticity cost more"),
    ]

    private static let comparisonFields = [
        Field("tenant", .name, required: true, "The tenant"),
        Field("currency", .text(3...3), "The currency (ISO 4217)"),
        Field("formerRules", .count, "Version of the rules before"),
        Field("presentRules", .count, "Version of the present rules"),
        Field("formerNano", .digits, "The sum by the rules before, in nano-units"),
        Field("presentNano", .digits, "The sum by the present rules"),
        Field("differenceNano", .digits, "What the present rules add; negative: they are cheaper"),
        Field("message", .line, "Why there is no comparison"),
    ]

    private static let rateSchema = Schema.named("RateCard", .object(rateFields))

    private static let rateFields = [
        Field("version", .count, required: true, "Counts up with every card"),
        Field("validFrom", .instant, required: true, "Since when it holds"),
        Field("currency", .text(3...3), required: true, "The currency (ISO 4217)"),
        Field("card", .nullable(.document), "Unit prices and the parameters of f; null if it can't be read"),
        Field("withdrawnAt", .instant, "When it was withdrawn, before it held"),
        Field("withdrawnBy", .line, "Who withdrew it"),
        Field("text", .prose, "The same for people"),
    ]

    private static let exampleLine: JSONValue = [
        "vm": "web-1", "resource": "vcpu", "host": "host-7c41", "quantity": "7200000000000", "unit": "vCPU·ns",
        "unitPriceNano": "20000000", "pricingUnit": "vCPU·hour", "factorPpm": 900_000, "amountNano": "36000000",
        "part": "elastic",
    ]

    private static let exampleCard: JSONValue = [
        "currency": "EUR",
        "prices": [
            "vcpuHour": 20_000_000, "memoryGiBHour": 5_000_000, "diskGiBHour": 100_000, "networkGiB": 50_000_000,
        ],
        "factor": [
            "base": 600_000, "lowerWeight": 100_000, "upperWeight": 200_000, "ratioWeight": 100_000,
            "minimum": 600_000, "maximum": 1_000_000,
        ],
    ]

    private static let exampleRates: JSONValue = [
        "version": 1, "validFrom": "2026-04-01T00:00:00Z", "currency": "EUR", "card": exampleCard,
    ]
}
