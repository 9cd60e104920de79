// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

/// What a tenant has and may have. The world's own VM is off and was never seen on: it counts for its ceiling, 8 vCPUs
/// and 8 GiB.
@Suite struct QuotaTests {
    private struct Quotas {
        let world: World
        var repository: QuotaRepository { QuotaRepository(world.store) }
        var permits: PermitRepository { PermitRepository(world.store) }

        func set(_ quota: QuotaAmounts, of tenant: TenantID = "t-1") async throws {
            try await repository.set(quota, of: tenant, by: "root", at: at(1))
        }

        func used(_ resource: QuotaResource, of tenant: TenantID = "t-1", at now: Int64 = 1) async throws -> Int64? {
            try await repository.use(of: tenant, at: at(now))[resource]
        }

        /// Asks for room; `nil`: granted, else why not.
        func refusal(_ request: StoredPermitRequest) async throws -> PermitRefusal? {
            switch try await permits.request(request, at: at(1), under: world.cluster) {
            case .granted: nil
            case .refused(let refusal): refusal
            }
        }

        /// Two domains of the tenant, of one vCPU each, the second on another host.
        func domainsOnTwoHosts() async throws -> [DomainID] {
            let other = try await world.addHost("h-2")
            try await world.inventory.setMode(of: "h-2", to: .enabled)
            try await world.inventory.setFacts(
                HostAnswer(state: .up, cpuCount: 64, memory: .gibibytes(64)), under: other)
            return [try await world.addDomain(2, on: world.claim), try await world.addDomain(3, on: other)]
        }

        func enqueue(_ verb: String, _ domain: DomainID, _ arguments: String, _ number: UInt64) async throws {
            var command = NewCommand.resize(domain, key: "\(verb)-\(number)", number: number)
            command.verb = Recognised(verb)
            command.arguments = arguments
            _ = try await world.commands.enqueue(command)
        }

        func finish(_ number: UInt64, _ outcome: CommandOutcome) async throws {
            let id = UUID128(high: 7, low: number)
            #expect(try await world.commands.claim(id, under: world.claim, by: world.owner, at: at(1)))
            try await world.commands.finish(id, under: world.claim, outcome, at: at(2))
        }
    }

    private func withQuotas(_ body: (Quotas) async throws -> Void) async throws {
        try await withWorld(poolSize: 8) { world in
            try await world.inventory.setMode(of: world.host, to: .enabled)
            try await world.inventory.setFacts(
                HostAnswer(state: .up, cpuCount: 64, memory: .gibibytes(64)), under: world.claim)
            try await body(Quotas(world: world))
        }
    }

    @Test("a tenant for which nothing was set may have as much as there is; what is not limited neither")
    func unlimited() async throws {
        try await withQuotas { quotas in
            let domain = try await quotas.world.addDomain(2, on: quotas.world.claim)
            #expect(try await quotas.refusal(.grow(domain, vcpus: 20)) == nil)
            try await quotas.set([.vms: 0])
            #expect(try await quotas.refusal(.grow(domain, number: 2, vcpus: 20)) == nil)
            #expect(try await quotas.repository.quota(of: "t-1") == [.vms: 0])
        }
    }

