// SPDX-License-Identifier: Apache-2.0

import Contracts
import FleetModel
import Foundation
import Hypervisor
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let other = DomainID(UUID128(high: 1, low: 2))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
     "disk_bytes": 1073741824}
    """

/// Whether Monitor watches while somebody else acts on its host, or finds out when it begins anew.
enum Watch: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case up = "Monitor up"
    case down = "Monitor down"

    var testDescription: String { rawValue }
}

@Suite("What is gone holds no room", .serialized)
struct MonitorPresenceTests {
    /// Has somebody else act on a host.
    private func act(_ watch: Watch, _ rig: MonitorRig, on host: HostID = "h1", _ body: () async throws -> Void)
        async throws
    {
        if watch == .down { await rig.drop(host) }
        try await body()
        if watch == .down { try await rig.take(host) }
    }

    private func undefine(_ domain: DomainID, _ fleet: FleetRig) async throws {
        try await fleet.administer(.foreign(domain: domain, action: .lifecycle(verb: .destroy)))
        try await fleet.administer(.foreign(domain: domain, action: .lifecycle(verb: .undefine)))
    }

    private func define(_ domain: DomainID, named name: String, _ rig: MonitorRig, _ fleet: FleetRig) async throws {
        let shard = try #require(try await ShardRepository(rig.store).fetch(.host, "h1"))
        var generator = SystemRandomNumberGenerator()
        let specification = DomainSpecification(
            domain: domain, name: name, tenant: "acme", maximumVCPUs: 8, vcpus: 3, memory: .mebibytes(512),
            disk: .gibibytes(1))
        let call = MutatingCall(
            id: UUID128.random(using: &generator), epoch: UInt64(shard.epoch), timeout: .seconds(5))
        _ = try await fleet.hypervisor("h1").create(specification, call)
    }

    private func room(_ rig: MonitorRig) async throws -> HostRoom {
        try #require(try await PermitRepository(rig.store).room(of: "h1", at: rig.clock.now()))
    }

    @Test("foreign domains that are undefined are forgotten at once and hold no room", arguments: Watch.allCases)
    func ghosts(watch: Watch) async throws {
        let definitions = (0..<40).map { number in
            FleetDomainDefinition(
                id: DomainID(UUID128(high: 6, low: UInt64(number))), name: "q\(number)", maximumVCPUs: 1, vcpus: 1,
                memory: .mebibytes(128), disk: .zero)
        }
        try await withMonitor(domains: definitions) { rig, fleet in
            try await eventually("all are listed") {
                try await PermitRepository(rig.store).room(of: "h1", at: rig.clock.now())?.domainVCPUs == 40
            }
            try await act(watch, rig) {
                for definition in definitions.dropFirst() { try await undefine(definition.id, fleet) }
            }
            try await eventually("they are gone") { try await rig.inventory.domains(.host("h1")).count == 1 }
            #expect(try await room(rig).domainVCPUs == 1)
            #expect(try await rig.inventory.domain(definitions[1].id)?.deletedAt != nil)
        }
    }

    @Test("a VM that others undefine is missing: it is not billed, holds no room, and is there again when it is seen")
    func missing() async throws {
        for watch in Watch.allCases {
            try await withMonitor { rig, fleet in
                #expect(try await rig.perform("create", vm, create).succeeded)
                try await act(watch, rig) { try await undefine(vm, fleet) }
                try await eventually("it is missing") { try await rig.inventory.domain(vm)?.missingSince != nil }
                #expect(try await room(rig).domainVCPUs == 0)
                #expect(try await rig.inventory.domain(vm)?.deletedAt == nil)
                try await eventually("its bill ends") { try await rig.segments(vm).allSatisfy { $0.end != nil } }
                let start = try await rig.perform("start", vm)
                #expect(start.code == .notFound && start.message?.contains("missing") == true, "\(start)")
                try await act(watch, rig) { try await define(vm, named: "web", rig, fleet) }
                try await eventually("it is back") {
                    let row = try await rig.inventory.domain(vm)
                    return row?.missingSince == nil && row?.state == .running && row?.isManaged == true
                }
                try await eventually("it is billed again") { try await rig.segments(vm).last?.end == nil }
                #expect(try await room(rig).domainVCPUs == 3)
            }
        }
    }

    @Test("a missing VM is forgotten by delete and by release, and its name is free", arguments: ["delete", "release"])
    func forgotten(verb: String) async throws {
        for watch in Watch.allCases {
            try await withMonitor { rig, fleet in
                #expect(try await rig.perform("create", vm, create).succeeded)
                try await act(watch, rig) { try await undefine(vm, fleet) }
                try await eventually("it is missing") { try await rig.inventory.domain(vm)?.missingSince != nil }
                let forget = try await rig.perform(verb, vm)
                #expect(forget.succeeded, "\(forget)")
                #expect(try await rig.inventory.domain(vm)?.deletedAt != nil)
                let again = try await rig.perform("create", other, create)
                #expect(again.succeeded, "\(again)")
            }
        }
    }

    @Test("a VM that was deleted and comes back under its UUID is listed as a foreign domain, and can be adopted")
    func restored() async throws {
        for watch in Watch.allCases {
            try await withMonitor { rig, fleet in
                #expect(try await rig.perform("create", vm, create).succeeded)
                #expect(try await rig.perform("destroy", vm).succeeded)
                #expect(try await rig.perform("delete", vm).succeeded)
                let billed = try await rig.segments(vm).map { [$0.start, $0.end] }
                try await act(watch, rig) { try await define(vm, named: "back", rig, fleet) }
                try await eventually("it is listed") {
                    let row = try await rig.inventory.domain(vm)
                    return row?.deletedAt == nil && row?.state == .running
                }
                let row = try #require(try await rig.inventory.domain(vm))
                #expect(!row.isManaged && row.tenant == nil && row.name == "back")
                #expect(try await rig.segments(vm).map { [$0.start, $0.end] } == billed)
                let adopted = try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#)
                #expect(adopted.succeeded, "\(adopted)")
                try await eventually("it is billed") { try await rig.segments(vm).last?.end == nil }
            }
        }
    }

    @Test("a VM that was deleted is not taken for one that came back by a poll that began before")
    func deletedStays() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.pollInterval = .milliseconds(5)
        try await withMonitor(configuration: configuration) { rig, _ async throws in
            for number in 1...10 {
                let domain = DomainID(UUID128(high: 3, low: UInt64(number)))
                for (verb, arguments) in [("create", create), ("destroy", "{}"), ("delete", "{}")] {
                    let outcome = try await rig.perform(verb, domain, arguments)
                    #expect(outcome.succeeded, "\(verb): \(outcome)")
                }
                let row = try await rig.inventory.domain(domain)
                #expect(row?.isManaged == true && row?.deletedAt != nil, "\(String(describing: row))")
            }
        }
    }

    @Test("a VM that is about to be created is not gone because a listing does not have it yet")
    func aboutToBeCreated() async throws {
        try await withMonitor { rig, _ async throws in
            try await eventually("the host is Monitor's") { (try? await rig.supervisor.unit(of: "h1")) != nil }
            let loop = try await rig.supervisor.unit(of: "h1").loop
            await loop.freshCycle()
            await loop.expect(vm)
            await loop.freshCycle()
            #expect(await loop.trackers.keys.contains(vm))
            await loop.end(.create, on: vm)
            await loop.freshCycle()
            #expect(await !loop.trackers.keys.contains(vm))
        }
    }

    @Test("what could not be created holds no room, no name and no row", arguments: [Int64(0), 300_000_000])
    func failedCreate(delay: Int64) async throws {
        try await withMonitor { rig, fleet in
            try await fleet.administer(
                .fault(
                    host: nil, domain: nil, verb: "create", times: 3,
                    effect: .fail(afterNanoseconds: delay, message: "no space left")))
            for number in 1...3 {
                let domain = DomainID(UUID128(high: 2, low: UInt64(number)))
                let outcome = try await rig.perform("create", domain, create)
                #expect(outcome.code == .hypervisor, "\(outcome)")
                #expect(try await rig.inventory.domain(domain)?.deletedAt != nil)
            }
            #expect(try await room(rig).domainVCPUs == 0)
            #expect(try await rig.inventory.domains(.host("h1")).isEmpty)
            #expect(try await rig.perform("create", vm, create).succeeded)
        }
    }

    @Test("a creation that takes its time is not taken for one that failed")
    func slowCreate() async throws {
        try await withMonitor(durations: OperationDurations(create: 500_000_000)) { rig, fleet in
            let outcome = try await rig.perform("create", vm, create)
            #expect(outcome.succeeded, "\(outcome)")
            let row = try #require(try await rig.inventory.domain(vm))
            #expect(row.isManaged && row.deletedAt == nil && row.missingSince == nil && row.state == .running)
            #expect(try await fleet.truth().operations.map(\.verb) == ["create"])
        }
    }

    @Test("a host that does not answer has unknown domains, never missing ones", arguments: [true, false])
    func unreachable(beginsAnew: Bool) async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            if beginsAnew { await rig.drop("h1") }
            try await fleet.administer(.condition(host: "h1", condition: .hung))
            if beginsAnew { try await rig.take("h1") }
            try await eventually("unknown") { try await rig.inventory.domain(vm)?.state == .unknown }
            let row = try #require(try await rig.inventory.domain(vm))
            #expect(row.missingSince == nil && row.deletedAt == nil)
            #expect(try await room(rig).domainVCPUs == 2)
            try await fleet.administer(.condition(host: "h1", condition: .up))
            try await eventually("running") { try await rig.inventory.domain(vm)?.state == .running }
        }
    }
}

/// The same on a real libvirt, where domains are renamed too.
@Suite(
    "What somebody else does to a domain's definition", .serialized,
    .enabled(if: PrivateDaemon.executable != nil, "libvirtd is not installed"))
struct MonitorDefinitionTests {
    private func virsh(_ daemon: PrivateDaemon, _ arguments: String...) async throws {
        let result = try await run("virsh", ["-c", daemon.uri] + arguments)
        guard result.status == 0 else { throw ConditionNotMet(description: "virsh: \(result.errors)") }
    }

    /// A daemon with one domain that is off, `test`, on a host that Ebb watches.
    private func withDaemon(_ body: (MonitorRig, PrivateDaemon, StoredDomain) async throws -> Void) async throws {
        let daemon = try PrivateDaemon()
        defer { daemon.remove() }
        try daemon.start()
        // The driver's host lives as long as somebody is connected to it.
        let stranger = LibvirtHypervisor(uri: daemon.uri, host: "h1", log: .quiet)
        try await eventually("the daemon answers") { (try? await stranger.sample()) != nil }
        try await virsh(daemon, "destroy", "test")
        try await withDatabase { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: daemon.uri)
                try await InventoryRepository(store).setMode(of: "h1", to: .enabled)
            }
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                try await eventually("the domain is listed") {
                    try await rig.inventory.domains(.host("h1")).first?.state == .shutoff
                }
                try await body(rig, daemon, try #require(try await rig.inventory.domains(.host("h1")).first))
            }
        }
        await stranger.close()
    }

    @Test("a foreign domain's new name is followed; a VM keeps the name that its tenant knows")
    func rename() async throws {
        try await withDaemon { rig, daemon, domain in
            #expect(domain.name == "test")
            try await virsh(daemon, "domrename", "test", "one")
            try await eventually("its name") { try await rig.inventory.domain(domain.id)?.name == "one" }
            await rig.drop("h1")
            try await virsh(daemon, "domrename", "one", "two")
            try await rig.take("h1")
            try await eventually("its name") { try await rig.inventory.domain(domain.id)?.name == "two" }
            let adopted = try await rig.perform("adopt", domain.id, #"{"tenant": "acme"}"#)
            #expect(adopted.succeeded, "\(adopted)")
            try await virsh(daemon, "domrename", "two", "three")
            try await virsh(daemon, "start", "three")
            try await eventually("it runs") { try await rig.inventory.domain(domain.id)?.state == .running }
            #expect(try await rig.inventory.domain(domain.id)?.name == "two")
        }
    }

    @Test("a domain that is undefined and made again under another UUID is another one", arguments: Watch.allCases)
    func madeAgain(watch: Watch) async throws {
        try await withDaemon { rig, daemon, domain in
            let xml = FileManager.default.temporaryDirectory.appending(path: "ebb-\(UUID()).xml")
            defer { try? FileManager.default.removeItem(at: xml) }
            try Data(
                """
                <domain type='test'><name>test</name><uuid>\(other)</uuid><memory>131072</memory><vcpu>1</vcpu>
                <os><type>hvm</type></os></domain>
                """.utf8
            ).write(to: xml)
            if watch == .down { await rig.drop("h1") }
            try await virsh(daemon, "undefine", "test")
            try await virsh(daemon, "define", xml.path)
            if watch == .down { try await rig.take("h1") }
            try await eventually("the other one is listed alone") {
                try await rig.inventory.domains(.host("h1")).map(\.id) == [other]
            }
            #expect(try await rig.inventory.domain(domain.id)?.deletedAt != nil)
        }
    }

    @Test(
        "a domain whose label is odd or empty is listed and can be adopted",
        arguments: [
            "<ebb:domain xmlns:ebb='urn:ebb:domain:1'/>",
            "<ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name>n1</ebb:name></ebb:domain>",
            "<ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:tenant>no such</ebb:tenant></ebb:domain>",
            "<ebb:domain xmlns:ebb='urn:ebb:domain:1'><ebb:name/><ebb:tenant>nobody-here</ebb:tenant></ebb:domain>",
            "<ebb:domain xmlns:ebb='urn:ebb:domain:1'>text<other/></ebb:domain>",
        ])
    func oddLabels(label: String) async throws {
        try await withDaemon { rig, daemon, _ in
            let xml = FileManager.default.temporaryDirectory.appending(path: "ebb-\(UUID()).xml")
            defer { try? FileManager.default.removeItem(at: xml) }
            try Data(
                """
                <domain type='test'><name>odd</name><uuid>\(vm)</uuid><memory>131072</memory><vcpu>1</vcpu>
                <os><type>hvm</type></os><metadata>\(label)</metadata></domain>
                """.utf8
            ).write(to: xml)
            try await virsh(daemon, "define", xml.path)
            try await eventually("it is listed") { try await rig.inventory.domain(vm)?.state == .shutoff }
            #expect(try await rig.inventory.domain(vm)?.isManaged == false)
            let adopted = try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#)
            #expect(adopted.succeeded, "\(adopted)")
            #expect(try await rig.inventory.domain(vm)?.tenant == "acme")
        }
    }
}
