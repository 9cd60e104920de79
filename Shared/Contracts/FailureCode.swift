// SPDX-License-Identifier: Apache-2.0

/// Why a service refuses a request over the bus. How a durable command ended is an `OutcomeCode`.
package enum FailureCode: String, Hashable, Sendable, Codable, CaseIterable {
    /// The service has as many requests as it can take.
    case busy
    case invalid
    case notFound = "not-found"
    /// There is no room.
    case denied
    /// The host is only observed.
    case observed
    /// The host is being emptied and takes nothing new.
    case draining
    /// What it asks for is being done already.
    case underWay = "under-way"
    /// The tenant has reached its quota.
    case quota
    case conflict
    /// Another instance owns what the request is about.
    case notOwner = "not-owner"
    /// Something that the service needs does not answer.
    case unavailable
    case `internal`
    /// The service has no such request.
    case unknownCommand = "unknown-command"

    // Of simulated hosts.

    /// The call has the epoch of a former owner.
    case fenced
    case refused
    case unreachable
    case deadline
}
