// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@Suite("What Billing is asked and answers")
struct BillingContractsTests {
    @Test(
        "questions about rate cards have the names that Billing reads, and members of a later version are passed over")
    func rates() {
        #expect(RatesRequest(at: nil).json == "{}")
        #expect(RatesRequest(at: Timestamp(nanoseconds: 5)).json == #"{"atNs":5}"#)
        #expect(RatesRequest(json: #"{"atNs": 5, "currency": "EUR"}"#) == RatesRequest(at: Timestamp(nanoseconds: 5)))
        let request = WithdrawRatesRequest(version: 3, principal: "ada")
        #expect(
            request.json == #"{"principal":"ada","version":3}"# && WithdrawRatesRequest(json: request.json) == request)
        #expect(WithdrawRatesRequest(json: #"{"version": 3}"#) == nil, "by nobody")
    }

    /// What people write, in part.
    private struct Card: Codable, Sendable { let currency: String }

    @Test("a wish for a rate card has the card beside the instant, and a member of a later version is passed over")
    func rateWish() {
        let wish = SetRatesRequest(card: Card(currency: "EUR"), validFrom: Timestamp(nanoseconds: 5))
        #expect(wish.json == #"{"card":{"currency":"EUR"},"validFromNs":5}"#)
        #expect(SetRatesRequest(card: Card(currency: "EUR"), validFrom: nil).json == #"{"card":{"currency":"EUR"}}"#)
        let later = SetRatesRequest<Card>(json: #"{"card": {"currency": "EUR"}, "validFromNs": 6, "mood": 1}"#)
        #expect(later?.card.currency == "EUR" && later?.validFromNs == 6)
        #expect(SetRatesRequest<Card>(json: #"{"validFromNs": 6}"#) == nil, "of no card")
    }

    @Test("Scheduler asks for f by the bounds that f depends on, and is answered in their order")
    func factors() throws {
        let policy = try PolicyPreset.paper.policy(maximumVCPUs: 8)
        let request = FactorsRequest([policy])
        let bounds = (policy.lower.ppm, policy.upper.ppm, policy.ratio.ppm)
        #expect(
            request.json == #"{"policies":[{"lowerPpm":\#(bounds.0),"ratioPpm":\#(bounds.2),"upperPpm":\#(bounds.1)}]}"#
        )
        let later = FactorsRequest(
            json: #"{"policies": [{"lowerPpm": 1, "upperPpm": 2, "ratioPpm": 3, "memory": {}}], "at": 4}"#)
        #expect(later?.policies.map(\.upperPpm) == [2])
        #expect(try request.policies.first?.policy.lower == policy.lower)
        #expect(FactorAnswer(factorsPpm: [1, 2]).json == #"{"factorsPpm":[1,2]}"#)
        #expect(FactorAnswer(json: #"{"factorsPpm": [1], "rules": 9}"#) == FactorAnswer(factorsPpm: [1]))
    }
}
