// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import FoundationEssentials
import Hypervisor
import Messages
import MonitorCore
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let foreign = DomainID(UUID128(high: 1, low: 2))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
     "disk_bytes": 21474836480}
    """

@Suite("Monitor, with a real PostgreSQL, a real ZeroMQ and a simulated fleet", .serialized)
struct MonitorTests {
    @Test("a created domain is recorded with its size at the instant that the host gives, and its meters from zero")
    func creation() async throws {
        try await withMonitor { rig, fleet in
            let outcome = try await rig.perform("create", vm, create)
            #expect(outcome.succeeded, "\(outcome)")
            let segments = try await rig.segments(vm)
            let truth = try #require(try await fleet.truth().domains.first)
            #expect(segments.count == 1)
            #expect(segments.first?.start == truth.incarnations.first?.hostStart)
            #expect(segments.first?.vcpus == 2 && segments.first?.memory == .mebibytes(512))
            #expect(segments.first?.disk == .gibibytes(20))
            let row = try #require(try await rig.inventory.domain(vm))
            #expect(row.isManaged && row.tenant == "acme" && row.state == .running && row.confirmedVCPUs == 2)
            try await eventually("readings") {
                let readings = try await rig.inventory.readings(
                    of: vm, covering: try #require(TimeRange(.zero, .distantFuture)))
                return readings.count > 2 && readings.first?.counters.cpuTimeNanoseconds == 0
                    && readings.first?.at == segments.first?.start
            }
            try await eventually("a proof after the start") {
                try await rig.inventory.host("h1")?.provedUntil ?? .zero > segments.first?.start ?? .distantFuture
            }
        }
    }

    @Test("what a domain was billed for equals the fleet's truth: grow, shrink, stop, start, migrate and delete")
    func truth() async throws {
        try await withMonitor(durations: OperationDurations(resize: 20_000_000, migrate: 50_000_000)) { rig, fleet in
            let steps: [(String, String, HostID)] = [
                ("create", create, "h1"), ("resize", #"{"vcpus": 3}"#, "h1"), ("resize", #"{"vcpus": 1}"#, "h1"),
                ("cap", #"{"cpu_cap_ppm": 250000}"#, "h1"), ("migrate", #"{"target": "h2"}"#, "h1"),
                ("resize", #"{"vcpus": 4, "cpu_cap_ppm": 2500000}"#, "h2"),
                ("resize", #"{"cpu_cap_ppm": 500000}"#, "h2"), ("resize", #"{"vcpus": 3, "cpu_cap_ppm": 0}"#, "h2"),
                ("cap", #"{"cpu_cap_ppm": 2500000}"#, "h2"), ("cap", #"{"cpu_cap_ppm": 0}"#, "h2"),
                ("shutdown", "{}", "h2"),
                ("start", "{}", "h2"), ("save", "{}", "h2"), ("restore", "{}", "h2"), ("destroy", "{}", "h2"),
                ("delete", "{}", "h2"),
            ]
            for (verb, arguments, host) in steps {
                let outcome = try await rig.perform(verb, vm, arguments, on: host)
                #expect(outcome.succeeded, "\(verb): \(outcome)")
                try await eventually("the row on its host after \(verb)") {
                    verb != "migrate" ? true : try await rig.inventory.domain(vm)?.host == "h2"
                }
            }
            let truth = try #require(try await fleet.truth().domains.first)
            let billed = try await rig.segments(vm).map { segment in
                "\(segment.host) \(segment.capacity) of \(segment.vcpus) \(segment.memory) \(segment.start) "
                    + "\(segment.end ?? .zero)"
            }
            let real = merged(truth.segments).map { segment in
                "\(segment.host) \(segment.capacity) of \(segment.vcpus) \(segment.memory) \(segment.start) "
                    + "\(segment.end)"
            }
            #expect(billed == real)
            #expect(try await rig.inventory.domain(vm)?.deletedAt != nil)
            #expect(try await fleet.truth().violations.isEmpty)
        }
    }

    @Test("a domain that has just arrived takes commands, although its new host was not polled since")
    func arrived() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.pollInterval = .seconds(1)
        try await withMonitor(configuration: configuration) { rig, fleet in
            for (verb, arguments, host) in [
                ("create", create, "h1"), ("migrate", #"{"target": "h2"}"#, "h1"), ("resize", #"{"vcpus": 3}"#, "h2"),
            ] as [(String, String, HostID)] {
                let outcome = try await rig.perform(verb, vm, arguments, on: host)
                #expect(outcome.succeeded, "\(verb): \(outcome)")
            }
            #expect(try await fleet.truth().operations.map(\.verb) == ["create", "migrate", "resize"])
        }
    }

    @Test("a command whose request is lost is still run, once")
    func lostRequest() async throws {
        try await withMonitor { rig, fleet in
            let id = try await rig.enqueue("create", vm, create)
            #expect(try await rig.outcome(of: id).succeeded)
            #expect(try await fleet.truth().operations.map(\.verb) == ["create"])
        }
    }

    @Test("a request over the bus is answered with the command's end, and a repeated one with the stored end")
    func delivery() async throws {
        try await withMonitor { rig, fleet in
            let id = try await rig.enqueue("create", vm, create)
            var request = WireExecuteCommand()
            request.commandID = .init(id.bytes)
            let peer = BusPeer(
                instance: rig.instance, publishEndpoint: nil, commandEndpoint: rig.server.endpoint,
                publicKey: TestKeys.pair.publicKey)
            for _ in 0..<2 {
                let body = try await fleet.bus.makeCommandClient().request(
                    MessageCodec.encoded(request), type: .executeCommand, to: peer, idempotencyKey: nil,
                    timeout: .seconds(5))
                let outcome = try MessageCodec.decoded(WireCommandOutcome.self, from: body)
                #expect(outcome.state == "succeeded" && outcome.commandID == request.commandID)
                let result = String(decoding: outcome.resultJson, as: UTF8.self).filter { $0 != " " }
                #expect(result.contains(#""host":"h1""#))
            }
            #expect(try await fleet.truth().operations.count == 1)
        }
    }

    @Test("an observed host gets no call that changes anything, whoever asks")
    func observed() async throws {
        let definition = FleetDomainDefinition(
            id: foreign, name: "old", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(1))
        try await withMonitor(mode: .observe, domains: [definition]) { rig, fleet in
            try await eventually("the domain is listed") { try await rig.inventory.domain(foreign) != nil }
            for verb in ["create", "start", "shutdown", "destroy", "suspend", "save", "delete"] {
                let outcome = try await rig.perform(verb, verb == "create" ? vm : foreign, create)
                #expect(outcome.code == .observed, "\(verb): \(outcome)")
            }
            let resize = try await rig.perform("resize", foreign, #"{"vcpus": 3}"#, isAutomatic: true)
            #expect(resize.code == .observed)
            let migrate = try await rig.perform("migrate", foreign, #"{"target": "h2"}"#)
            #expect(migrate.code == .observed)
            #expect(try await fleet.truth().operations.isEmpty)
        }
    }

    @Test("a domain that Ebb did not create is listed, and neither billed nor changed")
    func unmanaged() async throws {
        let definition = FleetDomainDefinition(
            id: foreign, name: "old", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(1))
        try await withMonitor(domains: [definition]) { rig, fleet in
            try await eventually("the domain is listed") { try await rig.inventory.domain(foreign)?.state == .running }
            #expect(try await rig.inventory.domain(foreign)?.isManaged == false)
            #expect(try await rig.perform("destroy", foreign).code == .notManaged)
            #expect(try await rig.segments(foreign).isEmpty)
            #expect(try await fleet.truth().operations.isEmpty)
        }
    }

    @Test("a grow that the guest does not take into use is rolled back")
    func notConfirmed() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await fleet.administer(.guest(domain: vm, conduct: .refuses, report: nil))
            let outcome = try await rig.perform("resize", vm, #"{"vcpus": 4}"#)
            #expect(outcome.code == .sizeNotConfirmed, "\(outcome)")
            try await eventually("the size is as before") {
                try await rig.inventory.domain(vm)?.grantedVCPUs == 2
            }
            #expect(try await rig.segments(vm).allSatisfy { $0.vcpus == 2 })
        }
    }

    @Test("a host that loses power makes its domains unknown, not off; proof stops until it answers again")
    func unreachable() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await fleet.administer(.condition(host: "h1", condition: .hung))
            try await eventually("unknown") { try await rig.inventory.domain(vm)?.state == .unknown }
            #expect(try await rig.inventory.host("h1")?.facts.state == .unknown)
            let proved = try await rig.inventory.host("h1")?.provedUntil
            #expect(try await rig.segments(vm).count == 1)
            try await fleet.administer(.condition(host: "h1", condition: .up))
            try await eventually("running") { try await rig.inventory.domain(vm)?.state == .running }
            try await eventually("a later proof") {
                try await rig.inventory.host("h1")?.provedUntil ?? .zero > proved ?? .distantFuture
            }
            let segments = try await rig.segments(vm)
            #expect(segments.count == 1 && segments.first?.end == nil, "same life and size: no gap")
        }
    }
}

@Suite("Monitor, with libvirt's test driver", .serialized)
struct MonitorLibvirtTests {
    @Test("a domain of a real libvirt is listed, billed once it is managed, and paused when asked")
    func testDriver() async throws {
        try await withDatabase { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: "test:///default")
                try await InventoryRepository(store).setMode(of: "h1", to: .enabled)
            }
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                try await eventually("the domain is listed") {
                    try await rig.inventory.domains(.host("h1")).first?.state == .running
                }
                let found = try #require(try await rig.inventory.domains(.host("h1")).first)
                #expect(try await rig.perform("suspend", found.id).code == .notManaged)
                #expect(
                    try await rig.inventory.setManaged(found.id, true, tenant: "acme", under: shard.claim))
                try await eventually("a segment") { try await rig.segments(found.id).last?.vcpus == 2 }
                #expect(try await rig.perform("suspend", found.id).succeeded)
                try await eventually("paused") { try await rig.inventory.domain(found.id)?.state == .paused }
                let stop = try await rig.perform("destroy", found.id)
                #expect(stop.succeeded, "\(stop)")
                try await eventually("stopped") { try await rig.segments(found.id).last?.vcpus ?? 0 == 0 }
                #expect(try await rig.inventory.domain(found.id)?.state == .shutoff)
            }
        }
    }
}

@Suite("What is written down of a domain")
struct DomainTrackerTests {
    @Test("devices that can't be metered are written down when that changes, and no more once all can be")
    func unmetered() {
        var tracker = DomainTracker(
            isManaged: false, size: SizeTracker(domain: vm),
            meter: MeterSchedule(domain: vm, interval: .seconds(60), watchedSince: .zero), asked: nil)
        func written(_ devices: [String]?) -> [[String]] {
            var seen = DomainSighting(domain: vm, name: "web", state: .running, seenAt: .zero, provedAt: .zero)
            seen.unmetered = devices
            return tracker.observe(seen).compactMap { fact in
                if case .unmetered(vm, let devices) = fact { devices } else { nil }
            }
        }
        #expect(written([]).isEmpty)
        #expect(written(["interface 52:54:00:00:00:21"]) == [["interface 52:54:00:00:00:21"]])
        #expect(written(["interface 52:54:00:00:00:21"]).isEmpty)
        #expect(written(nil).isEmpty, "unknown is not metered")
        #expect(written([]) == [[]])
    }
}

/// Segments of which nothing that is billed differs, joined.
private func merged(_ segments: [TruthSegment]) -> [(
    host: HostID, vcpus: Int, capacity: Capacity, memory: ByteCount, start: Timestamp, end: Timestamp
)] {
    var joined: [(first: TruthSegment, end: Timestamp)] = []
    for segment in segments {
        if let last = joined.last?.first, last.host == segment.host, last.vcpus == segment.vcpus,
            last.capacity == segment.capacity, last.memory == segment.memory,
            last.incarnationStart == segment.incarnationStart
        {
            joined[joined.count - 1].end = segment.end
        } else {
            joined.append((segment, segment.end))
        }
    }
    return joined.map { ($0.host, $0.vcpus, $0.capacity, $0.memory, $0.start, $1) }
}
