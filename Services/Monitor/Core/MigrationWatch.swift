// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Decides whether a migration may go on: as long as it makes progress, and no longer than its limit. Instants are
/// monotonic nanoseconds.
package struct MigrationWatch: Hashable, Sendable {
    package struct Limits: Hashable, Sendable {
        /// How long it may stand still.
        package let stallNanoseconds: Int64
        /// How long it may take in all; `nil`: as long as it makes progress.
        package let totalNanoseconds: Int64?

        package init(stallNanoseconds: Int64, totalNanoseconds: Int64?) {
            self.stallNanoseconds = stallNanoseconds
            self.totalNanoseconds = totalNanoseconds
        }
    }

    /// What its driver says about it at one instant.
    package struct Figures: Hashable, Sendable {
        package let remaining: ByteCount
        package let transferred: ByteCount
        /// How many passes over the whole memory were begun.
        package let iteration: Int64?

        package init(remaining: ByteCount, transferred: ByteCount, iteration: Int64?) {
            self.remaining = remaining
            self.transferred = transferred
            self.iteration = iteration
        }

        /// A driver that knows no figures gives zeros.
        fileprivate var isReported: Bool { remaining > .zero || transferred > .zero }
    }

    package enum Course: Hashable, Sendable {
        case goesOn
        /// One sentence: why it must be aborted.
        case ends(String)
    }

    private let limits: Limits
    private let startedAt: Int64
    private var progressedAt: Int64
    private var least: ByteCount?
    private var iteration: Int64?

    package init(_ limits: Limits, at instant: Int64) {
        self.limits = limits
        startedAt = instant
        progressedAt = instant
    }

    /// - Parameter seen: `nil`: the driver could not be asked, or says that none is under way.
    package mutating func observe(_ seen: Figures?, at instant: Int64) -> Course {
        if let seen, seen.isReported { note(seen, at: instant) }
        if let total = limits.totalNanoseconds, instant - startedAt >= total {
            return .ends("it was not done within its limit of \(Self.seconds(total)) s")
        }
        // If the driver never gave figures, nobody can say that the migration stands still.
        guard least != nil, instant - progressedAt >= limits.stallNanoseconds else { return .goesOn }
        return .ends("nothing of it has progressed for \(Self.seconds(limits.stallNanoseconds)) s")
    }

    /// Notes progress: less is left than ever before in this pass over the memory, or a new pass began.
    private mutating func note(_ seen: Figures, at instant: Int64) {
        let isNewPass = seen.iteration ?? 0 > iteration ?? 0
        if isNewPass || seen.remaining < least ?? ByteCount(clamping: .max) {
            progressedAt = instant
            least = seen.remaining
        }
        iteration = seen.iteration ?? iteration
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}
