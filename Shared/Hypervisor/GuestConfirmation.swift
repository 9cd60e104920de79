// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Finds out how many vCPUs each guest of one host is seen to use, at the lowest cost: from its own answer (asked for
/// after a change and then seldom) and from per-vCPU time that advances. Pure.
///
/// The guest belongs to its tenant and may lie: the count never falls below the vCPUs whose time advanced since the
/// last reading. One answer holds for one incarnation at one granted size, and at most for three periods; after that
/// only the vCPUs' times count.
struct GuestConfirmation: Sendable {
    private enum Answer: Hashable {
        case notAsked
        /// The guest's answer at an instant.
        case online(Int, at: Int64)
        /// There is an agent, or may be, which does not answer (yet).
        case silent
        /// The domain has no agent to ask.
        case none

        /// What remains valid of it when the granted size has changed: the guest has at most what it was granted.
        func limited(to granted: Int) -> Self {
            if case .online(let count, let instant) = self { .online(min(count, granted), at: instant) } else { self }
        }

        /// What remains valid of it at an instant, if guests are asked once in `period`. A paused guest changes
        /// nothing.
        func aged(to now: Int64, period: Int64, isPaused: Bool) -> Self {
            guard case .online(let count, let instant) = self else { return self }
            if isPaused { return .online(count, at: now) }
            return now.subtractedOrClamped(instant) <= period.multipliedOrClamped(by: 3) ? self : .silent
        }
    }

    private struct Guest {
        var hypervisorID: Int64
        var granted: Int
        var times: [Int64]?
        var answer = Answer.notAsked
        var askAgainAt: Int64 = .min
    }

    private let refresh: Int64
    private let retry: Int64
    private var guests: [DomainID: Guest] = [:]
    private var polledAt: Int64?
    /// How many guests are asked at once.
    private var round = 1

    /// - Parameters:
    ///   - refresh: how long after its answer a guest is asked again.
    ///   - retry: how long after a failure a guest is asked again.
    init(refresh: Duration, retry: Duration) {
        self.refresh = refresh.wholeNanoseconds
        self.retry = retry.wholeNanoseconds
    }

    /// The reading with `confirmedVCPUs` of every domain filled in where it is known.
    /// - Parameters:
    ///   - statesAreAuthoritative: the hypervisor itself says which vCPUs are online, so nobody is asked; the readings
    ///     say how many vCPUs show as online.
    ///   - now: nanoseconds of a clock that is never set.
    mutating func confirm(
        _ domains: [DomainReading], statesAreAuthoritative: Bool, now: Int64
    ) -> [DomainReading] {
        var previous = guests
        let period = period(at: now)
        (guests, polledAt) = ([:], now)
        return domains.map { domain in
            var domain = domain
            guard domain.state.isActive, let granted = domain.grantedVCPUs?.count,
                let identifier = domain.hypervisorID
            else { return domain }
            if statesAreAuthoritative {
                let known = previous.removeValue(forKey: domain.domain)
                let guest = shown(domain, granted, identifier, known?.hypervisorID == identifier ? known : nil, now)
                guests[domain.domain] = guest
                domain.confirmedVCPUs =
                    if case .online(let count, _) = guest.answer { VCPUCount(clamping: count) } else { nil }
                return domain
            }
            let known = previous.removeValue(forKey: domain.domain)
            var guest = known?.hypervisorID == identifier ? known : nil
            let advanced = Self.advanced(from: guest?.times, to: domain.vcpuTimeNanoseconds)
            if guest?.granted != granted, let former = guest {
                guest = Guest(hypervisorID: identifier, granted: granted, answer: former.answer.limited(to: granted))
            }
            var current = guest ?? Guest(hypervisorID: identifier, granted: granted)
            current.times = domain.vcpuTimeNanoseconds
            current.answer = current.answer.aged(to: now, period: period, isPaused: domain.state.standsStill)
            guests[domain.domain] = current
            domain.confirmedVCPUs = Self.count(current, advanced: advanced).map { VCPUCount(clamping: $0) }
            return domain
        }
    }

