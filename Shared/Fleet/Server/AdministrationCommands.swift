// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FleetModel
import Foundation
import ResourceModel

/// Where the fleet listens that is administered.
struct ClientOptions: ParsableArguments {
    @Option(help: "The fleet's endpoint.") var endpoint = "tcp://127.0.0.1:7400"
    @Option(help: "Largest answer to take.") var largestFrame = Size(bytes: 256 << 20)

    func client() async throws -> FleetClient {
        let client = try await FleetDaemon.makeClient(endpoint: endpoint, largestFrame: Int(largestFrame.bytes))
        return FleetClient(client, endpoint: endpoint)
    }
}

extension DomainID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension HostID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

struct Play: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts a recorded trace on a domain.",
        discussion: """
            The file has a header 't,load' and one line per value, the load in percent of the domain's first size. \
            Without --interval-ms the trace advances with every sample that the domain's host serves.
            """)

    @OptionGroup var options: ClientOptions
    @Option var domain: DomainID
    @Option(help: "The trace as a CSV file.") var trace: String
    @Option(help: "Advance by the clock, one value every so many milliseconds.") var intervalMs: Int64?

    func run() async throws {
        let loads = try TraceFile.loads(try String(contentsOfFile: trace, encoding: .utf8))
        let interval = intervalMs.map { $0.multipliedReportingOverflow(by: 1_000_000) }
        guard interval?.overflow != true else { throw ValidationError("--interval-ms is too long") }
        let recorded = LoadTrace(loadsPPM: loads, intervalNanoseconds: interval?.partialValue)
        try await options.client().administer(.play(domain: domain, trace: recorded))
    }
}

struct Truth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes the true timeline as JSON.")

    @OptionGroup var options: ClientOptions
    @Option(help: "Only these domains; may be repeated.") var domain: [DomainID] = []

    func run() async throws {
        let chosen = domain.isEmpty ? nil : domain
        writeOutput(try await options.client().administer(.truth(domains: chosen)))
    }
}

struct Hang: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes a host answer no more; its domains go on.")

    @OptionGroup var options: ClientOptions
    @Option var host: HostID

    func run() async throws {
        try await options.client().administer(.condition(host: host, condition: .hung))
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes a hung or dead host answer again.")

    @OptionGroup var options: ClientOptions
    @Option var host: HostID

    func run() async throws {
        try await options.client().administer(.condition(host: host, condition: .up))
    }
}

struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Takes a host's power; its domains are shut off.")

    @OptionGroup var options: ClientOptions
    @Option var host: HostID

    func run() async throws {
        try await options.client().administer(.condition(host: host, condition: .dead))
    }
}

struct Foreign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does to a domain what an administrator could do on its host, without its owner.",
        discussion: "One of --verb, --vcpus, --memory or --target.")

    @OptionGroup var options: ClientOptions
    @Option var domain: DomainID
    @Option(help: "For instance shutdown, destroy, suspend.") var verb: String?
    @Option(help: "Set the number of vCPUs.") var vcpus: Int?
    @Option(help: "Set the memory, for instance 512MiB.") var memory: Size?
    @Option(help: "Migrate to this host.") var target: HostID?

    func run() async throws {
        try await options.client().administer(.foreign(domain: domain, action: action()))
    }

    private func action() throws -> ForeignAction {
        let isResize = vcpus != nil || memory != nil
        guard [verb != nil, isResize, target != nil].count(where: \.self) == 1 else {
            throw ValidationError("give one of --verb, --vcpus or --memory, --target")
        }
        if let target { return .migrate(target: target) }
        guard let verb else { return .resize(vcpus: vcpus, memory: memory.map { ByteCount(clamping: $0.bytes) }) }
        guard let known = LifecycleVerb(rawValue: verb) else {
            throw ValidationError("--verb is one of \(LifecycleVerb.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return .lifecycle(verb: known)
    }
}

struct Fail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Scripts a failure of operations that match.",
        discussion: "What is not given matches everything. 'ebb-fleet administer \'{\"clear_faults\":{}}\'' ends all.")

    @OptionGroup var options: ClientOptions
    @Option var host: HostID?
    @Option var domain: DomainID?
    @Option(help: "For instance resize, migrate, create, start.") var verb: String?
    @Option(help: "How many operations; 0 for every one until faults are cleared.") var times = 1
    @Option(help: "Fail after so many milliseconds of the operation.") var afterMs: Int64 = 0
    @Option(help: "Instead: take so many milliseconds longer.") var delayMs: Int64?
    @Option(help: "Instead: grant so many vCPUs only.") var grant: Int?
    @Flag(help: "Instead: have the effect, but never answer.") var loseAnswer = false
    @Option var message = "failed as scripted"

    func run() async throws {
        guard times >= 0, (0...86_400_000).contains(afterMs), (0...86_400_000).contains(delayMs ?? 0) else {
            throw ValidationError("--times must not be negative, a delay at most 24 hours")
        }
        let effect: FleetFault.Effect =
            if let delayMs {
                .delay(nanoseconds: delayMs * 1_000_000)
            } else if let grant {
                .partialGrant(vcpus: grant)
            } else if loseAnswer {
                .loseAnswer
            } else {
                .fail(afterNanoseconds: afterMs * 1_000_000, message: message)
            }
        try await options.client().administer(
            .fault(host: host, domain: domain, verb: verb, times: times == 0 ? nil : times, effect: effect))
    }
}

struct Administer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Does what a JSON document says: load, habits, guest, clock, response_time and all others.",
        discussion: """
            For instance '{"load":{"domain":"UUID","source":{"constant":{"ppm":400000}}}}' or \
            '{"guest":{"domain":"UUID","conduct":{"refuses":{}},"report":{"lies":{"vcpus":1}}}}'.
            """)

    @OptionGroup var options: ClientOptions
    @Argument var json: String

    func run() async throws {
        let answer = try await options.client().administer(json: Data(json.utf8))
        if !answer.isEmpty { writeOutput(answer) }
    }
}
