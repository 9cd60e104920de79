// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
internal import ResourceModel
import ServiceKit
import Store

/// `ebb-logger`: stores samples, events and decisions exactly once, and seals the audit chain.
@main
struct LoggerDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-logger",
        abstract: "Stores every sample, event and decision exactly once or records the gap, and seals the audit chain.",
        discussion: ServiceOptions.discussion(of: .logger), version: ReleaseVersion.text)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await ServiceLauncher.run(.logger, options) { runtime in try await runLogger(runtime) }
    }
}
