// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

/// Caps, memory pressure, snapshots, preparation, and what others do past Ebb.
struct WidenedOperationTests {
    private static let vm = FleetScenario.vm

    private func counters(_ scenario: inout FleetScenario) throws -> DomainCounters {
        try #require(try scenario.reading().life?.counters)
    }

    /// What the domain's counters gain in ten seconds.
    private func gain(_ scenario: inout FleetScenario, _ counter: (DomainCounters) -> Int64?) throws -> Int64 {
        let before = try #require(counter(counters(&scenario)))
        scenario.pass(.seconds(10))
        return try #require(counter(counters(&scenario))) - before
    }

    @Test("a CPU cap holds the use below it, and what it keeps from the guest is steal")
    func cpuCap() throws {
        var scenario = try FleetScenario(idleLoad: .constant(ppm: 1_000_000))
        try scenario.create()
        scenario.change(.cap(Self.vm, .cpu(ppm: 500_000)))
        #expect(try gain(&scenario) { $0.cpuTimeNanoseconds } == 5_000_000_000)
        #expect(try gain(&scenario) { $0.stealTimeNanoseconds } == 15_000_000_000)
        #expect(try scenario.reading().cpuCapPPM == 500_000)
        #expect(try scenario.refusal(scenario.change(.cap(Self.vm, .cpu(ppm: 49_999)))) == .invalid)
        #expect(try scenario.reading().cpuCapPPM == 500_000, "what QEMU refuses a simulated host refuses too")
        scenario.change(.cap(Self.vm, .cpu(ppm: 50_000)))
        #expect(try scenario.reading().cpuCapPPM == 50_000)
        scenario.change(.cap(Self.vm, .cpu(ppm: 0)))
        #expect(try gain(&scenario) { $0.cpuTimeNanoseconds } == 20_000_000_000)
        #expect(try scenario.refusal(scenario.change(.cap(Self.vm, .cpu(ppm: -1)))) == .invalid)
    }

