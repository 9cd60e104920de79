// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Messages
import ResourceModel
import Store
import TestSupport
import Testing

@testable import BillingMain

@Suite("Billing of fractions of a vCPU on real edges")
struct BillingCapacityTests {
    /// The rig's hour, but with 1.5 of its 2 vCPUs in the first half; in the second one it has all 3.
    private func withFraction(_ body: (BillingAsker) async throws -> Void) async throws {
        try await BillingRig.withBilling { database in
            try await database.withStore { store in
                try await store.query(
                    "UPDATE inventory.size_segment SET capacity_thousandths = 1500 WHERE start_ns = 0")
            }
            try await BillingRig.withInstance(of: database, body)
        }
    }

    private static let hour = 60 * BillingRig.minute

    @Test("a bill counts what caps leave of vCPUs, and all vCPUs where no cap is stored, exact to the nano-unit")
    func bill() async throws {
        try await withFraction { asker in
            let bill = try await asker.bill("acme", from: 0, to: Self.hour)
            let items = try #require(bill["items"] as? [[String: Any]])
            let lines = items.prefix(3).map { item in
                ["resource", "part", "quantity", "unit", "amountNano"].map { "\(item[$0] ?? "")" }
                    .joined(separator: " ")
            }
            // 1.5 and 1 for half an hour each, 2 of 3 at f = 1.115: only the first line has a size that is not whole.
            #expect(
                lines == [
                    "vcpu base \(1_250 * Self.hour) mvCPU·ns 25000000", "vcpu elastic \(Self.hour) vCPU·ns 22300000",
                    "memory base \(Int128(Self.hour) << 30) byte·ns 5000000",
                ])
            let details = items.prefix(3).map { ($0["details"] as? [[String: Any]]) ?? [] }
            #expect(details[0].map { $0["capacity"] as? Int } == [1_500, 1_000])
            #expect(details[0].map { $0["quantity"] as? String } == ["\(750 * Self.hour)", "\(500 * Self.hour)"])
            #expect(details[0].allSatisfy { $0["size"] == nil })
            #expect(details[1].map { $0["size"] as? Int } == [2])
            // Without a policy and with one.
            #expect(details[2].map { $0["size"] as? Int } == [1 << 30, 1 << 30])
            #expect((details[1] + details[2]).allSatisfy { $0["capacity"] == nil })
            #expect(bill["totalNano"] as? String == "154300000")
            let text = try #require(bill["text"] as? String)
            #expect(text.contains("X \(750 * Self.hour) of 1.5 vCPUs, no policy"))
            #expect(text.contains("total: 0.1543 EUR"))
        }
    }

    @Test("the fixed size is the capacity with which a VM first ran, and its vCPUs are left out where it is not whole")
    func fixedSize() async throws {
        try await withFraction { asker in
            let bill = try await asker.bill("acme", from: 0, to: Self.hour)
            let fixed = try #require(bill["fixedSize"] as? [String: Any])
            let item = try #require((fixed["items"] as? [[String: Any]])?.first)
            #expect(item["capacity"] as? Int == 1_500 && item["vcpus"] == nil)
            #expect(fixed["totalNano"] as? String == "137000000" && fixed["savedNano"] as? String == "-17300000")
            let text = try #require(bill["text"] as? String)
            #expect(text.contains("at a fixed size, web, 1.5 vCPUs throughout: 0.137 EUR"))
            // Also of a period in which it had more.
            let later = try await asker.bill("acme", from: 30 * BillingRig.minute, to: Self.hour)
            let size = (later["fixedSize"] as? [String: Any])?["items"] as? [[String: Any]]
            #expect(size?.first?["capacity"] as? Int == 1_500)
            #expect(((later["items"] as? [[String: Any]])?.first?["unit"] as? String) == "vCPU·ns")
        }
    }

    @Test("usage counts thousandths of a vCPU and says so; rules are compared by what caps leave")
    func usage() async throws {
        try await withFraction { asker in
            let usage = try await asker.json(.usage, .of("acme", 0, Self.hour))
            let compute = try #require((usage["items"] as? [[String: Any]])?.first)
            #expect(
                compute["quantity"] as? String == "\(2_250 * Self.hour)" && compute["unit"] as? String == "mvCPU·ns")
            let text = try #require(usage["text"] as? String)
            #expect(text.hasPrefix("web vcpu on host-a: \(2_250 * Self.hour) mvCPU·ns\n"))
            let rules = try await asker.json(.compareRules, .of("acme", 0, Self.hour))
            #expect(rules["formerNano"] as? String == "161602500" && rules["presentNano"] as? String == "154300000")
        }
    }
}
