// SPDX-License-Identifier: Apache-2.0

import LoggerCore
import Metrics
import ResourceModel

/// What `ebb-logger` counts.
struct LoggerMetrics: Sendable {
    /// `ebb_logger_rows_total`: rows stored, gaps included.
    let rows = Counter(label: "ebb_logger_rows_total")
    /// `ebb_logger_messages_total`: messages stored.
    let messages = Counter(label: "ebb_logger_messages_total")
    /// `ebb_logger_lost_messages_total`: messages that could not be had again and lie within recorded gaps.
    let lost = Counter(label: "ebb_logger_lost_messages_total")
    /// `ebb_logger_duplicates_total`: messages that were stored or queued already.
    let duplicates = Counter(label: "ebb_logger_duplicates_total")
    /// `ebb_logger_unreadable_total`: messages that are malformed or of an unknown type; recorded as gaps.
    let unreadable = Counter(label: "ebb_logger_unreadable_total")
    /// `ebb_logger_unstorable_total`: messages that the store will never take; recorded as gaps.
    let unstorable = Counter(label: "ebb_logger_unstorable_total")
    /// `ebb_logger_queued_rows`: rows that wait to be written.
    let queuedRows = Gauge(label: "ebb_logger_queued_rows")
    /// `ebb_logger_write_duration_seconds`: one batch, written or refused.
    let writing = Timer(label: "ebb_logger_write_duration_seconds")
    /// `ebb_logger_audit_sealed_total`: audit entries that got their sequence and hash.
    let sealed = Counter(label: "ebb_logger_audit_sealed_total")

    /// Counts a stored batch.
    func stored(_ batch: WriteBatch) {
        rows.increment(by: batch.rowCount)
        messages.increment(by: batch.entries.count)
        lost.increment(by: batch.gaps.reduce(0) { $0.addedOrClamped(Int(clamping: $1.range.count)) })
    }

    /// `ebb_logger_refused_batches_total{reason}`: `unavailable`, `fenced`, `moved` or `unstorable`.
    func refused(_ refusal: LogRefusal) {
        let reason =
            switch refusal {
            case .unavailable: "unavailable"
            case .fenced: "fenced"
            case .moved: "moved"
            case .unstorable: "unstorable"
            }
        Counter(label: "ebb_logger_refused_batches_total", dimensions: [("reason", reason)]).increment()
    }
}