    @Test("a network cap holds each direction below it")
    func networkCap() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(.cap(Self.vm, .network(bytesPerSecond: 15_000)))
        #expect(try gain(&scenario) { $0.networkReceivedBytes } == 150_000)
        #expect(try gain(&scenario) { $0.networkTransmittedBytes } == 100_000)
    }

    @Test("a guest with less memory than it works on swaps in and faults until it has enough again")
    func memoryPressure() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        #expect(try gain(&scenario) { $0.swapInBytes } == 0)
        // Its guest works on 60 % of 512 MiB.
        scenario.change(.resize(Self.vm, vcpus: nil, memory: .mebibytes(256)))
        #expect(try gain(&scenario) { $0.swapInBytes } > 0)
        #expect(try gain(&scenario) { $0.majorFaults } > 0)
        scenario.change(.resize(Self.vm, vcpus: nil, memory: .mebibytes(512)))
        #expect(try gain(&scenario) { $0.swapInBytes } == 0)
        #expect(try gain(&scenario) { $0.majorFaults } == 0)
    }

    @Test("a revert brings back the size and state of its snapshot in a new life")
    func revert() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(.snapshot(Self.vm, name: "small"))
        scenario.change(.resize(Self.vm, vcpus: 4, memory: .mebibytes(256)))
        scenario.change(.snapshot(Self.vm, name: "large"))
        scenario.change(.lifecycle(Self.vm, .destroy))
        scenario.change(.revert(Self.vm, name: "small"))
        let reading = try scenario.reading()
        #expect((reading.state, reading.grantedVCPUs, reading.memory) == (.running, 2, .mebibytes(512)))
        #expect(reading.life?.hypervisorID == 2)
        #expect(try scenario.refusal(scenario.change(.revert(Self.vm, name: "none"))) == .invalid)
        let detail = try #require(try scenario.answer(scenario.ask(.inspect(Self.vm))).detail)
        #expect(detail.snapshots.map(\.name) == ["large", "small"])
        #expect(detail.currentSnapshot == "small" && detail.boots == 2)
    }

    @Test("a deleted snapshot is gone and the domain goes on; a reboot counts as a beginning within the life")
    func deleteSnapshot() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(.snapshot(Self.vm, name: "one"))
        #expect(try scenario.refusal(scenario.change(.deleteSnapshot(Self.vm, name: "none"))) == .invalid)
        scenario.change(.deleteSnapshot(Self.vm, name: "one"))
        #expect(try scenario.refusal(scenario.change(.revert(Self.vm, name: "one"))) == .invalid)
        scenario.change(.lifecycle(Self.vm, .reboot))
        let detail = try #require(try scenario.answer(scenario.ask(.inspect(Self.vm))).detail)
        #expect(detail.snapshots.isEmpty && detail.currentSnapshot == nil && detail.boots == 2)
        #expect(try scenario.reading().life?.hypervisorID == 1)
    }

    @Test("what is prepared holds from the next boot on, what is redefined in labels at once")
    func prepare() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        scenario.change(.prepare(Self.vm, maximumVCPUs: 8, maximumMemory: .gibibytes(1)))
        #expect(try scenario.reading().definition.maximumVCPUs == 4)
        scenario.change(.lifecycle(Self.vm, .destroy))
        scenario.change(.lifecycle(Self.vm, .start))
        #expect(try scenario.reading().definition.maximumVCPUs == 8)
        scenario.change(.resize(Self.vm, vcpus: 8, memory: .gibibytes(1)))
        #expect(try scenario.reading().memory == .gibibytes(1))
        scenario.change(.label(Self.vm, name: "db", tenant: "globex"))
        #expect(try scenario.reading().definition.tenant == "globex")
        let former = FleetScenario.definition()
        scenario.change(.redefine(former))
        #expect(try scenario.reading().definition.name == former.name)
        #expect(try scenario.reading().definition.maximumVCPUs == 8)
    }

    @Test("a migration is seen on its way, is no faster than its bandwidth, and can be called off")
    func migration() throws {
        var scenario = try FleetScenario(durations: OperationDurations(migrate: 1_000_000_000))
        try scenario.create()
        // 512 MiB at 64 MiB/s.
        let change = FleetChange.migrate(Self.vm, to: "host-2", targetEpoch: 1, bandwidth: 64 << 20)
        guard case .wait(let until) = scenario.change(change) else {
            Issue.record("it was over at once")
            return
        }
        #expect(until == scenario.now.advanced(by: .seconds(8)))
        scenario.pass(.seconds(2))
        let progress = try #require(try scenario.answer(scenario.ask(.inspect(Self.vm))).detail?.migration)
        #expect(progress.transferred == .mebibytes(128))
        #expect(progress.remaining == .mebibytes(384))
        _ = try scenario.answer(scenario.change(.abortMigration(Self.vm)))
        scenario.pass(.seconds(20))
        #expect(scenario.copies() == ["host-1"])
        #expect(try scenario.answer(scenario.ask(.inspect(Self.vm))).detail?.migration == nil)
    }

    @Test("what an administrator does past the owner has its effect, and is refused as the host refuses")
    func foreign() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(.foreign(domain: Self.vm, action: .resize(vcpus: 3, memory: nil)))
        #expect(try scenario.reading().grantedVCPUs == 3)
        try scenario.administer(.foreign(domain: Self.vm, action: .migrate(target: "host-2")))
        #expect(scenario.copies() == ["host-2"])
        try scenario.administer(.foreign(domain: Self.vm, action: .lifecycle(verb: .shutdown)))
        #expect(scenario.copies().isEmpty)
        #expect(throws: FleetRefusal.self) {
            try scenario.administer(.foreign(domain: Self.vm, action: .resize(vcpus: 99, memory: nil)))
        }
    }

    @Test("a guest that hides its figures shows its state and sizes, and its neighbours everything")
    func hidden() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)))
        try scenario.administer(.guest(domain: Self.vm, conduct: nil, report: nil, hidesStatistics: true))
        scenario.pass(.seconds(1))
        #expect(try scenario.reading().hidesStatistics)
        #expect(try !scenario.reading(FleetScenario.domain(2)).hidesStatistics)
    }

    @Test("a reboot goes on with the same life and brings up what was granted")
    func reboot() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(.guest(domain: Self.vm, conduct: .refuses, report: nil))
        scenario.change(.resize(Self.vm, vcpus: 4, memory: nil))
        #expect(try scenario.reading().life?.confirmedVCPUs == 2)
        scenario.change(.lifecycle(Self.vm, .reboot))
        let reading = try scenario.reading()
        #expect(reading.life?.confirmedVCPUs == 4)
        #expect(reading.life?.hypervisorID == 1)
    }
}
