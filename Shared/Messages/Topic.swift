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

    private init(trusted text: String) { self.text = text }

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

/// A stream is (topic, owner's epoch): sequence, spool, replay and deduplication are per stream.
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

/// A message's explicit, stable name on the wire.
package struct MessageType: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let name: String
    package init(_ name: String) { self.name = name }
    package init(stringLiteral value: String) { name = value }
    package var description: String { name }

    package static let hostReport: MessageType = "metrics.host.v1"
    package static let domainEvent: MessageType = "event.domain.v1"
    package static let decisionRecorded: MessageType = "decision.recorded.v1"
    package static let heartbeat: MessageType = "bus.heartbeat.v1"
    package static let replay: MessageType = "bus.replay.v1"
    /// Asks a command server whether it is there; the answer has the same type.
    package static let ping: MessageType = "bus.ping.v1"
    package static let executeCommand: MessageType = "command.execute.v1"
    package static let permitRequest: MessageType = "permit.request.v1"
    package static let checkVM: MessageType = "vm.check.v1"
    package static let previewVM: MessageType = "vm.prepare-preview.v1"
    package static let listSnapshots: MessageType = "vm.snapshots.v1"
    package static let readConsole: MessageType = "vm.console.v1"
    package static let listAddresses: MessageType = "vm.addresses.v1"
    package static let checkHost: MessageType = "host.check.v1"
    package static let setPolicy: MessageType = "policy.set.v1"
    package static let why: MessageType = "decision.why.v1"
    /// To Monitor: holds automatic commands at once, or lets them go on.
    package static let freezeSet: MessageType = "freeze.set.v1"
    package static let disguiseDecision: MessageType = "decision.disguise.v1"
    package static let verifyDecisions: MessageType = "decision.verify.v1"
    package static let replayPolicy: MessageType = "policy.replay.v1"
    package static let assess: MessageType = "assess.v1"
    package static let bill: MessageType = "bill.show.v1"
    package static let usage: MessageType = "usage.show.v1"
    package static let showRates: MessageType = "rate.show.v1"
    package static let setRates: MessageType = "rate.set.v1"
    package static let listRates: MessageType = "rate.list.v1"
    package static let withdrawRates: MessageType = "rate.withdraw.v1"
    package static let compareRules: MessageType = "bill.comparerules.v1"
    package static let showFactors: MessageType = "rate.factor.v1"
    package static let fleetCall: MessageType = "fleet.call.v1"
}

/// What the wire means. Add fields as optional; never reuse a number or a name.
package enum ProtocolVersion: UInt32, Sendable, CaseIterable {
    /// The first.
    case v1 = 1

    package static let current = ProtocolVersion.v1
}
