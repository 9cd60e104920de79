// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResourceModel

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

/// Writes JSON to standard output.
func writeOutput(_ json: Data) {
    FileHandle.standardOutput.write(Data((terminalJSON(String(decoding: json, as: UTF8.self)) + "\n").utf8))
}
