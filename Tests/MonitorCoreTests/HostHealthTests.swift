// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import Testing

@Suite struct HostHealthTests {
    @Test(
        "a host is unknown until it answers, and again after three polls without an answer; one answer brings it back")
    func states() {
        var health = HostHealth()
        #expect(health.state == .unknown)
        let answers = [health.succeeded(), health.succeeded()]
        #expect(answers == [true, false])
        let failures = [health.failed(), health.failed(), health.failed(), health.failed()]
        #expect(failures == [false, false, true, false])
        #expect(health.state == .unknown)
        let isBack = health.succeeded()
        #expect(isBack)
        #expect(health.state == .up && health.failures == 0)
    }

    @Test("a host that never answers is said to be unknown once, whatever an earlier owner wrote down")
    func neverAnswers() {
        var health = HostHealth()
        let failures = (0..<5).map { _ in health.failed() }
        #expect(failures == [false, false, true, false, false])
    }

    @Test(
        "polls begin at whole intervals: no drift by how long they take, and what is overdue is skipped",
        arguments: [(0, 2, 5), (5, 9, 10), (5, 10, 15), (5, 23, 25), (5, 4, 10)])
    func schedule(last: Int64, now: Int64, next: Int64) {
        let schedule = PollSchedule(first: 0, interval: .nanoseconds(5))
        #expect(schedule.next(after: last, now: now) == next)
    }
}
