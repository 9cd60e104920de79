// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Hypervisor
import MonitorCore
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 8, low: 999))

/// In what order two hosts that both have a copy are seen, and by whom.
struct Sight: Sendable, CustomTestStringConvertible {
    let first: HostID
    let hasTwoOwners: Bool
    var second: HostID { first == "h1" ? "h2" : "h1" }
    var testDescription: String { "\(first) first, \(hasTwoOwners ? "two Monitors" : "one Monitor")" }

    static let all = (["h1", "h2"] as [HostID]).flatMap { host in
        [false, true].map { Sight(first: host, hasTwoOwners: $0) }
    }
}

/// Two hosts that know nothing of each other, so that both can have a domain of one UUID; each of its copies runs.
private func withTwins(
    _ domains: [DomainID], on hosts: [HostID] = ["h1", "h2"],
    _ body: ([HostID: FleetRig], TestDatabase) async throws -> Void
) async throws {
    var fleets: [HostID: FleetRig] = [:]
    for host in ["h1", "h2"] as [HostID] {
        let definitions =
            !hosts.contains(host)
            ? []
            : domains.enumerated().map { number, id in
                FleetDomainDefinition(
                    id: id, name: "d\(number)", tenant: "acme", maximumVCPUs: 4, vcpus: 1, memory: .mebibytes(64),
                    disk: .gibibytes(1))
            }
        fleets[host] = try await FleetRig.start(
            FleetConfiguration(
                hosts: [HostConfiguration(id: host, cores: 64, memory: .gibibytes(64), domains: definitions)]))
    }
    do {
        try await withDatabase { [fleets] database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                for (host, fleet) in fleets {
                    try await InventoryRepository(store).addHost(host, cluster: "c1", uri: fleet.uri(host))
                    try await InventoryRepository(store).setMode(of: host, to: .enabled)
                }
            }
            try await body(fleets, database)
        }
    } catch {
        for fleet in fleets.values { await fleet.bus.close() }
        throw error
    }
    for fleet in fleets.values { await fleet.bus.close() }
}

@Suite("Two hosts that have one domain", .serialized)
struct MonitorCopiesTests {
    private static let states: [DomainState?] = [.running, .paused, .shutoff, .saved, nil]
    private static let pairs = states.flatMap { one in states.map { (one, $0) } }.filter { $0 != nil || $1 != nil }
    private static func domain(_ number: Int) -> DomainID { DomainID(UUID128(high: 8, low: UInt64(number))) }

    private func lifecycle(_ domain: DomainID, _ verbs: LifecycleVerb..., on fleet: FleetRig?) async throws {
        for verb in verbs {
            try await fleet?.administer(.foreign(domain: domain, action: .lifecycle(verb: verb)))
        }
    }

    private func bring(_ domain: DomainID, to state: DomainState?, on fleet: FleetRig?) async throws {
        switch state {
        case .paused: try await lifecycle(domain, .suspend, on: fleet)
        case .shutoff: try await lifecycle(domain, .destroy, on: fleet)
        case .saved: try await lifecycle(domain, .save, on: fleet)
        case nil: try await lifecycle(domain, .destroy, .undefine, on: fleet)
        default: break
        }
    }

    /// Has every domain of a host managed.
    private func manage(on host: HostID, _ shard: OwnedShard, _ count: Int, _ rig: MonitorRig) async throws {
        try await eventually("all are listed") { try await rig.inventory.domains(.host(host)).count == count }
        for row in try await rig.inventory.domains(.host(host)) {
            #expect(try await rig.inventory.setManaged(row.id, true, tenant: "acme", under: shard.claim))
        }
        try await eventually("all are billed") {
            for row in try await rig.inventory.domains(.host(host))
            where try await rig.segments(row.id).isEmpty { return false }
            return true
        }
    }

    private func rank(_ state: DomainState?) -> Int {
        state == .running ? 3 : state == .paused ? 2 : state == nil ? 0 : 1
    }

