// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import FoundationEssentials
import Hypervisor
import Messages
import ResourceModel
import ServiceKit
import Store
import Synchronization
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let old = DomainID(UUID128(high: 1, low: 2))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
     "maximum_memory_bytes": 1073741824, "disk_bytes": 21474836480}
    """

@Suite("Monitor's operations, on a simulated fleet", .serialized)
struct MonitorOperationTests {
    @Test("memory is resized within its ceiling, billed from the instant on, and refused above")
    func memory() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let grown = try await rig.perform("resize", vm, #"{"memory_bytes": 1073741824}"#)
            #expect(grown.succeeded, "\(grown)")
            try await eventually("the segment") { try await rig.segments(vm).last?.memory == .gibibytes(1) }
            let both = try await rig.perform("resize", vm, #"{"vcpus": 3, "memory_bytes": 536870912}"#)
            #expect(both.succeeded, "\(both)")
            let row = try #require(try await rig.inventory.domain(vm))
            #expect(row.memory == .mebibytes(512) && row.confirmedVCPUs == 3)
            #expect(try await rig.perform("resize", vm, #"{"memory_bytes": 2147483648}"#).code == .invalid)
            #expect(try await fleet.truth().violations.isEmpty)
        }
    }

    @Test("a grant in part is reported as what it is, and billed so")
    func partial() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await fleet.administer(
                .fault(host: nil, domain: vm, verb: "resize", times: 1, effect: .partialGrant(vcpus: 3)))
            let outcome = try await rig.perform("resize", vm, #"{"vcpus": 4}"#)
            #expect(outcome.code == .partial && outcome.message?.contains("3 vCPUs") == true, "\(outcome)")
            try await eventually("the segment") { try await rig.segments(vm).last?.vcpus == 3 }
        }
    }

    @Test("caps are set, remembered and lifted")
    func caps() async throws {
        try await withMonitor { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let cpu = try await rig.perform("cap", vm, #"{"cpu_cap_ppm": 500000}"#)
            #expect(cpu.succeeded, "\(cpu)")
            let network = try await rig.perform("network-cap", vm, #"{"bytes_per_second": 1000000}"#)
            #expect(network.succeeded, "\(network)")
            let row = try #require(try await rig.inventory.domain(vm))
            #expect(row.cpuCapPPM == 500_000 && row.networkCapBytesPerSecond == 1_000_000)
            let subscriber = try await rig.subscribe([.host("h1")])
            for await case .message(let message) in subscriber.deliveries where message.type == .hostReport {
                let sample = try #require(try HostReport.decoded(message.body).domains.first)
                #expect(sample.networkCapBytesPerSecond == 1_000_000)
                if sample.networkUtilization != nil { break }
            }
            await subscriber.close()
            #expect(try await rig.perform("cap", vm, #"{"cpu_cap_ppm": 0}"#).succeeded)
            #expect(try await rig.inventory.domain(vm)?.cpuCapPPM == 0)
        }
    }

    @Test(
        "a VM that is started again has its cap again, under a freeze too; what others set in its life is only recorded"
    )
    func capAgain() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("cap", vm, #"{"cpu_cap_ppm": 500000}"#).succeeded)
            try await FreezeRepository(rig.store).freeze(
                FreezeRecord(
                    .domain(vm), reason: "an audit", principal: "ada", isAutomatic: false, createdAt: rig.clock.now()))
            let stranger = try await fleet.hypervisor("h1")
            for verb in ["destroy", "start"] { #expect(try await rig.perform(verb, vm).succeeded) }
            try await eventually("it is set again") {
                try await stranger.look(at: vm).cpuCap == .limit(ppm: 500_000)
            }
            try await eventually("that is seen") {
                try await rig.inventory.domain(vm)?.seenCPUCap == .limit(ppm: 500_000)
            }
            try await stranger.cap(vm, ppm: 250_000, rig)
            try await eventually("the other cap is seen") {
                try await rig.inventory.domain(vm)?.seenCPUCap == .limit(ppm: 250_000)
            }
            let loop = try await rig.supervisor.unit(of: "h1").loop
            #expect(await loop.lostCaps().isEmpty)
            #expect(try await rig.inventory.domain(vm)?.cpuCapPPM == 500_000, "what was asked stays what was asked")
        }
    }

    @Test("a cap that Ebb sets is no stranger's, and one that a stranger sets is")
    func capEvents() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let subscriber = try await rig.subscribe([.event("h1")])
            let events = Mutex<[WireDomainEvent]>([])
            let listening = Task {
                for await case .message(let message) in subscriber.deliveries where message.type == .domainEvent {
                    let event = try MessageCodec.decoded(WireDomainEvent.self, from: message.body)
                    if event.kind == "cap-changed" { events.withLock { $0.append(event) } }
                }
            }
            for (place, ppm) in [500_000, 0].enumerated() {
                #expect(try await rig.perform("cap", vm, #"{"cpu_cap_ppm": \#(ppm)}"#).succeeded)
                try await eventually("it is told") { events.withLock { $0.count } == place + 1 }
            }
            try await fleet.hypervisor("h1").cap(vm, ppm: 250_000, rig)
            try await eventually("the stranger's is told") { events.withLock { $0.count } == 3 }
            let told = events.withLock { $0 }
            #expect(told.map(\.detail) == ["no cap → 0.5 vCPU", "0.5 vCPU → no cap", "no cap → 0.25 vCPU"])
            #expect(told.map(\.foreign) == [false, false, true])
            await subscriber.close()
            try await listening.value
        }
    }

    @Test("on a host that Ebb only observes a lost cap is not set again")
    func capOnObservedHost() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("cap", vm, #"{"cpu_cap_ppm": 500000}"#).succeeded)
            try await rig.inventory.setMode(of: "h1", to: .observe)
            let stranger = try await fleet.hypervisor("h1")
            for verb in [LifecycleVerb.destroy, .start] {
                try await fleet.administer(.foreign(domain: vm, action: .lifecycle(verb: verb)))
            }
            let loop = try await rig.supervisor.unit(of: "h1").loop
            try await eventually("the loss is noticed") { await loop.lostCaps().map(\.ppm) == [500_000] }
            try await rig.supervisor.unit(of: "h1").runner.capAgain()
            #expect(try await stranger.look(at: vm).cpuCap == CPUCap.none)
            try await rig.inventory.setMode(of: "h1", to: .enabled)
            try await eventually("it is set again") {
                try await stranger.look(at: vm).cpuCap == .limit(ppm: 500_000)
            }
        }
    }

    @Test(
        "a cap that an adopted VM had is there again after its release, whatever Ebb did meanwhile",
        arguments: [0, 700_000])
    func foundCap(asked: Int) async throws {
        let foreign = FleetDomainDefinition(
            id: vm, name: "found", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(128), disk: .zero)
        try await withMonitor(domains: [foreign]) { rig, fleet in
            try await eventually("it is listed") { try await rig.inventory.domain(vm)?.state == .running }
            let stranger = try await fleet.hypervisor("h1")
            try await stranger.cap(vm, ppm: 300_000, rig)
            #expect(try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#).succeeded)
            #expect(try await InventoryRepository(rig.store).saved(of: vm)?.cpuCap == .limit(ppm: 300_000))
            #expect(try await rig.perform("cap", vm, #"{"cpu_cap_ppm": \#(asked)}"#).succeeded)
            #expect(try await stranger.look(at: vm).cpuCap == CPUCap(ppm: Int64(asked)))
            #expect(try await rig.perform("release", vm).succeeded)
            #expect(try await stranger.look(at: vm).cpuCap == .limit(ppm: 300_000))
        }
    }

    @Test("a snapshot is taken, listed, gone back to and deleted; a reboot keeps the life")
    func snapshots() async throws {
        try await withMonitor { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let taken = try await rig.perform("snapshot", vm, #"{"name": "before"}"#)
            #expect(taken.succeeded, "\(taken)")
            let list = try await rig.ask(.listSnapshots, #"{"domain": "\#(vm)"}"#)
            #expect(list.contains(#""name":"before""#), "\(list)")
            let reverted = try await rig.perform("revert", vm, #"{"name": "before"}"#)
            #expect(reverted.succeeded, "\(reverted)")
            let second = try await rig.perform("snapshot", vm, #"{"name": "before"}"#)
            #expect(second.code == .conflict && second.message?.contains("'before' already") == true, "\(second)")
            let never = try await rig.perform("revert", vm, #"{"name": "never"}"#)
            #expect(never.code == .notFound && never.message?.contains("'never'") == true, "\(never)")
            let deleted = try await rig.perform("delete-snapshot", vm, #"{"name": "before"}"#)
            #expect(deleted.succeeded, "\(deleted)")
            #expect(try await rig.ask(.listSnapshots, #"{"domain": "\#(vm)"}"#) == "[]")
            let again = try await rig.perform("delete-snapshot", vm, #"{"name": "before"}"#)
            #expect(again.code == .notFound && again.message?.contains("'before'") == true, "\(again)")
            let reboot = try await rig.perform("reboot", vm)
            #expect(reboot.succeeded, "\(reboot)")
        }
    }

    @Test("a revert that makes a domain larger than the room that is promised for it is refused")
    func revertNeedsRoom() async throws {
        try await withMonitor { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            #expect(try await rig.perform("snapshot", vm, #"{"name": "large"}"#).succeeded)
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 1, "memory_bytes": 268435456}"#).succeeded)
            let refused = try await rig.perform("revert", vm, #"{"name": "large"}"#)
            #expect(refused.code == .conflict && refused.message?.contains("room was promised") == true, "\(refused)")
            #expect(try await rig.inventory.domain(vm)?.heldVCPUs == 1)
            let short = try await rig.permit(of: vm, vcpus: 1, memory: .mebibytes(255))
            #expect(try await rig.perform("revert", vm, #"{"name": "large"}"#, permit: short).code == .conflict)
            #expect(try await PermitRepository(rig.store).fetch(short)?.state == .released)
            let permit = try await rig.permit(of: vm, vcpus: 1, memory: .mebibytes(256))
            let done = try await rig.perform("revert", vm, #"{"name": "large"}"#, permit: permit)
            #expect(done.succeeded, "\(done)")
            #expect(try await PermitRepository(rig.store).fetch(permit)?.state == .used)
            let row = try await rig.inventory.domain(vm)
            #expect(row?.heldVCPUs == 2 && row?.heldMemory == .mebibytes(512))
        }
    }

    @Test("a shutdown waits as long as the guest may take, and then takes its power away if that was asked for")
    func gracefulShutdown() async throws {
        try await withMonitor(durations: OperationDurations(shutdown: 60_000_000_000)) { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let other = create.replacing("\"web\"", with: "\"deaf\"")
            #expect(try await rig.perform("create", old, other).succeeded)
            let ignored = try await rig.perform("shutdown", old, #"{"grace_seconds": 1}"#)
            #expect(ignored.code == .guestRefused, "\(ignored)")
            let id = try await rig.enqueue("shutdown", vm, #"{"grace_seconds": 1, "then_destroy": true}"#)
            let outcome = try await rig.outcome(of: id)
            #expect(outcome.succeeded, "\(outcome)")
            #expect(try await rig.commands.fetch(id)?.progressText?.contains("shut down") == true)
            #expect(try await rig.inventory.domain(vm)?.state == .shutoff)
        }
    }

    @Test("a found domain is adopted with its definition kept, billed from then on, and given back as it was")
    func adoption() async throws {
        let definition = FleetDomainDefinition(
            id: old, name: "old", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(1))
        try await withMonitor(domains: [definition]) { rig, fleet in
            try await eventually("the domain is listed") { try await rig.inventory.domain(old)?.state == .running }
            #expect(try await rig.perform("suspend", old).code == .notManaged)
            let adopted = try await rig.perform("adopt", old, #"{"tenant": "acme"}"#)
            #expect(adopted.succeeded, "\(adopted)")
            #expect(try await rig.inventory.domain(old)?.tenant == "acme")
            #expect(try await rig.inventory.saved(of: old) != nil)
            try await eventually("a segment") { try await rig.segments(old).last?.vcpus == 2 }
            let preview = try await rig.ask(.previewVM, #"{"domain": "\#(old)", "maximum_vcpus": 8}"#)
            #expect(preview.contains("what"), "\(preview)")
            let prepared = try await rig.perform("prepare", old, #"{"maximum_vcpus": 8}"#)
            #expect(prepared.succeeded, "\(prepared)")
            #expect(try await rig.inventory.domain(old)?.pendingMaximumVCPUs == 8)
            let released = try await rig.perform("release", old)
            #expect(released.succeeded, "\(released)")
            try await eventually("not managed") { try await rig.inventory.domain(old)?.isManaged == false }
            #expect(try await rig.inventory.saved(of: old) == nil)
            #expect(try await rig.segments(old).allSatisfy { $0.end != nil }, "nothing is billed any more")
            #expect(try await rig.perform("suspend", old).code == .notManaged)
            #expect(try await fleet.hypervisor("h1").inventory().first { $0.domain == old }?.tenant == nil)
        }
    }

    @Test("what a VM and a host lack is said, each in a sentence")
    func checks() async throws {
        try await withMonitor { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let check = try await rig.ask(.checkVM, #"{"domain": "\#(vm)"}"#)
            #expect(check.contains("growsVCPUs"), "\(check)")
            let host = try await rig.ask(.checkHost, #"{"host": "h1"}"#)
            #expect(host.contains(#""target":"h2""#) && host.contains("answers"), "\(host)")
            await #expect(throws: BusError.self) { try await rig.ask(.checkVM, "{}") }
            await #expect(throws: BusError.self) { try await rig.ask(.checkHost, #"{"host": "h9"}"#) }
        }
    }

    @Test("a host check names the host and the pair whose clocks differ, and leaves those that agree alone")
    func clocks() async throws {
        try await withMonitor(clockOffset: .seconds(-5)) { rig, _ in
            try await eventually("both hosts are owned and answer") {
                try await rig.inventory.hosts().count { $0.facts.state == .up } == 2
            }
            func clocks(of host: HostID) async throws -> [CheckItem] {
                let json = try await rig.ask(.checkHost, #"{"host": "\#(host)"}"#)
                let answer = try #require(HostCheck(json: json))
                return answer.items.filter { $0.check == "clock" }
            }
            let first = try await clocks(of: "h1")
            #expect(first.map(\.target) == [nil, "h2"] && first.map(\.result.word) == [.fine, .missing], "\(first)")
            #expect(first.last?.detail?.contains("behind this host's") == true, "\(first)")
            let second = try await clocks(of: "h2")
            #expect(second.map(\.result.word) == [.missing, .missing], "\(second)")
            #expect(second.first?.detail?.contains("behind cluster time") == true, "\(second)")
            #expect(second.first?.remedy?.contains("chrony") == true, "\(second)")
        }
    }

    @Test("a freeze stops what decisions order at once, by request or by row; people's commands still run")
    func freeze() async throws {
        try await withMonitor { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            _ = try await rig.ask(.freezeSet, #"{"scope": "tenant", "id": "acme", "frozen": true, "reason": "r"}"#)
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 3}"#, isAutomatic: true).code == .frozen)
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 3}"#).succeeded)
            _ = try await rig.ask(.freezeSet, #"{"scope": "tenant", "id": "acme", "frozen": false}"#)
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 2}"#, isAutomatic: true).succeeded)
            await #expect(throws: BusError.self) { try await rig.ask(.freezeSet, #"{"scope": "host"}"#) }
            let resizes = try await fleet.truth().operations.filter { $0.verb == "resize" }
            #expect(resizes.count == 2)
        }
    }

    @Test("a freeze whose request was lost holds by its row alone")
    func freezeByRow() async throws {
        try await withMonitor { rig, _ in
            #expect(try await rig.perform("create", vm, create).succeeded)
            // Under the gateway's rights, as a request that reaches no Monitor leaves it.
            try await AccountRepository(rig.store).addPrincipal(
                StoredPrincipal(id: UUID128(high: 8, low: 1), name: "root", tenant: nil, role: .operator))
            try await rig.database.withStore(role: "ebb_usergateway") { store in
                try await FreezeRepository(store).freeze(
                    FreezeRecord(
                        .domain(vm), reason: "r", principal: "root", isAutomatic: false,
                        createdAt: rig.clock.now()))
            }
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 3}"#, isAutomatic: true).code == .frozen)
        }
    }

    @Test("a host that is removed is let go at once, and comes back with its domains when it is added again")
    func removal() async throws {
        let definition = FleetDomainDefinition(
            id: old, name: "old", maximumVCPUs: 4, vcpus: 2, memory: .mebibytes(512), disk: .gibibytes(1))
        try await withMonitor(domains: [definition]) { rig, fleet in
            try await eventually("listed") { try await rig.inventory.domain(old)?.state == .running }
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await rig.database.withStore(role: "ebb_usergateway") { store async throws in
                let inventory = InventoryRepository(store)
                await #expect { try await inventory.removeHost("h1", at: rig.clock.now()) } throws: {
                    ($0 as? StoreError)?.code == .conflict
                }
            }
            #expect(try await rig.perform("destroy", vm).succeeded)
            #expect(try await rig.perform("delete", vm).succeeded)
            try await rig.database.withStore(role: "ebb_usergateway") { store in
                try await InventoryRepository(store).removeHost("h1", at: rig.clock.now())
            }
            try await eventually("its domains are forgotten") { try await rig.inventory.domains(.host("h1")).isEmpty }
            let census = await rig.supervisor.census()
            #expect(census.up <= 1)
            try await rig.database.withStore(role: "ebb_usergateway") { store in
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: fleet.uri("h1"))
            }
            try await eventually("they are listed again") {
                try await rig.inventory.domains(.host("h1")).map(\.id) == [old]
            }
            #expect(try await rig.inventory.host("h1")?.mode == .observe)
        }
    }
}

extension FleetHypervisor {
    /// Caps a domain as somebody does who is not Ebb.
    fileprivate func cap(_ domain: DomainID, ppm: Int64, _ rig: MonitorRig) async throws {
        let shard = try #require(try await ShardRepository(rig.store).fetch(.host, "h1"))
        var generator = SystemRandomNumberGenerator()
        let call = MutatingCall(
            id: UUID128.random(using: &generator), epoch: UInt64(shard.epoch), timeout: .seconds(5))
        _ = try await cap(domain, .cpu(ppm: ppm), call)
    }
}
