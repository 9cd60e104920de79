// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A stream as it is logged: its topic and its owner's epoch.
package struct LogStream: Hashable, Comparable, Sendable {
    package let topic: String
    package let epoch: Int64

    package init(topic: String, epoch: Int64) {
        self.topic = topic
        self.epoch = epoch
    }

    package static func < (left: LogStream, right: LogStream) -> Bool {
        (left.topic, left.epoch) < (right.topic, right.epoch)
    }
}

/// One host report of a stream.
package struct LoggedReport: Hashable, Sendable {
    package let stream: LogStream
    /// From 1, by one.
    package let sequence: Int64
    package let sample: HostSample

    package init(stream: LogStream, sequence: Int64, sample: HostSample) {
        self.stream = stream
        self.sequence = sequence
        self.sample = sample
    }
}

/// One event of a stream.
package struct LoggedEvent: Hashable, Sendable {
    package let stream: LogStream
    /// From 1, by one.
    package let sequence: Int64
    package let at: Timestamp
    package let kind: String
    package let host: HostID?
    package let domain: DomainID?
    package let detail: String
    /// Whether somebody other than Ebb did it.
    package let isForeign: Bool

    package init(
        stream: LogStream, sequence: Int64, at: Timestamp, kind: String, host: HostID?, domain: DomainID?,
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
    package let stream: LogStream
    package let sequences: ClosedRange<Int64>

    package init(stream: LogStream, sequences: ClosedRange<Int64>) {
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
    var streams: [LogStream] {
        Set(reports.map(\.stream) + events.map(\.stream) + gaps.map(\.stream)).sorted()
    }
}

/// What of a batch was new.
package struct LogReceipt: Hashable, Sendable {
    package let reports: Int
    package let events: Int
    /// Every stream of the batch, up to where it is durable now.
    package let watermarks: [LogStream: Int64]
}

/// A host's own figures at one instant, for plots.
package struct HostPoint: Hashable, Sendable {
    package let sampledAt: Timestamp
    package let figures: HostFigures
}

/// A domain's sample at one instant, for plots and for what is decided again from it.
package struct DomainPoint: Hashable, Sendable {
    package let sampledAt: Timestamp
    package let host: HostID
    /// Where its report stood in the host's stream.
    package let epoch: Int64
    package let sequence: Int64
    package let sample: DomainSample
}
