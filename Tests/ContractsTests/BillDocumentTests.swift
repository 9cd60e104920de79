// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@Suite("What Billing answers")
struct BillDocumentTests {
    private static let domain = DomainID(UUID128(high: 1, low: 2))
    private static let from = "2026-03-01T00:00:00Z"
    private static let to = "2026-03-01T01:00:00Z"

    /// More than 64 bits.
    private static let huge = Quantity(Int128(1) << 90)

    private static let bill = BillDocument(
        tenant: "acme", from: from, to: to, currency: "EUR", rulesVersion: 2, totalNano: huge,
        items: [
            BillDocument.Line(
                vm: "web-1", domain: domain, resource: "vcpu", part: .elastic, host: "host-a", quantity: 7_200,
                unit: "vCPU·ns", unitPriceNano: 20, pricingUnit: "vCPU·hour", factorPpm: 900_000, amountNano: huge,
                details: [
                    BillDocument.Detail(
                        host: "host-a", from: from, to: to, quantity: 7_200, size: 2, policyVersion: 1,
                        rateCardVersion: 3)
                ])
        ],
        unbilled: [UnbilledDocument(vm: "web-1", domain: domain, from: from, to: to)],
        fixedSize: BillDocument.FixedSize(
            items: [BillDocument.FixedSize.Item(vm: "web-1", size: Capacity(2), totalNano: 5)], totalNano: 5,
            savedNano: -4),
        text: "total")

    @Test("a bill is written as it always was, with amounts beyond 64 bits to the last digit, and comes back")
    func bill() {
        let line =
            #"{"amountNano":"1237940039285380274899124224","details":[{"from":"2026-03-01T00:00:00Z","host":"host-a","#
            + #""policyVersion":1,"quantity":"7200","rateCardVersion":3,"size":2,"to":"2026-03-01T01:00:00Z"}],"#
            + #""domain":"\#(Self.domain)","factorPpm":900000,"host":"host-a","part":"elastic","#
            + #""pricingUnit":"vCPU·hour","quantity":"7200","resource":"vcpu","unit":"vCPU·ns","unitPriceNano":"20","#
            + #""vm":"web-1"}"#
        let text =
            #"{"currency":"EUR","fixedSize":{"items":[{"totalNano":"5","vcpus":2,"vm":"web-1"}],"savedNano":"-4","#
            + #""totalNano":"5"},"from":"2026-03-01T00:00:00Z","items":[\#(line)],"rulesVersion":2,"tenant":"acme","#
            + #""text":"total","to":"2026-03-01T01:00:00Z","totalNano":"1237940039285380274899124224","#
            + #""unbilled":[{"domain":"\#(Self.domain)","from":"2026-03-01T00:00:00Z","to":"2026-03-01T01:00:00Z","#
            + #""vm":"web-1"}]}"#
        #expect(Self.bill.json == text && BillDocument(json: text) == Self.bill)
    }

