// SPDX-License-Identifier: Apache-2.0

package import Contracts

/// What is said about a command that had nothing to do.
package enum AlreadyText {
    /// - Parameter verb: what was asked for.
    package static func sentence(_ verb: Recognised<CommandVerb>) -> String {
        "\(state(verb)) already; nothing was done"
    }

    private static func state(_ verb: Recognised<CommandVerb>) -> String {
        switch verb.word {
        case .start, .restore, .resume: "it runs"
        case .suspend: "it is paused"
        case .shutdown, .destroy: "it is off"
        case .save: "it is saved"
        case .resize: "it has that size"
        case .migrate: "it is on that host"
        case .adopt: "it is managed for that tenant"
        case .create, .reboot, .cap, .networkCap, .abortMigration, .snapshot, .revert, .deleteSnapshot, .delete,
            .release,
            .prepare, nil:
            "it is so"
        }
    }
}
