// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The content of one message of a stream, as it is stored.
package enum LogRecord: Hashable, Sendable {
    /// One cycle of one host: its own row and one for each of its domains.
    case sample(HostSample)
    case event(LogEvent)

    package var rowCount: Int {
        switch self {
        case .sample(let sample): 1 + sample.domains.count
        case .event: 1
        }
    }
}

/// Something that happened to a domain, or that a Scheduler decided.
package struct LogEvent: Hashable, Sendable {
    package let at: Timestamp
    /// As on the wire (`started`, `resized`, …), or `decision-` and the verdict.
    package let kind: String
    package let host: HostID?
    package let domain: DomainID?
    package let detail: String
    /// Whether somebody other than Ebb caused it.
    package let isForeign: Bool

    package init(at: Timestamp, kind: String, host: HostID?, domain: DomainID?, detail: String, isForeign: Bool) {
        self.at = at
        self.kind = kind
        self.host = host
        self.domain = domain
        self.detail = detail
        self.isForeign = isForeign
    }
}

/// What the bus delivered for one stream.
package enum LogDelivery: Hashable, Sendable {
    case message(StreamID, sequence: UInt64, LogRecord)
    /// Messages that can't be had again, or can't be read: they must be recorded as a gap.
    case lost(StreamID, ClosedRange<UInt64>)

    package var stream: StreamID {
        switch self {
        case .message(let stream, _, _), .lost(let stream, _): stream
        }
    }
}

/// What is written in one transaction: rows, gaps, and the new watermarks of the streams.
package struct WriteBatch: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let stream: StreamID
        package let sequence: UInt64
        package let record: LogRecord

        package init(stream: StreamID, sequence: UInt64, record: LogRecord) {
            self.stream = stream
            self.sequence = sequence
            self.record = record
        }
    }

    package struct Gap: Hashable, Sendable {
        package let stream: StreamID
        package let range: ClosedRange<UInt64>

        package init(stream: StreamID, range: ClosedRange<UInt64>) {
            self.stream = stream
            self.range = range
        }
    }

    /// How a stream's watermark moves. If it is not at `after`, nothing of the batch may be stored.
    package struct Advance: Hashable, Sendable {
        package let stream: StreamID
        package let after: UInt64
        package let through: UInt64

        package init(stream: StreamID, after: UInt64, through: UInt64) {
            self.stream = stream
            self.after = after
            self.through = through
        }
    }

    /// In order of arrival, and so of sequence within each stream.
    package let entries: [Entry]
    package let gaps: [Gap]
    /// One for each stream in the batch, in the order of streams.
    package let advances: [Advance]
    /// The shards whose epochs the transaction must hold, in order.
    package let shards: [LogShard]

    package var rowCount: Int { entries.reduce(gaps.count) { $0 + $1.record.rowCount } }
}

/// Why a batch was not stored.
package enum LogRefusal: Hashable, Sendable {
    /// The store does not answer, or can't store now: try the same again later.
    case unavailable
    /// We do not own this shard at its epoch any more.
    case fenced(String)
    /// These streams' watermarks are not where the batch expects them: they are ahead if a commit happened whose answer
    /// was lost, and behind if the database was restored to an earlier state.
    case moved([StreamID: UInt64])
    /// Something in the batch can never be stored.
    case unstorable
}
