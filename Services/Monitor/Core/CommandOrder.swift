// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

// What Monitor, which carries out commands, must know of each verb. A new verb needs an answer in every one of these.
extension CommandVerb {
    /// Whether it takes room on its host.
    var takesRoom: Bool {
        switch self {
        case .create, .start, .restore: true
        case .shutdown, .destroy, .suspend, .resume, .reboot, .save, .resize, .cap, .networkCap, .migrate,
            .abortMigration, .snapshot, .revert, .deleteSnapshot, .delete, .adopt, .release, .prepare:
            false
        }
    }

    /// Whether the domain's state says nothing about its effect, so that a mark of the domain's life is kept before it,
    /// to compare with.
    package var needsMark: Bool { self == .reboot || self == .revert }

    /// Whether it removes the row of a domain that its host does not have any more: nothing else is left to do.
    package var forgetsMissing: Bool { self == .delete || self == .release }

    /// Whether it may run beside another command of the same domain, since it ends that one.
    package var overtakes: Bool { self == .abortMigration }
}

/// A durable command as read: its verb with an absolute target.
package struct CommandOrder: Hashable, Sendable {
    package let verb: CommandVerb
    package let domain: DomainID
    package let arguments: CommandArguments
    /// The revision of the domain's row on which the order is based; `nil`: any.
    package let expectedRevision: Int64?
    /// Whether a decision ordered it, not a person.
    package let isAutomatic: Bool
    package let deadline: Timestamp

    /// - Throws: `invalid` for an unknown verb, or a verb without its target.
    package init(
        verb: Recognised<CommandVerb>, domain: DomainID, arguments: CommandArguments, expectedRevision: Int64?,
        isAutomatic: Bool,
        deadline: Timestamp
    ) throws(CommandRefusal) {
        guard let verb = verb.word else {
            let known = CommandVerb.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandRefusal(.invalid, "there is no command '\(verb)'; there are \(known)")
        }
        if let fault = arguments.fault(for: verb) { throw CommandRefusal(.invalid, "\(verb.rawValue) \(fault)") }
        self.verb = verb
        self.domain = domain
        self.arguments = arguments
        self.expectedRevision = expectedRevision
        self.isAutomatic = isAutomatic
        self.deadline = deadline
    }

    /// `resize`: the size to reach.
    package var vcpus: VCPUCount? { verb == .resize ? arguments.vcpus.map { VCPUCount(clamping: $0) } : nil }
    /// `cap` and `resize`: what its vCPUs may use together, in parts per million of one core; 0: no cap.
    package var cpuCapPPM: Int64? {
        switch verb {
        case .cap: arguments.cpuCapPPM ?? 0
        case .resize: arguments.cpuCapPPM
        default: nil
        }
    }
    /// `resize`: the memory to reach.
    package var memory: ByteCount? { verb == .resize ? arguments.memoryBytes.map { ByteCount(clamping: $0) } : nil }
    /// `migrate`: where to.
    package var target: HostID? { verb == .migrate ? arguments.target.flatMap { HostID($0) } : nil }
    /// `adopt`: for whom.
    package var tenant: TenantID? { verb == .adopt ? arguments.tenant.flatMap { TenantID($0) } : nil }
    /// `shutdown`: how long the guest may take; `nil`: it is asked and not waited for.
    package var grace: Duration? { verb == .shutdown ? arguments.graceSeconds.map { .seconds($0) } : nil }
}

/// Why a command is not carried out: its code, and one sentence with the remedy.
package struct CommandRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: OutcomeCode
    package let message: String
    package init(_ code: OutcomeCode, _ message: String) {
        self.code = code
        self.message = message
    }
    package var description: String { message }
}

/// A domain as its host's hypervisor shows it.
package enum DomainPresence: Hashable, Sendable {
    /// The host can't be asked.
    case unknown
    case absent
    case present(DomainLook)

    package var look: DomainLook? {
        if case .present(let look) = self { look } else { nil }
    }
    package var state: DomainState? { look?.state }
}

/// What is seen of a domain that exists. `nil` is unknown.
package struct DomainLook: Hashable, Sendable {
    package var state: DomainState
    /// Why it is in that state, where the driver says so.
    package var reason: StateReason?
    package var granted: VCPUCount?
    package var confirmed: VCPUCount?
    /// The memory that its balloon leaves to it.
    package var memory: ByteCount?
    package var cpuCap: CPUCap

    package init(
        _ state: DomainState, _ reason: StateReason? = nil, granted: VCPUCount? = nil, confirmed: VCPUCount? = nil,
        memory: ByteCount? = nil, cpuCap: CPUCap = .unknown
    ) {
        self.state = state
        self.reason = reason
        self.granted = granted
        self.confirmed = confirmed
        self.memory = memory
        self.cpuCap = cpuCap
    }

    /// Whether the guest has CPU time.
    package var runs: Bool { state.runs }

    /// For instance `paused: its disk gave an I/O error, or is full`.
    package var text: String { state.rawValue + (reason.map { ": " + $0.text } ?? "") }
}
