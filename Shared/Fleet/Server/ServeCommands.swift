// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bus
import FleetModel
import Foundation
import Logging
import ResourceModel
import ServiceLifecycle
import UnixSignals

/// What a fleet is: flags, or a file that `ebb-fleet configure` wrote.
struct FleetOptions: ParsableArguments {
    @Option(help: "A configuration file, as 'ebb-fleet configure' writes it; then no other flag of the fleet counts.")
    var config: String?
    @Option(help: "Seed of everything that is random.") var seed: UInt64 = 1
    @Option(help: "Hosts: host-1, host-2, …") var hosts = 2
    @Option(help: "Cores of each host.") var cores = 4
    @Option(help: "Memory of each host, for instance 2GiB.") var memory = Size(bytes: 2 << 30)
    @Option(help: "Domains of each host that run from the start, not made by Ebb.") var domains = 0
    @Option(help: "vCPUs of each such domain.") var domainVcpus = 2
    @Option(help: "Memory of each such domain.") var domainMemory = Size(bytes: 512 << 20)
    @Option(help: "Disk of each such domain.") var domainDisk = Size(bytes: 20 << 30)
    @Option(help: "What a ping of a host takes, in microseconds.") var responseTimeUs: Int64 = 200
    @Option(help: "The control domain's share of all cores, in percent.") var controlDomainPercent: Int64 = 2
    @Option(help: "Load of a domain until a trace plays, in percent of its first size.") var idlePercent: Int64 = 40
    @Option(help: "How long a migration takes, in milliseconds.") var migrationMs: Int64 = 0
    @Option(help: "How long a resize takes, in milliseconds.") var resizeMs: Int64 = 0
    @Option(help: "How long create, start, shutdown, save and restore take, in milliseconds.")
    var lifecycleMs: Int64 = 0
    @Option(help: "Served readings to keep per domain, for comparing meters with.") var keepReadings = 0

    /// The fleet's configuration. Throws where the file can't be read or says something that can't be.
    func fleet() throws -> FleetConfiguration {
        if let config {
            let data = try Data(contentsOf: URL(fileURLWithPath: config))
            return try FleetJSON.decode(FleetConfiguration.self, from: data)
        }
        for (name, value) in [
            ("--migration-ms", migrationMs), ("--resize-ms", resizeMs), ("--lifecycle-ms", lifecycleMs),
            ("--response-time-us", responseTimeUs),
        ] where !(0...86_400_000).contains(value) {
            throw ValidationError("\(name) must lie within 0 and 86400000, not \(value)")
        }
        guard (1...100_000).contains(hosts), (0...1_000).contains(domains) else {
            throw ValidationError("--hosts must lie within 1 and 100000, --domains within 0 and 1000")
        }
        guard (0...99).contains(controlDomainPercent), (0...10_000).contains(idlePercent) else {
            throw ValidationError(
                "--control-domain-percent must lie within 0 and 99, --idle-percent within 0 and 10000")
        }
        let lifecycle = lifecycleMs * 1_000_000
        var generator = SeededGenerator(seed: seed)
        return FleetConfiguration(
            seed: seed, hosts: (1...hosts).map { host($0, using: &generator) },
            idleLoad: .constant(ppm: idlePercent * 10_000),
            durations: OperationDurations(
                create: lifecycle, start: lifecycle, shutdown: lifecycle, save: lifecycle, restore: lifecycle,
                resize: resizeMs * 1_000_000, migrate: migrationMs * 1_000_000),
            truth: TruthLimits(readings: keepReadings))
    }

    private func host(_ number: Int, using generator: inout SeededGenerator) -> HostConfiguration {
        var guests: [FleetDomainDefinition] = []
        for index in 0..<domains {
            guests.append(
                FleetDomainDefinition(
                    id: DomainID(.random(using: &generator)), name: "guest-\(number)-\(index + 1)",
                    maximumVCPUs: max(domainVcpus, cores), vcpus: domainVcpus,
                    memory: ByteCount(clamping: domainMemory.bytes),
                    disk: ByteCount(clamping: domainDisk.bytes)))
        }
        return HostConfiguration(
            id: HostID(trusted: "host-\(number)"), cores: cores, memory: ByteCount(clamping: memory.bytes),
            responseTimeNanoseconds: responseTimeUs * 1_000, controlDomainSharePPM: controlDomainPercent * 10_000,
            domains: guests)
    }
}

/// An amount of memory or storage on the command line: a number with `KiB`, `MiB`, `GiB`, `TiB` or nothing (bytes).
struct Size: ExpressibleByArgument, Hashable {
    let bytes: Int64

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        let units: [(name: String, shift: Int64)] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)]
        guard let unit = units.first(where: { argument.hasSuffix($0.name) }),
            let number = Int64(argument.dropLast(unit.name.count)), number >= 0
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << unit.shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { ByteCount(clamping: bytes).description.replacing(" ", with: "") }
}

/// `ebb-fleet` or `ebb-fleet serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Plays a fleet until it is told to stop.")

    @OptionGroup var fleet: FleetOptions
    @Option(help: "Where to listen.") var bind = "tcp://127.0.0.1:7400"
    @Option(
        help: ArgumentHelp(
            "The private network on which others may reach it. A fleet has no keys: without this it serves on loopback only.",
            valueName: "name"))
    var privateNetwork: String?
    @Option(help: "A file that keeps the fleet over a restart.") var stateFile: String?
    @Option(help: "Calls that run at once; each call to a hung host is one until its caller gives up.")
    var concurrency = 65_536
    @Option(help: "Largest answer.") var largestFrame = Size(bytes: 256 << 20)

    func run() async throws {
        let log = Logger(label: "ebb-fleet")
        let service = try FleetService(try fleet.fleet(), stateFile: stateFile)
        let server = try await FleetDaemon.makeServer(
            endpoint: bind, privateNetwork: privateNetwork, concurrency: concurrency,
            largestFrame: Int(largestFrame.bytes))
        log.info(
            "the fleet is up",
            metadata: ["endpoint": "\(bind)", "private.network": "\(privateNetwork ?? "none: loopback only")"])
        let group = ServiceGroup(
            services: [FleetRunner(service: service, server: server)], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: log)
        try await group.run()
    }
}

/// Serves until shutdown.
struct FleetRunner: Service {
    let service: FleetService
    let server: any CommandServer

    func run() async throws {
        await service.serve(on: server)
        try await gracefulShutdown()
        await server.close()
    }
}

/// `ebb-fleet configure`.
struct Configure: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes the configuration that the flags mean, to be edited and given to --config.")

    @OptionGroup var fleet: FleetOptions

    func run() throws { writeOutput(try FleetJSON.encode(try fleet.fleet())) }
}
