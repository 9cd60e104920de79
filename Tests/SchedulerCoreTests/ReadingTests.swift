// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// What is believed of a reading, and of one that tells nothing.
@Suite struct ReadingTests {
    private func rules(memory: ResourceRule? = nil, network: ResourceRule? = nil) throws -> ScalingPolicy {
        try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: memory, network: network)
    }

    private func amounts(lower: Int64 = 40, minimum: Int64 = 1) throws -> ResourceRule {
        try ResourceRule(
            lower: Utilization(percent: lower), upper: Utilization(percent: 80), minimum: minimum, maximum: 1 << 40)
    }

    private func watching(_ policy: ScalingPolicy, _ change: (inout Cluster.Guest) -> Void) -> Cluster {
        let cluster = smallCluster([guest(1, demand: 500_000, change)], hosts: ["host-a"])
        cluster.subscribe(1, policy)
        return cluster
    }

    private func reasons(_ cluster: Cluster, _ resource: Resource) -> [Reason] {
        cluster.records.filter { $0.inputs.resource == resource }.map(\.outcome.reason)
    }

    @Test("a reading that is not newer than the last changes nothing, whatever it says")
    func old() throws {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...6 { rig.observe(t, percent: 90) }
        let known = rig.state
        rig.observe(6, utilization: nil)
        rig.observe(5, utilization: .full, domainState: .shutoff)
        rig.vcpus = 4
        rig.observe(4, percent: 90)
        rig.incarnation = Incarnation(host: "host-a", hypervisorID: 2, start: at(3))
        rig.observe(6, percent: 90)
        #expect(rig.state == known)
    }

    @Test("a host's figures are its newest, in whatever order its cycles come")
    func oldFigures() throws {
        let rig = Rig(policy: nil, hosts: ["host-a", "host-b"])
        rig.observeEmpty("host-b", 7, cpu: 30)
        rig.observeEmpty("host-b", 6, cpu: 80)
        #expect(rig.state.snapshot(at: at(7)).hosts[1].cpuUtilization == Utilization(percent: 30))
        rig.observeEmpty("host-b", 8, cpu: 50)
        #expect(rig.state.snapshot(at: at(8)).hosts[1].cpuUtilization == Utilization(percent: 50))
    }

    @Test("figures of a host count for three intervals; then its use is not known, and nothing goes there")
    func silentHost() throws {
        let rig = Rig(policy: nil, hosts: ["host-a", "host-b"])
        rig.observeEmpty("host-b", 7, cpu: 30)
        #expect(rig.state.snapshot(at: at(10)).hosts[1].cpuUtilization == Utilization(percent: 30))
        let silent = rig.state.snapshot(at: Timestamp(nanoseconds: 10 * interval + 1)).hosts[1]
        #expect((silent.cpuUtilization, silent.responseTimeNanoseconds) == (nil, nil))
    }

    @Test("memory that is not known is not zero: it holds what the guest has, and says so")
    func unknownMemory() throws {
        let cluster = watching(try rules(memory: amounts())) { $0.memoryUsed = .mebibytes(10) }
        cluster.tick(32) { $0[1].memoryUsed = $0.time % 4 == 0 ? .mebibytes(10) : nil }
        #expect(cluster[1].memory == .gibibytes(1))
        #expect(reasons(cluster, .memory).last == .tooManyUnknown)
        cluster.tick(12) { $0[1].memoryUsed = .mebibytes(10) }
        #expect(cluster[1].memory < .gibibytes(1))
    }

    @Test("network use that is not known is not zero either")
    func unknownNetwork() throws {
        let cluster = watching(try rules(network: amounts(lower: 20))) {
            ($0.networkCap, $0.networkRate) = (10_000_000, 1)
        }
        cluster.tick(32) { $0[1].networkRate = $0.time % 4 == 0 ? 1 : nil }
        #expect(cluster[1].networkCap == 10_000_000)
        #expect(reasons(cluster, .network).last == .tooManyUnknown)
        cluster.tick(12) { $0[1].networkRate = 1 }
        #expect(cluster[1].networkCap ?? 0 < 10_000_000)
    }

    @Test("a domain whose host can't tell its state keeps its size and its room, and nothing is done with it")
    func unknownState() throws {
        let policy = try rules(memory: amounts(), network: amounts(lower: 20))
        let cluster = watching(policy) {
            ($0.memoryUsed, $0.networkCap, $0.networkRate) = (.mebibytes(10), 10_000_000, 1)
            $0.demand = 1_000_000
        }
        cluster.tick(7)
        cluster[1].isKnown = false
        cluster.tick(40)
        #expect(cluster.records.allSatisfy { $0.outcome.target == nil })
        let host = cluster.state.snapshot(at: cluster.now).hosts[0]
        #expect((host.committedVCPUs, host.committedMemory) == (1, .gibibytes(1)))
        cluster[1].isKnown = true
        cluster.tick(12)
        #expect(cluster.records.allSatisfy { $0.outcome.target == nil })
        #expect(Resource.allCases.map { reasons(cluster, $0).last } == Array(repeating: .tooManyUnknown, count: 3))
        cluster.tick(4)
        #expect((cluster[1].vcpus, cluster[1].memory < .gibibytes(1)) == (2, true))
        #expect(cluster[1].networkCap ?? 0 < 10_000_000)
    }

    @Test("readings since the last known one that told nothing are part of why")
    func unknownSince() throws {
        let cluster = watching(try rules()) { _ in }
        cluster.tick(6)
        cluster.tick(4) { $0[1].demand = nil }
        #expect(cluster.state.explain(domainID(1), at: cluster.now)?.finding.reason == .tooFewBreaches)
        cluster.tick()
        #expect(cluster.state.explain(domainID(1), at: cluster.now)?.finding.reason == .tooManyUnknown)
    }

    @Test("a domain that was stopped takes no room")
    func stopped() throws {
        let cluster = watching(try rules()) { _ in }
        cluster.tick(3)
        cluster[1].isRunning = false
        cluster.tick()
        let host = cluster.state.snapshot(at: cluster.now).hosts[0]
        #expect((host.committedVCPUs, host.committedMemory) == (0, .zero))
    }

    @Test("a lack of memory that was read before the last growth took effect asks for no more; one after it does")
    func stalePressure() throws {
        let cluster = watching(try rules(memory: amounts())) { $0.swapIn = 2_000_000 }
        cluster.isCarriedOut = false
        cluster.tick()
        let operation = try #require(cluster.state.operation(of: domainID(1)))
        #expect(operation.finding.reason == .memoryPressure)
        cluster[1].memory = .mebibytes(1_152)
        cluster.state.actionSucceeded(operation.decision, effectiveAt: at(3), size: cluster[1].memory.bytes)
        cluster.isCarriedOut = true
        cluster.tick(2)
        #expect(cluster[1].memory == .mebibytes(1_152))
        cluster.tick()
        #expect(cluster[1].memory > .mebibytes(1_152))
    }

    @Test("a lack of memory is the newest reading's: once it is over nothing is grown for it")
    func pastPressure() throws {
        let cluster = watching(try rules(memory: amounts())) { $0.memoryUsed = .mebibytes(600) }
        cluster.strictHosts = ["host-a"]
        cluster.hosts[0].memory = .gibibytes(1)
        cluster.refresh()
        cluster[1].swapIn = 2_000_000
        cluster.tick()
        #expect(reasons(cluster, .memory) == [.noRoom])
        cluster[1].swapIn = 0
        cluster.hosts[0].memory = .gibibytes(8)
        cluster.refresh()
        cluster.tick(30)
        #expect(cluster[1].memory == .gibibytes(1))
    }

    @Test(
        "a balloon that moves by a granule or one percent, whichever is more, has not been set to another size",
        arguments: [(1_024, 1_034, 8), (1_024, 1_035, 10), (50, 51, 8), (50, 52, 10)])
    func balloon(size: Int64, moved: Int64, grows: Int64) throws {
        let cluster = watching(try rules(memory: amounts())) {
            ($0.memory, $0.memoryUsed) = (.mebibytes(size), .mebibytes(size))
        }
        cluster.tick()
        cluster[1].memory = .mebibytes(moved)
        var grownAt: Int64?
        cluster.tick(12) { cluster in
            if grownAt == nil, cluster[1].memory > .mebibytes(moved) { grownAt = cluster.time - 1 }
        }
        #expect(grownAt == grows, "eight samples, also of before, or eight whole intervals after it")
    }

    @Test("samples of a host whose interval began before the last move to or from it do not count as its overload")
    func hostIntervals() {
        let settings = SchedulerSettings.platform
        let figures = HostFigures(
            cpuCount: 4, memory: .gibibytes(8), cpuUtilization: .full, memoryUsed: .zero, responseTimeNanoseconds: 1,
            responseMethod: .simulated)
        var window = SchedulerState.HostWindow()
        let record = { (start: Int64) in
            window.record(
                figures, steal: nil, intervalStart: at(start), host: hostRecord("host-a"), settings: settings)
        }
        for start in Int64(0)..<7 { record(start) }
        window.restart(countingFrom: at(8))
        for start in Int64(7)..<15 { record(start) }
        #expect(!window.isDue(settings.moves), "the first of eight began before")
        record(15)
        #expect(window.isDue(settings.moves))
    }

    @Test("after somebody else's move both hosts are measured anew before one of them is relieved")
    func foreignMove() {
        let cluster = smallCluster(
            (1...3).map { guest($0) } + [guest(4, "host-b")], hosts: ["host-b", "host-a", "host-c"]
        ) {
            $0.moves.foreignRestNanoseconds = 0
            $0.moves.hostBreachesNeeded = 4
        }
        cluster.tick(3) { $0[4].demand = 1_000_000 }
        for number in UInt64(1)...3 { cluster[number].vcpus = 2 }
        for number in UInt64(1)...3 { cluster[number].demand = 1_300_000 }
        cluster.tick(3)
        cluster.relocate(domainID(4), to: "host-a")
        cluster.tick(4)
        #expect(cluster.moves.isEmpty, "three samples of before, and three that began after it")
        cluster.tick()
        #expect(cluster.moves.count == 1)
    }
}
