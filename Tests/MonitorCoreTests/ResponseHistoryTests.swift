// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct ResponseHistoryTests {
    private func roundTrip(_ nanoseconds: Int64, at seconds: Int64) -> ResponseHistory.RoundTrip {
        .init(nanoseconds: nanoseconds, method: .tcpConnect, endedAt: Timestamp(nanoseconds: seconds * 1_000_000_000))
    }

    @Test("the loss is the share of the last ten round trips without an answer, and unknown before the first")
    func loss() {
        var history = ResponseHistory(maximumAge: .seconds(3))
        let answered = roundTrip(1, at: 0)
        #expect(history.loss == nil)
        history.record(answered)
        #expect(history.loss == .zero)
        history.record(nil)
        #expect(history.loss == Utilization(ppm: 500_000))
        for _ in 1...9 { history.record(answered) }
        #expect(history.loss == Utilization(ppm: 100_000), "the loss is the oldest of ten now")
        history.record(answered)
        #expect(history.loss == .zero)
        for _ in 1...10 { history.record(nil) }
        #expect(history.loss == Utilization(ppm: 1_000_000))
    }

    @Test("a round trip that is old news is unknown, and so is one that was lost")
    func age() {
        var history = ResponseHistory(maximumAge: .seconds(3))
        func last(at seconds: Int64) -> Int64? {
            history.last(at: Timestamp(nanoseconds: seconds * 1_000_000_000))?.nanoseconds
        }
        #expect(last(at: 10) == nil)
        history.record(roundTrip(412, at: 10))
        #expect(last(at: 10) == 412 && last(at: 13) == 412)
        #expect(last(at: 14) == nil)
        history.record(nil)
        #expect(last(at: 10) == nil)
    }
}