    @Test("growths at once, on two hosts, never pass the quota together, and exactly what fits is granted")
    func race() async throws {
        try await withQuotas { quotas in
            let domains = try await quotas.domainsOnTwoHosts()
            // 8 of the world's own VM, 1 each of the two.
            #expect(try await quotas.used(.vcpus) == 10)
            try await quotas.set([.vcpus: 17])
            let refusals = try await withThrowingTaskGroup(of: PermitRefusal?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        var request = StoredPermitRequest.grow(
                            domains[number % 2], number: UInt64(number) + 1, vcpus: 2)
                        request.host = number % 2 == 0 ? "h-1" : "h-2"
                        return try await quotas.refusal(request)
                    }
                }
                return try await group.reduce(into: [PermitRefusal]()) { all, next in
                    if let next { all.append(next) }
                }
            }
            #expect(refusals.count == 7)
            #expect(try await quotas.used(.vcpus) == 16)
            let refusal = QuotaRefusal(tenant: "t-1", resource: .vcpus, asked: 2, used: 16, quota: 17)
            #expect(try await quotas.refusal(.grow(domains[0], number: 90, vcpus: 2)) == .quota(refusal))
            #expect(
                refusal.description
                    == "tenant 't-1' has 16 vCPUs, asks for 2 vCPUs more, and its quota is 17 vCPUs")
            #expect(try await quotas.refusal(.grow(domains[0], number: 91, vcpus: 1)) == nil)
        }
    }

    @Test("growths of one VM that are open at once count as the largest of them, and two VMs are added")
    func growthsOfOne() async throws {
        try await withQuotas { quotas in
            let world = quotas.world
            let domains = [
                try await world.addDomain(2, on: world.claim), try await world.addDomain(3, on: world.claim),
            ]
            // 8 of the world's own VM, up to 4 of the first and 1 of the second.
            try await quotas.set([.vcpus: 13, .memory: 12 << 30])
            try await withThrowingTaskGroup(of: PermitRefusal?.self) { group in
                for number in UInt64(1)...9 {
                    let size = 2 + Int(number) % 3
                    group.addTask { try await quotas.refusal(.grow(domains[0], number: number, to: size)) }
                }
                for try await refusal in group { #expect(refusal == nil) }
            }
            #expect(try await quotas.used(.vcpus) == 13)
            let refusal = QuotaRefusal(tenant: "t-1", resource: .vcpus, asked: 1, used: 13, quota: 13)
            #expect(try await quotas.refusal(.grow(domains[1], number: 20, to: 2)) == .quota(refusal))
            #expect(try await quotas.refusal(.grow(domains[0], number: 21, to: 5)) == .quota(refusal))
            // Those to 4 vCPUs fail: it may still have 3.
            for number in UInt64(1)...9 where number % 3 == 2 {
                #expect(try await quotas.permits.setState(of: UUID128(high: 3, low: number), to: .released))
            }
            #expect(try await quotas.used(.vcpus) == 12)
            // The one to 2 vCPUs is done while the one to 3 is still open.
            let seen = DomainObservation(
                state: .running, vcpus: VCPUSizes(maximum: 8, granted: 2, confirmed: 2),
                memory: DomainMemory(maximum: .gibibytes(8), allocated: .gibibytes(1)))
            try await world.inventory.observe(domains[0], seen, under: world.claim)
            #expect(try await quotas.used(.vcpus) == 12)
            #expect(try await quotas.refusal(.grow(domains[1], number: 22, to: 2)) == nil)
            #expect(try await quotas.used(.vcpus) == 13)
            #expect(try await quotas.used(.vcpus, at: 100) == 11, "permits that are past their time")
        }
    }

    @Test("growths of the memory of one VM count as the largest of them")
    func memoryOfOne() async throws {
        try await withQuotas { quotas in
            let domain = try await quotas.world.addDomain(2, on: quotas.world.claim)
            try await quotas.set([.memory: 11 << 30])
            for (number, size) in [(1, 2), (2, 3), (3, 2)] as [(UInt64, Int64)] {
                var request = StoredPermitRequest.grow(domain, number: number, vcpus: 0, memory: .gibibytes(size - 1))
                request.targetMemory = .gibibytes(size)
                #expect(try await quotas.refusal(request) == nil)
            }
            #expect(try await quotas.used(.memory) == 11 << 30)
            #expect(try await quotas.used(.vcpus) == 9)
        }
    }

    @Test("growths of two VMs that race, on two hosts, never pass the quota, and only what would is refused")
    func targetsRace() async throws {
        try await withQuotas { quotas in
            let domains = try await quotas.domainsOnTwoHosts()
            try await quotas.set([.vcpus: 17])
            let refusals = try await withThrowingTaskGroup(of: PermitRefusal?.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        var request = StoredPermitRequest.grow(
                            domains[number % 2], number: UInt64(number) + 1, to: 2 + number / 2)
                        request.host = number % 2 == 0 ? "h-1" : "h-2"
                        return try await quotas.refusal(request)
                    }
                }
                return try await group.reduce(into: [PermitRefusal]()) { all, next in
                    if let next { all.append(next) }
                }
            }
            // 8 of the world's own VM, and 5 and 4 of the two: only the later of those to 5 is beyond it.
            #expect(try await quotas.used(.vcpus) == 17)
            #expect(refusals.count == 1)
        }
    }

    @Test("room that is given back, or past its time, counts no more")
    func givenBack() async throws {
        try await withQuotas { quotas in
            let domain = try await quotas.world.addDomain(2, on: quotas.world.claim)
            try await quotas.set([.vcpus: 12])
            #expect(try await quotas.refusal(.grow(domain, number: 1, vcpus: 3, expires: 50)) == nil)
            #expect(try await quotas.used(.vcpus) == 12)
            #expect(try await quotas.used(.vcpus, at: 50) == 9)
            #expect(try await quotas.permits.setState(of: UUID128(high: 3, low: 1), to: .released))
            #expect(try await quotas.refusal(.grow(domain, number: 2, vcpus: 3)) == nil)
        }
    }

    @Test("starting takes nothing that the VM does not count for already; moving and growing takes the growth")
    func starts() async throws {
        try await withQuotas { quotas in
            let world = quotas.world
            let domain = try await world.addDomain(2, on: world.claim, vcpus: 2)
            try await quotas.set([.vcpus: 10, .memory: 9 << 30])
            var start = StoredPermitRequest.grow(world.domain, number: 1, vcpus: 8, memory: .gibibytes(8))
            start.purpose = .start
            #expect(try await quotas.refusal(start) == nil)
            var move = StoredPermitRequest.grow(domain, number: 2, vcpus: 2, memory: .gibibytes(1))
            move.purpose = .migrate
            #expect(try await quotas.refusal(move) == nil)
            (move.id, move.vcpus) = (UUID128(high: 3, low: 3), 3)
            let refusal = QuotaRefusal(tenant: "t-1", resource: .vcpus, asked: 1, used: 10, quota: 10)
            #expect(try await quotas.refusal(move) == .quota(refusal))
        }
    }

    @Test("a VM that is being created counts for what its permit says, once, from its order to its end")
    func creates() async throws {
        try await withQuotas { quotas in
            let world = quotas.world
            let new = DomainID(UUID128(high: 1, low: 5))
            let size = #"{"name": "vm-5", "tenant": "t-1", "disk_bytes": 1000}"#
            try await quotas.enqueue("create", new, size, 1)
            var request = StoredPermitRequest.grow(new, number: 1, vcpus: 2, memory: .gibibytes(1))
            (request.purpose, request.tenant) = (.create, "t-1")
            #expect(try await quotas.refusal(request) == nil)
            func use() async throws -> [Int64?] {
                let use = try await quotas.repository.use(of: "t-1", at: at(1))
                return [use[.vms], use[.vcpus], use[.disk]]
            }
            #expect(try await use() == [2, 10, 1_000])
            // Its row comes with the ceiling, and the permit stays until its end.
            try await world.inventory.insertDomain(.plain(new, "vm-5"), under: world.claim)
            try await world.store.query("UPDATE inventory.domain SET disk_bytes = 1000 WHERE id = \(new)")
            #expect(try await use() == [2, 10, 1_000])
            try await quotas.finish(1, .failed(code: .hypervisor, message: "no"))
            try await quotas.permits.setState(of: request.id, to: .released)
            try await world.store.query("UPDATE inventory.domain SET deleted_ns = 2 WHERE id = \(new)")
            #expect(try await use() == [1, 8, 0])
        }
    }

    @Test("an order that failed or that nobody took in time counts no more")
    func orders() async throws {
        try await withQuotas { quotas in
            let new = DomainID(UUID128(high: 1, low: 5))
            try await quotas.enqueue("create", new, #"{"tenant": "t-1", "disk_bytes": 1000}"#, 1)
            #expect(try await quotas.used(.vms) == 2)
            #expect(try await quotas.used(.vms, at: 1_000) == 1)
            try await quotas.finish(1, .failed(code: .invalid, message: "no"))
            #expect(try await quotas.used(.vms) == 1)
        }
    }

    @Test("snapshots count from their order on until they are deleted; one that failed does not")
    func snapshots() async throws {
        try await withQuotas { quotas in
            let domain = quotas.world.domain
            for (number, name) in [(1, "a"), (2, "b"), (3, "c")] as [(UInt64, String)] {
                try await quotas.enqueue("snapshot", domain, #"{"name": "\#(name)"}"#, number)
            }
            #expect(try await quotas.used(.snapshots) == 3)
            try await quotas.finish(1, .succeeded())
            try await quotas.finish(2, .failed(code: .hypervisor, message: "no"))
            try await quotas.finish(3, .failed(code: .outcomeUnknown, message: "it may be there"))
            #expect(try await quotas.used(.snapshots) == 2)
            try await quotas.enqueue("delete-snapshot", domain, #"{"name": "a"}"#, 4)
            #expect(try await quotas.used(.snapshots) == 2)
            try await quotas.finish(4, .succeeded())
            #expect(try await quotas.used(.snapshots) == 1)
            try await quotas.enqueue("delete", domain, "{}", 5)
            try await quotas.finish(5, .succeeded())
            #expect(try await quotas.used(.snapshots) == 0)
        }
    }

    @Test("a domain that is being adopted counts for its new tenant, and its room is the host's still")
    func adoptions() async throws {
        try await withQuotas { quotas in
            let world = quotas.world
            try await AccountRepository(world.store).addTenant("t-2")
            let domain = try await world.addDomain(2, on: world.claim, vcpus: 3)
            try await world.store.query("UPDATE inventory.domain SET tenant = NULL WHERE id = \(domain)")
            let share = try await quotas.repository.share(of: domain)
            #expect(share == [.vms: 1, .vcpus: 3, .memory: 1 << 30, .disk: 0])
            try await quotas.enqueue("adopt", domain, #"{"tenant": "t-2"}"#, 1)
            #expect(try await quotas.used(.vcpus, of: "t-2") == 3)
            #expect(try await quotas.used(.vms, of: "t-2") == 1)
            try await world.store.query("UPDATE inventory.domain SET tenant = 't-2' WHERE id = \(domain)")
            #expect(try await quotas.used(.vcpus, of: "t-2") == 3)
        }
    }
}
