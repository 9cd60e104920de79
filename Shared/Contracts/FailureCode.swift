// SPDX-License-Identifier: Apache-2.0

/// Why a service answers a request over the bus with no. How a durable command ended is an `OutcomeCode`.
package enum FailureCode: String, Hashable, Sendable, Codable, CaseIterable {
    /// It has as many requests as it takes.
    case busy
    case invalid
    case notFound = "not-found"
    /// There is no room.
    case denied
    /// The host is only observed.
    case observed
    /// The host is being emptied and takes nothing new.
    case draining
    /// The tenant has as much as it may have.
    case quota
    case conflict
    /// What it is about is another instance's.
    case notOwner = "not-owner"
    /// Something that it needs does not answer.
    case unavailable
    case `internal`
    /// It serves no such request.
    case unknownCommand = "unknown-command"

    // Of simulated hosts.

    /// The call is of a former owner's epoch.
    case fenced
    case refused
    case unreachable
    case deadline
}
