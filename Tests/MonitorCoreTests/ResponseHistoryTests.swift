// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct ResponseHistoryTests {
    @Test("the loss is the share of the last ten round trips without an answer, and unknown before the first")
    func loss() {
        var history = ResponseHistory()
        #expect(history.loss == nil)
        history.record(isLost: false)
        #expect(history.loss == .zero)
        history.record(isLost: true)
        #expect(history.loss == Utilization(ppm: 500_000))
        for _ in 1...9 { history.record(isLost: false) }
        #expect(history.loss == Utilization(ppm: 100_000), "the loss is the oldest of ten now")
        history.record(isLost: false)
        #expect(history.loss == .zero)
        for _ in 1...10 { history.record(isLost: true) }
        #expect(history.loss == Utilization(ppm: 1_000_000))
    }
}
