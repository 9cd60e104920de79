// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A fact for the size segments: from `since` on the domain has this size, and its former one held up to `until`.
package struct SizeFact: Hashable, Sendable {
    package let domain: DomainID
    /// The life that the size belongs to: the last one while the domain is stopped, zero if it never ran.
    package let incarnationStart: Timestamp
    /// When it was seen; orders the facts of one life.
    package let observedAt: Timestamp
    package let until: Timestamp
    package let since: Timestamp
    package let size: DomainSize
    package let asked: VCPUCount?
    package let granted: VCPUCount?
}

/// Turns consecutive sightings of one domain on one host into facts about its size, by these rules for the instant at
/// which a size starts:
///
/// 1. If the driver gives the instant, that one counts.
/// 2. Otherwise a growth holds from the first sighting that proves it. A shrink holds from Ebb's request or, if Ebb made
///    none, from the last proof of the larger size. Both are in the tenant's favour.
/// 3. After a gap (the host did not answer, Monitor was restarted), or after a life whose end was not seen, the former
///    size held up to its last proof, and nothing is known of the time between.
///
/// A stopped or saved domain has its disk only.
package struct SizeTracker: Hashable, Sendable {
    private struct Held: Hashable, Sendable {
        var lifeStart: Timestamp
        var size: DomainSize
        var provedAt: Timestamp
        var seenAt: Timestamp
    }

    /// The size that an earlier process wrote down.
    package struct Known: Hashable, Sendable {
        package let incarnationStart: Timestamp?
        package let size: DomainSize
        /// Up to when the host's domains are proved to have been as they are written down.
        package let provedUntil: Timestamp

        package init(incarnationStart: Timestamp?, size: DomainSize, provedUntil: Timestamp) {
            self.incarnationStart = incarnationStart
            self.size = size
            self.provedUntil = provedUntil
        }
    }

    private let domain: DomainID
    /// Since when it is its tenant's: sizes from before are not the tenant's.
    private let ownedSince: Timestamp
    private var held: Held?
    private var isAfterGap: Bool
    /// Whether anything was reported: a new process reports what it finds even if it seems known, since the last facts
    /// may not have been written.
    private var isReported = false
    /// When Ebb asked the hypervisor for a change that is under way.
    private var requestedAt: Timestamp?
    /// Up to when a domain that came here is known to have been at its former host; `nil` if Ebb moved it or it is new.
    private var formerHostProvedUntil: Timestamp?
    /// A life that begins here counts as beginning at this instant at the earliest: all recorded lives of the domain,
    /// here or on another host, are before it.
    private let lifeFloor: Timestamp

    /// - Parameters:
    ///   - known: the domain's last size on this host; `nil` if it is new here.
    ///   - formerHostProvedUntil: for a domain that somebody else moved here, up to when its former host proved it.
    ///   - arrivedAt: for such a domain, when it became this host's: its life here may be older, or it has none.
    ///   - ownedSince: since when it is its tenant's: no size holds from before.
    package init(
        domain: DomainID, known: Known? = nil, formerHostProvedUntil: Timestamp? = nil, arrivedAt: Timestamp? = nil,
        ownedSince: Timestamp = .zero
    ) {
        self.domain = domain
        self.ownedSince = ownedSince
        held = known.map {
            Held(
                lifeStart: $0.incarnationStart ?? .zero, size: $0.size, provedAt: $0.provedUntil, seenAt: $0.provedUntil
            )
        }
        isAfterGap = known != nil
        self.formerHostProvedUntil = formerHostProvedUntil
        lifeFloor = arrivedAt ?? known?.incarnationStart ?? .zero
    }

    /// Ebb asks the hypervisor for a change: a size that is smaller afterwards holds from this instant on.
    package mutating func requested(at instant: Timestamp) { requestedAt = instant }

    /// The request has ended; its effect, if any, was observed.
    package mutating func requestEnded() { requestedAt = nil }

    /// The host stopped answering: nothing is known from its last proof on.
    package mutating func lost() { isAfterGap = true }

    /// Takes a sighting; returns the facts that follow, in order. A sighting that is not complete is ignored, and so is
    /// one that may be older than the last (a poll that was under way while an operation ended).
    package mutating func observe(_ seen: DomainSighting) -> [SizeFact] {
        guard let size = seen.size, isAfterGap || held.map({ seen.provedAt >= $0.seenAt }) ?? true else { return [] }
        let life = max(seen.incarnation?.start ?? held?.lifeStart ?? .zero, lifeFloor)
        defer {
            held = Held(lifeStart: life, size: size, provedAt: seen.provedAt, seenAt: seen.seenAt)
            (isAfterGap, isReported, formerHostProvedUntil) = (false, true, nil)
        }
        guard let held else {
            let since = instant(of: seen) ?? seen.seenAt
            return [fact(seen, life, until: min(formerHostProvedUntil ?? since, since), since: since, size)]
        }
        if held.lifeStart == life, held.size == size {
            guard !isReported else { return [] }
            let since = instant(of: seen) ?? seen.seenAt
            return [fact(seen, life, until: min(held.provedAt, since), since: since, size)]
        }
        return change(from: held, to: size, life: life, seen)
    }

    /// The domain is not on the host any more: somebody moved or undefined it.
    /// - Parameter movedAt: when it began to run elsewhere or was deleted, if that is known.
    package mutating func departed(movedAt: Timestamp? = nil, seenAt: Timestamp) -> [SizeFact] {
        guard let held else { return [] }
        self.held = nil
        let end = movedAt ?? requestedAt ?? held.provedAt
        return [
            SizeFact(
                domain: domain, incarnationStart: held.lifeStart, observedAt: seenAt, until: end, since: end,
                size: .nothing, asked: nil, granted: nil)
        ]
    }

    private func change(
        from held: Held, to size: DomainSize, life: Timestamp, _ seen: DomainSighting
    ) -> [SizeFact] {
        let isUnseenEnd = life != held.lifeStart && held.size.isActive
        let lastProof = min(held.provedAt, requestedAt ?? held.provedAt)
        if let since = instant(of: seen) {
            let until = isAfterGap || isUnseenEnd ? min(held.provedAt, since) : since
            return [fact(seen, life, until: until, since: since, size)]
        }
        if isAfterGap || isUnseenEnd {
            return [fact(seen, life, until: min(lastProof, seen.seenAt), since: seen.seenAt, size)]
        }
        let common = held.size.common(size)
        var facts: [SizeFact] = []
        if common != held.size {
            let shrunkAt = min(requestedAt ?? held.provedAt, seen.seenAt)
            // One nanosecond before the sighting, so that a growth at the same time comes after it.
            let observedAt = common == size ? seen.seenAt : seen.seenAt.advanced(byNanoseconds: -1)
            facts.append(fact(seen, life, until: shrunkAt, since: shrunkAt, common, observedAt: observedAt))
        }
        if common != size { facts.append(fact(seen, life, until: seen.seenAt, since: seen.seenAt, size)) }
        return facts
    }

    /// The driver's instant: never before the life or the ownership began, never after it was seen.
    private func instant(of seen: DomainSighting) -> Timestamp? {
        let life = seen.incarnation?.start ?? .zero
        let given = seen.sizeEffectiveAt ?? (seen.isStartExact && seen.isNewIncarnation ? life : nil)
        return given.map { min(max($0, life, ownedSince), seen.seenAt) }
    }

    private func fact(
        _ seen: DomainSighting, _ life: Timestamp, until: Timestamp, since: Timestamp, _ size: DomainSize,
        observedAt: Timestamp? = nil
    ) -> SizeFact {
        SizeFact(
            domain: domain, incarnationStart: life, observedAt: observedAt ?? seen.seenAt, until: until, since: since,
            size: size, asked: seen.vcpus?.asked, granted: seen.vcpus?.granted)
    }
}
