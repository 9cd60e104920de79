// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import ResourceModel
import Testing

@testable import FleetMain
@testable import FleetModel
@testable import Hypervisor

@Suite("The fleet as a hypervisor")
struct FleetHypervisorTests {
    private let clock = StandingClock(FleetScenario.start)
    private let service: FleetService
    private let hypervisor: FleetHypervisor

    init() throws {
        let configuration = FleetConfiguration(
            hosts: [FleetScenario.host(1, offset: 7), FleetScenario.host(2)],
            durations: OperationDurations(migrate: 500_000_000))
        service = try FleetService(configuration, stateFile: nil, makeClock: clock.clock)
        hypervisor = try Self.hypervisor(1, service)
    }

    private static func hypervisor(_ host: Int, _ service: FleetService) throws -> FleetHypervisor {
        try FleetHypervisor(uri: "fleet://127.0.0.1:7400/host-\(host)", client: DirectClient(service: service))
    }

    private static let specification = DomainSpecification(
        domain: FleetScenario.vm, name: "vm", tenant: "acme", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512),
        disk: .gibibytes(20))

    private func call(_ number: UInt64, epoch: UInt64 = 1) -> MutatingCall {
        MutatingCall(id: UUID128(high: 5, low: number), epoch: epoch, timeout: .seconds(10))
    }

    /// The error that `body` ends in.
    private func code(_ body: () async throws -> Void) async throws -> HypervisorError.Code? {
        do {
            try await body()
            return nil
        } catch let error as HypervisorError {
            return error.code
        }
    }

    @Test("create, sample, resize, migrate and undefine arrive with their values and instants")
    func life() async throws {
        let created = try await hypervisor.create(Self.specification, call(1))
        #expect(created.effectiveAt == FleetScenario.start.advanced(byNanoseconds: 7))
        #expect(created.domain?.state == .running)
        clock.pass(.seconds(10))
        let sample = try await hypervisor.sample()
        #expect(sample.readAt == FleetScenario.start.advanced(by: .seconds(10)).advanced(byNanoseconds: 7))
        #expect(sample.cpuCount == 4)
        #expect(sample.memory == .gibibytes(4))
        #expect(sample.memoryUsed == .mebibytes(512))
        #expect(sample.cpuTimeNanoseconds == 8_000_000_000)
        let domain = try #require(sample.domains.first)
        #expect(domain.counters.cpuTimeNanoseconds == 8_000_000_000)
        #expect(domain.counters.networkReceivedBytes == 200_000)
        #expect(domain.vcpuTimeNanoseconds == [4_000_000_000, 4_000_000_000])
        #expect(domain.incarnationStart == created.effectiveAt)
        #expect(domain.hypervisorID == 1)
        #expect((domain.maximumVCPUs, domain.grantedVCPUs, domain.confirmedVCPUs) == (4, 2, 2))
        let grown = try await hypervisor.resize(FleetScenario.vm, vcpus: 3, call(2))
        #expect(grown.domain?.confirmedVCPUs == 3)
        #expect(grown.domain?.sizeEffectiveAt == grown.effectiveAt)
        let target = MigrationTarget(host: "host-2", uri: "fleet://127.0.0.1:7400/host-2", epoch: 1)
        let moved = try await hypervisor.migrate(FleetScenario.vm, to: target, call(3))
        #expect(moved.domain?.counters.cpuTimeNanoseconds == 0)
        #expect(try await hypervisor.inventory().isEmpty)
        let other = try Self.hypervisor(2, service)
        let stopped = try await other.perform(.destroy, on: FleetScenario.vm, call(4))
        #expect(stopped.domain?.counters == DomainCounters())
        #expect(stopped.domain?.hypervisorID == nil)
        #expect(try await other.inventory().map(\.tenant) == ["acme"])
        #expect(try await other.perform(.undefine, on: FleetScenario.vm, call(5)).domain == nil)
    }

    @Test("memory, caps, snapshots, labels and definitions arrive with their values")
    func orders() async throws {
        let vm = FleetScenario.vm
        _ = try await hypervisor.create(Self.specification, call(1))
        let shrunk = try await hypervisor.resize(vm, memory: .mebibytes(256), call(2))
        #expect(shrunk.domain?.memory?.allocated == .mebibytes(256))
        let capped = try await hypervisor.cap(vm, .cpu(ppm: 500_000), call(3))
        #expect(capped.domain?.cpuCap == .limit(ppm: 500_000))
        let limited = try await hypervisor.cap(vm, .network(bytesPerSecond: 1_000), call(4))
        #expect(limited.domain?.networkCapBytesPerSecond == 1_000)
        clock.pass(.seconds(10))
        let sampled = try #require(try await hypervisor.sample().domains.first)
        #expect((sampled.counters.swapInBytes ?? 0) > 0)
        #expect((sampled.counters.majorFaults ?? 0) > 0)
        _ = try await hypervisor.snapshot(vm, name: "before", call(5))
        #expect(try await hypervisor.snapshots(of: vm).map(\.name) == ["before"])
        let former = try await hypervisor.definition(of: vm)
        _ = try await hypervisor.label(vm, DomainLabel(name: "db", tenant: "globex"), call(6))
        #expect(try await hypervisor.inventory().map(\.tenant) == ["globex"])
        let ceiling = DomainCeiling(maximumVCPUs: 8, maximumMemory: nil)
        #expect(try await hypervisor.prepare(vm, for: ceiling, call(9)).map(\.after) == ["8"])
        #expect(try await hypervisor.preparation(of: vm, for: ceiling).isEmpty)
        let own = OwnParts(
            adoptedAs: former, foundCPUCap: .limit(ppm: 250_000), cpuCapPPM: 500_000, networkCapBytesPerSecond: 1_000)
        let released = try await hypervisor.release(vm, own, call(7))
        #expect(released.domain?.cpuCap == .limit(ppm: 250_000) && released.domain?.networkCapBytesPerSecond == nil)
        #expect(try await hypervisor.inventory().map(\.tenant) == [nil])
        #expect(try await hypervisor.preparation(of: vm, for: ceiling).count == 1, "the ceiling is the former one")
        await #expect(throws: HypervisorError.self) {
            try await hypervisor.release(vm, OwnParts(adoptedAs: "{}"), call(8))
        }
        #expect(try await hypervisor.revert(vm, to: "before", call(10)).domain?.state == .running)
        #expect(try await hypervisor.lifeMark(of: vm) == LifeMark(hypervisorID: 2, boot: 2, snapshot: "before"))
        _ = try await hypervisor.deleteSnapshot(of: vm, name: "before", call(11))
        #expect(try await hypervisor.snapshots(of: vm).isEmpty)
        #expect(
            try await code { _ = try await hypervisor.deleteSnapshot(of: vm, name: "before", call(12)) } == .invalid)
        let console = try await hypervisor.console(of: vm, from: -6, limit: 5)
        #expect(console.text == "vCPUs")
        #expect(console.nextOffset == console.offset + 5)
        #expect(try await hypervisor.addresses(of: vm).count == 1)
        #expect(try await hypervisor.look(at: vm).grantedVCPUs == 2)
        #expect(try await hypervisor.examine(vm).growsVCPUs.isPossible)
    }

    @Test("a guest that hides its figures is unknown in them, and deleting twice is no error")
    func hiddenAndDeleted() async throws {
        let vm = FleetScenario.vm
        _ = try await hypervisor.create(Self.specification, call(1))
        try await service.client.administer(
            .guest(domain: vm, conduct: nil, report: nil, hidesStatistics: true))
        let hidden = try #require(try await hypervisor.sample().domains.first)
        #expect(hidden.counters == DomainCounters())
        #expect(hidden.memory?.used == nil)
        #expect((hidden.state, hidden.grantedVCPUs) == (.running, 2))
        _ = try await hypervisor.perform(.destroy, on: vm, call(2))
        _ = try await hypervisor.delete(vm, keepsDisk: false, call(3))
        #expect(try await hypervisor.delete(vm, keepsDisk: false, call(4)).remains.isEmpty)
    }

    @Test("a guest that ignores its shutdown is destroyed when its time is over, if that is wanted")
    func shutDown() async throws {
        let vm = FleetScenario.vm
        _ = try await hypervisor.create(Self.specification, call(1))
        try await service.client.administer(
            .fault(host: nil, domain: vm, verb: "shutdown", times: nil, effect: .delay(nanoseconds: 86_400_000_000_000))
        )
        let left = try await code {
            _ = try await hypervisor.shutDown(vm, grace: .milliseconds(10), call(2)) { nil }
        }
        #expect(left == .deadline)
        let effect = try await hypervisor.shutDown(vm, grace: .milliseconds(10), call(2)) { call(3) }
        #expect(effect.domain?.state == .shutoff)
    }

    @Test("failures arrive as what they mean")
    func errors() async throws {
        let vm = FleetScenario.vm
        #expect(try await code { _ = try await hypervisor.perform(.start, on: vm, call(1)) } == .noSuchDomain)
        _ = try await hypervisor.create(Self.specification, call(2, epoch: 4))
        #expect(try await code { _ = try await hypervisor.resize(vm, vcpus: 3, call(3, epoch: 3)) } == .fenced)
        #expect(try await code { _ = try await hypervisor.resize(vm, vcpus: 9, call(4, epoch: 4)) } == .invalid)
        #expect(try await code { _ = try await hypervisor.resize(vm, vcpus: 0, call(5, epoch: 4)) } == .invalid)
        #expect(try await code { _ = try await hypervisor.perform(.undefine, on: vm, call(6, epoch: 4)) } == .refused)
        let elsewhere = MigrationTarget(host: "h", uri: "fleet://127.0.0.2:7400/host-2", epoch: 1)
        #expect(
            try await code { _ = try await hypervisor.migrate(vm, to: elsewhere, call(7, epoch: 4)) } == .unsupported)
        try await service.client.administer(.condition(host: "host-1", condition: .hung))
        #expect(try await code { _ = try await hypervisor.sample() } == .deadline)
        try await service.client.administer(.condition(host: "host-1", condition: .dead))
        #expect(try await code { _ = try await hypervisor.sample() } == .unreachable)
    }

    @Test(
        "what fails on the bus is told apart",
        arguments: [
            (.deadline, .deadline), (.closed, .closed), (.malformed, .invalid), (.system(errno: 111), .unreachable),
            (.failed(.busy), .unreachable), (.failed(.conflict("")), .refused),
        ] as [(BusError.Code, HypervisorError.Code)])
    func busErrors(bus: BusError.Code, expected: HypervisorError.Code) async throws {
        let hypervisor = try FleetHypervisor(uri: "fleet://127.0.0.1:7400/host-1", client: FailingClient(code: bus))
        #expect(try await code { _ = try await hypervisor.sample() } == expected)
    }

    @Test("it says what it can do, and its response time is simulated")
    func capabilities() async throws {
        #expect(try await hypervisor.capabilities().driver == "fleet")
        #expect(try await hypervisor.responseTime() == ResponseTime(nanoseconds: 200_000, method: .simulated))
    }

    @Test("closing ends its events and its calls")
    func close() async throws {
        let events = hypervisor.events
        await hypervisor.close()
        for await _ in events {}
        for await _ in hypervisor.events {}
        #expect(try await code { _ = try await hypervisor.sample() } == .closed)
    }

    @Test("hosts of one fleet share one peer, of another they do not")
    func addresses() throws {
        let first = try #require(FleetAddress("fleet://10.0.0.7:7400/host-1"))
        #expect(first.endpoint == "tcp://10.0.0.7:7400")
        #expect(first.host == "host-1")
        #expect(FleetAddress("fleet://10.0.0.7:7400/host-2")?.peer(publicKey: nil) == first.peer(publicKey: nil))
        #expect(
            FleetAddress("fleet://10.0.0.7:7401/host-1")?.peer(publicKey: nil).instance
                != first.peer(publicKey: nil).instance)
        for wrong in [
            "qemu:///system", "fleet://", "fleet://h:1", "fleet://h/host", "fleet://:1/host", "fleet://h:0/host",
            "fleet://h:1/HOST", "fleet://h:1/host/", "fleet://h:99999/host", "fleet://h h:1/host",
        ] {
            #expect(FleetAddress(wrong) == nil, "\(wrong)")
        }
    }
}
