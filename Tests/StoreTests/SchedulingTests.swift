// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct SchedulingTests {
    @Test("a policy with rules for memory and network, options and a choice comes back equal, one without has none")
    func policies() async throws {
        try await withWorld { world async throws in
            let policies = PolicyRepository(world.store)
            let rule = try ResourceRule(
                lower: Utilization(percent: 40), upper: Utilization(percent: 85), minimum: 1 << 28, maximum: 1 << 31)
            let policy = try ScalingPolicy(
                lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(percent: 70),
                minimumVCPUs: 1, maximumVCPUs: 4, memory: rule,
                network: try ResourceRule(
                    lower: Utilization(percent: 30), upper: Utilization(percent: 80), minimum: 1_000, maximum: 90_000))
            let options = PolicyOptions(
                preset: .paper, goal: .standard, cooldown: Cooldown(upNanoseconds: 1, downNanoseconds: 2),
                isOptedOut: true, isDryRun: true, affinityGroup: "a", antiAffinityGroup: "b", pinnedHosts: ["h-1"])
            let first = try await policies.append(
                policy, options: options, choice: #"{"text": "why"}"#, for: world.domain, windowLength: 10, at: at(1),
                under: world.cluster)
            #expect(first.policy == policy && first.options == options)
            #expect(try await policies.current(world.domain) == first)
            #expect(try await policies.choice(world.domain, version: 1) == #"{"text": "why"}"#)
            let second = try await policies.append(
                nil, for: world.domain, windowLength: 12, at: at(2), under: world.cluster)
            #expect(second.options == PolicyOptions() && second.policy == nil)
            #expect(try await policies.choice(world.domain, version: 2) == nil)
            #expect(try await policies.allCurrent() == [second])
        }
    }

    @Test("a version is kept with the ratio that its N represents, whoever makes it")
    func trueRatio() async throws {
        try await withWorld { world async throws in
            let policies = PolicyRepository(world.store)
            let policy = try ScalingPolicy(
                lower: Utilization(percent: 15), upper: Utilization(percent: 80), ratio: Utilization(percent: 70),
                maximumVCPUs: 4)
            let made = try await policies.append(
                policy, for: world.domain, windowLength: 12, at: at(1), under: world.cluster)
            #expect(made.policy?.ratio == Utilization(percent: 70) && made.trueRatio == Utilization(percent: 75))
            _ = try await policies.renew([made], windowLength: { _ in 6 }, at: at(2), under: world.cluster)
            let kept = try await policies.history(world.domain).map(\.ratedRatio)
            #expect(kept == [Utilization(percent: 75), Utilization(ppm: 833_333)], "9 of 12, then 5 of 6")
        }
    }

    @Test("settings of clusters and tenants are changed in place and have defaults")
    func settings() async throws {
        try await withWorld { world async throws in
            let settings = SchedulingSettingsRepository(world.store)
            #expect(try await settings.cluster("c-1") == nil)
            #expect(try await settings.tenants().isEmpty)
            var cluster = ClusterSetting(cluster: "c-1", isDryRun: true, blackouts: #"[{"startSecond": 1}]"#)
            cluster.weights = ClusterSetting.PlacementShares(response: 0, cpu: 400_000, memory: 600_000)
            cluster.movesPerCluster = 4
            cluster.moveRestNanoseconds = 7
            for isDryRun in [true, false] {
                cluster.isDryRun = isDryRun
                try await settings.set(cluster, by: "ada", at: at(1))
                #expect(try await settings.cluster("c-1") == cluster)
            }
            for weight in [1, 10_000] {
                let tenant = TenantSetting(tenant: "t-1", weight: weight, isDryRun: weight == 1)
                try await settings.set(tenant, by: "ada", at: at(1))
                #expect(try await settings.tenants() == [tenant])
            }
            var later = cluster
            later.isDryRun = true
            try await settings.set(later, by: "ada", at: at(5))
            try await settings.set(TenantSetting(tenant: "t-1", weight: 7), by: "ada", at: at(5))
            #expect(try await settings.cluster("c-1", at: at(0)) == nil)
            #expect(try await settings.cluster("c-1", at: at(4)) == cluster)
            #expect(try await settings.cluster("c-1", at: at(5)) == later)
            #expect(try await settings.tenants(at: at(0)).isEmpty)
            #expect(try await settings.tenants(at: at(4)).map(\.weight) == [10_000])
            #expect(try await settings.tenants(at: at(5)).map(\.weight) == [7])
            cluster.weights = ClusterSetting.PlacementShares(response: 1, cpu: 1, memory: 1)
            let wrong = cluster
            await #expect { try await settings.set(wrong, by: "ada", at: at(1)) } throws: {
                code($0) == .checkViolation
            }
        }
    }

    @Test("of many who change different settings of a cluster or a tenant at once, all have their way")
    func settingsAtOnce() async throws {
        try await withWorld { world async throws in
            let settings = SchedulingSettingsRepository(world.store)
            let store = world.store
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        _ = try await store.transaction { transaction in
                            try await settings.change("c-1", by: "ada", at: at(1), in: transaction) { setting in
                                setting.movesPerCluster = (setting.movesPerCluster ?? 0) + 1
                                if number == 3 { setting.isDryRun = true }
                            }
                        }
                        _ = try await store.transaction { transaction in
                            try await settings.change("t-1", by: "ada", at: at(1), in: transaction) { $0.weight += 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await settings.cluster("c-1")?.movesPerCluster == 8)
            #expect(try await settings.cluster("c-1")?.isDryRun == true)
            #expect(try await settings.tenants().map(\.weight) == [108])
        }
    }

    @Test("the queue is served by weight, then by age; a cluster's queue is replaced as a whole, by its owner only")
    func queue() async throws {
        try await withWorld { world async throws in
            let repository = WaitingGrowthRepository(world.store)
            let (young, heavy) = (
                try await world.addDomain(2, on: world.claim), try await world.addDomain(3, on: world.claim)
            )
            func growth(_ domain: DomainID, _ weight: Int, _ since: Int64) -> WaitingGrowthRow {
                WaitingGrowthRow(domain: domain, resource: .cpu, missing: 1, weight: weight, since: at(since))
            }
            let growths = [growth(young, 100, 9), growth(world.domain, 100, 3), growth(heavy, 200, 8)]
            try await repository.replace(growths, of: "c-1", under: world.cluster)
            let listed = try await repository.list()
            #expect(listed.map(\.growth.domain) == [heavy, world.domain, young])
            #expect(listed.map(\.position) == [1, 2, 3])
            #expect(try await repository.list(domain: young).map(\.position) == [3])
            #expect(try await repository.list(tenant: "t-1").count == 3)
            try await repository.replace([growths[0]], of: "c-1", under: world.cluster)
            #expect(try await repository.list().map(\.growth) == [growths[0]])
            _ = try await world.takeOver(.cluster, "c-1")
            await #expect { try await repository.replace([], of: "c-1", under: world.cluster) } throws: {
                code($0) == .fenced
            }
            #expect(try await repository.list().count == 1)
        }
    }

    @Test("a broken group of a VM that is placed and not created yet is left out, and the others are kept")
    func brokenTies() async throws {
        try await withWorld { world async throws in
            let places = PlaceRepository(world.store)
            let coming = DomainID(UUID128(high: 9, low: 9))
            let broken = [world.domain, coming].map { BrokenTieRow(domain: $0, tie: "its group 'db'") }
            try await places.replace(broken, of: "c-1", under: world.cluster)
            #expect(try await places.broken(of: [world.domain, coming]) == [broken[0]])
            #expect(try await places.broken(of: [coming]).isEmpty)
            try await places.replace([], of: "c-1", under: world.cluster)
            #expect(try await places.broken(of: [world.domain]).isEmpty)
        }
    }

    @Test(
        "of new VMs those are gone that were deleted, or whose creation failed for certain; one that is coming is not")
    func goneBeforeTheyWereListed() async throws {
        try await withWorld { world async throws in
            let (coming, failed, unclear, deleted) = (UInt64(1), UInt64(2), UInt64(3), UInt64(4))
            func id(_ number: UInt64) -> DomainID { DomainID(UUID128(high: 9, low: number)) }
            for (number, state, code) in [
                (coming, "claimed", nil), (failed, "failed", "hypervisor"), (unclear, "failed", "outcome-unknown"),
            ] as [(UInt64, String, String?)] {
                try await world.store.query(
                    """
                    INSERT INTO cluster.command (id, host, domain, verb, arguments, principal, idempotency_key, deadline_ns,
                        state, code)
                    VALUES (gen_random_uuid(), 'h-1', \(id(number)), 'create', '{}', 'ada', \("k\(number)"), 9, \(state),
                        \(code))
                    """)
            }
            try await world.inventory.insertDomain(.plain(id(deleted), "vm-9"), under: world.claim)
            try await world.store.query("UPDATE inventory.domain SET deleted_ns = 9 WHERE id = \(id(deleted))")
            let all = [world.domain] + [coming, failed, unclear, deleted].map(id)
            #expect(try await PlaceRepository(world.store).gone(among: all) == [id(failed), id(deleted)])
        }
    }

    @Test("long after it a move that somebody ordered is still known as what makes its VM rest")
    func longActions() async throws {
        try await withWorld { world async throws in
            let decisions = DecisionRepository(world.store)
            for (number, reason) in ["ordered-move", "no-trigger"].enumerated() {
                try await world.store.query(
                    """
                    INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                    VALUES (\(UUID128(high: 8, low: UInt64(number + 1))), 'c-1', 1, \(world.domain), \(at(1)), 'nothing', 1,
                        'x', \("{\"finding\":{\"reason\":\"\(reason)\"}}"))
                    """)
            }
            let found = try await decisions.actions(of: "c-1", changing: [], since: at(0), before: at(9))
            #expect(found.map(\.id) == [UUID128(high: 8, low: 1)])
        }
    }

    @Test("what a decision came to is kept once per age, and listed by decision")
    func measurements() async throws {
        try await withWorld { world async throws in
            let decisions = DecisionRepository(world.store)
            let row = DecisionRow.grow(world.domain)
            try await decisions.insert(row, under: world.cluster)
            func measurement(_ minutes: Int, _ real: Int64?) -> DecisionMeasurement {
                DecisionMeasurement(
                    decision: row.id, minutes: minutes, at: at(Int64(minutes) * 60), resource: .cpu,
                    predicted: Utilization(percent: 50), real: real.map { Utilization(ppm: $0) },
                    samples: real == nil ? 0 : 12, isReversed: minutes == 10)
            }
            for measured in [measurement(10, nil), measurement(1, 510_000), measurement(1, 999_999)] {
                try await decisions.add(measured, under: world.cluster)
            }
            let listed = try await decisions.measurements(DecisionFilter(tenant: "t-1"))
            #expect(listed == [measurement(1, 510_000), measurement(10, nil)])
            #expect(try await decisions.measurements(DecisionFilter(tenant: "t-9")).isEmpty)
        }
    }

    @Test("decisions are paged once over, the newest of each domain is found, and those without an end are unfinished")
    func decisionsOfCluster() async throws {
        try await withWorld { world async throws in
            let decisions = DecisionRepository(world.store)
            var rows: [DecisionRow] = []
            for number in 1...5 {
                var row = DecisionRow.grow(world.domain)
                row.id = UUID128(high: 5, low: UInt64(number))
                row.at = at(Int64(number / 2))
                row.command = number == 2 ? nil : UUID128(high: 6, low: UInt64(number))
                try await decisions.insert(row, under: world.cluster)
                // Again, as an instance that took over may decide it.
                try await decisions.insert(row, under: world.cluster)
                rows.append(row)
            }
            var seen: [UUID128] = []
            var position = DecisionPosition.start
            while let page = Optional(try await decisions.page(of: "c-1", after: position, limit: 2)),
                let last = page.last
            {
                seen += page.map(\.id)
                position = DecisionPosition(at: last.at, id: last.id)
            }
            #expect(seen == rows.map(\.id))
            #expect(try await decisions.latest(of: "c-1", since: at(0)).map(\.id) == [rows[4].id])
            try await decisions.addOutcome(
                DecisionOutcome(decision: rows[2].id, at: at(9), outcome: .known(.succeeded), detail: ""),
                under: world.cluster)
            #expect(
                try await decisions.unfinished(of: "c-1", since: at(0)).map(\.id)
                    == [rows[0].id, rows[3].id, rows[4].id])
        }
    }
}
