// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct StabilityTests {
    private func cluster(
        demand: Int64? = 1_900_000, vcpus: Int = 2, options: PolicyOptions = PolicyOptions(),
        preset: PolicyPreset = .balanced, _ change: (inout SchedulerSettings) -> Void = { _ in }
    ) throws -> Cluster {
        var settings = SchedulerSettings.platform
        change(&settings)
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", vcpus: vcpus, demand: demand)
        let cluster = Cluster([hostRecord("host-a", cpuCount: 16)], [guest], settings: settings)
        cluster.subscribe(
            1, try preset.policy(maximumVCPUs: 8), windowLength: preset.windowLength, options: options)
        return cluster
    }

    @Test("presets act on 3, 8 and 12 of 12 samples, the paper's on 7 of 10", arguments: PolicyPreset.allCases)
    func presets(preset: PolicyPreset) throws {
        let needed = [PolicyPreset.aggressive: 3, .balanced: 8, .conservative: 12, .paper: 7][preset] ?? 0
        let cluster = try cluster(preset: preset)
        cluster.tick(needed - 1)
        #expect(cluster[1].vcpus == 2)
        cluster.tick()
        #expect(cluster[1].vcpus == 3)
    }

    @Test(
        "the paper's preset rests for one window in either direction; a policy's own cooldown comes before its preset's"
    )
    func ownCooldown() throws {
        let paper = try cluster(options: PolicyOptions(preset: .paper))
        #expect(paper.state.explain(domainID(1), at: at(1))?.inputs.cooldownDownNanoseconds == 50 * second)
        let own = Cooldown(upNanoseconds: 7 * second, downNanoseconds: 8 * second)
        let other = try cluster(options: PolicyOptions(preset: .paper, cooldown: own))
        #expect(other.state.explain(domainID(1), at: at(1))?.inputs.cooldownUpNanoseconds == 7 * second)
    }

    @Test("readings that tell nothing are no breaches, and too many of them hold the domain as it is")
    func tooManyUnknown() throws {
        let cluster = try cluster(demand: 0, preset: .aggressive)
        cluster.tick(12) { $0[1].demand = $0.time % 4 == 0 ? 0 : nil }
        #expect(cluster[1].vcpus == 2)
        #expect(cluster.reasons(1).last == .tooManyUnknown)
        #expect(cluster.last(1)?.summary.contains("75 % of its readings told nothing, more than 40 %") == true)
        cluster.tick(12) { $0[1].demand = 0 }
        #expect(cluster[1].vcpus == 1)
        #expect(cluster.records.allSatisfy { $0.verify() == nil })
    }

    @Test("a sensor that goes silent shrinks nothing, and a pass over all says so")
    func silence() throws {
        let cluster = try cluster(demand: 600_000)
        cluster.tick(7)
        cluster.state.evaluateAll(at: at(200))
        cluster.perform()
        #expect(cluster[1].vcpus == 2)
        #expect(cluster.reasons(1).last == .noKnownSamples)
    }

    @Test("who is opted out is left alone; the reason is recorded once")
    func optedOut() throws {
        let cluster = try cluster(options: PolicyOptions(isOptedOut: true))
        cluster.tick(30)
        #expect(cluster[1].vcpus == 2)
        #expect(cluster.reasons(1) == [.optedOut])
    }

    @Test("a dry run of a domain, a tenant or the cluster decides and records, and changes nothing")
    func dryRun() throws {
        let runs: [(DryReason, Cluster)] = [
            (.dryRunOfDomain, try cluster(options: PolicyOptions(isDryRun: true))),
            (.dryRunOfTenant, try cluster { $0.dryRunTenants = ["acme"] }),
            (.dryRunOfCluster, try cluster { $0.isDryRun = true }),
        ]
        for (reason, cluster) in runs {
            cluster.tick(20)
            #expect(cluster[1].vcpus == 2)
            #expect((cluster.last(1)?.outcome.verdict, cluster.last(1)?.outcome.dry) == (.grow, reason))
            #expect(cluster.last(1)?.verify() == nil)
        }
    }

    @Test("in a blackout nothing is changed, and after it what is due is done")
    func blackout() throws {
        let cluster = try cluster { $0.blackouts = [Blackout(startSecond: 0, lengthSeconds: 100)] }
        cluster.tick(19)
        #expect(cluster[1].vcpus == 2)
        #expect(cluster.reasons(1).last == .blackout)
        #expect(cluster.last(1)?.finding.until == at(20))
        cluster.tick()
        #expect(cluster[1].vcpus == 3)
    }

    @Test("a blackout may pass midnight and keep to weekdays")
    func blackoutTimes() {
        let night = Blackout(startSecond: 82_800, lengthSeconds: 7_200, weekdays: [3])
        let hour = { (hours: Int64) in Timestamp(nanoseconds: hours * 3_600 * second) }
        #expect(night.end(at: hour(22)) == nil)
        #expect(night.end(at: hour(23)) == hour(25), "1970-01-01 was a Thursday")
        #expect(night.end(at: hour(24)) == hour(25))
        #expect(night.end(at: hour(25)) == nil)
        #expect(night.end(at: hour(47)) == nil, "Friday is not named")
    }

    @Test("a blackout begins within a day, lasts a day at most, and on days that there are")
    func blackoutLimits() {
        #expect(Blackout(startSecond: 86_399, lengthSeconds: 86_400, weekdays: [0, 6]).isValid)
        for (start, length, days) in [
            (86_400, 1, []), (-1, 1, []), (0, 0, []), (0, 86_401, []), (0, 1, [7]), (0, 1, [0, -1]),
        ] as [(Int64, Int64, [Int])] {
            #expect(!Blackout(startSecond: start, lengthSeconds: length, weekdays: days).isValid)
        }
    }

    @Test(
        "a freeze of the cluster, the tenant or the domain records what would be done and does nothing",
        arguments: [Freeze.Scope.cluster, .tenant("acme"), .domain(domainID(1))])
    func frozen(scope: Freeze.Scope) throws {
        let cluster = try cluster()
        cluster.state.freezeChanged([Freeze(scope: scope, reason: "storage is repaired", since: at(0))], at: at(0))
        cluster.tick(20)
        #expect(cluster[1].vcpus == 2)
        #expect(cluster.last(1)?.outcome.dry == .frozen)
        #expect(cluster.last(1)?.summary.hasSuffix("automatic actions are frozen: storage is repaired)") == true)
        cluster.state.freezeChanged([], at: cluster.now)
        cluster.tick()
        #expect(cluster[1].vcpus == 3)
    }

    @Test(
        "a freeze that comes while room is asked for stops the growth, whatever the answer", arguments: [true, false])
    func frozenMeanwhile(isGranted: Bool) throws {
        let rig = Rig(settings: .platform, policy: try policy())
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let request = try #require(rig.directives(7).first?.permitRequest)
        rig.state.freezeChanged([Freeze(scope: .cluster, reason: "x", since: at(7))], at: at(7))
        let permit = UUID128(high: 0, low: 5)
        if isGranted {
            rig.state.permitGranted(request.decision, permit: permit, at: at(7))
        } else {
            rig.state.permitDenied(request.decision, host: "host-a", reason: "full", at: at(7))
        }
        #expect(rig.directives(7) == (isGranted ? [.releasePermit(permit)] : []))
        #expect(rig.state.operation(of: rig.domain) == nil)
        #expect(!rig.records.contains { $0.outcome.verdict == .grow })
        rig.observe(8, percent: 90)
        _ = rig.directives(8)
        #expect(rig.records.last?.outcome.dry == .frozen)
    }

    @Test("a freeze of another tenant or another domain stops nobody else")
    func foreignFreeze() throws {
        let cluster = try cluster()
        let other = Freeze(scope: .tenant("other"), reason: "x", since: at(0))
        let neighbour = Freeze(scope: .domain(domainID(2)), reason: "x", since: at(0))
        cluster.state.freezeChanged([other, neighbour], at: at(0))
        cluster.tick(8)
        #expect(cluster[1].vcpus == 3)
    }

    private func crowd(_ count: UInt64, demand: Int64) throws -> Cluster {
        let guests = (1...count).map { Cluster.Guest(id: domainID($0), host: "host-a", vcpus: 2, demand: demand) }
        let cluster = Cluster([hostRecord("host-a", cpuCount: 1_000)], guests)
        for number in 1...count { cluster.subscribe(number, try PolicyPreset.balanced.policy(maximumVCPUs: 8)) }
        return cluster
    }

    @Test("when more than a tenth of the VMs change within ten minutes, Ebb freezes itself, once")
    func automaticFreezeByChanges() throws {
        let cluster = try crowd(100, demand: 1_000_000)
        cluster.tick(40) { cluster in
            for number in UInt64(1)...40 where cluster.time >= Int64(number) / 3 { cluster[number].demand = 2_000_000 }
        }
        let freeze = try #require(cluster.frozen.first)
        #expect((cluster.frozen.count, freeze.scope, freeze.isAutomatic) == (1, .cluster, true))
        #expect(freeze.reason.hasPrefix("20 of 100 VMs were changed within 10 minutes, more than 10 %"))
        #expect(cluster.guests.count { $0.vcpus > 2 } == 20)
        let stopped = cluster.records.count { $0.outcome.dry == .frozen }
        #expect(stopped == 20)
    }

    /// Nine of a hundred domains have a growth under way whose end nobody told yet.
    private func crowdWithNineGrowths() throws -> Cluster {
        let cluster = try crowd(100, demand: 1_000_000)
        cluster.isCarriedOut = false
        for number in UInt64(1)...9 { cluster[number].demand = 2_000_000 }
        cluster.tick(8)
        return cluster
    }

    @Test("when more than one in twenty actions fails, Ebb freezes itself; lifted, it counts anew")
    func automaticFreezeByFailures() throws {
        let cluster = try crowdWithNineGrowths()
        for number in UInt64(1)...9 {
            guard let operation = cluster.state.operation(of: domainID(number)) else { continue }
            cluster.state.actionFailed(operation.decision, at: cluster.now)
        }
        cluster.perform()
        #expect(cluster.frozen.first?.reason.hasPrefix("5 of 5 actions failed within 10 minutes") == true)
        cluster.isCarriedOut = true
        cluster.tick(10)
        #expect(cluster[1].vcpus == 2)
        cluster.state.freezeChanged([], at: cluster.now)
        cluster.tick(10)
        #expect(cluster[1].vcpus == 3)
        #expect(cluster.frozen.count == 1)
    }

    @Test("an end that nobody knows is no failure: it freezes nothing, and no move backs off for it")
    func unknownEnds() throws {
        let cluster = try crowdWithNineGrowths()
        for number in UInt64(1)...9 {
            let operation = try #require(cluster.state.operation(of: domainID(number)))
            cluster.state.actionUnknown(operation.decision, at: cluster.now)
        }
        cluster.perform()
        #expect(cluster.locates.count == 9)
        #expect(cluster.frozen.isEmpty)
        #expect(cluster.state.domains.values.allSatisfy { $0.rest == SchedulerState.MoveRest() })
    }

    @Test("four failures are too few to say anything")
    func fewFailures() throws {
        let cluster = try crowd(10, demand: 1_000_000)
        cluster.isCarriedOut = false
        for number in UInt64(1)...4 { cluster[number].demand = 2_000_000 }
        cluster.tick(8)
        for number in UInt64(1)...4 {
            guard let operation = cluster.state.operation(of: domainID(number)) else { continue }
            cluster.state.actionFailed(operation.decision, at: cluster.now)
        }
        cluster.perform()
        #expect(cluster.frozen.isEmpty)
    }

    /// Acts on domains one after another, and lets `fail` of them fail.
    private func act(
        _ cluster: Cluster, on numbers: ClosedRange<UInt64>, failing fail: Set<UInt64> = [], isStored: Bool = true
    ) {
        cluster.isCarriedOut = false
        for number in numbers { cluster[number].demand = Int64(cluster[number].vcpus) * 1_000_000 }
        cluster.tick(8)
        for number in numbers {
            guard let operation = cluster.state.operation(of: domainID(number)) else { continue }
            if fail.contains(number) {
                cluster.state.actionFailed(operation.decision, at: cluster.now)
            } else {
                cluster.state.actionSucceeded(operation.decision, effectiveAt: cluster.now)
                cluster[number].vcpus += 1
            }
            cluster[number].demand = Int64(cluster[number].vcpus) * 500_000
        }
        if isStored { cluster.perform() } else { _ = cluster.state.directives(at: cluster.now) }
    }

    private func patient(_ cluster: Cluster, period: Int64? = nil, changed: Int = .max) {
        cluster.state.settings.freeze.minimumChanged = changed
        if let period { cluster.state.settings.freeze.periodNanoseconds = period * interval }
    }

    @Test("five failures of many actions are no more than one in twenty, and freeze nothing")
    func smallShareOfFailures() throws {
        let cluster = try crowd(110, demand: 1_000_000)
        patient(cluster)
        act(cluster, on: 1...100)
        act(cluster, on: 101...105, failing: Set(101...105))
        #expect(cluster.frozen.isEmpty)
    }

    @Test("what failed or was changed longer ago than the period is forgotten")
    func forgottenAfterPeriod() throws {
        let failing = try crowd(100, demand: 1_000_000)
        patient(failing, period: 5)
        act(failing, on: 1...3, failing: Set(1...3))
        act(failing, on: 4...6, failing: Set(4...6))
        #expect(failing.frozen.isEmpty)
        let changing = try crowd(100, demand: 1_000_000)
        patient(changing, period: 5, changed: 15)
        act(changing, on: 1...12)
        act(changing, on: 13...24)
        #expect(changing.frozen.isEmpty)
    }

    @Test("many VMs that are no large share of the cluster freeze nothing")
    func smallShareOfChanges() throws {
        let cluster = try crowd(100, demand: 1_000_000)
        patient(cluster, changed: 5)
        act(cluster, on: 1...9)
        #expect(cluster.frozen.isEmpty)
    }

    @Test("a VM that is changed often counts once")
    func sameDomain() throws {
        let cluster = try crowd(8, demand: 1_000_000)
        patient(cluster, changed: 3)
        for _ in 0..<4 { act(cluster, on: 1...1) }
        #expect(cluster.frozen.isEmpty)
    }

    @Test("a freeze that Ebb ordered holds before it is stored; one that nobody lists for a minute is given up")
    func orderedFreeze() throws {
        let cluster = try crowd(100, demand: 1_000_000)
        act(cluster, on: 1...5, failing: Set(1...5), isStored: false)
        cluster.isCarriedOut = true
        cluster[9].demand = 2_000_000
        let frozenAt = cluster.now
        cluster.tick(8)
        #expect(cluster.last(9)?.outcome.dry == .frozen)
        let tenant = Freeze(scope: .tenant("other"), reason: "x", since: frozenAt)
        for listed in [[tenant], []] {
            cluster.state.freezeChanged(listed, at: frozenAt.advanced(byNanoseconds: 60 * second))
        }
        cluster.tick()
        #expect(cluster[9].vcpus == 2, "another's freeze is not ours, and its end not ours either")
        cluster.state.freezeChanged([], at: frozenAt.advanced(byNanoseconds: 61 * second))
        cluster.tick(13)
        #expect(cluster[9].vcpus == 3)
    }

    @Test("changes count when they are begun: those of one moment stop each other before any has ended")
    func countedAtTheBeginning() throws {
        let cluster = try crowd(100, demand: 1_000_000)
        cluster.isCarriedOut = false
        for number in UInt64(1)...30 { cluster[number].demand = 2_000_000 }
        cluster.tick(8)
        #expect(cluster.frozen.count == 1)
        #expect((1...30).count { cluster.state.operation(of: domainID($0)) != nil } == 20)
    }

    @Test("once a freeze was lifted the next one, too, holds before it is listed")
    func secondFreeze() throws {
        let cluster = try crowd(100, demand: 1_000_000)
        act(cluster, on: 1...5, failing: Set(1...5))
        cluster.state.freezeChanged([], at: cluster.now)
        act(cluster, on: 11...15, failing: Set(11...15), isStored: false)
        cluster.state.freezeChanged([], at: cluster.now)
        cluster.isCarriedOut = true
        cluster[20].demand = 2_000_000
        cluster.tick(8)
        #expect(cluster.last(20)?.outcome.dry == .frozen)
    }
}
