// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite("Whatever Scheduler is told, it decides or refuses")
struct SchedulerFuzzTests {
    @Test("a state that is told of extreme hosts, domains, permits, policies and samples")
    func state() {
        Fuzz.run("scheduler's state", rounds: 400) { fuzz in
            var state = SchedulerState(settings: .paper)
            var operations: [UUID128] = []
            for step in 0..<30 {
                let now = fuzz.chance(80) ? at(Int64(step)) : fuzz.instant()
                switch fuzz.index(below: 9) {
                case 0: state.inventoryChanged(fuzz.inventory())
                case 1: state.policyChanged(fuzz.policyVersion(), at: now)
                case 2:
                    state.placed(
                        fuzz.domain(), of: "acme", on: fuzz.optional { $0.host() }, options: fuzz.options(), at: now)
                case 3: state.recall(fuzz.sample(at: now), position: fuzz.position())
                case 4: _ = state.placement(for: fuzz.request(), at: now)
                case 5: _ = state.explain(fuzz.domain(), at: now)
                default: state.observe(fuzz.sample(at: now), position: fuzz.position(step))
                }
                state.evaluateAll(at: now)
                for directive in state.directives(at: now) { operations += directive.operations }
                guard let decision = operations.popLast() else { continue }
                switch fuzz.index(below: 4) {
                case 0: state.permitGranted(decision, permit: UUID128(high: 1, low: UInt64(step)), at: now)
                case 1: state.permitDenied(decision, host: fuzz.host(), reason: fuzz.text(), at: now)
                case 2: state.actionStarted(decision, at: now)
                default: state.actionFailed(decision, at: now)
                }
            }
        }
    }

    @Test("a snapshot of extreme hosts from which a domain of extreme size moves")
    func snapshots() {
        Fuzz.run("placement snapshots", rounds: 2_000) { fuzz in
            let facts = (0..<3).map { _ in
                HostFacts(
                    record: fuzz.hostRecord(), committedVCPUs: fuzz.vcpus().count, committedMemory: fuzz.bytes(),
                    permittedVCPUs: fuzz.vcpus().count, permittedMemory: fuzz.bytes(),
                    cpuUtilization: fuzz.optional { $0.share() }, memoryUsed: fuzz.optional { $0.bytes() },
                    responseTimeNanoseconds: fuzz.optional { max(0, $0.int64()) })
            }
            let moved = PlacementSnapshot(hosts: facts).moving(fuzz.request(), to: fuzz.host())
            for host in moved.hosts {
                _ = (host.freeVCPUs, host.freeMemoryBytes, host.load, host.projectedMemory(adding: fuzz.bytes()))
            }
        }
    }

    @Test("a past of extreme samples, replayed")
    func replays() throws {
        Fuzz.run("replays", rounds: 400) { fuzz in
            guard let policy = fuzz.policy() else { return }
            let plan = ReplayPlan(
                domain: domainID(1), policy: policy, options: fuzz.options(), windowLength: 1 + fuzz.index(below: 20),
                settings: .paper, vcpus: fuzz.vcpus(), memory: fuzz.bytes(),
                networkCap: fuzz.optional { $0.bytes().bytes },
                ceiling: fuzz.vcpus())
            let samples = (0..<30).map { step in
                ReplaySample(
                    sampledAt: fuzz.chance(80) ? at(Int64(step)) : fuzz.instant(),
                    intervalNanoseconds: fuzz.chance(80) ? interval : max(1, fuzz.int64()),
                    demand: fuzz.optional { CPUDemand(ppmOfOneCore: $0.int64()) })
            }
            _ = Replay.run(plan, over: samples)
            _ = Assessment(plan, over: samples)
            var history = DemandHistory(intervalNanoseconds: fuzz.int64())
            for _ in 0..<20 { history.append(at: fuzz.instant(), utilization: fuzz.share(), vcpus: fuzz.vcpus()) }
            history.keep(nanoseconds: fuzz.int64())
            _ = history.spanNanoseconds
        }
    }

    @Test("a stored decision with any of its bytes changed is read and judged, or refused")
    func records() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/records-2")
        let corpus = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { [UInt8](try Data(contentsOf: folder.appending(path: $0))) }
        Fuzz.run("decision records", rounds: 600) { fuzz in
            let bytes = fuzz.mutated(fuzz.pick(corpus))
            guard let record = try? JSONDecoder().decode(DecisionRecord.self, from: Data(bytes)) else { return }
            _ = record.verify()
            _ = record.explain()
            _ = record.pseudonymised().explain()
        }
    }

    @Test("settings of a cluster: blackouts of any kind are refused or end")
    func blackouts() {
        Fuzz.run("blackouts", rounds: 3_000) { fuzz in
            let blackout = Blackout(
                startSecond: fuzz.int64(), lengthSeconds: fuzz.int64(), weekdays: (0..<3).map { _ in fuzz.int() })
            var settings = SchedulerSettings.paper
            settings.blackouts = [blackout]
            settings.moves.budget.restNanoseconds = fuzz.int64()
            guard (try? settings.validate()) != nil else { return }
            _ = blackout.end(at: fuzz.instant())
        }
    }
}

