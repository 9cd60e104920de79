// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import Testing

@Suite("What a host check makes of what it saw")
struct HostCheckupTests {
    private func examined(
        driver: String = "QEMU", canCap: Bool? = true, obstacle: String? = nil, own: ResolvedName? = nil,
        reached: ResolvedName? = ResolvedName(name: "10.0.0.1", addresses: ["10.0.0.1"]),
        clock: ClockLead = .ahead(0...0)
    ) -> HostCheckup.Examined {
        let capabilities = HypervisorCapabilities(
            driver: driver, version: "9.0.0", hasBulkStatistics: true, hasHostCPUStatistics: true,
            hasHostMemoryStatistics: true, canMigrate: true, canUnplugVCPUs: true, canCapCPU: canCap)
        let examination = HostExamination(
            capabilities: capabilities, hostName: own ?? ResolvedName(name: "host-a", addresses: []),
            migrationName: reached, cpuCapObstacle: obstacle, isEncrypted: true, cpu: nil, cpuModel: nil,
            migrationTransports: ["tcp"], storagePools: [], networks: [], problems: [])
        let abilities = HostAbilities(driver: driver, transports: ["tcp"], pools: [], networks: [])
        return HostCheckup.Examined(examination: examination, abilities: abilities, clock: clock)
    }

    private func item(_ check: String, of examined: HostCheckup.Examined) throws -> CheckItem {
        try #require(HostCheckup.items(of: examined).first { $0.check == check })
    }

    private func item(
        _ check: String, from source: HostCheckup.Examined, to target: HostCheckup.Examined
    ) throws -> CheckItem {
        let items = HostCheckup.items(from: source, to: "host-b", .success(target), accepts: nil)
        #expect(items.allSatisfy { $0.target == "host-b" })
        return try #require(items.first { $0.check == check })
    }

    private static let second: Int64 = 1_000_000_000

    @Test(
        "a clock is wrong if all that it can have said is more than a second off, and unknown if some of it is",
        arguments: [
            (ClockLead.ahead(-5_000_000...5_000_000), CheckItem.Result.fine, "0 ms ahead"),
            (.ahead(-second...second), .fine, "0 ms"),
            (.ahead(4 * second...4 * second + 2_000_000), .missing, "4001 ms ahead of cluster time"),
            (.ahead(-3 * second...(-2 * second)), .missing, "2500 ms behind cluster time"),
            (.ahead(0...3 * second), .unknown, "took 3000 ms"),
            (.unknown("it has no file of its own"), .unknown, "no file"),
        ])
    func clock(clock: ClockLead, result: CheckItem.Result, detail: String) throws {
        let found = try item("clock", of: examined(clock: clock))
        #expect(found.result == result && found.detail?.contains(detail) == true, "\(found)")
        #expect((found.remedy?.contains("chrony") ?? false) == (result == .missing))
    }

    @Test("a host's clock lies between its reading less the answer's instant and its reading less the call's")
    func reading() {
        let clock = ClockLead(
            reading: Timestamp(nanoseconds: 150), calledAt: Timestamp(nanoseconds: 100),
            answeredAt: Timestamp(nanoseconds: 120))
        #expect(clock == .ahead(30...50))
    }

    @Test("two clocks that are each nearly right may still differ too much from each other")
    func pairOfClocks() throws {
        let (slow, fast) = (ClockLead.ahead(-900_000_000...(-800_000_000)), ClockLead.ahead(700_000_000...800_000_000))
        let found = try item("clock", from: examined(clock: slow), to: examined(clock: fast))
        #expect(found.result == .missing && found.detail == "1600 ms ahead of this host's", "\(found)")
        let unread = try item("clock", from: examined(clock: slow), to: examined(clock: .unknown("why")))
        #expect(unread.result == .unknown && unread.detail == "why")
    }

    @Test(
        "where guests would be sent is looked up, and a loopback address is found out",
        arguments: [
            (ResolvedName(name: "10.0.0.2", addresses: ["10.0.0.2"]), CheckItem.Result.fine, "needs none"),
            (ResolvedName(name: "host-b", addresses: ["10.0.0.2"]), .fine, "can't be seen from outside"),
            (ResolvedName(name: "host-b", addresses: ["10.0.0.2", "::1"]), .missing, "loopback address ::1"),
            (ResolvedName(name: "host-b", addresses: ["127.0.1.1"]), .missing, "loopback address 127.0.1.1"),
            (ResolvedName(name: "host-b", addresses: []), .missing, "no address"),
            (ResolvedName(name: "", addresses: []), .missing, "names no machine"),
        ])
    func names(name: ResolvedName, result: CheckItem.Result, detail: String) throws {
        let found = try item("name resolution", from: examined(), to: examined(reached: name))
        #expect(found.result == result && found.detail?.contains(detail) == true, "\(found)")
        #expect((found.remedy != nil) == (result == .missing))
    }

    @Test(
        "a host that calls itself localhost, or by a name that is a loopback address, is told",
        arguments: [
            (ResolvedName(name: "localhost.localdomain", addresses: []), CheckItem.Result.missing),
            (ResolvedName(name: "host-a", addresses: ["127.0.1.1"]), .missing),
            (ResolvedName(name: "host-a", addresses: ["10.0.0.1"]), .fine),
            (ResolvedName(name: "host-a", addresses: []), .fine),
        ])
    func ownName(name: ResolvedName, result: CheckItem.Result) throws {
        #expect(try item("own name", of: examined(own: name)).result == result)
    }

    @Test("hosts that need no name are not asked for one")
    func nameless() {
        let fleet = examined(driver: "fleet", reached: nil)
        #expect(!HostCheckup.items(of: fleet).contains { $0.check == "own name" })
        let pair = HostCheckup.items(from: fleet, to: "h2", .success(fleet), accepts: nil)
        #expect(!pair.contains { $0.check == "name resolution" })
    }

    @Test(
        "whether a CPU cap can act is said with what stands in its way and what to do",
        arguments: [
            ("QEMU", true, nil, CheckItem.Result.fine, nil), ("QEMU", nil, nil, .unknown, "start one"),
            ("QEMU", false, "no control groups", .missing, "cgroup"),
            ("Xen", false, "scheduler 'credit2'", .missing, "sched=credit"),
            ("Test", false, "no CPU cap", .missing, nil),
        ] as [(String, Bool?, String?, CheckItem.Result, String?)])
    func caps(driver: String, canCap: Bool?, obstacle: String?, result: CheckItem.Result, remedy: String?) throws {
        let found = try item("CPU cap", of: examined(driver: driver, canCap: canCap, obstacle: obstacle))
        #expect(found.result == result, "\(found)")
        if let obstacle { #expect(found.detail == obstacle) }
        #expect(remedy.map { found.remedy?.contains($0) == true } ?? (found.remedy == nil), "\(found)")
    }
}
