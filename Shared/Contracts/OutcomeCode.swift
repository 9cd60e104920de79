// SPDX-License-Identifier: Apache-2.0

/// Why a durable command ended without success.
package enum OutcomeCode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody knows whether it happened. Never repeated by itself.
    case outcomeUnknown = "outcome-unknown"
    /// Somebody cancelled it.
    case aborted
    /// The domain's present condition contradicts it: the domain has changed since, or there are two copies of it.
    case conflict
    /// Its time passed before it could begin.
    case deadline
    /// Its host is being emptied, and takes nothing new.
    case draining
    /// Another manager's mark is on the domain.
    case foreignManager = "foreign-manager"
    /// Automatic actions are stopped.
    case frozen
    case guestRefused = "guest-refused"
    /// The hypervisor refused it, or could not do it.
    case hypervisor
    /// Its Monitor ended while it ran, and its effect is not there.
    case interrupted
    /// Its verb or its arguments are not valid.
    case invalid
    /// The domain is on another host by now.
    case moved
    /// It was carried out, and nothing changed.
    case noEffect = "no-effect"
    /// What it is about, or what it needs, does not exist.
    case notFound = "not-found"
    /// Ebb does not manage the domain.
    case notManaged = "not-managed"
    /// The Monitor that had it lost its host to another.
    case notOwner = "not-owner"
    /// Its host is only observed.
    case observed
    /// Only a part of it was done.
    case partial
    /// The guest did not take the new size, and it was taken back.
    case sizeNotConfirmed = "size-not-confirmed"
    /// The domain's state does not allow it.
    case state
}
