// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct PermitTests {
    /// Four cores at 200 % and 8 GiB: room for eight vCPUs; one domain with one vCPU and 1 GiB.
    private func withRoom(_ body: (World, PermitRepository, DomainID) async throws -> Void) async throws {
        try await withWorld(poolSize: 8) { world async throws in
            try await world.inventory.setMode(of: world.host, to: .enabled)
            try await world.inventory.setFacts(
                HostAnswer(state: .up, cpuCount: 4, memory: .gibibytes(8)), under: world.claim)
            let domain = try await world.addDomain(2, on: world.claim)
            try await body(world, PermitRepository(world.store), domain)
        }
    }

    @Test("many grows at once never overdraw the host: exactly what fits is granted")
    func race() async throws {
        try await withRoom { world, permits, domain async throws in
            let answers = try await withThrowingTaskGroup(of: PermitAnswer.self) { group in
                for number in 1...10 {
                    group.addTask {
                        try await permits.request(
                            .grow(domain, number: UInt64(number), vcpus: 2), at: at(1), under: world.cluster)
                    }
                }
                return try await group.reduce(into: [PermitAnswer]()) { $0.append($1) }
            }
            let granted = answers.filter { if case .granted = $0 { true } else { false } }
            #expect(granted.count == 3)
            let room = try #require(try await permits.room(of: world.host, at: at(1)))
            #expect(room.vcpuLimit == 8)
            #expect(room.domainVCPUs == 1)
            #expect(room.permittedVCPUs == 6)
        }
    }

    @Test(
        "a domain that is started many times at once holds its room once", arguments: [PermitPurpose.start, .restore])
    func startsOnce(purpose: PermitPurpose) async throws {
        try await withRoom { world, permits, domain async throws in
            func request(_ number: UInt64) async throws -> PermitAnswer {
                var request = StoredPermitRequest.grow(domain, number: number, vcpus: 1)
                request.purpose = purpose
                return try await permits.request(request, at: at(1), under: world.cluster)
            }
            guard case .granted(let permit, _) = try await request(1) else {
                Issue.record("the first was refused")
                return
            }
            for number in UInt64(2)...5 { #expect(try await request(number) == .refused(.underWay)) }
            #expect(try await permits.room(of: world.host, at: at(1))?.permittedVCPUs == 1)
            #expect(try await permits.setState(of: permit.id, to: .released))
            guard case .granted = try await request(6) else {
                Issue.record("after the first had ended it was refused")
                return
            }
        }
    }

    @Test("a refusal shows the exact numbers; the last vCPU and the last byte are granted")
    func exact() async throws {
        try await withRoom { world, permits, domain async throws in
            let tooMany = try await permits.request(.grow(domain, vcpus: 8), at: at(1), under: world.cluster)
            guard case .refused(.vcpus(let asked, let room)) = tooMany else {
                Issue.record("not refused: \(tooMany)")
                return
            }
            #expect(asked == 8)
            #expect(room.freeVCPUs == 7)
            #expect(room.domainMemory == .gibibytes(1))
            let large = ByteCount(clamping: ByteCount.gibibytes(7).bytes + 1)
            let tooLarge = try await permits.request(
                .grow(domain, vcpus: 0, memory: large), at: at(1), under: world.cluster)
            guard case .refused(.memory(large, _)) = tooLarge else {
                Issue.record("not refused: \(tooLarge)")
                return
            }
            let all = try await permits.request(
                .grow(domain, vcpus: 7, memory: .gibibytes(7)), at: at(1), under: world.cluster)
            guard case .granted(let permit, _) = all else {
                Issue.record("not granted: \(all)")
                return
            }
            #expect(permit.state == .open)
            #expect(try await permits.fetch(permit.id) == permit)
        }
    }

    @Test("a growth into a vCPU that is granted and not yet online asks for no room that it holds already")
    func plugged() async throws {
        try await withRoom { world, permits, domain async throws in
            let seen = DomainObservation(
                state: .running, vcpus: VCPUSizes(maximum: 8, granted: 3, confirmed: 1),
                memory: DomainMemory(maximum: .gibibytes(8), allocated: .gibibytes(1)))
            try await world.inventory.observe(domain, seen, under: world.claim)
            for (number, vcpus, missing) in [(1, 1, 0), (2, 2, 0), (3, 4, 2)] as [(UInt64, Int, Int)] {
                var request = StoredPermitRequest.grow(domain, number: number, vcpus: vcpus)
                request.targetVCPUs = VCPUCount(clamping: 1 + vcpus)
                let answer = try await permits.request(request, at: at(1), under: world.cluster)
                guard case .granted(let permit, _) = answer else {
                    Issue.record("not granted: \(answer)")
                    return
                }
                #expect(permit.vcpus == VCPUCount(clamping: missing), "from 1 to \(1 + vcpus)")
                try await permits.setState(of: permit.id, to: .released)
            }
        }
    }

    @Test("growths of one domain that are open at once hold the host's room for the largest, and another's is added")
    func growthsOfOne() async throws {
        try await withRoom { world, permits, domain async throws in
            let other = try await world.addDomain(3, on: world.claim)
            func isGranted(_ request: StoredPermitRequest) async throws -> Bool {
                guard case .granted = try await permits.request(request, at: at(1), under: world.cluster) else {
                    return false
                }
                return true
            }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in UInt64(1)...6 {
                    group.addTask { try await isGranted(.grow(domain, number: number, to: 1 + Int(number))) }
                }
                for try await granted in group { #expect(granted) }
            }
            let room = try #require(try await permits.room(of: world.host, at: at(1)))
            #expect([room.domainVCPUs, room.permittedVCPUs, room.freeVCPUs] == [2, 6, 0])
            #expect(try await !isGranted(.grow(domain, number: 7, to: 8)))
            #expect(try await !isGranted(.grow(other, number: 8, to: 2)))
            #expect(try await permits.setState(of: UUID128(high: 3, low: 6), to: .released))
            #expect(try await permits.room(of: world.host, at: at(1))?.freeVCPUs == 1)
            #expect(try await isGranted(.grow(other, number: 8, to: 2)))
            #expect(try await permits.room(of: world.host, at: at(1))?.freeVCPUs == 0)
        }
    }

    @Test("growths of one domain's memory hold the host's room for the largest")
    func memoryOfOne() async throws {
        try await withRoom { world, permits, domain async throws in
            for (number, size) in [(1, 4), (2, 8), (3, 6)] as [(UInt64, Int64)] {
                var request = StoredPermitRequest.grow(domain, number: number, vcpus: 0, memory: .gibibytes(size - 1))
                request.targetMemory = .gibibytes(size)
                guard case .granted = try await permits.request(request, at: at(1), under: world.cluster) else {
                    Issue.record("to \(size) GiB: not granted")
                    return
                }
            }
            let room = try #require(try await permits.room(of: world.host, at: at(1)))
            #expect(room.permittedMemory == .gibibytes(7) && room.freeMemoryBytes == 0)
        }
    }

    @Test("a permit holds its room until it is used, released or expired")
    func lifecycle() async throws {
        try await withRoom { world, permits, domain async throws in
            _ = try await permits.request(
                .grow(domain, number: 1, vcpus: 3, expires: 10), at: at(1), under: world.cluster)
            _ = try await permits.request(
                .grow(domain, number: 2, vcpus: 2, expires: 90), at: at(1), under: world.cluster)
            #expect(try await permits.room(of: world.host, at: at(9))?.freeVCPUs == 2)
            #expect(try await permits.room(of: world.host, at: at(10))?.freeVCPUs == 5)
            #expect(try await permits.expire(at: at(10)) == 1)
            let second = UUID128(high: 3, low: 2)
            #expect(try await permits.setState(of: second, to: .used))
            #expect(try await !permits.setState(of: second, to: .released))
            #expect(try await permits.room(of: world.host, at: at(9))?.freeVCPUs == 7)
        }
    }

    @Test("an unknown domain holds its room, a stopped one does not; without a known size its ceiling counts")
    func unknownIsNotOff() async throws {
        try await withRoom { world, permits, domain async throws in
            let limit = 8
            try await world.inventory.observe(domain, DomainObservation(state: .unknown), under: world.claim)
            #expect(try await permits.room(of: world.host, at: at(1))?.freeVCPUs == limit - 1)
            try await world.inventory.observe(domain, DomainObservation(state: .shutoff), under: world.claim)
            #expect(try await permits.room(of: world.host, at: at(1))?.freeVCPUs == limit)
            // Never seen active: no size is known.
            try await world.inventory.observe(world.domain, DomainObservation(state: .running), under: world.claim)
            #expect(try await permits.room(of: world.host, at: at(1))?.freeVCPUs == limit - 8)
        }
    }

    @Test("mode, unknown capacity, unknown host and measured use refuse, each by its name")
    func refusals() async throws {
        try await withRoom { world, permits, domain async throws in
            func answer(_ change: (inout StoredPermitRequest) -> Void) async throws -> PermitAnswer {
                var request = StoredPermitRequest.grow(domain)
                change(&request)
                return try await permits.request(request, at: at(1), under: world.cluster)
            }
            _ = try await world.addHost("h-2")
            #expect(try await answer { $0.host = "h-9" } == .refused(.unknownHost("h-9")))
            #expect(try await answer { $0.host = "h-2" } == .refused(.mode(.observe)))
            try await world.inventory.setMode(of: "h-2", to: .enabled)
            #expect(try await answer { $0.host = "h-2" } == .refused(.capacityUnknown))
            #expect(
                try await answer { $0.projectedUse = Utilization(percent: 91) }
                    == .refused(.measuredUse(projected: Utilization(percent: 91), bound: Utilization(percent: 90))))
            try await world.inventory.setMode(of: world.host, to: .draining)
            #expect(try await answer { $0.purpose = .create } == .refused(.mode(.draining)))
            guard case .granted = try await answer({ $0.purpose = .grow }) else {
                Issue.record("a draining host must let its own domains grow")
                return
            }
        }
    }
}
