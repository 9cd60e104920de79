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

    @Test("a host that does not answer is asked less and less often, within a limit; recovery is at once")
    func backOff() {
        var health = HostHealth()
        let intervals = (0..<8).map { _ in
            _ = health.failed()
            return health.intervalsToNextPoll
        }
        #expect(intervals == [1, 1, 2, 4, 8, 8, 8, 8])
        _ = health.succeeded()
        #expect(health.intervalsToNextPoll == 1)
    }

    @Test(
        "polls begin at whole intervals: no drift by how long they take, and what is overdue is skipped",
        arguments: [(0, 2, 5), (5, 9, 10), (5, 10, 15), (5, 23, 25), (5, 4, 10)])
    func schedule(last: Int64, now: Int64, next: Int64) {
        let schedule = PollSchedule(first: 0, interval: .nanoseconds(5))
        #expect(schedule.next(after: last, now: now) == next)
    }

    @Test("back-off skips slots of the same schedule")
    func skippedSlots() {
        let schedule = PollSchedule(first: 100, interval: .nanoseconds(5))
        #expect(schedule.next(after: 105, intervals: 4, now: 106) == 125)
        #expect(schedule.next(after: 105, intervals: 4, now: 131) == 135)
    }
}
