// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
import Contracts
internal import ResourceModel
internal import SchedulerCore

/// A cluster of many machines, forty on each host, and their samples.
struct Fleet {
    var state = SchedulerState(settings: .platform)
    let machines: Int
    private let hosts: [HostID]
    /// Filled in for one host after another: a report that was just decoded lies in the caches, as this one does.
    private var report: HostSample
    private var ticks: Int64 = 0

    private static let interval: Int64 = 5_000_000_000
    private static let perHost = 40

    /// How the machines are used.
    enum Load {
        /// Nothing is due, as for most machines at most times.
        case steady
        /// A growth is due for every machine, and none may be done yet: each takes the whole rule, every time.
        case due
    }

    /// `machines` of the last host that are less than forty are left out.
    init(machines: Int, load: Load) throws {
        let hosts = (0..<machines / Self.perHost).compactMap { HostID("host-\($0)") }
        let machines = hosts.count * Self.perHost
        let policy = try PolicyPreset.balanced.policy(maximumVCPUs: 8)
        let records = (0..<machines).map { number in
            DomainRecord(
                domain: Self.domain(number), tenant: nil, host: hosts[number / Self.perHost], vcpus: 2, ceiling: 8,
                memory: .gibibytes(1), isManaged: true)
        }
        state.inventoryChanged(
            Inventory(
                hosts: hosts.map {
                    HostRecord(host: $0, mode: .enabled, cpuCount: 64, memory: .gibibytes(256))
                }, domains: records))
        // A cooldown that does not end keeps what is due from being done.
        let options = PolicyOptions(cooldown: Cooldown(upNanoseconds: .max / 4, downNanoseconds: .max / 4))
        for number in 0..<machines {
            state.policyChanged(
                PolicyVersion(
                    domain: Self.domain(number), version: 1, validFrom: .zero, policy: policy, windowLength: 12,
                    options: load == .due ? options : PolicyOptions()), at: .zero)
        }
        self.hosts = hosts
        self.machines = machines
        report = Self.report(load: load)
        if load == .due {
            for number in 0..<machines {
                state.recallChange(of: Self.domain(number), endedAt: Timestamp(nanoseconds: 1))
            }
        }
    }

    /// Fills every window without deciding anything.
    mutating func fill() {
        for _ in 0..<13 {
            ticks += 1
            for place in hosts.indices {
                fillIn(place)
                state.recall(report, position: SamplePosition(epoch: 1, sequence: UInt64(ticks)))
            }
        }
    }

    /// Feeds one cycle of every host.
    mutating func fold() {
        ticks += 1
        for place in hosts.indices {
            fillIn(place)
            state.observe(report, position: SamplePosition(epoch: 1, sequence: UInt64(ticks)))
        }
    }

    private mutating func fillIn(_ place: Int) {
        report.host = hosts[place]
        report.sampledAt = Timestamp(nanoseconds: (ticks + 1) * Self.interval)
        for index in report.domains.indices {
            report.domains[index].domain = Self.domain(place * Self.perHost + index)
        }
    }

    /// Runs the rule for every machine, at the instant of the last cycle.
    mutating func evaluate() {
        state.evaluateAll(at: Timestamp(nanoseconds: (ticks + 1) * Self.interval))
    }

    /// Hands out and forgets what was decided.
    mutating func drain() -> Int {
        state.directives(at: Timestamp(nanoseconds: (ticks + 1) * Self.interval)).count
    }

    private static func domain(_ number: Int) -> DomainID {
        DomainID(UUID128(high: 0, low: UInt64(number)))
    }

    private static func report(load: Load) -> HostSample {
        let figures = HostFigures(
            cpuCount: 64, memory: .gibibytes(256), cpuUtilization: Utilization(percent: 30),
            memoryUsed: .gibibytes(64), responseTimeNanoseconds: 100_000, responseMethod: .simulated)
        let domains = (0..<perHost).map { number in
            DomainSample(
                domain: domain(number), state: .running, vcpus: VCPUSizes(maximum: 8, granted: 2),
                cpuUtilization: Utilization(percent: load == .due ? 95 : 35 + Int64(number)), stealUtilization: .zero)
        }
        return HostSample(
            host: "none", sampledAt: .zero, intervalNanoseconds: interval, figures: figures, domains: domains)
    }
}
