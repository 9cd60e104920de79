// SPDX-License-Identifier: Apache-2.0

/// What a further call of a command does at the host, beside the call that carries the command's own id.
///
/// Its number is a part of the further call's id, by which a driver recognises a repeated call. So a number never
/// changes, and no number is used twice.
package enum FurtherCall: Hashable, Sendable {
    /// Sets the vCPUs to the former number, since the guest did not confirm the new one.
    case restoreVCPUs
    /// Lifts the CPU cap of a domain that is released.
    case liftCPUCap
    /// Lifts the network cap of a domain that is released.
    case liftNetworkCap
    /// Sets the memory, after the vCPUs of the same command.
    case resizeMemory
    /// Sets or lifts the CPU cap, after the vCPUs of the same command.
    case cap
    /// Sets the memory to the former size, since the guest's balloon did not move.
    case restoreMemory
    /// Cuts the power of a guest that did not shut down in time.
    case destroyAfterGrace
    /// Destroys the copy that a migration left on its source.
    case destroyLeftCopy
    /// Removes that copy's definition.
    case undefineLeftCopy
    /// Aborts a migration. It is repeated until the migration ends; the first attempt is 1.
    case abortMigration(attempt: UInt64)

    package var number: UInt64 {
        switch self {
        case .restoreVCPUs: 0
        case .liftCPUCap: 1
        case .liftNetworkCap: 2
        case .resizeMemory: 3
        case .cap: 9
        case .restoreMemory: 4
        case .destroyAfterGrace: 5
        // A former version used 6.
        case .destroyLeftCopy: 7
        case .undefineLeftCopy: 8
        case .abortMigration(let attempt): 1_000 + attempt
        }
    }
}
