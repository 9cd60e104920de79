// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
internal import Dispatch
internal import ResourceModel
import ServiceKit
import Store

@main
enum MonitorProcess {
    /// Not `async`: the first thread of an asynchronous process ends before anything runs, and would stay root's.
    static func main() {
        if let options = (try? MonitorDaemon.parse())?.options {
            ServiceLauncher.leaveRoot(.monitor, options, for: "monitor.user")
        }
        Task {
            await MonitorDaemon.main()
            MonitorDaemon.exit()
        }
        dispatchMain()
    }
}

struct MonitorDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-monitor",
        abstract: "Watches hosts and their domains, and carries out what is ordered for them.",
        discussion: ServiceOptions.discussion(of: .monitor), version: ReleaseVersion.text)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await ServiceLauncher.run(.monitor, options) { runtime in try await MonitorService.run(runtime) }
    }
}
