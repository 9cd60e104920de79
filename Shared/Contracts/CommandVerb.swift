// SPDX-License-Identifier: Apache-2.0

/// What a durable command asks for. Scheduler and UserGateway give commands, and Monitor carries them out.
package enum CommandVerb: String, Hashable, Sendable, Codable, CaseIterable {
    case create, start, shutdown, destroy, suspend, resume, reboot, save, restore, resize, cap, migrate
    case snapshot, revert, delete, adopt, release, prepare
    case networkCap = "network-cap"
    case abortMigration = "abort-migration"
    case deleteSnapshot = "delete-snapshot"

    /// Whether it copies a domain's memory or disks, or waits until the hypervisor has copied them: it takes minutes,
    /// not seconds.
    package var copies: Bool {
        switch self {
        case .create, .save, .restore, .migrate, .snapshot, .revert, .delete, .deleteSnapshot: true
        case .start, .shutdown, .destroy, .suspend, .resume, .reboot, .resize, .cap, .networkCap, .abortMigration,
            .adopt, .release, .prepare:
            false
        }
    }
}
