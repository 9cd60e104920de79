// SPDX-License-Identifier: Apache-2.0

/// The limits of batching and retrying.
package struct LoggerLimits: Hashable, Sendable {
    /// Rows in one batch at most; a single message that has more goes alone.
    package let batchRows: Int
    /// A batch is due when its oldest message has waited for this long, however small the batch is.
    package let batchAge: Duration
    /// How many rows may wait. The last message that is taken may exceed it.
    package let queueRows: Int
    /// The pause after the first failure in a row; it doubles with each further one.
    package let firstPause: Duration
    /// The longest pause.
    package let longestPause: Duration

    package init(
        batchRows: Int = 5_000, batchAge: Duration = .milliseconds(500), queueRows: Int = 200_000,
        firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(5)
    ) {
        self.batchRows = max(1, batchRows)
        self.batchAge = batchAge
        self.queueRows = max(1, queueRows)
        self.firstPause = firstPause
        self.longestPause = max(firstPause, longestPause)
    }

    /// The pause after this number of failures in a row.
    func pause(afterFailures count: Int) -> Duration {
        min(longestPause, firstPause * (1 << min(max(0, count - 1), 20)))
    }
}
