// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import ResourceModel

/// What tenants read instead of the words of the provider, of another service or of a hypervisor.
///
/// Those words may name hosts, addresses, other tenants and their VMs. Replacing only such names would show which names
/// exist, so none of those words are shown: each of these sentences consists of things that the tenant knows already.
package enum TenantText {
    /// No room was granted.
    package static let noRoom = "no host has room for it at present"

    /// Its host is only observed.
    package static let observed = "the provider does not let Ebb change its host at present"

    /// Its host is being drained.
    package static let draining =
        "its host is being emptied and takes nothing new; ask again when the VM is on another host, or ask the provider"

    /// No host takes anything new, whatever room it has: all of them are only observed, or being drained.
    package static let closed = "the provider lets no host take new VMs at present"

    /// A service, or the database, could not do its part.
    package static let unavailable = "a part of Ebb that this needs can't be used at present; try again"

    /// Why automatic actions are stopped, if not the tenant's own people stopped them.
    package static func freeze(isAutomatic: Bool) -> String {
        isAutomatic
            ? "Ebb has stopped automatic actions by itself, because too much failed or changed"
            : "the provider has stopped automatic actions; ask the provider why"
    }

    /// Who did something that a tenant sees: its own people by name, everybody else as the provider.
    package static func actor(_ name: String, isOwn: Bool) -> String { isOwn ? name : "provider" }

    /// Why a command failed, by its code; `nil`: a code that this version does not know.
    ///
    /// - Parameter verb: what was ordered.
    package static func failure(_ code: OutcomeCode?, of verb: Recognised<CommandVerb>) -> String {
        let why =
            switch code {
            case .outcomeUnknown: "its outcome is not known: look with 'ebb vm show' before you repeat it"
            case .observed: observed
            case .draining: draining
            case .notManaged: "Ebb does not manage it"
            case .foreignManager: "somebody else manages it"
            case .invalid: "its arguments don't fit the VM: see 'ebb vm show'"
            case .state where verb == .delete:
                "it is not off: shut it down first, with 'ebb vm shutdown --force' at once"
            case .state: "the VM's state does not allow it: \(remedy(of: verb))"
            case .conflict where verb == .snapshot:
                "a snapshot of that name is there already ('ebb vm snapshots'), or the VM is there twice ('ebb vm show')"
            case .conflict where verb == .create: "there is a VM of that name already, or another request makes one"
            case .conflict: "something about the VM contradicts it; look with 'ebb vm show' and ask again"
            case .moved: "the VM has moved meanwhile; ask again"
            case .frozen: "automatic actions are stopped"
            case .aborted: "it was called off"
            case .interrupted: "it was interrupted; ask again"
            case .partial: "only a part of it was done: see 'ebb vm show'"
            case .sizeNotConfirmed: "the guest did not take the new size, and it was taken back"
            case .guestRefused: "the guest refused it"
            case .noEffect: "it had no effect that can be seen"
            case .hypervisor: "the host's hypervisor refused it"
            case .deadline: "its time was over before it could begin; ask again"
            case .notFound where verb == .revert || verb == .deleteSnapshot:
                "it has no snapshot of that name: 'ebb vm snapshots' lists them"
            case .notFound: "what it is about is not there"
            case .notOwner, nil: "it could not be done at present; ask again"
            }
        return "\(verb) failed: \(why)"
    }

    /// What to do first where a VM's state does not allow a command.
    private static func remedy(of verb: Recognised<CommandVerb>) -> String {
        switch verb.word {
        case .start, .restore, .resume:
            "'ebb vm start' is for one that is off, 'ebb vm restore' for one that is saved, "
                + "'ebb vm resume' for one that is paused"
        case .shutdown, .destroy, .suspend, .reboot, .save, .resize, .cap, .networkCap, .snapshot, .migrate:
            "have it run first, see 'ebb vm show'"
        case .create, .revert, .delete, .adopt, .release, .prepare, .abortMigration, .deleteSnapshot, nil:
            "see 'ebb vm show'"
        }
    }
}
