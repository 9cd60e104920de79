// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

struct GuestConfirmationTests {
    private let domain = DomainID.fresh()
    private var confirmation = GuestConfirmation(refresh: .seconds(120), retry: .seconds(10))
    private let second: Int64 = 1_000_000_000

    private func reading(granted: Int, times: [Int64]?, incarnation: Int64 = 1) -> DomainReading {
        DomainReading(
            domain: domain, name: "vm", state: .running, hypervisorID: incarnation, maximumVCPUs: 4,
            grantedVCPUs: VCPUCount(clamping: granted), vcpuTimeNanoseconds: times)
    }

    private mutating func confirmed(
        _ reading: DomainReading, authoritative: Bool = false, now: Int64 = 0
    ) -> VCPUCount? {
        confirmation.confirm([reading], statesAreAuthoritative: authoritative, now: now).first?.confirmedVCPUs
    }

    @Test("one granted vCPU needs no guest's word; of several nothing is known before it was asked for")
    mutating func beforeAsking() {
        #expect(confirmed(reading(granted: 1, times: [5])) == 1)
        #expect(confirmed(reading(granted: 2, times: [5, 5])) == nil)
        #expect(confirmation.due(now: 0, limit: 4) == [domain])
    }

    @Test("the guest's answer counts, and it is asked again only after the refresh time")
    mutating func answer() {
        _ = confirmed(reading(granted: 2, times: [5, 0]))
        confirmation.answered(domain, vcpus: 1, now: 0)
        #expect(confirmed(reading(granted: 2, times: [6, 0])) == 1)
        #expect(confirmation.due(now: 119 * second, limit: 4).isEmpty)
        #expect(confirmation.due(now: 120 * second, limit: 4) == [domain])
    }

    @Test("a guest that says less than it uses is billed for what it uses")
    mutating func lyingGuest() {
        _ = confirmed(reading(granted: 3, times: [5, 5, 5]))
        confirmation.answered(domain, vcpus: 1, now: 0)
        #expect(confirmed(reading(granted: 3, times: [6, 6, 5])) == 2)
        #expect(confirmed(reading(granted: 3, times: [7, 7, 7])) == 3)
        #expect(confirmed(reading(granted: 3, times: [8, 7, 7])) == 1)
    }

    @Test("a guest can't confirm more than it was granted")
    mutating func boastingGuest() {
        _ = confirmed(reading(granted: 2, times: [5, 5]))
        confirmation.answered(domain, vcpus: 9, now: 0)
        #expect(confirmed(reading(granted: 2, times: [6, 6])) == 2)
    }

    @Test("without an agent the vCPUs that ever ran count, and it is not asked again")
    mutating func noAgent() {
        _ = confirmed(reading(granted: 3, times: [5, 5, 0]))
        confirmation.notAnswered(domain, hasAgent: false, now: 0)
        #expect(confirmed(reading(granted: 3, times: [6, 5, 0])) == 2)
        #expect(confirmation.due(now: .max - 1, limit: 4).isEmpty)
    }

    @Test("an agent that is silent is asked again soon, and an earlier answer stands meanwhile")
    mutating func silentAgent() {
        _ = confirmed(reading(granted: 2, times: [5, 5]))
        confirmation.answered(domain, vcpus: 1, now: 0)
        confirmation.notAnswered(domain, hasAgent: true, now: 120 * second)
        #expect(confirmed(reading(granted: 2, times: [6, 5])) == 1)
        #expect(confirmation.due(now: 130 * second, limit: 4) == [domain])
    }

    @Test("an answer that is older than three of its periods counts no more: then the vCPUs that ever ran do")
    mutating func oldAnswer() {
        _ = confirmed(reading(granted: 3, times: [5, 5, 0]))
        confirmation.answered(domain, vcpus: 3, now: 0)
        confirmation.notAnswered(domain, hasAgent: true, now: 120 * second)
        #expect(confirmed(reading(granted: 3, times: [6, 5, 0]), now: 360 * second) == 3)
        #expect(confirmed(reading(granted: 3, times: [7, 5, 0]), now: 361 * second) == 2)
        confirmation.answered(domain, vcpus: 1, now: 362 * second)
        #expect(confirmed(reading(granted: 3, times: [8, 5, 0]), now: 363 * second) == 1)
    }

