// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Finds out how many vCPUs each guest of one host is seen to use, as cheaply as can be: from its own answer (asked
/// for after a change and then seldom) and from per-vCPU time that advances. Pure.
///
/// The guest is its tenant's and may lie: the count never falls below the vCPUs whose time advanced since the last
/// reading. One answer holds for one incarnation at one granted size.
struct GuestConfirmation: Sendable {
    private enum Answer: Hashable {
        case notAsked
        case online(Int)
        /// There is an agent, or may be, which does not answer (yet).
        case silent
        /// The domain has no agent to ask.
        case none

        /// What it is still worth when the granted size has changed: the guest has at most what it was granted.
        func limited(to granted: Int) -> Self {
            if case .online(let count) = self { .online(min(count, granted)) } else { self }
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

    /// - Parameters:
    ///   - refresh: after which a guest that answered is asked again.
    ///   - retry: after which one that did not is.
    init(refresh: Duration, retry: Duration) {
        self.refresh = refresh.wholeNanoseconds
        self.retry = retry.wholeNanoseconds
    }

    /// The reading with `confirmedVCPUs` of every domain filled in where it is known.
    /// - Parameter statesAreAuthoritative: the hypervisor itself says which vCPUs are online, so nobody is asked; the
    ///   readings say how many show as that.
    mutating func confirm(_ domains: [DomainReading], statesAreAuthoritative: Bool) -> [DomainReading] {
        var previous = guests
        guests = [:]
        return domains.map { domain in
            var domain = domain
            guard domain.state.isActive, let granted = domain.grantedVCPUs?.count,
                let identifier = domain.hypervisorID
            else { return domain }
            if statesAreAuthoritative {
                let known = previous.removeValue(forKey: domain.domain)
                let guest = shown(domain, granted, identifier, known?.hypervisorID == identifier ? known : nil)
                guests[domain.domain] = guest
                domain.confirmedVCPUs =
                    if case .online(let count) = guest.answer { VCPUCount(clamping: count) } else { nil }
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
            guests[domain.domain] = current
            domain.confirmedVCPUs = Self.count(current, advanced: advanced).map { VCPUCount(clamping: $0) }
            return domain
        }
    }

    /// What the states amount to. Xen shows a vCPU as offline also while it waits for its turn: that its time advances
    /// tells it from one that is. One that the guest keeps beyond what it is granted counts. In a paused domain all stand
    /// still, and what was known of them stands.
    private func shown(_ domain: DomainReading, _ granted: Int, _ identifier: Int64, _ former: Guest?) -> Guest {
        var guest = Guest(
            hypervisorID: identifier, granted: granted, times: domain.vcpuTimeNanoseconds,
            answer: former?.answer.limited(to: granted) ?? .notAsked, askAgainAt: .max)
        if domain.state != .paused {
            let advanced = Self.advanced(from: former?.times, to: domain.vcpuTimeNanoseconds)
            guest.answer = domain.confirmedVCPUs.map { .online(max($0.count, min(granted, advanced))) } ?? .notAsked
        }
        return guest
    }

    /// Whom to ask now, those longest overdue first.
    func due(now: Int64, limit: Int) -> [DomainID] {
        let overdue = guests.filter { $0.value.askAgainAt <= now && $0.value.granted > 0 }
        return overdue.sorted { ($0.value.askAgainAt, $0.key) < ($1.value.askAgainAt, $1.key) }.prefix(limit).map(\.key)
    }

    /// Notes what the guest said.
    mutating func answered(_ domain: DomainID, vcpus: Int, now: Int64) {
        guests[domain]?.answer = .online(vcpus)
        guests[domain]?.askAgainAt = now + refresh
    }

    /// Notes that the guest could not be asked; `hasAgent` is false if it never can in this incarnation.
    mutating func notAnswered(_ domain: DomainID, hasAgent: Bool, now: Int64) {
        // An answer that was given once stands until a new one comes.
        if case .online = guests[domain]?.answer {} else { guests[domain]?.answer = hasAgent ? .silent : .none }
        guests[domain]?.askAgainAt = hasAgent ? now + retry : .max
    }

    /// Notes what was seen after a resize: it replaces what was known.
    mutating func resized(_ reading: DomainReading, agentVCPUs: Int?, now: Int64) -> VCPUCount? {
        guard let identifier = reading.hypervisorID, let granted = reading.grantedVCPUs?.count else { return nil }
        var guest = Guest(hypervisorID: identifier, granted: granted, times: reading.vcpuTimeNanoseconds)
        if let agentVCPUs {
            guest.answer = .online(agentVCPUs)
            guest.askAgainAt = now + refresh
        }
        guests[reading.domain] = guest
        return Self.count(guest, advanced: 0).map { VCPUCount(clamping: $0) }
    }

    private static func count(_ guest: Guest, advanced: Int) -> Int? {
        switch guest.answer {
        case .online(let count): return min(guest.granted, max(count, advanced, 1))
        // vCPU 0 can't go offline; about the others nobody has said anything yet.
        case .notAsked: return guest.granted == 1 ? 1 : nil
        case .silent, .none:
            guard let times = guest.times else { return guest.granted == 1 ? 1 : nil }
            // Each vCPU that ever ran in this incarnation was brought online by its guest.
            return min(guest.granted, max(times.count { $0 > 0 }, advanced, 1))
        }
    }

    private static func advanced(from earlier: [Int64]?, to later: [Int64]?) -> Int {
        guard let earlier, let later else { return 0 }
        return later.indices.count { later[$0] > ($0 < earlier.count ? earlier[$0] : 0) }
    }
}
