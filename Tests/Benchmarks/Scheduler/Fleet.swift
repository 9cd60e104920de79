// SPDX-License-Identifier: Apache-2.0

internal import BenchSupport
internal import ResourceModel
internal import SchedulerCore

/// A cluster of many machines, and one cycle of samples of all of them.
struct Fleet {
    var state = SchedulerState(settings: .platform)
    private var cycle: [HostSample]
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

    init(machines: Int, load: Load) throws {
        let hosts = (0..<(machines + Self.perHost - 1) / Self.perHost).compactMap { HostID("host-\($0)") }
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
        cycle = hosts.indices.map { place in
            let numbers = place * Self.perHost..<min(machines, (place + 1) * Self.perHost)
            return Self.sample(hosts[place], numbers: numbers, load: load)
        }
        if load == .due {
            for number in 0..<machines {
                state.recallChange(of: Self.domain(number), endedAt: Timestamp(nanoseconds: 1))
            }
        }
    }

    var machines: Int { cycle.reduce(0) { $0 + $1.domains.count } }

    /// Fills every window without deciding anything.
    mutating func fill() {
        for _ in 0..<13 {
            ticks += 1
            for place in cycle.indices {
                cycle[place].sampledAt = Timestamp(nanoseconds: (ticks + 1) * Self.interval)
                state.recall(cycle[place], position: SamplePosition(epoch: 1, sequence: UInt64(ticks)))
            }
        }
    }

    /// Feeds one cycle of every host.
    mutating func fold() {
        ticks += 1
        for place in cycle.indices {
            cycle[place].sampledAt = Timestamp(nanoseconds: (ticks + 1) * Self.interval)
            state.observe(cycle[place], position: SamplePosition(epoch: 1, sequence: UInt64(ticks)))
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

    private static func sample(_ host: HostID, numbers: Range<Int>, load: Load) -> HostSample {
        let figures = HostFigures(
            cpuCount: 64, memory: .gibibytes(256), cpuUtilization: Utilization(percent: 30),
            memoryUsed: .gibibytes(64), responseTimeNanoseconds: 100_000, responseMethod: .simulated)
        let domains = numbers.map { number in
            let percent: Int64 = load == .due ? 95 : 35 + Int64(number % 40)
            return DomainSample(
                domain: domain(number), state: .running, vcpus: VCPUSizes(maximum: 8, granted: 2),
                cpuUtilization: Utilization(percent: percent), stealUtilization: .zero)
        }
        return HostSample(
            host: host, sampledAt: .zero, intervalNanoseconds: interval, figures: figures, domains: domains)
    }
}
