// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite struct SchedulerStateTests {
    /// Observes `percent` of the initial size at each of `times`.
    private func observe(_ rig: Rig, _ times: ClosedRange<Int64>, percent: Int64) {
        for t in times { rig.observe(t, percent: percent) }
    }

    @Test("a growth asks its own host for room, is recorded before it is begun, and then begins once")
    func growInPlace() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...6, percent: 90)
        #expect(rig.directives(6).isEmpty)
        rig.observe(7, percent: 90)
        let asked = rig.directives(7)
        let request = try #require(asked.first?.permitRequest)
        #expect((request.host, request.purpose, request.vcpus, request.memory) == ("host-a", .grow, 1, .zero))
        #expect(rig.directives(7).isEmpty)

        let permit = UUID128(high: 0, low: 77)
        rig.state.permitGranted(request.decision, permit: permit, at: at(7))
        let due = rig.state.directives(at: at(7))
        guard case .record(let record) = due.first else {
            Issue.record("the record must come first, not \(due)")
            return
        }
        #expect((record.outcome.verdict, record.outcome.target, record.id) == (.grow, 3, request.decision))
        let resize = try #require(due.dropFirst().first?.resize)
        #expect((resize.vcpus, resize.host, resize.permit) == (3, "host-a", permit))

        rig.state.actionStarted(resize.decision, at: at(7))
        rig.observe(8, percent: 90)
        #expect(rig.state.window(of: rig.domain)?.samples.isEmpty == true)
        rig.state.actionSucceeded(resize.decision, effectiveAt: Timestamp(nanoseconds: 8 * interval + 1), vcpus: 3)
        #expect(rig.directives(8) == [.releasePermit(permit)])
        rig.vcpus = 3
        rig.observe(9, percent: 90)
        #expect(rig.state.window(of: rig.domain)?.samples.isEmpty == true, "the size changed in this interval")
        rig.observe(10, percent: 90)
        #expect(rig.state.window(of: rig.domain)?.samples.map(\.utilization) == [Utilization(percent: 60)])
    }

    @Test("a shrink needs no permit")
    func shrink() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...7, percent: 5)
        let resize = try #require(rig.directives(7).first?.resize)
        #expect((resize.vcpus, resize.permit) == (1, nil))
    }

    @Test("a full host makes one decision of two steps: migrate, then grow on the target under the same permit")
    func migrateThenGrow() throws {
        let rig = Rig(policy: try policy(), hosts: ["host-a", "host-b", "host-c"])
        rig.observeEmpty("host-b", 7, cpu: 30)
        rig.observeEmpty("host-c", 7, cpu: 10)
        observe(rig, 1...7, percent: 90)
        let own = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitDenied(own.decision, host: "host-a", reason: "0 vCPUs are free", at: at(7))
        let other = try #require(rig.directives(7).first?.permitRequest)
        #expect((other.host, other.purpose, other.vcpus) == ("host-c", .migrate, 3))
        #expect(other.memory == .mebibytes(512))
        #expect(other.demand == CPUDemand(ppmOfOneCore: 1_800_000))

        let permit = UUID128(high: 0, low: 5)
        rig.state.permitGranted(other.decision, permit: permit, at: at(7))
        let migrate = try #require(rig.directives(7).first?.migrate)
        #expect((migrate.source, migrate.target, migrate.permit) == ("host-a", "host-c", permit))
        let record = try #require(rig.records.last)
        #expect((record.outcome.verdict, record.outcome.host, record.outcome.target) == (.migrate, "host-c", 3))
        #expect(record.placement?.runnerUp == "host-b")

        rig.state.actionStarted(migrate.decision, at: at(7))
        rig.host = "host-c"
        rig.incarnation = Incarnation(host: "host-c", hypervisorID: 4, start: at(8))
        rig.observe(9, percent: 90)
        rig.state.actionSucceeded(migrate.decision, effectiveAt: at(8))
        let resize = try #require(rig.directives(9).first?.resize)
        #expect((resize.host, resize.vcpus, resize.permit) == ("host-c", 3, permit))
        #expect(resize.idempotencyKey != migrate.idempotencyKey)
        rig.state.actionSucceeded(resize.decision, effectiveAt: at(10), vcpus: 3)
        #expect(rig.directives(10) == [.releasePermit(permit)])
        #expect(rig.records.filter { $0.outcome.target != nil }.count == 1)
        #expect(rig.state.operation(of: rig.domain) == nil)
    }

    @Test("a target that denies is left out and the next best is asked; when all deny, the growth is refused once")
    func denials() throws {
        var settings = SchedulerSettings.paper
        settings.retryAfterNoRoom = 4 * interval
        let rig = Rig(settings: settings, policy: try policy(), hosts: ["host-a", "host-b", "host-c"])
        rig.observeEmpty("host-b", 7, cpu: 30)
        rig.observeEmpty("host-c", 7, cpu: 10)
        observe(rig, 1...7, percent: 90)
        var asked: [HostID] = []
        while let request = rig.directives(7).first?.permitRequest {
            asked.append(request.host)
            rig.state.permitDenied(request.decision, host: request.host, reason: "full", at: at(7))
        }
        #expect(asked == ["host-a", "host-c", "host-b"])
        let record = try #require(rig.records.last)
        #expect((record.outcome.verdict, record.outcome.reason) == (.refuse, .noRoom))
        #expect(record.denials.map(\.host) == asked)
        #expect(record.verify() == nil)

        let known = rig.records.count
        observe(rig, 8...10, percent: 90)
        #expect(rig.directives(10).isEmpty, "it waits before it asks again")
        rig.observe(11, percent: 90)
        #expect(rig.directives(11).first?.permitRequest?.host == "host-a")
        #expect(rig.records.count == known, "the same refusal is not recorded again")
    }

    @Test("so many targets are tried for one decision, and no more", arguments: [1, 3])
    func attempts(limit: Int) throws {
        var settings = SchedulerSettings.paper
        settings.maximumPlacementAttempts = limit
        let hosts: [HostID] = ["host-a", "host-b", "host-c", "host-d", "host-e", "host-f"]
        let rig = Rig(settings: settings, policy: try policy(), hosts: hosts)
        for host in hosts.dropFirst() { rig.observeEmpty(host, 7, cpu: 10) }
        observe(rig, 1...7, percent: 90)
        var asked: [HostID] = []
        while let request = rig.directives(7).first?.permitRequest {
            asked.append(request.host)
            rig.state.permitDenied(request.decision, host: request.host, reason: "full", at: at(7))
        }
        #expect(asked == Array(hosts.prefix(1 + limit)))
        #expect(rig.records.last?.outcome.reason == .noRoom)
        #expect(rig.records.last?.placement?.chosen != nil, "another host would have passed the filters")
    }

    @Test("a refusal is recorded when its reason changes, not at each sample")
    func runLength() throws {
        let rig = Rig(policy: try policy(maximum: 2))
        observe(rig, 1...40, percent: 90)
        _ = rig.directives(40)
        #expect(rig.records.map(\.outcome.reason) == [.tooFewBreaches, .atPolicyMaximum])
        observe(rig, 41...48, percent: 50)
        _ = rig.directives(48)
        #expect(rig.records.map(\.outcome.reason) == [.tooFewBreaches, .atPolicyMaximum, .tooFewBreaches])
    }

    @Test("on an observed host, and for a domain that is not managed, it decides, records and does nothing")
    func dry() throws {
        for rig in [Rig(policy: try policy(), mode: .observe), Rig(policy: try policy(), isManaged: false)] {
            observe(rig, 1...20, percent: 90)
            #expect(rig.directives(20).isEmpty)
            #expect(rig.records.map(\.outcome.verdict) == [.nothing, .grow])
            #expect(rig.records.last?.outcome.dry != nil)
            #expect(rig.state.operation(of: rig.domain) == nil)
        }
    }

    @Test("unknown samples fill no slot and never trigger: not running, no figure, no size")
    func unknown() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...6, percent: 5)
        rig.observe(7, utilization: nil)
        rig.observe(8, utilization: .zero, domainState: .paused)
        rig.observe(9, utilization: .zero, domainState: .unknown)
        #expect(rig.directives(9).isEmpty)
        #expect(rig.state.window(of: rig.domain)?.samples.count == 6)
        rig.observe(10, percent: 5)
        #expect(rig.directives(10).first?.resize?.vcpus == 1)
    }

    @Test("a new incarnation empties the window")
    func incarnation() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...6, percent: 90)
        rig.incarnation = Incarnation(host: "host-a", hypervisorID: 2, start: at(6))
        observe(rig, 7...13, percent: 90)
        #expect(rig.directives(13).isEmpty, "its first sample belongs to both lives")
        rig.observe(14, percent: 90)
        #expect(rig.directives(14).count == 1)
    }

    @Test("a size that somebody else changed empties the window")
    func foreignResize() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...6, percent: 90)
        rig.vcpus = 3
        observe(rig, 7...13, percent: 140)
        #expect(rig.directives(13).isEmpty)
        rig.observe(14, percent: 140)
        #expect(rig.directives(14).first?.permitRequest != nil)
    }

    @Test("a new policy judges the samples that are there, at once")
    func policyChange() throws {
        let rig = Rig(policy: try policy(ratio: 100))
        observe(rig, 1...7, percent: 90)
        #expect(rig.directives(7).isEmpty)
        let aggressive = PolicyVersion(
            domain: rig.domain, version: 2, validFrom: at(7), policy: try policy(), windowLength: 10)
        rig.state.policyChanged(aggressive, at: at(7))
        #expect(rig.directives(7).first?.permitRequest != nil)
        let older = PolicyVersion(domain: rig.domain, version: 1, validFrom: at(7), policy: nil, windowLength: 10)
        rig.state.policyChanged(older, at: at(8))
        #expect(rig.state.policy(of: rig.domain)?.version == 2)
    }

    @Test("after a failure the window begins again, and the permit is given back")
    func failure() throws {
        let rig = Rig(policy: try policy())
        observe(rig, 1...7, percent: 90)
        let request = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitGranted(request.decision, permit: UUID128(high: 0, low: 1), at: at(7))
        _ = rig.directives(7)
        rig.state.actionFailed(request.decision, at: at(8))
        #expect(rig.directives(8) == [.releasePermit(UUID128(high: 0, low: 1))])
        observe(rig, 9...14, percent: 90)
        #expect(rig.directives(14).isEmpty)
        rig.observe(15, percent: 90)
        #expect(rig.directives(15).count == 1)
    }

    @Test("an outcome that nobody knows, or nobody reports, leaves the domain alone for a while and keeps the permit")
    func unknownOutcome() throws {
        var settings = SchedulerSettings.paper
        settings.settleAfterUnknown = 20 * interval
        let rig = Rig(settings: settings, policy: try policy())
        observe(rig, 1...7, percent: 90)
        let request = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitGranted(request.decision, permit: UUID128(high: 0, low: 1), at: at(7))
        _ = rig.directives(7)
        let timeout = settings.outcomeTimeout / interval
        #expect(rig.allDirectives(8) == [.wakeUp(at: at(7 + timeout))])
        let asked = LocateDirective(decision: request.decision, domain: rig.domain, hosts: ["host-a"])
        #expect(rig.allDirectives(7 + timeout) == [.locate(asked)], "the host is asked, and the permit is kept")
        #expect(rig.state.operation(of: rig.domain) == nil)
        let first = 8 + timeout
        observe(rig, first...(first + 18), percent: 90)
        #expect(rig.directives(first + 18).isEmpty)
        #expect(rig.records.last?.outcome.reason == .settling)
        rig.observe(first + 19, percent: 90)
        #expect(rig.directives(first + 19).count == 1)
    }

    @Test("a permit that comes too late is given back")
    func latePermit() throws {
        let rig = Rig(policy: try policy())
        rig.state.permitGranted(UUID128(high: 1, low: 1), permit: UUID128(high: 2, low: 2), at: at(1))
        #expect(rig.directives(1) == [.releasePermit(UUID128(high: 2, low: 2))])
    }

    @Test("a restarted instance with recalled samples decides as an uninterrupted one, under the same id")
    func restart() throws {
        let whole = Rig(policy: try policy())
        let restarted = Rig(policy: try policy())
        observe(whole, 1...7, percent: 90)
        for t in Int64(1)...6 {
            restarted.state.recall(
                restarted.hostSample(t, utilization: Utilization(percent: 90)),
                position: SamplePosition(epoch: 1, sequence: UInt64(t)))
        }
        #expect(restarted.directives(6).isEmpty)
        restarted.observe(7, percent: 90)
        #expect(whole.directives(7) == restarted.directives(7))
    }

    @Test("a recalled change empties the window up to it and starts the cooldown")
    func recalledChange() throws {
        let rig = Rig(settings: .platform, policy: try policy())
        for t in Int64(1)...6 {
            rig.state.recall(
                rig.hostSample(t, utilization: Utilization(percent: 90)),
                position: SamplePosition(epoch: 1, sequence: UInt64(t)))
        }
        rig.state.recallChange(of: rig.domain, endedAt: at(3))
        #expect(rig.state.window(of: rig.domain)?.samples.map(\.sampledAt) == [at(4), at(5), at(6)])
        observe(rig, 7...8, percent: 90)
        #expect(rig.directives(8).isEmpty)
        #expect(rig.state.explain(rig.domain, at: at(8))?.inputs.lastChangeAt == at(3))
    }

    /// An instance that took up, at 9 s, what another was about to do.
    private func restarted() throws -> (Rig, DecisionRecord) {
        let first = Rig(policy: try policy())
        observe(first, 1...7, percent: 5)
        _ = first.directives(7)
        let record = try #require(first.records.last)
        let second = Rig(policy: try policy())
        second.state.recallOperation(record, permit: nil, at: at(9))
        return (second, record)
    }

    @Test("a recalled operation is taken up where it stood")
    func recalledOperation() throws {
        let (second, record) = try restarted()
        second.observe(9, percent: 5)
        #expect(second.state.operation(of: second.domain)?.phase == .resizing)
        second.state.actionSucceeded(record.id, effectiveAt: at(9), vcpus: 1)
        #expect(second.state.operation(of: second.domain) == nil)
        #expect(second.directives(9).isEmpty)
    }

    @Test("while a recalled operation is under way samples do not count, as before the restart")
    func recalledWindow() throws {
        let (second, record) = try restarted()
        observe(second, 10...30, percent: 5)
        #expect(second.state.window(of: second.domain)?.samples.isEmpty == true)
        second.vcpus = 1
        second.state.actionSucceeded(record.id, effectiveAt: at(30), vcpus: 1)
        second.observe(31, percent: 5)
        #expect(second.state.window(of: second.domain)?.samples.count == 1)
    }

    @Test("a move in flight counts on its target until both hosts' samples show it")
    func moveInFlight() throws {
        let rig = Rig(policy: try policy(), hosts: ["host-a", "host-b"])
        rig.observeEmpty("host-b", 7, cpu: 10)
        observe(rig, 1...7, percent: 90)
        let own = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitDenied(own.decision, host: "host-a", reason: "full", at: at(7))
        let other = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitGranted(other.decision, permit: UUID128(high: 0, low: 5), at: at(7))
        let target = rig.state.snapshot(at: at(7)).hosts[1]
        #expect(target.cpuUtilization == Utilization(percent: 55))
        #expect((target.permittedVCPUs, target.permittedMemory) == (3, .mebibytes(512)))
        #expect(target.incomingMoves == 1)
        #expect(rig.state.snapshot(at: at(7)).hosts[0].cpuUtilization == Utilization(percent: 5), "50 % without it")
        rig.state.actionSucceeded(other.decision, effectiveAt: at(8))
        #expect(rig.state.snapshot(at: at(8)).hosts[1].incomingMoves == nil, "it has arrived, and grows")
        rig.state.actionSucceeded(other.decision, effectiveAt: at(8), vcpus: 3)
        rig.observeEmpty("host-b", 9, cpu: 54)
        rig.observeEmpty("host-a", 9, cpu: 6)
        #expect(rig.state.snapshot(at: at(9)).hosts[0].cpuUtilization == Utilization(percent: 6))
        let after = rig.state.snapshot(at: at(9)).hosts[1]
        #expect(after.cpuUtilization == Utilization(percent: 54))
        #expect((after.committedVCPUs, after.permittedVCPUs) == (3, 0))
    }

    @Test(
        "over random events it never has two changes of a domain in flight, nor a size out of bounds", arguments: 1...60
    )
    func randomEvents(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = Rig(policy: try policy(ratio: 30), hosts: ["host-a", "host-b"])
        var open: UUID128?
        for t in Int64(1)...400 {
            rig.observeEmpty("host-b", t, cpu: .random(in: 0...100, using: &random))
            let demand = Int64.random(in: 0...300, using: &random)
            rig.observe(t, percent: Int.random(in: 0..<6, using: &random) == 0 ? nil : demand)
            for directive in rig.directives(t) {
                switch directive {
                case .requestPermit(let request):
                    if Bool.random(using: &random) {
                        rig.state.permitGranted(request.decision, permit: UUID128(high: 3, low: UInt64(t)), at: at(t))
                    } else {
                        rig.state.permitDenied(request.decision, host: request.host, reason: "full", at: at(t))
                    }
                case .resize(let resize):
                    #expect((1...4).contains(resize.vcpus.count), "seed \(seed)")
                    #expect(open == nil || open == resize.decision, "seed \(seed)")
                    open = resize.decision
                case .migrate(let migrate):
                    #expect(open == nil, "seed \(seed)")
                    open = migrate.decision
                default: break
                }
            }
            guard let decision = open, let operation = rig.state.operation(of: rig.domain) else { continue }
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                if operation.phase == .resizing, let target = operation.finding.target {
                    rig.vcpus = VCPUCount(clamping: Int(target))
                }
                if operation.phase == .migrating {
                    rig.host = operation.placement?.chosen ?? rig.host
                    rig.incarnation = Incarnation(host: rig.host, hypervisorID: t, start: at(t))
                }
                rig.state.actionSucceeded(decision, effectiveAt: at(t))
            case 1: rig.state.actionFailed(decision, at: at(t))
            default: break
            }
            if rig.state.operation(of: rig.domain) == nil { open = nil }
        }
        _ = rig.directives(400)
        #expect(rig.records.allSatisfy { $0.verify() == nil }, "seed \(seed)")
    }
}
