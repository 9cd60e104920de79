// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// What each command does in each state of a domain, and which state proves that it was done: one value, which decides,
/// verifies and documents (`docs/commands.md`).
package enum CommandTable {
    /// What is done, and what must be seen afterwards.
    package enum Step: Hashable, Sendable {
        /// What the command asks for holds already.
        case done
        case run(Run)
        /// One sentence: what it is, and the remedy.
        case refuse(String)
        /// The domain's state is not known.
        case wait
    }

    package struct Run: Hashable, Sendable {
        package enum Call: Hashable, Sendable {
            /// The verb's own call.
            case own
            /// Its power is cut, since its guest does not react.
            case destroy
            /// Its guest is woken, not resumed.
            case wakeUp
        }
        package let call: Call
        /// `nil`: not the domain's state shows the effect, but something else (a size, a snapshot, a label).
        package let proof: Proof?
    }

    /// What shows that a command had its effect.
    package struct Proof: Hashable, Sendable {
        package let states: [DomainState]
        /// Whether the state must still hold a while later, since the cause that stopped the domain may stop it again.
        package let lasts: Bool
        /// Whether it is also a proof that the host does not have the domain any more.
        package let isAbsence: Bool

        init(_ states: [DomainState], lasts: Bool = false, isAbsence: Bool = false) {
            self.states = states
            self.lasts = lasts
            self.isAbsence = isAbsence
        }

        package func holds(_ presence: DomainPresence) -> Bool {
            switch presence {
            case .unknown: false
            case .absent: isAbsence
            case .present(let look): states.contains(look.state)
            }
        }
    }

    private static let running: [DomainState] = [.running, .blocked]

    /// Which state shows that a command had its effect; `nil`: none does.
    package static func proof(of verb: CommandVerb) -> Proof? {
        switch verb {
        case .create, .start, .resume: Proof(running)
        // A domain that was saved while it was paused is paused again.
        case .restore: Proof(running + [.paused])
        case .suspend: Proof([.paused])
        case .save: Proof([.saved])
        // A domain without a definition is gone when it ends.
        case .shutdown, .destroy: Proof([.shutoff], isAbsence: true)
        case .delete: Proof([], isAbsence: true)
        case .reboot, .resize, .cap, .networkCap, .migrate, .abortMigration, .snapshot, .revert, .deleteSnapshot,
            .adopt,
            .release, .prepare:
            nil
        }
    }

    /// - Parameter isForced: whether a shutdown must end the domain in any case.
    package static func step(
        of verb: CommandVerb, in state: DomainState, because reason: StateReason? = nil, isForced: Bool = false
    ) -> Step {
        if state == .unknown { return .wait }
        switch verb {
        case .create: return .done
        case .start: return start(state)
        case .restore: return restore(state)
        case .resume: return resume(state, reason)
        case .shutdown: return shutdown(state, isForced: isForced)
        case .destroy: return destroy(state)
        case .suspend: return suspend(state)
        case .save: return save(state)
        case .delete: return delete(state)
        case .reboot: return only(running, verb, state, "only a running one can be rebooted")
        case .resize: return only(running, verb, state, "only a running one can be resized")
        case .migrate:
            return only(running + [.shutoff], verb, state, "only one that runs or is off can be migrated")
        case .cap, .networkCap:
            return only(running + [.paused, .pmSuspended], verb, state, "only an active one can be capped")
        case .snapshot, .revert, .deleteSnapshot:
            return only(running + [.paused, .shutoff], verb, state, remedy(for: state))
        case .adopt, .release, .prepare, .abortMigration: return run(verb)
        }
    }

    private static func run(_ verb: CommandVerb, _ call: Run.Call = .own, lasts: Bool = false) -> Step {
        let proof = proof(of: verb)
        return .run(
            Run(
                call: call,
                proof: lasts ? proof.map { Proof($0.states, lasts: true, isAbsence: $0.isAbsence) } : proof))
    }

    private static func only(
        _ states: [DomainState], _ verb: CommandVerb, _ state: DomainState, _ remedy: String
    ) -> Step {
        states.contains(state) ? run(verb) : .refuse(remedy)
    }

    /// What to do in a state that allows few commands.
    private static func remedy(for state: DomainState) -> String {
        switch state {
        case .saved: "`ebb vm restore` it first"
        case .paused: "`ebb vm resume` it first"
        case .pmSuspended: "its guest sleeps: wake it with `ebb vm resume` first"
        case .crashed: "its guest crashed and is kept as it was: end it with `ebb vm shutdown --force` first"
        case .shuttingDown: "it is shutting down: wait until it is off, or `ebb vm shutdown --force` it"
        case .shutoff: "`ebb vm start` it first"
        case .running, .blocked: "it runs"
        case .unknown: "its host does not answer"
        }
    }

    private static func start(_ state: DomainState) -> Step {
        switch state {
        case .shutoff: run(.start)
        case .running, .blocked: .done
        case .unknown: .wait
        case .paused, .pmSuspended, .shuttingDown, .crashed, .saved: .refuse(remedy(for: state))
        }
    }

    private static func restore(_ state: DomainState) -> Step {
        switch state {
        case .saved: run(.restore)
        case .running, .blocked: .done
        case .unknown: .wait
        case .paused, .pmSuspended, .shuttingDown, .crashed, .shutoff: .refuse("only a saved one can be restored")
        }
    }

    private static func resume(_ state: DomainState, _ reason: StateReason?) -> Step {
        switch state {
        case .paused: resumePaused(reason)
        case .pmSuspended: run(.resume, .wakeUp)
        case .running, .blocked: .done
        case .unknown: .wait
        case .crashed: .refuse(remedy(for: state))
        case .shuttingDown, .shutoff, .saved: .refuse("only a paused one can be resumed")
        }
    }

    private static func resumePaused(_ reason: StateReason?) -> Step {
        switch reason {
        case nil, .user, .save, .dump, .snapshot, .fromSnapshot, .failedCall: run(.resume)
        // Its host paused it, and will pause it again unless the cause is gone.
        case .ioError, .watchdog: run(.resume, lasts: true)
        case .migration, .postCopy: .refuse("it is on its way to another host: wait, or `ebb vm migrate --abort` it")
        case .postCopyFailed: .refuse("a part of its memory is on another host: end it with `ebb vm shutdown --force`")
        case .crashed, .panicked: .refuse(remedy(for: .crashed))
        case .startingUp: .refuse("it is starting: wait")
        case .shuttingDown, .shutdown, .destroyed, .failed, .daemon: .refuse(remedy(for: .shuttingDown))
        }
    }

    private static func shutdown(_ state: DomainState, isForced: Bool) -> Step {
        switch state {
        case .running, .blocked, .shuttingDown: run(.shutdown)
        case .shutoff: .done
        case .unknown: .wait
        case .paused, .pmSuspended, .crashed:
            isForced
                ? run(.shutdown, .destroy)
                : .refuse("its guest hears nothing: resume it first, or `ebb vm shutdown --force` it")
        case .saved: .refuse("it is off already, with its memory saved: `ebb vm restore` it first")
        }
    }

    private static func destroy(_ state: DomainState) -> Step {
        switch state {
        case .running, .blocked, .paused, .pmSuspended, .shuttingDown, .crashed: run(.destroy)
        case .shutoff: .done
        case .unknown: .wait
        case .saved: .refuse("it is off already, with its memory saved: `ebb vm restore` it first")
        }
    }

    private static func suspend(_ state: DomainState) -> Step {
        switch state {
        case .running, .blocked: run(.suspend)
        case .paused: .done
        case .unknown: .wait
        case .pmSuspended, .shuttingDown, .crashed, .shutoff, .saved: .refuse("only a running one can be suspended")
        }
    }

    private static func save(_ state: DomainState) -> Step {
        switch state {
        case .running, .blocked, .paused: run(.save)
        case .saved: .done
        case .unknown: .wait
        case .pmSuspended, .crashed, .shuttingDown: .refuse(remedy(for: state))
        case .shutoff: .refuse("only an active one can be saved")
        }
    }

    private static func delete(_ state: DomainState) -> Step {
        switch state {
        case .shutoff, .saved: run(.delete)
        case .unknown: .wait
        case .running, .blocked, .paused, .pmSuspended, .shuttingDown, .crashed:
            .refuse("`ebb vm shutdown --force` it first")
        }
    }
}
