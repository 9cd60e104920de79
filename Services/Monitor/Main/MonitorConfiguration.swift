// SPDX-License-Identifier: Apache-2.0

internal import ServiceKit

/// How Monitor polls and commands: its settings, and limits that are not settings.
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
    /// A migration that has made no progress for this long is aborted.
    var migrationStallTimeout: Duration = .seconds(120)
    /// How long a migration may take while it makes progress; zero: no limit.
    var migrationTimeLimit: Duration = .zero
    /// How long a host may take to show the effect that its answer claims.
    var proofTimeout: Duration = .seconds(15)
    /// How long after an effect Monitor checks whether it lasts.
    var proofPause: Duration = .seconds(1)
    /// How long a running command's permit stays open after its last report.
    var permitExtension: Duration = .seconds(120)
    /// The shortest time between two reports of a command's progress.
    var progressInterval: Duration = .seconds(1)
    /// After what time it is tried anew to set a CPU cap again.
    var capRetryInterval: Duration = .seconds(30)
    /// How often open commands are looked for: a lost request delays a command by this time at most.
    var commandScanInterval: Duration = .milliseconds(500)
    /// How often hosts, and rows of domains that are not known yet, are looked for in the database.
    var refreshInterval: Duration = .seconds(1)
    /// How often a host's rows are read back; needed only if somebody else changes them.
    var rowsInterval: Duration = .seconds(60)
    /// How often a host is asked for its pools, networks and CPU.
    var examinationInterval: Duration = .seconds(300)
    /// The shortest time between two polls that events caused.
    var pokeSpacing: Duration = .milliseconds(100)
    /// The shortest time between two measurements of a host's response time.
    var probeInterval: Duration = .seconds(5)
    /// The time between two round trips.
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
