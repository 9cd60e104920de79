// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import Store
import TestSupport
import Testing

@testable import BillingMain

/// A rate card as JSON, with what one case has otherwise.
private func card(
    currency: String = #""EUR""#, vcpu: String = "20000000", network: String? = "50000000", more: String = "",
    lowerWeight: String = "100000", maximum: String = "1000000", prices: String? = nil, factor: String? = nil
) -> String {
    let network = network.map { #", "networkGiB": \#($0)"# } ?? ""
    let prices =
        prices
        ?? #"{"vcpuHour": \#(vcpu), "memoryGiBHour": 5000000, "diskGiBHour": 100000\#(network)\#(more), "cpuHour": 0}"#
    let factor =
        factor
        ?? #"{"base": 600000, "lowerWeight": \#(lowerWeight), "upperWeight": 200000, "ratioWeight": 100000, "#
        + #""minimum": 600000, "maximum": \#(maximum)}"#
    return #"{"currency": \#(currency), "prices": \#(prices), "factor": \#(factor)}"#
}

@Suite("Rate cards on real edges")
struct RateCardCommandTests {
    /// 2100-01-01: no test lives to see it.
    private static let then = "4102444800000000000"

    private func set(_ card: String, from instant: String = then) -> [UInt8] {
        .json(#"{"card":\#(card),"validFromNs":\#(instant)}"#)
    }

    @Test("each card that can't be is refused with its key and what was typed; the others are taken")
    func cards() async throws {
        let most = "must be 0 to 1000000000000000 nano-units (at most 1000000.00 EUR per"
        let cases: [(String, refusal: String?)] = [
            (card(), nil), (card(vcpu: "20000000.0"), nil), (card(vcpu: "0"), nil), (card(vcpu: "1e3"), nil),
            (card(vcpu: "1000000000000000"), nil), (card(factor: "null"), nil),
            (card(vcpu: "20000000.5"), "prices.vcpuHour must be a whole number of at most 64 bits, not 20000000.5"),
            (card(vcpu: #""20000000""#), "prices.vcpuHour must be a whole number of at most 64 bits, not '20000000'"),
            (card(vcpu: "true"), "prices.vcpuHour must be a whole number of at most 64 bits, not true"),
            (card(vcpu: "[1]"), "prices.vcpuHour must be a whole number of at most 64 bits, not a list or keys"),
            (card(vcpu: "null"), "prices.vcpuHour must be a whole number of at most 64 bits, not nothing"),
            (card(vcpu: "9223372036854775807"), "prices.vcpuHour \(most) vCPU·hour), not 9223372036854775807"),
            (card(network: "9223372036854775807"), "prices.networkGiB \(most) GiB), not 9223372036854775807"),
            (card(vcpu: "9223372036854775808"), "prices.vcpuHour must be a whole number of at most 64 bits, not 9.22"),
            (card(vcpu: "1000000000000001"), "prices.vcpuHour \(most) vCPU·hour), not 1000000000000001"),
            (card(vcpu: "-1"), "prices.vcpuHour \(most) vCPU·hour), not -1"),
            (card(network: nil), "prices.networkGiB is missing"),
            (card(more: #", "gpuHour": 5"#), "prices.gpuHour is no such key; there are vcpuHour, memoryGiBHour,"),
            (card(prices: "5"), "prices must be keys with values"),
            (#"{"currency": "EUR"}"#, "prices is missing"), ("{}", "currency is missing"),
            (card(currency: #""eur""#), "currency must be three capital letters, such as EUR, not 'eur'"),
            (card(currency: "5"), "currency must be text, not 5"),
            (card(currency: #""USD""#), "the cards so far are in EUR; one bill can't mix it with USD"),
            (card(lowerWeight: "-1"), "factor.lowerWeight must be 0 to 100000000, not -1"),
            (card(maximum: "900000"), "factor.maximum is 900000, but f reaches from 600000 to 1000000"),
            (card(maximum: "100000001"), "factor.maximum must be 0 to 100000000, not 100000001"),
            (card(maximum: "500000"), "factor.minimum, 600000, is above factor.maximum, 500000"),
            (card(factor: "{}"), "factor.base is missing"),
        ]
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker async throws in
                for (index, (card, refusal)) in cases.enumerated() {
                    let request = set(card, from: "\(4_102_444_800_000_000_000 + index)")
                    if let refusal {
                        let failure = await asker.refusal(.setRates, request)
                        #expect(failure?.message.contains(refusal) == true, "\(card): \(failure?.message ?? "taken")")
                    } else {
                        #expect(try await asker.json(.setRates, request)["currency"] as? String == "EUR", "\(card)")
                    }
                }
            }
        }
    }

    @Test("a future card can be withdrawn and leaves a dated record; then its instant is free for another")
    func withdrawal() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let withdraw = { (version: Int) in [UInt8].json(#"{"version":\#(version),"principal":"root"}"#) }
                _ = try await asker.ask(.setRates, set(card(vcpu: "200000000")))
                let taken = await asker.refusal(.setRates, set(card(vcpu: "25000000")))
                #expect(taken?.code == .conflict && taken?.message.contains("'ebb rate withdraw 2'") == true)
                let withdrawn = try await asker.json(.withdrawRates, withdraw(2))
                #expect(withdrawn["withdrawnBy"] as? String == "root" && withdrawn["withdrawnAt"] is String)
                // The card before it is what holds then.
                let show = [UInt8].json(#"{"atNs":\#(Self.then)}"#)
                #expect(try await asker.json(.showRates, show)["version"] as? Int == 1)
                #expect(try await asker.json(.setRates, set(card(vcpu: "25000000")))["version"] as? Int == 3)
                #expect(try await asker.json(.showRates, show)["version"] as? Int == 3)
                let again = try await asker.json(.withdrawRates, withdraw(2))
                #expect(again["withdrawnAt"] as? String == withdrawn["withdrawnAt"] as? String)
                let holding = await asker.refusal(.withdrawRates, withdraw(1))
                #expect(holding?.code == .conflict && holding?.message.contains("version 1 holds since") == true)
                #expect(await asker.refusal(.withdrawRates, withdraw(9))?.code == .notFound)
                let list = try #require(try await asker.json(.listRates, .json("{}"))["items"] as? [[String: Any]])
                #expect(list.map { $0["version"] as? Int } == [1, 2, 3])
                #expect(list.map { $0["withdrawnBy"] as? String } == [nil, "root", nil])
            }
            // Nothing but the withdrawal changes a card, whatever Billing asks for.
            try await database.withStore(role: "ebb_billing") { store async throws in
                await #expect(throws: StoreError.self) {
                    try await store.query("UPDATE billing.rate_card SET withdrawn_ns = NULL, withdrawn_by = NULL")
                }
                await #expect(throws: StoreError.self) { try await store.query("DELETE FROM billing.rate_card") }
            }
        }
    }

    @Test("of cards that are set for one instant at once one is taken, and all that are set for instants of their own")
    func concurrentSettings() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let outcomes = await withTaskGroup(of: String?.self) { group in
                    for index in 0..<12 {
                        // 0 to 5 each at its own instant, the rest at the next one.
                        let request = set(card(), from: "\(4_102_444_800_000_000_000 + min(index, 6))")
                        group.addTask { await asker.refusal(.setRates, request)?.code.text }
                    }
                    return await group.reduce(into: [:]) { $0[$1 ?? "taken", default: 0] += 1 }
                }
                #expect(outcomes == ["taken": 7, "conflict": 5])
            }
        }
    }

    @Test(
        "a stored card that can't be read stops the bills of its time alone, and a younger resource has price 0 in it")
    func storedCards() async throws {
        try await BillingRig.withBilling { database in
            try await database.withStore { store in
                try await store.query(
                    """
                    INSERT INTO billing.rate_card VALUES
                        (2, \(30 * BillingRig.minute), 'EUR',
                            '{"currency":"EUR","prices":{"vcpuHour":40000000,"x":1}}'),
                        (3, \(61 * BillingRig.minute), 'EUR', '{"currency":"EUR","prices":7}')
                    """)
            }
            try await database.withStore(role: "ebb_billing") { store async throws in
                let complaints = try await RateCards(store).complaints()
                #expect(
                    complaints.count == 1 && complaints[0].contains("version 3") && complaints[0].contains("prices"))
            }
            try await BillingRig.withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 30 * BillingRig.minute, to: 60 * BillingRig.minute)
                // 1.5 vCPU·hours at 0.04, and nothing for memory, disk and network.
                #expect(bill["totalNano"] as? String == "60000000")
                let failed = await asker.refusal(.bill, .of("acme", 0, 62 * BillingRig.minute))
                #expect(failed?.code == .invalid && failed?.message.contains("version 3: prices") == true)
                let listed = try #require(try await asker.json(.listRates, .json("{}"))["items"] as? [[String: Any]])
                #expect(listed.count == 3)
            }
        }
    }
}
