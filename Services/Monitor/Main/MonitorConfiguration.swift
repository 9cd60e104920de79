// SPDX-License-Identifier: Apache-2.0

internal import ServiceKit

/// How Monitor polls and commands: its settings, and limits that are no settings.
struct MonitorConfiguration: Sendable {
    /// From one reading of a host to the next.
    var pollInterval: Duration = .seconds(5)
    /// How long a hypervisor may take to answer a reading.
    var callTimeout: Duration = .seconds(5)
    /// How long a hypervisor may take to carry out a command, other than a migration.
    var commandTimeout: Duration = .seconds(120)
    /// How often each domain's meters are written down.
    var readingInterval: Duration = .seconds(60)
    /// A grant that its guest does not confirm by then is rolled back.
    var confirmationTimeout: Duration = .seconds(60)
    /// A migration of which nothing has progressed for so long is called off.
    var migrationStallTimeout: Duration = .seconds(120)
    /// How long a migration may take that progresses; zero: as long as it does.
    var migrationTimeLimit: Duration = .zero
    /// How long a host may take to show what its answer says.
    var proofTimeout: Duration = .seconds(15)
    /// After how long it is looked again whether what was done lasts.
    var proofPause: Duration = .seconds(1)
    /// How long room stays promised to a command that goes on, from its last report.
    var permitExtension: Duration = .seconds(120)
    /// From one report of a command's progress to the next, at least.
    var progressInterval: Duration = .seconds(1)
    /// How often open commands are looked for: so long a lost request delays.
    var commandScanInterval: Duration = .milliseconds(500)
    /// How often hosts, and rows of domains that are not known yet, are looked for in the database.
    var refreshInterval: Duration = .seconds(1)
    /// How often a host's rows are read back. Only who changes them behind Monitor's back needs it.
    var rowsInterval: Duration = .seconds(60)
    /// How often a host is asked what it has: pools, networks, CPU.
    var examinationInterval: Duration = .seconds(300)
    /// From one poll that an event asked for to the next, at least.
    var pokeSpacing: Duration = .milliseconds(100)
    /// From one measurement of a host's response time to the next, at least.
    var probeInterval: Duration = .seconds(5)
    /// Between two round trips.
    var roundTripInterval: Duration { max(pollInterval, probeInterval) }
    /// How long a host's last facts may take to be written when it is given up.
    var farewell: Duration = .seconds(2)
    /// Commands that run at once on one host.
    var commandsPerHost = 4
    /// Facts of one host that may wait for the database; then readings drop, oldest first.
    var waitingFacts = 50_000
    /// Folders of this machine whose files a host's URI may name: keys, certificates, sockets, definitions for tests.
    var folders: [String] = []

    init() {}

    init(_ settings: Settings) {
        pollInterval = settings.duration("monitor.pollInterval")
        callTimeout = settings.duration("monitor.callTimeout")
        commandTimeout = settings.duration("monitor.commandTimeout")
        readingInterval = settings.duration("monitor.readingInterval")
        examinationInterval = settings.duration("monitor.examinationInterval")
        folders = settings.text("monitor.folders").split(separator: ":").map(String.init)
        migrationStallTimeout = settings.duration("monitor.migrationStallTimeout")
        migrationTimeLimit = settings.duration("monitor.migrationTimeLimit")
    }
}
