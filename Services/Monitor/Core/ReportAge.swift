// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Whether a report from a guest's source is still fresh, by this process's own clock: a report is as old as the last
/// change of its stamp. A report whose stamp stands still for three of its periods is old, and so is a report from
/// before a change of size.
struct ReportAge: Hashable, Sendable {
    private static let periods: Int64 = 3

    private var stamp: Int64?
    /// When the stamp was seen to change; `nil`: it has not, so nobody knows how old it is.
    private var changedAt: Int64?
    private var polledAt: Int64?
    /// The stamp of the report at the last change of size, which says nothing about the new size.
    private var outdated: Int64?

    /// Takes a reading's report. Its period is the larger of its source's and the poll's, since nothing newer can be
    /// seen between two polls; a source whose period is 0 does not report any more.
    mutating func isFresh(_ report: MemoryReport?, at instant: ReadingInstant) -> Bool {
        let now = instant.monotonicNanoseconds
        defer { polledAt = now }
        guard let report else { return true }
        if let stamp, stamp != report.stamp { changedAt = now }
        stamp = report.stamp
        guard report.periodNanoseconds != 0, report.stamp != outdated, let changedAt else { return false }
        let period = max(report.periodNanoseconds ?? 0, polledAt.map { now - $0 } ?? 0)
        return now - changedAt <= Self.periods * period
    }

    /// Notes that the size has changed: the present report is from before the change.
    mutating func sizeChanged() { outdated = stamp }
}
