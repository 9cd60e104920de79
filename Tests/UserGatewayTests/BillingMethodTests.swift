// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's bills and rates")
struct BillingMethodTests {
    @Test("rules are compared for every tenant to the provider, and to a tenant for itself; one that fails stops none")
    func comparesRules() async throws {
        try await GatewayRig.with { rig in
            let billing = try await rig.addPeer(.billing, number: 1)
            await billing.server.handle(.compareRules) { body, _ async throws(Bus.CommandFailure) in
                guard let asked = try? MessageCodec.decoded(WireBillRequest.self, from: body) else {
                    throw .invalid("no request for a bill")
                }
                guard asked.tenantID == "acme" else { throw .notFound("no rate card holds") }
                let document: JSONValue = [
                    "tenant": .string(asked.tenantID), "currency": "EUR", "formerNano": "7", "presentNano": "5",
                    "differenceNano": "-2", "formerRules": 1, "presentRules": 2,
                ]
                return MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(document.compact) })
            }
            await rig.announce([billing])
            let all = try #require(try await rig.call("bill.comparerules", as: GatewayRig.chief)["items"]?.items)
            #expect(all.map { $0["tenant"] } == ["acme", "zeta"])
            #expect(all[0]["differenceNano"] == "-2" && all[0]["message"] == nil)
            #expect(all[1]["differenceNano"] == nil && all[1]["message"] == "no rate card holds")
            let own = try await rig.call("bill.comparerules", as: GatewayRig.ada)
            #expect(own["items"]?.items?.map { $0["tenant"] } == ["acme"])
            #expect(try await rig.failure("bill.comparerules", as: GatewayRig.zoe).message == "no rate card holds")
            await #expect(throws: (any Error).self) {
                try await rig.call("bill.comparerules", ["tenant": "acme"], as: GatewayRig.zoe)
            }
        }
    }

    @Test("a policy shows beside its ratio the one that its N represents, by which it is rated")
    func trueRatio() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.administration.query(
                """
                INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm,
                    minimum_vcpus, maximum_vcpus, window_length, true_ratio_ppm)
                VALUES (\(domain), 1, cluster.now_ns(), 150000, 800000, 700000, 1, 4, 12, 750000)
                """)
            let shown = try await rig.call("policy.show", ["vm": "web-1"], as: GatewayRig.ada)
            #expect(shown["ratioPpm"] == 700_000 && shown["breachesNeeded"] == 9)
            #expect(shown["trueRatioPpm"] == 750_000)
        }
    }

    @Test("a withdrawal names who withdrew, and is in the audit")
    func withdraws() async throws {
        try await GatewayRig.with { rig in
            let billing = try await rig.addPeer(.billing, number: 1)
            let questions = Questions()
            let card: JSONValue = ["version": 2, "validFrom": "2100-01-01T00:00:00Z", "currency": "EUR", "card": .null]
            await billing.answer(.withdrawRates, with: card, keeping: questions)
            await rig.announce([billing])
            #expect(try await rig.call("rate.withdraw", ["version": 2])["version"] == 2)
            #expect(questions.all == [["version": 2, "principal": "root"]])
            #expect(try await rig.audited() == ["root rate.withdraw rate-card"])
        }
    }
}
