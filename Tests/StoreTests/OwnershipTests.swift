// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

extension World {
    fileprivate var ownership: OwnershipRepository { OwnershipRepository(store) }

    /// (tenant, name, from, until) in seconds of test time.
    fileprivate func periods(_ domain: DomainID? = nil) async throws -> [String] {
        try await ownership.periods(of: domain ?? self.domain).map { period in
            let until = period.until.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "-"
            return "\(period.tenant) \(period.name) \(period.from.nanoseconds / 1_000_000_000) \(until)"
        }
    }

    /// A found domain that tenant t-1 has from 10 to 20 and t-2 from 30 on; `from` and `until` are the steps to be taken.
    @discardableResult
    fileprivate func changeHands(from: Int64 = 1, until: Int64 = 30) async throws -> DomainID {
        let id = DomainID(UUID128(high: 2, low: 2))
        if from == 1 {
            _ = try await AccountRepository(store).addTenant("t-2")
            try await store.query(
                """
                INSERT INTO inventory.domain (id, name, host, state, maximum_vcpus, maximum_memory_bytes, managed,
                    created_ns) VALUES (\(id), 'found', 'h-1', 'running', 8, 1, false, \(at(1)))
                """)
        }
        for (instant, tenant) in [(10, "t-1"), (20, nil), (30, "t-2")] as [(Int64, TenantID?)]
        where (from...until).contains(instant) {
            _ = try await inventory.setManaged(id, tenant != nil, tenant: tenant, since: at(instant), under: claim)
        }
        return id
    }
}

@Suite("Whose a domain was when") struct OwnershipTests {
    @Test("creation, release, adoption and deletion each date it, in their own transaction")
    func dated() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            try await world.inventory.markDeleted(id, at: at(40), under: world.claim)
            #expect(try await world.periods(id) == ["t-1 found 10 20", "t-2 found 30 40"])
            let instants: [Int64] = [9, 10, 19, 20, 29, 30, 39, 40]
            var owners: [String?] = []
            for instant in instants { owners.append(try await world.ownership.owner(of: id, at: at(instant))?.name) }
            #expect(owners == [nil, "t-1", "t-1", nil, nil, "t-2", "t-2", nil])
            let created = try #require(try await world.inventory.domain(world.domain))
            #expect(try await world.ownership.periods(of: world.domain).map(\.from) == [created.tenantSince])
        }
    }

    @Test("a change that is rolled back dates nothing")
    func rolledBack() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            await #expect(throws: StoreError.self) {
                try await world.store.transaction { transaction in
                    _ = try await world.inventory.setManaged(
                        id, false, tenant: nil, since: at(50), under: world.claim, in: transaction)
                    _ = try await transaction.query("SELECT 1/0")
                }
            }
            #expect(try await world.periods(id) == ["t-1 found 10 20", "t-2 found 30 -"])
        }
    }

    @Test("no instant is two tenants', not even where a clock went back")
    func disjoint() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            _ = try await world.inventory.setManaged(id, false, tenant: nil, since: at(35), under: world.claim)
            _ = try await world.inventory.setManaged(id, true, tenant: "t-1", since: at(33), under: world.claim)
            #expect(try await world.periods(id) == ["t-1 found 10 20", "t-2 found 30 35", "t-1 found 35 -"])
            // One that ends before it began was none.
            _ = try await world.inventory.setManaged(id, false, tenant: nil, since: at(31), under: world.claim)
            #expect(try await world.periods(id) == ["t-1 found 10 20", "t-2 found 30 35"])
            await #expect {
                try await world.store.query(
                    "INSERT INTO inventory.domain_ownership VALUES (\(id), 't-2', 'x', \(at(15)), NULL)")
            } throws: { code($0) == .exclusionViolation }
        }
    }

    @Test("a rename begins another period of the same tenant")
    func renamed() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            try await world.store.query("UPDATE inventory.domain SET name = 'new' WHERE id = \(id)")
            let periods = try await world.ownership.periods(of: id, tenant: "t-2")
            #expect(periods.map(\.name) == ["found", "new"])
            #expect(periods.joined().map(\.start) == [at(30)])
            #expect(try await world.inventory.domain(id)?.tenantSince == at(30))
        }
    }

    @Test("a name is who has it now, else who had it last, and in the past who had it then")
    func names() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            let (next, names) = (DomainID(UUID128(high: 2, low: 3)), world.ownership)
            #expect(try await names.named("found", tenant: "t-1").map(\.domain) == [id], "it ended, and had it last")
            try await world.store.query(
                """
                INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed,
                    created_ns) VALUES (\(next), 'found', 't-1', 'h-1', 'running', 8, 1, true, \(at(25)))
                """)
            #expect(try await names.named("found", tenant: "t-1").map(\.domain) == [next])
            #expect(try await names.named("found", tenant: "t-1", at: at(15)).map(\.domain) == [id])
            #expect(try await names.named("found", tenant: "t-1", at: at(22)).isEmpty)
            #expect(try await Set(names.named("found", tenant: nil).map(\.domain)) == [id, next])
        }
    }

    @Test("a policy rules for the tenant that it was made for, and comes back with that tenant")
    func policies() async throws {
        try await withWorld { world in
            let (id, policies) = (try await world.changeHands(until: 10), PolicyRepository(world.store))
            func subscribe(_ seconds: Int64) async throws -> Int64 {
                let policy = try ScalingPolicy(
                    lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(percent: 70),
                    maximumVCPUs: 8)
                return try await policies.append(
                    policy, for: id, windowLength: 10, at: at(seconds), under: world.cluster
                ).version
            }
            let first = try await subscribe(12)
            _ = try await world.changeHands(from: 20)
            #expect(try await policies.current(id) == nil, "adopted by another, it begins without")
            #expect(try await policies.allCurrent().isEmpty)
            let second = try await subscribe(33)
            #expect(try await policies.current(id)?.version == second)
            #expect(try await policies.history(of: "t-1").map(\.version) == [first])
            #expect(try await policies.history(of: "t-2").map(\.version) == [second])
            #expect(try await policies.version(id, at: at(15))?.version == first)
            #expect(try await policies.version(id, at: at(25)) == nil)
            _ = try await world.inventory.setManaged(id, true, tenant: "t-1", since: at(50), under: world.claim)
            #expect(try await policies.current(id)?.version == first)
        }
    }

    @Test("decisions and measurements are listed for whose the domain was when they were made")
    func decisions() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            let repository = DecisionRepository(world.store)
            for (number, seconds) in [(UInt64(1), Int64(12)), (2, 25), (3, 31)] {
                try await repository.insert(
                    DecisionRow(
                        id: UUID128(high: 9, low: number), cluster: "c-1", epoch: 1, domain: id, at: at(seconds),
                        verdict: .known(.nothing), rulesVersion: 1, summary: "", record: "{}"), under: world.cluster)
            }
            func numbers(_ tenant: TenantID?) async throws -> [UInt64] {
                try await repository.list(DecisionFilter(tenant: tenant)).map(\.id.low)
            }
            #expect(try await numbers("t-1") == [1])
            #expect(try await numbers("t-2") == [3])
            #expect(try await numbers(nil) == [3, 2, 1])
        }
    }

    @Test("what the former owner's people froze ends with the ownership, what the provider froze stays")
    func freezes() async throws {
        try await withWorld { world in
            let id = try await world.changeHands()
            let accounts = AccountRepository(world.store)
            try await accounts.addPrincipal(
                StoredPrincipal(id: UUID128(high: 5, low: 1), name: "mia", tenant: "t-2", role: .member))
            try await accounts.addPrincipal(
                StoredPrincipal(id: UUID128(high: 5, low: 2), name: "root", tenant: nil, role: .administrator))
            let freezes = FreezeRepository(world.store)
            for (domain, who) in [(id, "mia"), (world.domain, "root")] {
                try await world.store.transaction { transaction in
                    try await freezes.freeze(
                        FreezeRecord(
                            .domain(domain), reason: "r", principal: who, isAutomatic: false,
                            createdAt: at(31)), in: transaction)
                }
            }
            for domain in [id, world.domain] {
                _ = try await world.inventory.setManaged(domain, false, tenant: nil, under: world.claim)
            }
            #expect(try await freezes.list().map(\.principal) == ["root"])
        }
    }
}

