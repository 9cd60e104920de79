// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import Contracts
import Foundation
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import BillingMain
@testable import SchedulerMain

private let vm = SchedulerWorld.vm

@Suite("A managed policy, with a real Billing", .serialized)
struct SchedulerManagedTests {
    /// f = 0.9 + 0.1·(1 − U1) + 0.2·(1 − U2) + 0.3·(1 − P).
    private static let factor = PricingFactor(
        base: Utilization(percent: 90), lowerWeight: Utilization(percent: 10), upperWeight: Utilization(percent: 20),
        ratioWeight: Utilization(percent: 30), minimum: Utilization(percent: 90), maximum: Utilization(percent: 150))
    private static let card = """
        {"currency": "EUR",
         "prices": {"vcpuHour": 1, "memoryGiBHour": 1, "diskGiBHour": 1, "networkGiB": 1, "cpuHour": 0},
         "factor": {"base": 900000, "lowerWeight": 100000, "upperWeight": 200000, "ratioWeight": 300000,
                    "minimum": 900000, "maximum": 1500000}}
        """

    @Test(
        "is chosen from the VM's past, says why, is not priced higher, and is kept when pinned", .timeLimit(.minutes(2))
    )
    func choice() async throws {
        try await SchedulerWorld.with { world in
            try await world.createVM()
            try await world.store(minutes: 20, utilization: Utilization(percent: 60), of: 2)
            let validFrom = world.monitor.clock.now().advanced(by: .seconds(-3_600))
            _ = try await RateCardRepository(world.store).add(currency: "EUR", card: Self.card, validFrom: validFrom)
            let billing = try await BillingPeer.start(world)
            let scheduler = try await SchedulerRig.start(
                world.database, following: world.monitor,
                settings: ["scheduler.managedInterval": "100ms", "scheduler.samplingInterval": "1s"])
            try await eventually("it decides") { await scheduler.decides(for: SchedulerWorld.cluster) }
            try await scheduler.change(#"{"managed": true, "maxVcpus": 4, "dryRun": true}"#, of: vm)

            let policies = PolicyRepository(world.store)
            try await eventually(within: .seconds(20), "a choice") { try await policies.history(vm).count > 1 }
            let history = try await policies.history(vm)
            let (first, chosen) = (try #require(history.first), try #require(history.last))
            #expect(first.policy == (try PolicyPreset.balanced.policy(maximumVCPUs: 4)))
            #expect(Self.factor.value(for: chosen.policy) <= Self.factor.value(for: first.policy))
            #expect(chosen.options == first.options && chosen.options.goal == .standard)
            let text = try #require(try await policies.choice(vm, version: chosen.version))
            let stored = try JSONDecoder().decode(StoredChoice.self, from: Data(text.utf8))
            #expect(stored.text.contains("would have been overloaded in"))
            #expect(stored.minimumVCPUs == 1 && stored.maximumVCPUs == 4)
            #expect(stored.factor == Self.factor.value(for: chosen.policy))

            try await scheduler.change(#"{"managed": false}"#, of: vm)
            let pinned = try #require(try await policies.current(vm))
            #expect(pinned.policy == chosen.policy && pinned.options.goal == nil)
            await scheduler.stop()
            await billing.stop()
        }
    }
}

/// Billing's commands on a bus of their own, and its row.
private struct BillingPeer {
    let bus: ZeroMQBus
    let store: Store
    let renewing: Task<Void, Never>

    static func start(_ world: SchedulerWorld) async throws -> BillingPeer {
        var generator = SystemRandomNumberGenerator()
        let instance = InstanceID(UUID128.random(using: &generator))
        let clock = world.monitor.clock
        let store = try Store(
            configuration: StoreConfiguration(dsn: world.database.dsn(role: "ebb_billing"), poolSize: 2), log: .quiet)
        var configuration = BusConfiguration()
        configuration.keyPair = TestKeys.pair
        let bus = try ZeroMQBus(instance: instance, configuration: configuration, log: .quiet) { clock.now() }
        let server = try await bus.makeCommandServer(bind: "tcp://127.0.0.1:*")
        await BillingHandlers(store: store, now: { clock.now() }, log: .quiet).register(on: server)
        try await InstanceRepository(world.store).enroll(
            InstanceRecord(
                id: instance, service: .billing, publishEndpoint: nil, commandEndpoint: server.endpoint,
                publicKey: TestKeys.pair.publicKey, version: "test"))
        return BillingPeer(bus: bus, store: store, renewing: SchedulerWorld.keepAlive(instance, in: world.store))
    }

    func stop() async {
        renewing.cancel()
        await bus.close()
        await store.close()
    }
}

extension SchedulerWorld {
    /// A past of the VM, as Logger would have stored it: one sample a second until a while ago.
    fileprivate func store(minutes: Int64, utilization: Utilization, of vcpus: VCPUCount) async throws {
        let claim = try await seizeShard(.log, "h1", by: monitor.instance, in: store)
        let now = monitor.clock.now()
        let start = now.advanced(by: .seconds(-(minutes + 5) * 60))
        // The past is its owner's.
        try await store.query("UPDATE inventory.domain_ownership SET from_ns = \(start)")
        try await store.query("UPDATE inventory.domain SET tenant_since_ns = \(start), created_ns = \(start)")
        let log = LogRepository(store)
        try await log.ensurePartitions(for: try #require(TimeRange(start, now)))
        let stream = StreamID(topic: .host("h1"), epoch: 0)
        let reports = (1...(minutes * 60)).map { second in
            var sample = DomainSample(domain: Self.vm, state: .running)
            sample.vcpus = VCPUSizes(maximum: 8, granted: vcpus, confirmed: vcpus)
            sample.cpuUtilization = utilization
            return LoggedReport(
                stream: stream, sequence: second,
                sample: HostSample(
                    host: "h1", sampledAt: start.advanced(by: .seconds(second)), intervalNanoseconds: 1_000_000_000,
                    figures: HostFigures(cpuCount: 8, memory: .gibibytes(16)), domains: [sample]))
        }
        _ = try await log.store(LogBatch(reports: reports), under: claim)
    }
}
