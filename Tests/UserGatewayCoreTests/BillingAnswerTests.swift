// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel
internal import Testing
internal import UserGatewayCore

@Suite("Bills on their way through the gateway")
struct BillingAnswerTests {
    /// A bill of a later Billing: it says more, and names hosts where this version knows of none.
    private static let later: JSONValue = [
        "tenant": "acme", "totalNano": "1237940039285380274899124224", "mood": ["depth": .number(0.5), "none": .null],
        "items": [
            [
                "vm": "node-7", "host": "node-7", "part": "spot", "carbonGrams": 7,
                "details": [["host": "node-7"], ["host": "node-8"], ["host": 9]],
            ]
        ],
        "byRack": ["r1": ["host": "node-8"]], "text": "node-7 vcpu on node-7: 5 byte",
    ]

    @Test("hosts have other names wherever they stand, and all else passes by as it came, unknown members too")
    func renames() {
        #expect(BillingAnswer.hosts(in: Self.later) == ["node-7", "node-8"])
        let told = BillingAnswer.renaming(["node-7": "host-1", "node-8": "host-2"], in: Self.later)
        #expect(
            told == [
                "tenant": "acme", "totalNano": "1237940039285380274899124224",
                "mood": ["depth": .number(0.5), "none": .null],
                "items": [
                    [
                        "vm": "node-7", "host": "host-1", "part": "spot", "carbonGrams": 7,
                        "details": [["host": "host-1"], ["host": "host-2"], ["host": 9]],
                    ]
                ],
                "byRack": ["r1": ["host": "host-2"]], "text": "node-7 vcpu on host-1: 5 byte",
            ])
    }

    @Test("a host without another name is not told")
    func hides() {
        let told = BillingAnswer.renaming(["node-8": "host-2"], in: Self.later)
        #expect(told["items"]?.items?.first?["host"] == "" && told["byRack"]?["r1"]?["host"] == "host-2")
    }

    @Test("it is said up to when use is known where that is before the end, in words too, and nothing else changes")
    func limits() {
        let (known, end) = (Timestamp(nanoseconds: 5_000_000_000), Timestamp(nanoseconds: 6_000_000_000))
        var expected = Self.later.members ?? [:]
        expected["knownUntil"] = .string("\(known)")
        expected["text"] = .string(
            "node-7 vcpu on node-7: 5 byte\nknown up to \(known); what was used since is added once it is known")
        #expect(BillingAnswer.limited(Self.later, to: known, end) == .object(expected))
        #expect(BillingAnswer.limited(Self.later, to: end, end) == Self.later)
        #expect(BillingAnswer.limited(["tenant": "acme"], to: known, end)["text"] == nil)
    }

    @Test("a card goes to Billing with the bytes that it always had, members and words of a later version too")
    func card() {
        let card: JSONValue = [
            "currency": "EUR", "mood": "fi\"ne/ü\n",
            "prices": ["vcpuHour": 20_000_000, "spot": .null, "half": .number(0.5)],
            "factor": ["base": 600_000, "isFree": false, "steps": [1, 2]],
        ]
        let wish: JSONValue = ["card": card, "validFromNs": 5]
        #expect(
            SetRatesRequest(card: card, validFrom: Timestamp(nanoseconds: 5)).json
                == String(decoding: wish.compact, as: UTF8.self))
    }

    @Test("a price with an empty fraction goes to Billing as the whole number that it is, and others as they are")
    func numbers() {
        let card: JSONValue = ["prices": ["empty": .number(20_000_000), "half": .number(0.5), "huge": .number(1e30)]]
        #expect(
            SetRatesRequest(card: card, validFrom: nil).json
                == #"{"card":{"prices":{"empty":20000000,"half":0.5,"huge":1e+30}}}"#)
    }

    @Test(
        "what a tenant reads of a bill's text has pseudonyms where Billing writes hosts, and its own words as they are")
    func bill() {
        let text = """
            C(acme) = Σ C · X · f over [a, b)
            node-7 vcpu, base: 1 EUR per vCPU-hour
              node-7 [a, b): X 5 of 2 vCPUs, policy 1, rate card 1
            node-7 vcpu on node-7: 5 vcpu-ns
            """
        let told = """
            C(acme) = Σ C · X · f over [a, b)
            node-7 vcpu, base: 1 EUR per vCPU-hour
              host-1 [a, b): X 5 of 2 vCPUs, policy 1, rate card 1
            node-7 vcpu on host-1: 5 vcpu-ns
            """
        #expect(BillText.renaming(["node-7": "host-1"], in: text) == told)
    }
}