@Suite("What a stored meter tells") struct MeterTests {
    private func reading(_ world: World, _ seconds: Int64, _ received: Int64?, devices: [DeviceCounters]? = nil)
        -> StoredReading
    {
        StoredReading(
            domain: world.domain, host: "h-1", incarnationStart: at(0), at: at(seconds),
            counters: DomainCounters(networkReceivedBytes: received), devices: devices)
    }

    @Test("where a counter may have fallen is noted, however the readings come")
    func falls() async throws {
        try await withWorld { world in
            let batches =
                [[(0, 0), (30, 2)], [(10, 5)], [(20, 1), (40, nil), (50, 3)], [(60, 2)]] as [[(Int64, Int64?)]]
            for batch in batches {
                try await world.inventory.insertReadings(
                    batch.map { reading(world, $0.0, $0.1) }, under: world.claim)
            }
            let rows = try await world.store.query("SELECT at_ns FROM inventory.meter_fall ORDER BY at_ns")
            let noted = try rows.map { try $0.timestamp("at_ns") }
            // 30: it stood beside 10 for a while; 50: what came before it was not known.
            #expect(noted == [at(20), at(30), at(50), at(60)])
        }
    }

    @Test("devices that can't be metered are kept with the domain by its own host, until all can be")
    func unmetered() async throws {
        try await withWorld { world in
            let other = try await world.addHost("h-2")
            func devices() async throws -> [String]? {
                try await world.inventory.domain(world.domain)?.unmeteredDevices
            }
            #expect(try await devices() == nil)
            for (names, claim) in [(["disk vda", "interface 52:54:00:00:00:21"], world.claim), (["disk vdb"], other)] {
                try await world.inventory.setUnmetered(of: world.domain, names, under: claim)
                #expect(try await devices() == ["disk vda", "interface 52:54:00:00:00:21"])
            }
            try await world.inventory.setUnmetered(of: world.domain, [], under: world.claim)
            #expect(try await devices() == nil)
        }
    }

    @Test("the meters that a Monitor goes on from: the last of each counter that is known, and of each device")
    func lastMeters() async throws {
        try await withWorld { world in
            let seen = DomainObservation(
                state: .running, incarnation: Incarnation(host: "h-1", hypervisorID: 1, start: at(0)))
            try await world.inventory.observe(world.domain, seen, under: world.claim)
            #expect(try await world.inventory.lastMeters(on: "h-1").isEmpty)
            let devices = [
                DeviceCounters(.disk, "vda", incoming: 3, outgoing: 4),
                DeviceCounters(.interface, "52:54:00:00:00:21", incoming: 7, outgoing: nil),
            ]
            try await world.inventory.insertReadings(
                [reading(world, 1, 5), reading(world, 2, nil, devices: devices)], under: world.claim)
            let meter = try #require(try await world.inventory.lastMeters(on: "h-1")[world.domain])
            #expect(meter.counters == DomainCounters(networkReceivedBytes: 5))
            #expect(meter.devices == devices)
        }
    }
}