    @Test("a line of which a size is not whole counts thousandths and says so, and so does a fixed size")
    func fractions() {
        var bill = Self.bill
        bill.items[0].unit = MeteredUnit.thousandthVCPUNanosecond.rawValue
        bill.items[0].details[0].size = nil
        bill.items[0].details[0].capacity = Capacity(clamping: 2_500)
        bill.fixedSize.items = [nil, Capacity(clamping: 250), Capacity(3)].map {
            BillDocument.FixedSize.Item(vm: "web-1", size: $0, totalNano: 5)
        }
        let json = bill.json
        #expect(
            json.contains(
                #""details":[{"capacity":2500,"from":"2026-03-01T00:00:00Z","host":"host-a","policyVersion":1,"#))
        #expect(json.contains(#""unit":"mvCPU·ns""#) && !json.contains(#""size""#))
        #expect(
            json.contains(
                #""items":[{"totalNano":"5","vm":"web-1"},{"capacity":250,"totalNano":"5","vm":"web-1"},"#
                    + #"{"totalNano":"5","vcpus":3,"vm":"web-1"}]"#))
        #expect(BillDocument(json: json) == bill)
        #expect(BillDocument(json: json.replacing(#""capacity":2500"#, with: #""capacity":65536001"#)) == nil)
        #expect(MeteredUnit.allCases.map(\.rawValue) == ["vCPU·ns", "mvCPU·ns", "byte·ns", "byte", "ns"])
    }

    @Test("what a bill does not say of a line is left out, and is nothing again when it is read")
    func briefBill() {
        var bill = Self.bill
        bill.detailsLeftOut = true
        bill.items[0].host = nil
        bill.items[0].details = []
        bill.fixedSize.items[0].vcpus = nil
        #expect(bill.json.contains(#""detailsLeftOut":true"#) && bill.json.contains(#""details":[]"#))
        #expect(!bill.json.contains("host") && !bill.json.contains("vcpus"))
        #expect(BillDocument(json: bill.json) == bill)
    }

    @Test("a part of the use that is not known is kept to the byte, and a member that is not known is passed over")
    func laterBill() {
        let text = Self.bill.json.replacing(#""part":"elastic""#, with: #""part":"spot ted","mood":{"host":"h"}"#)
        var expected = Self.bill
        expected.items[0].part = .unrecognised("spot ted")
        #expect(BillDocument(json: text) == expected)
        #expect(expected.json.contains(#""part":"spot ted""#))
        for part in LinePart.allCases { #expect(Recognised(part.rawValue) == part) }
    }

    @Test("an amount that is no whole number makes no bill", arguments: ["0.5", "1e3", "many", ""])
    func amounts(amount: String) {
        let text = Self.bill.json.replacing(#""savedNano":"-4""#, with: #""savedNano":"\#(amount)""#)
        #expect(text != Self.bill.json && BillDocument(json: text) == nil)
        #expect(BillDocument(json: Self.bill.json.replacing(#""savedNano":"-4""#, with: #""savedNano":-4.5"#)) == nil)
    }

    @Test("usage is written as it always was, with a line for each item, and comes back")
    func usage() {
        let usage = UsageDocument(
            tenant: "acme", from: Self.from, to: Self.to,
            items: [
                UsageDocument.Item(
                    vm: "web-1", domain: Self.domain, resource: "vcpu", host: "host-a", quantity: 7_200,
                    unit: "vCPU·ns"),
                UsageDocument.Item(
                    vm: "web-1", domain: Self.domain, resource: "tape", host: "host-b", quantity: Self.huge,
                    unit: "byte"),
            ], unbilled: [])
        let text =
            #"{"from":"2026-03-01T00:00:00Z","items":[{"domain":"\#(Self.domain)","host":"host-a","quantity":"7200","#
            + #""resource":"vcpu","unit":"vCPU·ns","vm":"web-1"},{"domain":"\#(Self.domain)","host":"host-b","#
            + #""quantity":"1237940039285380274899124224","resource":"tape","unit":"byte","vm":"web-1"}],"#
            + #""tenant":"acme","text":"web-1 vcpu on host-a: 7200 vCPU·ns\nweb-1 tape on host-b: "#
            + #"1237940039285380274899124224 byte","to":"2026-03-01T01:00:00Z","unbilled":[]}"#
        #expect(usage.json == text && UsageDocument(json: text) == usage)
        #expect(UsageDocument(json: text.replacing(#""unbilled":[]"#, with: #""unbilled":[],"mood":1"#)) == usage)
    }

    @Test("a comparison of rules is written as it always was, and rules of a later version are kept")
    func comparison() {
        let comparison = RulesComparisonDocument(
            tenant: "acme", from: Self.from, to: Self.to, currency: "EUR", formerRules: 1, presentRules: 2,
            formerNano: 7, presentNano: 5, differenceNano: -2)
        let text =
            #"{"currency":"EUR","differenceNano":"-2","formerNano":"7","formerRules":1,"from":"2026-03-01T00:00:00Z","#
            + #""presentNano":"5","presentRules":2,"tenant":"acme","to":"2026-03-01T01:00:00Z"}"#
        #expect(comparison.json == text && RulesComparisonDocument(json: text) == comparison)
        let later = RulesComparisonDocument(
            json: text.replacing(#""presentRules":2"#, with: #""mood":1,"presentRules":9"#))
        #expect(later?.presentRules == 9 && later?.differenceNano == -2)
    }

    @Test("a rate card is written as it always was, and one that can't be read is left out of what is told of it")
    func rates() {
        let read = RatesDocument(
            version: 2, validFrom: Self.from, currency: "EUR", card: ["prices": ["vcpuHour": 20]], withdrawnAt: Self.to,
            withdrawnBy: "ada", text: "version 2")
        let text =
            #"{"card":{"prices":{"vcpuHour":20}},"currency":"EUR","text":"version 2","#
            + #""validFrom":"2026-03-01T00:00:00Z","version":2,"withdrawnAt":"2026-03-01T01:00:00Z","#
            + #""withdrawnBy":"ada"}"#
        #expect(read.json == text && RateListDocument(items: [read]).json == #"{"items":[\#(text)]}"#)
        let unread = RatesDocument<[String: Int]>(
            version: 1, validFrom: Self.from, currency: "EUR", card: nil, withdrawnAt: nil, withdrawnBy: nil,
            text: "why")
        #expect(
            unread.json
                == #"{"currency":"EUR","text":"why","validFrom":"2026-03-01T00:00:00Z","version":1}"#)
        let list = RateListDocument<[String: Int]>(json: #"{"items":[\#(unread.json)],"more":1}"#)
        #expect(list?.items.first?.version == 1 && list?.items.first?.card == nil)
        let later = RatesDocument<[String: Int]>(
            json: unread.json.replacing(#""version""#, with: #""mood":1,"version""#))
        #expect(later?.version == 1 && later?.text == "why")
    }

    @Test("hosts stand in a bill and in usage where the gateway looks for them, and nowhere else")
    func hosts() throws {
        #expect(Self.bill.json.split(separator: #""\#(BillingMember.host.rawValue)":"host-a""#).count == 3)
        let use = UsageDocument.Item(
            vm: "host-a", domain: Self.domain, resource: "vcpu", host: "host-a", quantity: 5, unit: "byte")
        let text = "host-a vcpu, base\n\(BillText.detail(on: "host-a", "host-a X 5"))\n\(BillText.use(use))\n"
        #expect(
            BillText.renaming(["host-a": "host-1"], in: text)
                == "host-a vcpu, base\n  host-1 host-a X 5\nhost-a vcpu on host-1: 5 byte\n")
        #expect(BillText.renaming(["host-b": "host-1"], in: text) == text)
        let blanks = UsageDocument.Item(
            vm: "old db on host-a:", domain: Self.domain, resource: "vcpu", host: "host-a", quantity: 5, unit: "byte")
        #expect(
            BillText.renaming(["host-a": "host-1"], in: BillText.use(blanks))
                == "old db on host-a: vcpu on host-1: 5 byte")
        let line = "old db on host-a: vcpu, base: 1 EUR per hour"
        #expect(BillText.renaming(["host-a": "host-1"], in: line) == line)
    }
}
