// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
internal import ResourceModel
import ServiceKit
import Store

/// `ebb-scheduler`: decides which domain grows, shrinks or moves, and where to.
@main
struct SchedulerDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-scheduler",
        abstract:
            "Decides which VM grows, shrinks or moves: M of the last N samples, in place first, else by migration.",
        discussion: ServiceOptions.discussion(of: .scheduler), version: ReleaseVersion.text)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await ServiceLauncher.run(.scheduler, options) { runtime in
            try await SchedulerService(runtime).run()
        }
    }
}
