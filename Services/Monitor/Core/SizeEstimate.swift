// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// How many vCPUs a domain really uses, estimated from the three sizes and per-vCPU time.
///
/// The guest belongs to its tenant and may lie: the number never falls below the vCPUs whose time advanced. It is never
/// above the granted number, since a vCPU that the hypervisor took away can't run.
struct SizeEstimate: Hashable, Sendable {
    private var granted: VCPUCount?
    private var confirmed: VCPUCount?
    /// The most vCPUs that were seen to run since granted and confirmed sizes last changed.
    private var floor = 0
    /// The last confirmed size: a guest that falls silent keeps it for three readings' time.
    private var lastConfirmed: VCPUCount?
    private var confirmedAt: Int64 = 0
    private var readAt: Int64?
    /// The longest time between two readings since the one before the last confirmation.
    private var period: Int64 = 0
    private static let periods: Int64 = 3

    /// Whether the guest, or time that advanced, has confirmed a size.
    var isConfirmed: Bool { lastConfirmed != nil || floor > 0 }

    /// Takes what one reading says; `advanced` is `nil` where per-vCPU time is unknown.
    mutating func observe(
        granted: VCPUCount?, confirmed: VCPUCount?, advanced: Int?, at instant: ReadingInstant
    ) -> VCPUCount? {
        let isSteady = granted == self.granted && confirmed == self.confirmed
        self.granted = granted
        self.confirmed = confirmed
        note(confirmed, at: instant.monotonicNanoseconds)
        let running = advanced ?? 0
        // The interval of a change still includes the time of vCPUs that are gone since: it counts once, but is not
        // kept.
        floor = isSteady ? max(floor, running) : 0
        guard let said = lastConfirmed ?? granted else { return nil }
        let least = VCPUCount(clamping: max(said.count, floor, running))
        return granted.map { min(least, $0) } ?? least
    }

    private mutating func note(_ confirmed: VCPUCount?, at now: Int64) {
        let step = readAt.map { now.subtractedOrClamped($0) } ?? 0
        readAt = now
        if let confirmed {
            (lastConfirmed, confirmedAt, period) = (confirmed, now, step)
            return
        }
        period = max(period, step)
        if now.subtractedOrClamped(confirmedAt) > period.multipliedOrClamped(by: Self.periods) { lastConfirmed = nil }
    }
}

/// How many vCPUs ran between two readings: those with at least a thousandth of the interval, which is more than a
/// halted vCPU's housekeeping. `nil` where per-vCPU time is unknown.
func runningVCPUs(from former: [Int64]?, to now: [Int64]?, interval: Int64) -> Int? {
    guard let former, let now else { return nil }
    return now.indices.count { index in
        let before = index < former.count ? former[index] : 0
        return now[index].subtractedOrClamped(before) > interval / 1_000
    }
}