    /// How often each guest is asked: not before the refresh time, not between two polls, and on a crowded host in
    /// turns.
    private func period(at now: Int64) -> Int64 {
        let poll = polledAt.map { now.subtractedOrClamped($0) } ?? 0
        let rounds = (guests.count + round - 1) / round
        return max(refresh, poll.multipliedOrClamped(by: Int64(rounds)))
    }

    /// The number of online vCPUs by their states. Xen shows a vCPU as offline also while it waits for its time slice;
    /// if its time advances, it is online. A vCPU that the guest keeps beyond what it is granted counts too. In a
    /// domain that stands still all vCPUs show as offline, and what was known before stays.
    private func shown(
        _ domain: DomainReading, _ granted: Int, _ identifier: Int64, _ former: Guest?, _ now: Int64
    ) -> Guest {
        var guest = Guest(
            hypervisorID: identifier, granted: granted, times: domain.vcpuTimeNanoseconds,
            answer: former?.answer.limited(to: granted) ?? .notAsked, askAgainAt: .max)
        if !domain.state.standsStill {
            let advanced = Self.advanced(from: former?.times, to: domain.vcpuTimeNanoseconds)
            guest.answer =
                domain.confirmedVCPUs.map { .online(max($0.count, min(granted, advanced)), at: now) } ?? .notAsked
        }
        return guest
    }

    /// Whom to ask now, those longest overdue first.
    mutating func due(now: Int64, limit: Int) -> [DomainID] {
        round = max(1, limit)
        let overdue = guests.filter { $0.value.askAgainAt <= now && $0.value.granted > 0 }
        return overdue.sorted { ($0.value.askAgainAt, $0.key) < ($1.value.askAgainAt, $1.key) }.prefix(limit).map(\.key)
    }

    /// Notes what the guest said.
    mutating func answered(_ domain: DomainID, vcpus: Int, now: Int64) {
        guests[domain]?.answer = .online(vcpus, at: now)
        guests[domain]?.askAgainAt = now + refresh
    }

    /// Notes that the guest could not be asked; `hasAgent` is false if it never can in this incarnation.
    mutating func notAnswered(_ domain: DomainID, hasAgent: Bool, now: Int64) {
        // An answer that was given once stands until a new one comes, or until it is old.
        if case .online = guests[domain]?.answer {} else { guests[domain]?.answer = hasAgent ? .silent : .none }
        guests[domain]?.askAgainAt = hasAgent ? now + retry : .max
    }

    /// Notes what was seen after a resize: it replaces what was known.
    mutating func resized(_ reading: DomainReading, agentVCPUs: Int?, now: Int64) -> VCPUCount? {
        guard let identifier = reading.hypervisorID, let granted = reading.grantedVCPUs?.count else { return nil }
        var guest = Guest(hypervisorID: identifier, granted: granted, times: reading.vcpuTimeNanoseconds)
        if let agentVCPUs {
            guest.answer = .online(agentVCPUs, at: now)
            guest.askAgainAt = now + refresh
        }
        guests[reading.domain] = guest
        return Self.count(guest, advanced: 0).map { VCPUCount(clamping: $0) }
    }

    private static func count(_ guest: Guest, advanced: Int) -> Int? {
        switch guest.answer {
        case .online(let count, _): return min(guest.granted, max(count, advanced, 1))
        // vCPU 0 can't go offline; about the others nobody has said anything yet.
        case .notAsked: return guest.granted == 1 ? 1 : nil
        case .silent, .none:
            guard let times = guest.times else { return guest.granted == 1 ? 1 : nil }
            // The guest has brought online each vCPU that ever ran in this incarnation.
            return min(guest.granted, max(times.count { $0 > 0 }, advanced, 1))
        }
    }

    private static func advanced(from earlier: [Int64]?, to later: [Int64]?) -> Int {
        guard let earlier, let later else { return 0 }
        return later.indices.count { later[$0] > ($0 < earlier.count ? earlier[$0] : 0) }
    }
}

extension DomainState {
    /// Whether its guest does not run at all: that its agent is silent and its vCPUs' times don't advance then says
    /// nothing.
    fileprivate var standsStill: Bool { stands || self == .crashed }
}
