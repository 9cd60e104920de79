// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("The period of a bill")
struct BillingPeriodTests {
    @Test(
        "ends now and begins with the month of its last instant, unless told otherwise",
        arguments: [
            (from: nil, to: nil, begins: "2026-11-01", ends: "2026-11-29T12:00:00Z"),
            (nil, "2026-12-01", "2026-11-01", "2026-12-01"), (nil, "2026-12-02", "2026-12-01", "2026-12-02"),
            (nil, "2026-01-01T00:00:00.000000001Z", "2026-01-01", "2026-01-01T00:00:00.000000001Z"),
            ("2026-03-05", nil, "2026-03-05", "2026-11-29T12:00:00Z"),
            ("2026-03-05", "2026-03-06", "2026-03-05", "2026-03-06"), (nil, "1970-01-01", "1970-01-01", "1970-01-01"),
        ] as [(String?, String?, String, String)])
    func defaults(from: String?, to: String?, begins: String, ends: String) throws {
        let now = try #require(RFC3339.timestamp("2026-11-29T12:00:00Z"))
        let period = GatewayBackend.period(
            from: from.flatMap { RFC3339.timestamp($0) }, to: to.flatMap { RFC3339.timestamp($0) }, now: now)
        #expect(period.from == RFC3339.timestamp(begins) && period.to == RFC3339.timestamp(ends))
    }
}
