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
        let wish = WithdrawRatesRequest(version: 3, principal: "ada")
        #expect(wish.json == #"{"principal":"ada","version":3}"# && WithdrawRatesRequest(json: wish.json) == wish)
        #expect(WithdrawRatesRequest(json: #"{"version": 3}"#) == nil, "by nobody")
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
