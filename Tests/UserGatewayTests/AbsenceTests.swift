// SPDX-License-Identifier: Apache-2.0

import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("A service that is away")
struct AbsenceTests {
    @Test("who waits for one that is away holds up nobody who asks it as well", .timeLimit(.minutes(1)))
    func holdsUpNobody() async throws {
        try await GatewayRig.with { rig in
            var configuration = GatewayServerConfiguration()
            configuration.billingWork = FairQueue.Limits(places: 1)
            configuration.turnTimeout = .seconds(5)
            let gate = TenantGate(configuration)
            let weight = try #require(MethodRegistry.ebb["bill.show"]).weight
            let place = try await gate.place(for: Party(GatewayRig.ada), weight, bytes: 0)
            let context = CallContext(
                remoteAddress: "127.0.0.1", deadline: .now + .seconds(20), login: nil, place: place)
            let call = Task {
                try await rig.backend.call("bill.show", params: [:], principal: GatewayRig.ada, context: context)
            }
            let other = try await gate.place(for: Party(GatewayRig.zoe), weight, bytes: 0)
            other.end()
            call.cancel()
            _ = await call.result
            place.end()
        }
    }
}

@Suite("Who is beyond its limits")
struct PatienceTests {
    @Test("for less than the pause waits, and is not refused")
    func waitsBeforeRefusing() async throws {
        var configuration = GatewayServerConfiguration()
        configuration.principalRates = Rates(requests: 10, bytes: 1 << 30, databaseMicroseconds: 1_000_000)
        let gate = TenantGate(configuration)
        let party = Party(GatewayRig.ada)
        try await gate.charge(party, requests: 21, bytes: 0)
        await #expect(throws: MethodError.self) { try await gate.charge(party, requests: 1, bytes: 0) }
        try await gate.charge(party, requests: 1, bytes: 0, patience: .seconds(1))
    }
}