extension Directive {
    /// What the shell would report on.
    fileprivate var operations: [UUID128] {
        switch self {
        case .requestPermit(let order): [order.decision]
        default: []
        }
    }
}

extension Fuzz {
    fileprivate mutating func hostRecord() -> HostRecord {
        HostRecord(
            host: host(), mode: pick(HostMode.allCases), isUp: chance(80), cpuCount: vcpus().count, memory: bytes(),
            cpuOvercommit: share(), memoryOvercommit: share(), reservedVCPUs: vcpus(), reservedMemory: bytes(),
            cpuBound: share(), memoryBound: optional { $0.share() })
    }

    fileprivate mutating func inventory() -> Inventory {
        var hosts: [HostRecord] = []
        for number in 0..<index(below: 4) {
            var record = hostRecord()
            record.host = HostID(trusted: "h\(number)")
            hosts.append(record)
        }
        let domains = (0..<index(below: 5)).map { number in
            DomainRecord(
                domain: domainID(UInt64(number)), tenant: chance(80) ? "acme" : nil, host: host(),
                vcpus: optional { $0.vcpus() }, ceiling: vcpus(), memory: bytes(), isManaged: chance(80),
                memoryCeiling: optional { $0.bytes() }, networkCap: optional { $0.bytes().bytes })
        }
        let permits = (0..<index(below: 3)).map { number in
            OpenPermit(
                permit: UUID128(high: 5, low: UInt64(number)), host: host(), domain: domain(), vcpus: vcpus(),
                memory: bytes())
        }
        return Inventory(hosts: hosts, domains: domains, permits: permits)
    }

    fileprivate mutating func policy() -> ScalingPolicy? {
        let rule = { (fuzz: inout Fuzz) in
            try? ResourceRule(
                lower: Utilization(percent: 15), upper: Utilization(percent: 80), minimum: 1,
                maximum: max(1, fuzz.bytes().bytes))
        }
        return try? ScalingPolicy(
            lower: Utilization(percent: Int64(index(below: 50))), upper: Utilization(percent: 80),
            ratio: chance(80) ? Utilization(percent: 10) : share(), minimumVCPUs: chance(70) ? 1 : vcpus(),
            maximumVCPUs: vcpus(), memory: rule(&self), network: rule(&self))
    }

    fileprivate mutating func options() -> PolicyOptions {
        PolicyOptions(
            cooldown: optional { Cooldown(upNanoseconds: $0.int64(), downNanoseconds: $0.int64()) },
            affinityGroup: optional { $0.text() }, pinnedHosts: (0..<index(below: 3)).map { _ in host() })
    }

    fileprivate mutating func policyVersion() -> PolicyVersion {
        PolicyVersion(
            domain: domain(), version: int64(), validFrom: instant(), policy: policy(),
            windowLength: 1 + index(below: 20), options: options())
    }

    fileprivate mutating func position(_ step: Int? = nil) -> SamplePosition {
        SamplePosition(epoch: chance(90) ? 1 : uint64(), sequence: chance(80) ? UInt64(step ?? 0) : uint64())
    }

    fileprivate mutating func request() -> PlacementRequest {
        PlacementRequest(
            domain: domain(), source: optional { $0.host() }, presentVCPUs: vcpus(), vcpus: vcpus(), memory: bytes(),
            demand: CPUDemand(ppmOfOneCore: int64()))
    }

    fileprivate mutating func sample(at now: Timestamp) -> HostSample {
        let domains = (0..<index(below: 5)).map { number in
            DomainSample(
                domain: domainID(UInt64(number)), state: pick(DomainState.allCases),
                incarnation: optional { Incarnation(host: "h0", hypervisorID: $0.int64(), start: $0.instant()) },
                vcpus: optional {
                    VCPUSizes(maximum: $0.vcpus(), asked: $0.vcpus(), granted: $0.vcpus(), confirmed: $0.vcpus())
                },
                memory: optional { DomainMemory(maximum: $0.bytes(), allocated: $0.bytes(), used: $0.bytes()) },
                virtCPUUsage: optional { $0.share() }, cpuUtilization: optional { $0.share() },
                stealUtilization: optional { $0.share() }, memoryUtilization: optional { $0.share() },
                networkBytesPerSecond: optional { $0.bytes().bytes },
                networkCapBytesPerSecond: optional { $0.bytes().bytes }, networkUtilization: optional { $0.share() },
                swapInDelta: optional { $0.int64() }, majorFaultsDelta: optional { $0.int64() })
        }
        return HostSample(
            host: host(), sampledAt: now, intervalNanoseconds: optional { $0.chance(70) ? interval : $0.int64() },
            figures: HostFigures(
                cpuCount: vcpus().count, memory: bytes(), cpuUtilization: optional { $0.share() },
                domainsUtilization: optional { $0.share() }, memoryUsed: optional { $0.bytes() },
                responseTimeNanoseconds: optional { $0.int64() }), domains: domains)
    }
}
