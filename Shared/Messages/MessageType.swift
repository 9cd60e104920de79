// SPDX-License-Identifier: Apache-2.0

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
