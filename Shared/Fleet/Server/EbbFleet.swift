// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// `ebb-fleet`: plays a fleet of simulated hosts, or administers one that runs.
@main
struct EbbFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-fleet", abstract: "Plays a fleet of simulated hosts, and keeps its true timeline.",
        subcommands: [
            Serve.self, Configure.self, Play.self, Truth.self, Hang.self, Resume.self, Kill.self, Foreign.self,
            Fail.self,
            Administer.self,
        ], defaultSubcommand: Serve.self)
}

/// Writes to standard output as it is.
func writeOutput(_ data: Data) {
    FileHandle.standardOutput.write(data)
    FileHandle.standardOutput.write(Data("\n".utf8))
}