    private func expect(_ sight: Sight, _ rig: MonitorRig) async throws {
        for (number, (one, other)) in Self.pairs.enumerated() {
            let states = [one, other].map { $0?.rawValue ?? "absent" }
            let name = "\(states[0]) on \(sight.first), \(states[1]) on \(sight.second)"
            let isTaken = rank(other) > rank(one)
            let (holder, loser) = isTaken ? (sight.second, sight.first) : (sight.first, sight.second)
            let (state, copy) = isTaken ? (other, one) : (one, other)
            try await eventually("\(name): it is on \(holder)") {
                let row = try await rig.inventory.domain(Self.domain(number))
                return row?.host == holder && row?.state == state && row?.isManaged == true
            }
            try await eventually("\(name): the copy on \(loser) is on record") {
                let copies = try await rig.inventory.copies(of: [Self.domain(number)])
                return copies.map(\.host) == (copy == nil ? [] : [loser]) && copies.first?.state == copy
            }
            try await eventually("\(name): it is billed on \(holder)") {
                let last = try await rig.segments(Self.domain(number)).last
                return last?.end == nil && last?.host == holder && (last?.vcpus ?? 0 > 0) == (rank(state) > 1)
            }
        }
    }

    @Test(
        "the copy that runs is the domain and billed, of two alike the one that was it before, and it stays so",
        arguments: Sight.all)
    func everyPair(sight: Sight) async throws {
        try await withTwins(Self.pairs.indices.map(Self.domain)) { fleets, database in
            try await MonitorRig.with(database) { rig in
                try await MonitorRig.with(database) { other in
                    let owner = sight.hasTwoOwners ? other : rig
                    let shard = try await rig.take(sight.first)
                    try await manage(on: sight.first, shard, Self.pairs.count, rig)
                    for (number, pair) in Self.pairs.enumerated() {
                        try await bring(Self.domain(number), to: pair.0, on: fleets[sight.first])
                        try await bring(Self.domain(number), to: pair.1, on: fleets[sight.second])
                    }
                    try await eventually("the first is seen") {
                        for (number, pair) in Self.pairs.enumerated() {
                            let row = try await rig.inventory.domain(Self.domain(number))
                            guard row?.state == pair.0 ?? .unknown else { return false }
                        }
                        return true
                    }
                    try await owner.take(sight.second)
                    try await expect(sight, rig)
                    // A Monitor that begins anew finds the same, whichever of the two hosts it sees first.
                    await rig.drop(sight.first)
                    await owner.drop(sight.second)
                    try await owner.take(sight.second)
                    try await rig.take(sight.first)
                    try await expect(sight, rig)
                }
            }
        }
    }

    @Test("a migration by hand that leaves its definition behind: the VM is where it runs, and is not started twice")
    func leftover() async throws {
        try await withTwins([vm], on: ["h1"]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                let target = try await rig.take("h2")
                try await manage(on: "h1", shard, 1, rig)
                // What `virsh migrate --live --persistent` without `--undefinesource` leaves.
                let specification = DomainSpecification(
                    domain: vm, name: "d0", tenant: "acme", maximumVCPUs: 4, vcpus: 1, memory: .mebibytes(64),
                    disk: .gibibytes(1))
                let call = MutatingCall(
                    id: UUID128(high: 4, low: 4), epoch: UInt64(target.epoch), timeout: .seconds(5))
                _ = try await fleets["h2"]?.hypervisor("h2").create(specification, call)
                try await lifecycle(vm, .destroy, on: fleets["h1"])
                try await eventually("it is on h2") {
                    let row = try await rig.inventory.domain(vm)
                    return row?.host == "h2" && row?.state == .running
                }
                let start = try await rig.perform("start", vm, on: "h1")
                #expect(start.code == .moved && start.message?.contains("on host h2 now, not on h1") == true)
                #expect(try await fleets["h1"]?.truth().domains.first?.segments.last?.isActive != true)
                try await eventually("it is billed on h2") {
                    let last = try await rig.segments(vm).last
                    return last?.host == "h2" && last?.end == nil && last?.vcpus == 1
                }
                // The copy that is off does no harm.
                let resize = try await rig.perform("resize", vm, #"{"vcpus": 2}"#, on: "h2")
                #expect(resize.succeeded, "\(resize)")
            }
        }
    }

