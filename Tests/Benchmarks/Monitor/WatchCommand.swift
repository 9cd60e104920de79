// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BenchSupport
import Bus
import Contracts
import Foundation
import Messages
import ResourceModel

/// `MonitorBench watch`: follows a running Monitor as Logger and Scheduler do, and judges what comes.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Missed cycles and lag of a running Monitor.",
        discussion: """
            The hosts' clock, Monitor's and ours must be one machine's. Monitor lets us in if a live instance has the public \
            key Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID, which is no secret and only for private stacks.
            """)

    struct Measurement: Encodable {
        var reports = 0
        var hosts = 0
        /// Domains in the last report of each host.
        var domains = 0
        /// Cycles in which a host was not read, between its first report and its last.
        var missed = 0
        /// Reports of an unreachable host: nothing in them is known.
        var empty = 0
        var lost = 0
        /// From the host's reading to the publication of its report.
        var lagP50Ms = 0.0
        var lagP99Ms = 0.0
        var lagMaxMs = 0.0
    }

    @Option(help: "The Monitor's instance id.") var instance: String
    @Option(help: "Where it publishes.") var publish: String
    @Option(help: "Where it takes commands.") var command: String
    @Option(help: "Its public key.") var key: String
    @Option(help: "For so long.") var seconds = 30
    @Option(help: "Monitor's poll interval, in milliseconds.") var intervalMs = 1_000
    @Option(help: "Writes one line per report of a domain above this utilization, in ppm, into --breaches.")
    var abovePpm: Int64?
    @Option(help: "The file for them: domain, instants of reading and publication, utilization, granted vCPUs.")
    var breaches: String?

    func run() async throws {
        guard let id = UUID128(instance) else { throw ValidationError("'\(instance)' is not a UUID") }
        var configuration = BusConfiguration()
        configuration.keyPair = CurveKeyPair(secretKey: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")
        let bus = try ZeroMQBus(
            instance: TwoServices.newInstance(), configuration: configuration, log: log,
            clock: { Timestamp(nanoseconds: monotonicNanoseconds()) })
        let subscriber = await bus.makeSubscriber(topics: [.allHosts])
        let follower = Follower(intervalNanoseconds: Int64(intervalMs) * 1_000_000, abovePPM: abovePpm)
        let consumer = Task { for await delivery in subscriber.deliveries { await follower.take(delivery) } }
        try await subscriber.connect(
            to: BusPeer(
                instance: InstanceID(id), publishEndpoint: publish, commandEndpoint: command, publicKey: key))
        // What is replayed from the spool first is older than the watch.
        try await Task.sleep(for: .seconds(3))
        await follower.begin()
        try await Task.sleep(for: .seconds(seconds))
        let (measurement, lines) = await follower.end()
        if let breaches {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: breaches))
        }
        try answer(measurement)
        consumer.cancel()
        await bus.close()
    }
}

/// Judges reports while it is told to.
private actor Follower {
    private let intervalNanoseconds: Int64
    private let abovePPM: Int64?
    private var isWatching = false
    private var measurement = Watch.Measurement()
    private var latest: [HostID: (at: Timestamp, domains: Int)] = [:]
    private var lags: [Double] = []
    private var breaches: [String] = []

    init(intervalNanoseconds: Int64, abovePPM: Int64?) {
        self.intervalNanoseconds = intervalNanoseconds
        self.abovePPM = abovePPM
    }

    func begin() { isWatching = true }

    func end() -> (Watch.Measurement, [String]) {
        isWatching = false
        measurement.hosts = latest.count
        measurement.domains = latest.values.reduce(0) { $0 + $1.domains }
        measurement.lagP50Ms = percentile(0.5, of: lags)
        measurement.lagP99Ms = percentile(0.99, of: lags)
        measurement.lagMaxMs = lags.max() ?? .nan
        return (measurement, breaches)
    }

    func take(_ delivery: Delivery) {
        guard isWatching else { return }
        switch delivery {
        case .lost(_, let range): measurement.lost += range.count
        case .message(let message):
            guard let sample = try? HostReport.decoded(message.body) else { return }
            take(sample, publishedAt: message.sentAt)
        }
    }

    private func take(_ sample: HostSample, publishedAt: Timestamp) {
        guard sample.figures.cpuUtilization != nil || sample.intervalNanoseconds != nil else {
            measurement.empty += 1
            return
        }
        measurement.reports += 1
        lags.append(Double(publishedAt.nanoseconds(since: sample.sampledAt)) / 1e6)
        if let former = latest[sample.host] {
            let passed = Double(sample.sampledAt.nanoseconds(since: former.at)) / Double(intervalNanoseconds)
            measurement.missed += max(0, Int(passed.rounded()) - 1)
        }
        latest[sample.host] = (sample.sampledAt, sample.domains.count)
        guard let abovePPM else { return }
        for domain in sample.domains {
            guard let load = domain.cpuUtilization?.ppm, load > abovePPM else { continue }
            breaches.append(
                "\(domain.domain) \(sample.sampledAt.nanoseconds) \(publishedAt.nanoseconds) \(load) "
                    + "\(domain.vcpus?.granted.count ?? 0)")
        }
    }
}
