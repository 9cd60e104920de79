// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a message is about. ZeroMQ matches subscriptions by prefix, so every topic ends in `/`:
/// `host/1/` does not match a subscriber of `host/10/`.
package struct Topic: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// A topic read from the wire; `nil` unless it is 2 to 200 bytes long and ends in `/`.
    package init?(_ text: String) {
        guard (2...200).contains(text.utf8.count), text.utf8.last == UInt8(ascii: "/") else { return nil }
        self.text = text
    }

    /// A topic out of a row of ours, which was one when it was stored.
    package init(trusted text: String) { self.text = text }

    /// One host's reports.
    package static func host(_ id: HostID) -> Topic { Topic(trusted: "host/\(id)/") }
    /// What happened on one host.
    package static func event(_ id: HostID) -> Topic { Topic(trusted: "event/\(id)/") }
    /// One cluster's decisions.
    package static func decision(_ id: ClusterID) -> Topic { Topic(trusted: "decision/\(id)/") }
    /// A publisher's list of streams.
    package static func heartbeat(_ id: InstanceID) -> Topic { Topic(trusted: "heartbeat/\(id)/") }
    /// The prefix of all hosts' reports.
    package static let allHosts = Topic(trusted: "host/")

    package static func < (left: Topic, right: Topic) -> Bool { left.text < right.text }
    package var description: String { text }
}

/// A stream is (topic, owner's epoch): sequence, spool, replay, deduplication, watermark and gaps are per stream.
package struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let topic: Topic
    package let epoch: UInt64

    package init(topic: Topic, epoch: UInt64) {
        self.topic = topic
        self.epoch = epoch
    }

    package static func < (left: StreamID, right: StreamID) -> Bool {
        (left.topic, left.epoch) < (right.topic, right.epoch)
    }
    package var description: String { "\(topic)@\(epoch)" }
}