    @Test("what was moved by hand while Monitor was away is not started again before the other host was looked at")
    func movedUnseen() async throws {
        try await withTwins([vm], on: ["h1"]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                let target = try await rig.take("h2")
                try await manage(on: "h1", shard, 1, rig)
                try await eventually("h2 answers") { try await rig.inventory.host("h2")?.facts.state == .up }
                await rig.drop("h1")
                await rig.drop("h2")
                let specification = DomainSpecification(
                    domain: vm, name: "d0", tenant: "acme", maximumVCPUs: 4, vcpus: 1, memory: .mebibytes(64),
                    disk: .gibibytes(1))
                let call = MutatingCall(id: UUID128(high: 4, low: 4), epoch: UInt64(target.epoch), timeout: .seconds(5))
                _ = try await fleets["h2"]?.hypervisor("h2").create(specification, call)
                try await lifecycle(vm, .destroy, on: fleets["h1"])
                // For all that the first host shows it is off, and the row says no more.
                try await rig.take("h1")
                try await eventually("it is off") { try await rig.inventory.domain(vm)?.state == .shutoff }
                let id = try await rig.enqueue("start", vm)
                try await eventually("it says what it waits for") {
                    try await rig.commands.fetch(id)?.progressText?.contains("may run on h2") == true
                }
                try await rig.take("h2")
                let outcome = try await rig.outcome(of: id)
                #expect(outcome.code == .moved && outcome.message?.contains("h2") == true, "\(outcome)")
                #expect(try await fleets["h1"]?.truth().domains.first?.segments.last?.isActive != true)
                #expect(try await rig.inventory.domain(vm)?.state == .running)
            }
        }
    }

    @Test(
        "what stopped by itself is started as soon as every host that answers was looked at; what Ebb stopped, at once")
    func stopped() async throws {
        try await withTwins([vm], on: ["h1"]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                try await rig.take("h2")
                try await manage(on: "h1", shard, 1, rig)
                try await eventually("h2 answers") { try await rig.inventory.host("h2")?.facts.state == .up }
                try await lifecycle(vm, .destroy, on: fleets["h1"])
                try await eventually("it is off") { try await rig.inventory.domain(vm)?.state == .shutoff }
                let start = try await rig.perform("start", vm)
                #expect(start.succeeded, "\(start)")
                // Nobody looks at the second host any more: what Ebb itself ended did not go there.
                await rig.drop("h2")
                #expect(try await rig.perform("destroy", vm).succeeded)
                let again = try await rig.perform("start", vm)
                #expect(again.succeeded, "\(again)")
            }
        }
    }

    @Test("of two that run neither is started, resized or deleted, and the one that had it is billed; then one is left")
    func bothRun() async throws {
        try await withTwins([vm]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                try await manage(on: "h1", shard, 1, rig)
                try await rig.take("h2")
                try await eventually("it is on record") { try await rig.inventory.duplicates(on: "h2") == [vm] }
                for (verb, arguments) in [
                    ("resize", #"{"vcpus": 2}"#), ("delete", "{}"), ("restore", "{}"), ("start", "{}"),
                    ("migrate", #"{"target": "h2"}"#), ("snapshot", #"{"name": "s"}"#),
                ] {
                    let outcome = try await rig.perform(verb, vm, arguments)
                    let message = outcome.message ?? ""
                    #expect(outcome.code == .conflict && message.contains("h1") && message.contains("h2"), "\(verb)")
                }
                #expect(try await fleets["h1"]?.truth().operations.isEmpty == true)
                #expect(try await rig.segments(vm).allSatisfy { $0.host == "h1" })
                try await fleets["h2"]?.administer(.condition(host: "h2", condition: .hung))
                try await eventually("h2 is unknown") { try await rig.inventory.host("h2")?.facts.state == .unknown }
                let silent = try await rig.perform("resize", vm, #"{"vcpus": 2}"#)
                #expect(silent.code == .conflict && silent.message?.contains("does not answer") == true, "\(silent)")
                try await fleets["h2"]?.administer(.condition(host: "h2", condition: .up))
                try await lifecycle(vm, .destroy, on: fleets["h1"])
                try await eventually("it is on h2") { try await rig.inventory.domain(vm)?.host == "h2" }
                try await eventually("it is billed there") {
                    let last = try await rig.segments(vm).last
                    return last?.host == "h2" && last?.end == nil && last?.vcpus == 1
                }
            }
        }
    }

    @Test("from the moment that another host has the VM what is left of it where it was counts as a copy")
    func tookOver() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.rowsInterval = .seconds(60)
        try await withTwins([vm]) { [configuration] fleets, database in
            try await MonitorRig.with(database, configuration: configuration) { rig in
                try await lifecycle(vm, .destroy, on: fleets["h2"])
                try await rig.take("h1")
                try await eventually("it is listed") { try await rig.inventory.domain(vm)?.host == "h1" }
                #expect(try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#).succeeded)
                try await rig.take("h2")
                try await eventually("the copy is on record") {
                    try await rig.inventory.copies(of: [vm]).map(\.state) == [.shutoff]
                }
                // Paused where it was, started by hand where its copy is.
                try await lifecycle(vm, .suspend, on: fleets["h1"])
                try await eventually("it is paused") { try await rig.inventory.domain(vm)?.state == .paused }
                try await lifecycle(vm, .start, on: fleets["h2"])
                try await eventually("it is on h2") { try await rig.inventory.domain(vm)?.host == "h2" }
                for (verb, arguments) in [("snapshot", #"{"name": "s"}"#), ("resize", #"{"vcpus": 2}"#)] {
                    let outcome = try await rig.perform(verb, vm, arguments, on: "h2")
                    #expect(outcome.code == .conflict && outcome.message?.contains("h1") == true, "\(outcome)")
                }
                try await eventually("its former host has looked") {
                    try await rig.inventory.copies(of: [vm]).map(\.state) == [.paused]
                }
                try await lifecycle(vm, .destroy, .undefine, on: fleets["h1"])
                try await eventually("there is no copy any more") { try await rig.inventory.copies(of: [vm]).isEmpty }
                let resize = try await rig.perform("resize", vm, #"{"vcpus": 2}"#, on: "h2")
                #expect(resize.succeeded, "\(resize)")
            }
        }
    }

    @Test("a domain that two hosts run is adopted on neither, and one whose copy is off where it runs")
    func adoption() async throws {
        try await withTwins([vm]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
                try await eventually("the copy is on record") {
                    try await rig.inventory.copies(of: [vm]).count == 1
                }
                for host in ["h1", "h2"] as [HostID] {
                    let outcome = try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#, on: host)
                    #expect(!outcome.succeeded && outcome.message?.contains("h1") == true, "\(outcome)")
                    #expect(outcome.message?.contains("h2") == true, "\(outcome)")
                }
                #expect(try await rig.inventory.domain(vm)?.isManaged == false)
                let home = try #require(try await rig.inventory.domain(vm)?.host)
                try await lifecycle(vm, .destroy, on: fleets[home == "h1" ? "h2" : "h1"])
                try await eventually("the copy is off") {
                    try await rig.inventory.copies(of: [vm]).map(\.state) == [.shutoff]
                }
                let outcome = try await rig.perform("adopt", vm, #"{"tenant": "acme"}"#, on: home)
                #expect(outcome.succeeded, "\(outcome)")
                #expect(try await rig.inventory.domain(vm)?.isManaged == true)
            }
        }
    }

    @Test(
        "after a migration of unknown outcome the copy that runs is the domain; before its end nothing is decided",
        arguments: [(DomainState.running, DomainState.paused), (.running, .shutoff), (.paused, .running)])
    func unknownOutcome(source: DomainState, target: DomainState) async throws {
        try await withTwins([vm]) { fleets, database in
            try await MonitorRig.with(database) { rig in
                let shard = try await rig.take("h1")
                try await manage(on: "h1", shard, 1, rig)
                try await bring(vm, to: source, on: fleets["h1"])
                try await bring(vm, to: target, on: fleets["h2"])
                try await eventually("it is seen") { try await rig.inventory.domain(vm)?.state == source }
                await rig.drop("h1")
                let id = try await rig.enqueue("migrate", vm, #"{"target": "h2"}"#)
                #expect(try await rig.commands.claim(id, under: shard.claim, by: rig.instance, at: rig.clock.now()))
                try await rig.take("h2")
                try await eventually("h2 is polled") { try await rig.inventory.host("h2")?.facts.state == .up }
                #expect(try await rig.inventory.domain(vm)?.host == "h1")
                #expect(try await rig.inventory.duplicates(on: "h2").isEmpty)
                let outcome = CommandOutcome.failed(code: .outcomeUnknown, message: "the owner vanished")
                #expect(try await rig.commands.finish(id, under: shard.claim, outcome, at: rig.clock.now()))
                try await rig.take("h1")
                let home: HostID = source == .running ? "h1" : "h2"
                let other: HostID = home == "h1" ? "h2" : "h1"
                try await eventually("the copy is on record") { try await rig.inventory.duplicates(on: other) == [vm] }
                #expect(try await rig.inventory.domain(vm)?.host == home)
            }
        }
    }
}
