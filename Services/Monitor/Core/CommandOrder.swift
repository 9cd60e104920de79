// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a durable command asks for.
package enum CommandVerb: String, Hashable, Sendable, CaseIterable {
    case create, start, shutdown, destroy, suspend, resume, save, restore, resize, migrate, delete

    /// Whether it takes room on its host.
    var takesRoom: Bool { [.create, .start, .restore].contains(self) }
}

/// A durable command, read: its verb with an absolute target.
package struct CommandOrder: Hashable, Sendable {
    package let verb: CommandVerb
    package let domain: DomainID
    /// `resize`: the size to reach.
    package let vcpus: VCPUCount?
    /// `migrate`: where to.
    package let target: HostID?
    /// The domain row's revision that it was decided on; `nil`: whatever it is.
    package let expectedRevision: Int64?
    /// Whether a decision ordered it, and no person.
    package let isAutomatic: Bool
    package let deadline: Timestamp

    /// - Throws: `invalid` for a verb that there is not, or one without its target.
    package init(
        verb: String, domain: DomainID, vcpus: Int?, target: String?, expectedRevision: Int64?, isAutomatic: Bool,
        deadline: Timestamp
    ) throws(CommandRefusal) {
        guard let verb = CommandVerb(rawValue: verb) else {
            let known = CommandVerb.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandRefusal("invalid", "there is no command '\(verb)'; there are \(known)")
        }
        if verb == .resize, vcpus ?? 0 < 1 {
            throw CommandRefusal("invalid", "resize needs \"vcpus\", a number of at least 1")
        }
        let host = target.flatMap { HostID($0) }
        if verb == .migrate, host == nil {
            throw CommandRefusal("invalid", "migrate needs \"target\", the name of a host")
        }
        self.verb = verb
        self.domain = domain
        self.vcpus = verb == .resize ? vcpus.map { VCPUCount($0) } : nil
        self.target = verb == .migrate ? host : nil
        self.expectedRevision = expectedRevision
        self.isAutomatic = isAutomatic
        self.deadline = deadline
    }
}

/// Why a command is not carried out: a stable code for programs, and one sentence with the remedy.
package struct CommandRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: String
    package let message: String
    package init(_ code: String, _ message: String) {
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
    case present(DomainState, granted: VCPUCount?, confirmed: VCPUCount?)

    var state: DomainState? {
        if case .present(let state, _, _) = self { state } else { nil }
    }
}