    @Test(
        "where many guests wait for their turn the period is as long as that takes; that of one that stands still stays"
    )
    mutating func crowdedAnswers() {
        let others = (0..<7).map { _ in DomainID.fresh() }
        func readings(_ time: Int64, _ state: DomainState = .running) -> [DomainReading] {
            var domains = others.map {
                DomainReading(domain: $0, name: "vm", state: .running, hypervisorID: 1, grantedVCPUs: 2)
            }
            domains.insert(reading(granted: 2, times: [time, 5]), at: 0)
            domains[0].state = state
            return domains
        }
        func ask(_ time: Int64, _ state: DomainState = .running, after seconds: Int64) -> VCPUCount? {
            confirmation.confirm(readings(time, state), statesAreAuthoritative: false, now: seconds * second)
                .first?.confirmedVCPUs
        }
        _ = ask(5, after: 0)
        _ = confirmation.due(now: 0, limit: 1)
        confirmation.answered(domain, vcpus: 1, now: 0)
        // A poll of 30 s and eight guests, one at a time: each is asked every 240 s.
        #expect(ask(6, after: 30) == 1)
        _ = ask(7, after: 690)
        #expect(ask(8, after: 720) == 1)
        #expect(ask(9, after: 750) == 2)
        confirmation.answered(domain, vcpus: 1, now: 750 * second)
        for (round, state) in [DomainState.paused, .pmSuspended, .crashed].enumerated() {
            for poll in 1...50 { #expect(ask(9, state, after: 750 + Int64(50 * round + poll) * 30) == 1, "\(state)") }
        }
    }

    @Test("a change of size or a new incarnation asks again at once")
    mutating func changes() {
        _ = confirmed(reading(granted: 1, times: [5]))
        confirmation.answered(domain, vcpus: 1, now: 0)
        #expect(confirmed(reading(granted: 2, times: [6, 0])) == 1)
        #expect(confirmation.due(now: 0, limit: 4) == [domain])
        confirmation.answered(domain, vcpus: 2, now: 0)
        #expect(confirmed(reading(granted: 2, times: [7, 1])) == 2)
        #expect(confirmed(reading(granted: 2, times: [0, 0], incarnation: 2)) == nil)
        #expect(confirmation.due(now: 0, limit: 4) == [domain])
    }

    @Test("what a resize saw replaces what was known")
    mutating func resized() {
        _ = confirmed(reading(granted: 2, times: [5, 5]))
        confirmation.answered(domain, vcpus: 2, now: 0)
        let seen = confirmation.resized(reading(granted: 2, times: [6, 6]), agentVCPUs: 1, now: second)
        #expect(seen == 1)
        #expect(confirmed(reading(granted: 2, times: [7, 6])) == 1)
    }

    @Test("where the hypervisor knows each vCPU's state nobody is asked")
    mutating func authoritative() {
        #expect(shown(reading(granted: 2, times: [5, 5]), 1) == 1)
        #expect(shown(reading(granted: 2, times: nil), nil) == nil)
        #expect(confirmation.due(now: .max - 1, limit: 4).isEmpty)
    }

    @Test("a vCPU that shows as offline and gets on only waits for its turn; one that does not is offline")
    mutating func waiting() {
        #expect(shown(reading(granted: 2, times: [5, 5]), 2) == 2)
        #expect(shown(reading(granted: 2, times: [6, 6]), 1) == 2)
        #expect(shown(reading(granted: 2, times: [7, 6]), 1) == 1)
        #expect(shown(reading(granted: 1, times: [8, 7]), 1) == 1)
        #expect(shown(reading(granted: 1, times: [9, 8]), 2) == 2)
    }

    @Test("a paused guest keeps the vCPUs that it had, within what it is granted")
    mutating func paused() {
        var still = reading(granted: 2, times: [5, 5])
        still.state = .paused
        #expect(shown(still, 1) == nil)
        #expect(shown(reading(granted: 2, times: [6, 6]), 2) == 2)
        #expect(shown(still, 1) == 2)
        var smaller = reading(granted: 1, times: [6, 6])
        smaller.state = .paused
        #expect(shown(smaller, 1) == 1)
    }

    private mutating func shown(_ reading: DomainReading, _ online: VCPUCount?) -> VCPUCount? {
        var reading = reading
        reading.confirmedVCPUs = online
        return confirmed(reading, authoritative: true)
    }

    @Test("a crowded host is asked about in rounds, the longest overdue first")
    mutating func rounds() {
        let domains = (0..<10).map { _ in DomainID.fresh() }
        let readings = domains.map {
            DomainReading(domain: $0, name: "vm", state: .running, hypervisorID: 1, grantedVCPUs: 2)
        }
        _ = confirmation.confirm(readings, statesAreAuthoritative: false, now: 0)
        var asked: [DomainID] = []
        for round in 0..<5 {
            let due = confirmation.due(now: Int64(round), limit: 2)
            #expect(due.count == 2)
            asked += due
            for domain in due { confirmation.answered(domain, vcpus: 1, now: Int64(round)) }
        }
        #expect(Set(asked) == Set(domains))
    }

    @Test("a domain that is gone or off is forgotten")
    mutating func forgotten() {
        _ = confirmed(reading(granted: 2, times: [5, 5]))
        #expect(confirmation.confirm([], statesAreAuthoritative: false, now: 0).isEmpty)
        #expect(confirmation.due(now: .max, limit: 4).isEmpty)
    }
}
