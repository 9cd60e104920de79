// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import BillingMain

@Suite("Billing on real edges")
struct BillingTests {
    @Test("a bill over segments, readings, a policy and a rate card is exact to the nano-unit")
    func exactBill() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 0, to: 60 * BillingRig.minute)
                #expect(bill["currency"] as? String == "EUR")
                let items = try #require(bill["items"] as? [[String: Any]])
                let amounts = items.map { item in
                    ["resource", "part", "factorPpm", "amountNano"].map { "\(item[$0] ?? "")" }.joined(separator: " ")
                }
                // 2 vCPUs and 1 of 3 for half an hour each, and 2 of 3 at f; memory, disk and bytes have no rule.
                #expect(
                    amounts == [
                        "vcpu base 1000000 30000000", "vcpu elastic 1115000 22300000", "memory base 1000000 5000000",
                        "disk base 1000000 2000000", "network base 1000000 100000000", "cpu-time base 1000000 0",
                    ])
                #expect(bill["rulesVersion"] as? Int == 2)
                #expect(bill["totalNano"] as? String == "159300000")
                let fixed = try #require(bill["fixedSize"] as? [String: Any])
                #expect(fixed["totalNano"] as? String == "147000000")
                #expect(fixed["savedNano"] as? String == "-12300000")
                let text = try #require(bill["text"] as? String)
                #expect(text.contains("total: 0.1593 EUR"))
                #expect(text.contains("at a fixed size, web, 2 vCPUs throughout: 0.147 EUR"))
            }
        }
    }

    @Test("an open size is billed up to where its host was last seen, and what is unknown after it is not")
    func provedUntil() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 59 * BillingRig.minute, to: 400 * BillingRig.minute)
                let items = try #require(bill["items"] as? [[String: Any]])
                let compute = items.filter { $0["resource"] as? String == "vcpu" }.map { $0["quantity"] as? String }
                #expect(compute == ["\(BillingRig.minute)", "\(2 * BillingRig.minute)"])
            }
        }
    }

    @Test("a bill whose details don't fit into one answer comes without them, and says so", .timeLimit(.minutes(2)))
    func brief() async throws {
        try await BillingRig.withBilling { database in
            try await database.withStore { store in
                try await store.query(
                    """
                    INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm,
                        minimum_vcpus, maximum_vcpus, window_length)
                    SELECT p.domain, p.version + n, p.valid_from_ns + n * 100000000::int8, p.lower_ppm, p.upper_ppm, p.ratio_ppm,
                        p.minimum_vcpus, p.maximum_vcpus, p.window_length
                    FROM scheduling.policy p, generate_series(1, 4000) n
                    WHERE p.version = (SELECT max(version) FROM scheduling.policy)
                    """)
            }
            try await BillingRig.withInstance(of: database) { asker in
                let bill = try await asker.bill("acme", from: 0, to: 60 * BillingRig.minute)
                #expect(bill["detailsLeftOut"] as? Bool == true)
                #expect(bill["totalNano"] as? String == "159300000")
                let items = try #require(bill["items"] as? [[String: Any]])
                #expect(items.allSatisfy { ($0["details"] as? [Any])?.isEmpty == true })
                #expect((bill["text"] as? String)?.contains("ask for a shorter period") == true)
            }
        }
    }

    @Test("two instances give the same bytes, also of usage")
    func identicalBytes() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { first in
                try await BillingRig.withInstance(of: database) { second in
                    for type in [MessageType.bill, .usage] {
                        let one = try await first.ask(type, .of("acme", 0, 60 * BillingRig.minute))
                        let other = try await second.ask(type, .of("acme", 0, 60 * BillingRig.minute))
                        #expect(one == other)
                        #expect(!one.isEmpty)
                    }
                }
            }
        }
    }

    @Test("usage keeps the host, and a tenant without domains used nothing")
    func usage() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let usage = try await asker.json(.usage, .of("acme", 0, 60 * BillingRig.minute))
                let items = try #require(usage["items"] as? [[String: Any]])
                let compute = try #require(items.first)
                #expect(compute["host"] as? String == "host-a")
                #expect(compute["quantity"] as? String == "\(150 * BillingRig.minute)")
                let idle = try await asker.json(.usage, .of("idle", 0, 60 * BillingRig.minute))
                #expect((idle["items"] as? [Any])?.isEmpty == true)
            }
        }
    }

    @Test("use is shown without any rate card, and with one that can't be read")
    func usageWithoutPrices() async throws {
        try await withDatabase { database in
            try await database.withStore { try await BillingRig.fill($0) }
            try await BillingRig.withInstance(of: database) { asker in
                let hour = [UInt8].of("acme", 0, 60 * BillingRig.minute)
                let bare = try await asker.ask(.usage, hour)
                #expect(await asker.refusal(.bill, hour)?.code == .notFound)
                try await database.withStore { store in
                    try await store.query("INSERT INTO billing.rate_card VALUES (1, 0, 'EUR', '{}')")
                }
                #expect(try await asker.ask(.usage, hour) == bare)
                #expect(await asker.refusal(.bill, hour)?.message.contains("version 1: currency is missing") == true)
            }
        }
    }

    @Test("the rules that held before are compared with the present ones, to the nano-unit")
    func comparesRules() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let answer = try await asker.json(.compareRules, .of("acme", 0, 60 * BillingRig.minute))
                // Before, f multiplied all of the second half hour, disk and bytes too.
                #expect(answer["formerNano"] as? String == "166602500")
                #expect(answer["presentNano"] as? String == "159300000")
                #expect(answer["differenceNano"] as? String == "-7302500")
                #expect(answer["formerRules"] as? Int == 1 && answer["presentRules"] as? Int == 2)
            }
        }
    }

    @Test("an unknown tenant is not found, and an impossible period is refused with the reason")
    func refusals() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                #expect(await asker.refusal(.bill, .of("nobody", 0, 1))?.code == .notFound)
                #expect(await asker.refusal(.bill, .of("acme", 5, 5))?.code == .invalid)
                #expect(await asker.refusal(.usage, .of("acme", 6, 5))?.code == .invalid)
                #expect(await asker.refusal(.bill, .of("ACME", 0, 1))?.code == .invalid)
                let future = await asker.refusal(.bill, .of("acme", 101 * BillingRig.minute, 102 * BillingRig.minute))
                #expect(future?.code == .invalid && future?.message.contains("is still to come") == true)
                #expect(await asker.refusal(.usage, .of("acme", 101 * BillingRig.minute, .max))?.code == .invalid)
                #expect(await asker.refusal(.bill, .of("acme", .min, .max))?.code == .invalid)
                #expect(await asker.refusal(.bill, .of("acme", 0, .max))?.message.contains("to_ns") == true)
                let long = await asker.refusal(.bill, .of("acme", 0, 401 * 1_440 * BillingRig.minute))
                #expect(long?.message.contains("400 days") == true)
            }
        }
    }

    @Test("policies are priced with the factor of the card that holds, in their order")
    func factors() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let bounds = { (lower: Int, upper: Int, ratio: Int) in
                    #"{"lowerPpm":\#(lower),"upperPpm":\#(upper),"ratioPpm":\#(ratio)}"#
                }
                let asked = [bounds(150_000, 800_000, 700_000), bounds(0, 1_000_000, 1_000_000)]
                let answer = try await asker.json(
                    .showFactors, .json(#"{"policies":[\#(asked.joined(separator: ","))]}"#))
                let factors = try #require(answer["factorsPpm"] as? [Int])
                // The first is that of the bill above.
                #expect(factors.count == 2 && factors[0] == 1_115_000, "\(factors)")
                let wrong = await asker.refusal(.showFactors, .json(#"{"policies":[\#(bounds(2, 1, 1))]}"#))
                #expect(wrong?.code == .invalid && wrong?.message.contains("lower bound U1") == true)
            }
        }
    }

    @Test("a new rate card holds from its instant, is refused in the past and in another currency")
    func rates() async throws {
        try await BillingRig.withBilling { database in
            try await BillingRig.withInstance(of: database) { asker in
                let prices = #""prices":{"vcpuHour":30000000,"memoryGiBHour":0,"diskGiBHour":0,"networkGiB":0}"#
                let set = try await asker.json(.setRates, .json(#"{"card":{"currency":"EUR",\#(prices)}}"#))
                #expect(set["version"] as? Int == 2)
                let then = try await asker.json(.showRates, .json(#"{"atNs":0}"#))
                #expect(then["version"] as? Int == 1)
                let now = try await asker.json(.showRates, .json("{}"))
                #expect(now["version"] as? Int == 2)
                let past = await asker.refusal(
                    .setRates, .json(#"{"card":{"currency":"EUR",\#(prices)},"validFromNs":7}"#))
                #expect(past?.code == .invalid)
                let dollars = await asker.refusal(.setRates, .json(#"{"card":{"currency":"USD",\#(prices)}}"#))
                #expect(dollars?.code == .conflict)
                let unknown = await asker.refusal(.setRates, .json(#"{"card":{"currency":"EUR","price":{}}}"#))
                #expect(unknown?.message.contains("price is no such key; there are currency, prices, factor") == true)
            }
        }
    }

    @Test("the rate card of the deployment is valid")
    func shippedCard() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let card = try RateCards.read(root.appending(path: "compose/rate-card.yaml").path)
        #expect(card.prices.amounts[.vcpu] == 20_000_000)
    }

    @Test(
        "a rate card that can't be used stops the service with the key named",
        arguments: [
            ("currency: EUR", "prices is missing"),
            ("currency: EUR\nprices: {vcpuHour: 1, memoryGiBHour: 1, diskGiBHour: 1}", "prices.networkGiB is missing"),
            (BillingRig.card + "\ncolour: red", "colour is no such key"),
            (
                BillingRig.card.replacing("vcpuHour: 20000000", with: "vcpuHour: cheap"),
                "prices.vcpuHour must be a whole number of at most 64 bits, not 'cheap'"
            ),
            (
                BillingRig.card.replacing("vcpuHour: 20000000", with: "vcpuHour: -1"),
                "prices.vcpuHour must be 0 to 1000000000000000"
            ),
            (BillingRig.card.replacing("maximum: 1500000", with: "maximum: 1200000"), "f reaches from"),
            (BillingRig.card.replacing("EUR", with: "euro"), "three capital letters"),
        ])
    func badCard(text: String, fault: String) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ebb-card-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = try #require(throws: StartupError.self) { try RateCards.read(path) }
        #expect(error.code == .configuration)
        #expect(error.message.contains("billing.rateCard"))
        #expect(error.message.contains(fault), "\(error.message)")
    }
}
