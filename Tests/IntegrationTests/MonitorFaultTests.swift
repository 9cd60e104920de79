// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Foundation
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

private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 4, "maximum_vcpus": 8, "memory_bytes": 536870912}
    """
private let vm = DomainID(UUID128(high: 1, low: 1))

/// A fleet of so many hosts with one domain each, a database that knows them, and a Monitor that owns them all.
private func withMonitor(
    hosts count: Int, configuration: MonitorConfiguration, mode: HostMode = .enabled,
    _ body: (MonitorRig, FleetRig, [HostID]) async throws -> Void
) async throws {
    let hosts = (1...count).map { HostID(trusted: "h\($0)") }
    let fleet = try await FleetRig.start(
        FleetConfiguration(
            hosts: hosts.enumerated().map { index, host in
                let domain = FleetDomainDefinition(
                    id: DomainID(UUID128(high: 7, low: UInt64(index))), name: "vm-\(index)", maximumVCPUs: 4, vcpus: 2,
                    memory: .mebibytes(512), disk: .gibibytes(1))
                return HostConfiguration(id: host, cores: 8, memory: .gibibytes(16), domains: [domain])
            }), concurrentCalls: 4 * count + 64)
    do {
        try await withDatabase { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                for host in hosts {
                    try await InventoryRepository(store).addHost(host, cluster: "c1", uri: fleet.uri(host))
                    try await InventoryRepository(store).setMode(of: host, to: mode)
                }
            }
            try await MonitorRig.with(database, configuration: configuration) { rig in
                for host in hosts { try await rig.take(host) }
                try await body(rig, fleet, hosts)
            }
        }
    } catch {
        await fleet.bus.close()
        throw error
    }
    await fleet.bus.close()
}

/// When each host's domain was published, and whether it was known then.
private final class Publications: Sendable {
    struct Entry: Sendable {
        let at: ContinuousClock.Instant
        let isKnown: Bool
    }
    private let entries = Mutex<[HostID: [Entry]]>([:])

    /// Takes what arrives until the subscriber is closed.
    func follow(_ subscriber: any StreamSubscriber) async throws {
        for await case .message(let message) in subscriber.deliveries where message.type == .hostReport {
            let sample = try HostReport.decoded(message.body)
            let isKnown = sample.domains.allSatisfy { $0.state == .running }
            entries.withLock { $0[sample.host, default: []].append(Entry(at: .now, isKnown: isKnown)) }
        }
    }

    subscript(host: HostID) -> [Entry] { entries.withLock { $0[host] ?? [] } }

    /// Whether the newest report of every one of these hosts is as expected.
    func isLatest(_ isKnown: Bool, of hosts: [HostID], since instant: ContinuousClock.Instant) -> Bool {
        hosts.allSatisfy { host in self[host].last.map { $0.at >= instant && $0.isKnown == isKnown } ?? false }
    }
}

@Suite("Monitor, when hosts and guests misbehave", .serialized)
struct MonitorFaultTests {
    /// `make soak` asks for more.
    private var hangs: Int { ProcessInfo.processInfo.environment["EBB_HANGS"].flatMap { Int($0) } ?? 50 }

    @Test(
        "half of 200 hosts hang: the others keep 999 of 1000 cycles, the hung are unknown, and are back by themselves")
    func hungHalf() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.pollInterval = .seconds(1)
        configuration.callTimeout = .seconds(1)
        configuration.refreshInterval = .seconds(1)
        configuration.commandScanInterval = .seconds(1)
        configuration.probeInterval = .seconds(5)
        configuration.rowsInterval = .seconds(60)
        try await withMonitor(hosts: 200, configuration: configuration, mode: .observe) { rig, fleet, hosts in
            let publications = Publications()
            let subscriber = try await rig.subscribe([.allHosts])
            let following = Task { try await publications.follow(subscriber) }
            let (hung, healthy) = (Array(hosts.prefix(100)), Array(hosts.suffix(100)))
            try await eventually(within: .seconds(60), "every host is polled") {
                hosts.allSatisfy { publications[$0].last?.isKnown ?? false }
            }
            let began = ContinuousClock.now
            for host in hung { try await fleet.administer(.condition(host: host, condition: .hung)) }
            let allHung = ContinuousClock.now
            try await eventually(within: .seconds(20), "the hung ones are unknown") {
                publications.isLatest(false, of: hung, since: allHung)
            }
            // Three polls that each wait for their deadline, and one that may have been answered just before.
            #expect(ContinuousClock.now - allHung < .seconds(6))
            try await eventually(within: .seconds(30), "ten cycles of the others") {
                ContinuousClock.now - began > .seconds(10)
            }
            let ended = ContinuousClock.now
            let cycles = healthy.map { host in publications[host].filter { $0.at >= began && $0.at < ended }.count }
            let expected = healthy.count * Int((ended - began) / .seconds(1))
            #expect(cycles.reduce(0, +) * 1_000 >= (expected - healthy.count) * 999, "\(cycles)")
            #expect(healthy.allSatisfy { publications[$0].allSatisfy(\.isKnown) })
            for host in hung { try await fleet.administer(.condition(host: host, condition: .up)) }
            let resumed = ContinuousClock.now
            try await eventually(within: .seconds(20), "they are back") {
                publications.isLatest(true, of: hung, since: resumed)
            }
            // A call that began just before is not answered any more: its deadline, and one cycle.
            #expect(ContinuousClock.now - resumed < .seconds(4))
            await subscriber.close()
            try await following.value
        }
    }

    @Test("a host that lost round trips tells how many of the last ten, until they are long past")
    func loss() async throws {
        try await withMonitor(hosts: 1, configuration: .quick) { rig, fleet, hosts in
            let losses = LastLoss()
            let subscriber = try await rig.subscribe([.allHosts])
            let following = Task {
                for await case .message(let message) in subscriber.deliveries where message.type == .hostReport {
                    let loss = try HostReport.decoded(message.body).figures.responseLoss
                    losses.last.withLock { $0 = loss }
                }
            }
            func becomes(_ what: String, _ isReached: @Sendable (Utilization) -> Bool) async throws {
                try await eventually(within: .seconds(30), what) {
                    losses.last.withLock { $0.map(isReached) ?? false }
                }
            }
            try await becomes("nothing is lost") { $0 == .zero }
            try await fleet.administer(.condition(host: hosts[0], condition: .hung))
            try await becomes("most are lost") { $0 > Utilization(percent: 20) }
            try await fleet.administer(.condition(host: hosts[0], condition: .up))
            try await becomes("none of the last is lost") { $0 == .zero }
            await subscriber.close()
            try await following.value
        }
    }

    @Test("hosts that hang and resume fifty times leave no thread, no descriptor and no memory behind")
    func hangsLeakNothing() async throws {
        var configuration = MonitorConfiguration.quick
        configuration.callTimeout = .milliseconds(60)
        try await withMonitor(hosts: 4, configuration: configuration, mode: .observe) { rig, fleet, hosts in
            func cycle() async throws {
                for host in hosts { try await fleet.administer(.condition(host: host, condition: .hung)) }
                try await eventually("unknown") { await rig.supervisor.census().up == 0 }
                for host in hosts { try await fleet.administer(.condition(host: host, condition: .up)) }
                try await eventually("up") { await rig.supervisor.census().up == hosts.count }
            }
            for _ in 0..<10 { try await cycle() }
            let before = try Footprint()
            for _ in 0..<hangs { try await cycle() }
            let after = try Footprint()
            #expect(after.threads <= before.threads + 4, "\(before) \(after)")
            #expect(after.descriptors <= before.descriptors + 4, "\(before) \(after)")
            #expect(after.residentKiB <= before.residentKiB + 32_768, "\(before) \(after)")
        }
    }

    @Test("a host whose connection is cut or whose power fails has unknown domains, never domains that are off")
    func cut() async throws {
        try await withMonitor(hosts: 2, configuration: .quick) { rig, fleet, hosts in
            let domain = DomainID(UUID128(high: 7, low: 0))
            try await eventually("listed") { try await rig.inventory.domain(domain)?.state == .running }
            try await fleet.administer(.condition(host: hosts[0], condition: .dead))
            try await eventually("unknown") { try await rig.inventory.domain(domain)?.state == .unknown }
            #expect(try await rig.inventory.host(hosts[0])?.facts.state == .unknown)
            // Nobody listens there.
            try await rig.database.withStore { store in
                try await store.query(
                    "UPDATE inventory.host SET uri = 'fleet://127.0.0.1:1/h2' WHERE id = \(hosts[1])")
            }
            let other = DomainID(UUID128(high: 7, low: 1))
            try await eventually("unknown too") { try await rig.inventory.domain(other)?.state == .unknown }
        }
    }

    @Test("a host that refuses the password is unknown, and so stay the domains that were known on it")
    func wrongPassword() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "ebb-auth-\(UUID()).xml")
        try """
        <node><auth><user password="secret">ebb</user></auth></node>
        """.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        try await withDatabase { database in
            try await database.withStore { store in
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: "test:///default")
            }
            try await MonitorRig.with(database) { rig in
                try await rig.take("h1")
                try await eventually("listed") {
                    try await rig.inventory.domains(.host("h1")).first?.state == .running
                }
                let before = try await rig.inventory.domains(.host("h1")).map(\.id)
                try await database.withStore { store in
                    try await store.query(
                        "UPDATE inventory.host SET uri = \("test://\(file.path)") WHERE id = 'h1'")
                }
                try await eventually("unknown") {
                    try await rig.inventory.host("h1")?.facts.state == .unknown
                }
                let domains = try await rig.inventory.domains(.host("h1"))
                #expect(domains.map(\.id) == before && domains.allSatisfy { $0.state != .shutoff })
            }
        }
    }

    @Test("a guest whose agent says one CPU and that uses four is billed four; one without an agent what it uses")
    func lyingAgent() async throws {
        for report in [GuestReport.lies(vcpus: 1), .silent] {
            try await withMonitor(hosts: 1, configuration: .quick) { rig, fleet, _ in
                #expect(try await rig.perform("create", vm, create).succeeded)
                try await fleet.administer(.load(domain: vm, source: .constant(ppm: 3_900_000)))
                try await fleet.administer(.guest(domain: vm, conduct: nil, report: report))
                try await eventually("some proof") {
                    let proved = try await rig.inventory.host("h1")?.provedUntil
                    return try await rig.segments(vm).last.map { proved ?? .zero > $0.start.advanced(by: .seconds(1)) }
                        ?? false
                }
                let segments = try await rig.segments(vm)
                let billed = segments.last?.vcpus
                #expect(billed == 4, "\(report): \(segments)")
                // A moment in which no proof of the four was there may be billed as the guest said, never more.
                #expect(segments.allSatisfy { $0.vcpus <= 4 })
            }
        }
    }

    @Test("a guest whose figures hang is unknown in them alone: the other guest of its host is published as before")
    func hungGuest() async throws {
        try await withMonitor(hosts: 1, configuration: .quick) { rig, fleet, hosts in
            #expect(try await rig.perform("create", vm, create).succeeded)
            let hung = DomainID(UUID128(high: 7, low: 0))
            try await fleet.administer(.load(domain: vm, source: .constant(ppm: 500_000)))
            try await fleet.administer(.guest(domain: hung, conduct: nil, report: nil, hidesStatistics: true))
            let subscriber = try await rig.subscribe([.host(hosts[0])])
            var seen = 0
            for await case .message(let message) in subscriber.deliveries where message.type == .hostReport {
                let domains = try HostReport.decoded(message.body).domains
                let silent = try #require(domains.first { $0.domain == hung })
                let other = try #require(domains.first { $0.domain == vm })
                #expect(other.state == .running && other.counters.cpuTimeNanoseconds != nil)
                guard silent.counters.cpuTimeNanoseconds == nil, other.cpuUtilization != nil else { continue }
                #expect(silent.state == .running && silent.cpuUtilization == nil)
                seen += 1
                if seen == 5 { break }
            }
            await subscriber.close()
            // What can be done to either still is.
            #expect(try await rig.perform("resize", vm, #"{"vcpus": 3}"#).succeeded)
            #expect(try await rig.inventory.host(hosts[0])?.facts.state == .up)
        }
    }

    @Test("an overloaded host that is only observed gets no call that changes anything")
    func observed() async throws {
        try await withMonitor(hosts: 1, configuration: .quick, mode: .observe) { rig, fleet, hosts in
            let domain = DomainID(UUID128(high: 7, low: 0))
            try await eventually("listed") { try await rig.inventory.domain(domain)?.state == .running }
            try await fleet.administer(.load(domain: domain, source: .constant(ppm: 8_000_000)))
            for verb in CommandVerbs.all {
                let outcome = try await rig.perform(verb.name, domain, verb.arguments, isAutomatic: verb.isAutomatic)
                #expect(outcome.code == .observed, "\(verb.name): \(outcome)")
            }
            #expect(try await fleet.truth().operations.isEmpty)
        }
    }
}

/// Every verb with arguments that are in order.
private enum CommandVerbs {
    static let all: [(name: String, arguments: String, isAutomatic: Bool)] = [
        ("create", create, false), ("start", "{}", false), ("shutdown", "{}", false), ("destroy", "{}", false),
        ("suspend", "{}", false), ("resume", "{}", false), ("reboot", "{}", false), ("save", "{}", false),
        ("restore", "{}", false), ("resize", #"{"vcpus": 3}"#, true), ("resize", #"{"memory_bytes": 1048576}"#, true),
        ("cap", #"{"cpu_cap_ppm": 50000}"#, false), ("network-cap", #"{"bytes_per_second": 1}"#, false),
        ("migrate", #"{"target": "h2"}"#, true), ("abort-migration", "{}", false),
        ("snapshot", #"{"name": "s"}"#, false), ("revert", #"{"name": "s"}"#, false),
        ("delete-snapshot", #"{"name": "s"}"#, false), ("delete", "{}", false),
        ("adopt", #"{"tenant": "acme"}"#, false), ("release", "{}", false),
        ("prepare", #"{"maximum_vcpus": 8}"#, false),
    ]
}

/// What this process holds.
private struct Footprint: CustomStringConvertible {
    let threads: Int
    let descriptors: Int
    let residentKiB: Int

    init() throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        func figure(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line.flatMap { Int($0.dropFirst(name.count + 1).filter(\.isNumber)) } ?? 0
        }
        threads = figure("Threads")
        residentKiB = figure("VmRSS")
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    var description: String { "\(threads) threads, \(descriptors) descriptors, \(residentKiB) KiB" }
}

/// What the newest report said of lost round trips.
private final class LastLoss: Sendable {
    let last = Mutex<Utilization?>(nil)
}
