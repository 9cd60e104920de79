// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import SchedulerMain

/// A tenant's quota holds for what Scheduler does by itself, and for the room that people ask for.
@Suite struct SchedulerQuotaTests {
    private let vm = SchedulerWorld.vm

    @Test("a policy grows a VM up to its tenant's quota, and on when there is more", .timeLimit(.minutes(1)))
    func grows() async throws {
        let hosts = [
            HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16)),
            HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
        ]
        try await withScheduler(hosts: hosts) { world, scheduler in
            let quotas = QuotaRepository(world.store)
            try await quotas.set([.vcpus: 2], of: "acme", by: "root", at: .zero)
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await world.load(1_900_000)
            try await eventually("the growth to the quota") { try await world.vcpus() == 2 }
            try await eventually(within: .seconds(20), "a refusal for the quota") {
                try await world.decisions(about: vm).contains { $0.summary.contains("its tenant's quota is used up") }
            }
            #expect(try await world.vcpus() == 2)
            #expect(try await InventoryRepository(world.store).domain(vm)?.host == "h1", "it went nowhere for it")
            #expect(try await quotas.use(of: "acme", at: world.monitor.clock.now())[.vcpus] == 2)
            try await quotas.set([.vcpus: 3], of: "acme", by: "root", at: .zero)
            try await eventually(within: .seconds(20), "the next growth") { try await world.vcpus() == 3 }
        }
    }

    @Test(
        "several growths of one VM at once take of its tenant's quota what the largest takes", .timeLimit(.minutes(1)))
    func resizes() async throws {
        try await withScheduler { world, scheduler in
            let quotas = QuotaRepository(world.store)
            let share = try #require(try await quotas.share(of: vm)[.vcpus])
            try await quotas.set([.vcpus: 3], of: "acme", by: "root", at: .zero)
            try await eventually("the scheduler decides for the cluster") {
                await scheduler.decides(for: SchedulerWorld.cluster)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask { try await scheduler.grow(vm, on: "h1", to: UInt32(2 + number % 2)) }
                }
                try await group.waitForAll()
            }
            #expect(try await quotas.use(of: "acme", at: world.monitor.clock.now())[.vcpus] == 3)
            let error = await #expect(throws: BusError.self) { try await scheduler.grow(vm, on: "h1", to: 4) }
            guard case .failed(let failure) = error?.code else {
                Issue.record("another failure: \(String(describing: error))")
                return
            }
            #expect(failure.code == .quota && failure.message.contains("asks for 1 vCPU more"), "\(failure)")
            try await world.store.query("UPDATE scheduling.permit SET state = 'released' WHERE state = 'open'")
            #expect(try await quotas.use(of: "acme", at: world.monitor.clock.now())[.vcpus] == share)
        }
    }

    @Test("room for a new VM beyond its tenant's quota is refused as such, on whatever host", .timeLimit(.minutes(1)))
    func places() async throws {
        try await withScheduler { world, scheduler in
            try await QuotaRepository(world.store).set([.vcpus: 2], of: "acme", by: "root", at: .zero)
            let first = DomainID(UUID128(high: 1, low: 8))
            try await eventually("the host has answered a probe") {
                (try? await scheduler.place(first) { _ in }) != nil
            }
            // The permit of the first one counts.
            for host in ["", "h1"] {
                let error = await #expect(throws: BusError.self) {
                    try await scheduler.place(DomainID(UUID128(high: 1, low: 9))) { $0.hostID = host }
                }
                guard case .failed(let failure) = error?.code else {
                    Issue.record("another failure: \(String(describing: error))")
                    return
                }
                #expect(failure.code == .quota && failure.message.contains("its quota is 2 vCPUs"), "\(failure)")
            }
            try await world.store.query("UPDATE scheduling.permit SET state = 'released' WHERE state = 'open'")
            #expect(try await scheduler.place(DomainID(UUID128(high: 1, low: 9))) { _ in } == "h1")
        }
    }
}
