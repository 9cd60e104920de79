// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// One host report of a stream.
package struct LoggedReport: Hashable, Sendable {
    package let stream: StreamID
    /// From 1, by one.
    package let sequence: Int64
    package let sample: HostSample

    package init(stream: StreamID, sequence: Int64, sample: HostSample) {
        self.stream = stream
        self.sequence = sequence
        self.sample = sample
    }
}

/// One event of a stream.
package struct LoggedEvent: Hashable, Sendable {
    package let stream: StreamID
    /// From 1, by one.
    package let sequence: Int64
    package let at: Timestamp
    package let kind: String
    package let host: HostID?
    package let domain: DomainID?
    package let detail: String
    /// Whether somebody other than Ebb caused it.
    package let isForeign: Bool

    package init(
        stream: StreamID, sequence: Int64, at: Timestamp, kind: String, host: HostID?, domain: DomainID?,
        detail: String, isForeign: Bool = false
    ) {
        self.stream = stream
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.host = host
        self.domain = domain
        self.detail = detail
        self.isForeign = isForeign
    }
}

/// Sequences of a stream that can't be had any more.
package struct LoggedGap: Hashable, Sendable {
    package let stream: StreamID
    package let sequences: ClosedRange<Int64>

    package init(stream: StreamID, sequences: ClosedRange<Int64>) {
        self.stream = stream
        self.sequences = sequences
    }
}

/// A batch to store in one transaction.
package struct LogBatch: Hashable, Sendable {
    package var reports: [LoggedReport]
    package var events: [LoggedEvent]
    package var gaps: [LoggedGap]

    package init(reports: [LoggedReport] = [], events: [LoggedEvent] = [], gaps: [LoggedGap] = []) {
        self.reports = reports
        self.events = events
        self.gaps = gaps
    }

    /// In order, each once.
    var streams: [StreamID] {
        Set(reports.map(\.stream) + events.map(\.stream) + gaps.map(\.stream)).sorted()
    }
}

/// Which part of a batch was new.
package struct LogReceipt: Hashable, Sendable {
    package let reports: Int
    package let events: Int
    /// For every stream of the batch, up to where it is stored now.
    package let watermarks: [StreamID: Int64]
}

/// A host's own figures at one instant, for plots.
package struct HostPoint: Hashable, Sendable {
    package let sampledAt: Timestamp
    package let figures: HostFigures
}

/// A domain's sample at one instant, for plots and for decisions that are made again from it.
package struct DomainPoint: Hashable, Sendable {
    package let sampledAt: Timestamp
    package let host: HostID
    /// The place of its report in the host's stream.
    package let epoch: Int64
    package let sequence: Int64
    package let sample: DomainSample
}

extension StreamID {
    /// Logger stores no stream whose epoch is beyond this.
    var storedEpoch: Int64 { Int64(clamping: epoch) }
}

extension Row {
    /// The stream that a row of the log names by its topic and by the epoch in this column.
    func stream(epoch column: String) throws(StoreError) -> StreamID {
        StreamID(topic: Topic(trusted: try string("topic")), epoch: UInt64(clamping: try int64(column)))
    }
}
