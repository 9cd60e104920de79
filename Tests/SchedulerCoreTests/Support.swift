// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

let second: Int64 = 1_000_000_000
/// Between samples, as in `SchedulerSettings`.
let interval = 5 * second

func at(_ intervals: Int64) -> Timestamp { Timestamp(nanoseconds: intervals * interval) }

func domainID(_ number: UInt64) -> DomainID { DomainID(UUID128(high: 0, low: number)) }

func policy(
    lower: Int64 = 15, upper: Int64 = 80, ratio: Int64 = 70, minimum: VCPUCount = 1, maximum: VCPUCount = 4
) throws -> ScalingPolicy {
    try ScalingPolicy(
        lower: Utilization(percent: lower), upper: Utilization(percent: upper), ratio: Utilization(percent: ratio),
        minimumVCPUs: minimum, maximumVCPUs: maximum)
}

func hostRecord(_ host: HostID, mode: HostMode = .enabled, cpuCount: Int = 4) -> HostRecord {
    HostRecord(host: host, mode: mode, cpuCount: cpuCount, memory: .gibibytes(8))
}

func sample(_ t: Int64, percent: Int64, vcpus: VCPUCount = 2, steal: Int64? = nil) -> WindowSample {
    WindowSample(
        sampledAt: at(t), utilization: Utilization(percent: percent), size: Int64(vcpus.count),
        steal: steal.map { Utilization(percent: $0) }, position: SamplePosition(epoch: 1, sequence: UInt64(max(0, t))))
}

/// Plays Monitor and the shell for one domain against a state, one sample per interval.
final class Rig {
    var state: SchedulerState
    let domain = domainID(1)
    var host: HostID = "host-a"
    var vcpus: VCPUCount
    var cap = CPUCap.none
    let initial: VCPUCount
    var incarnation = Incarnation(host: "host-a", hypervisorID: 1, start: .zero)
    var hosts: [HostRecord]
    var records: [DecisionRecord] = []

    init(
        settings: SchedulerSettings = .paper, policy: ScalingPolicy?, windowLength: Int = 10, vcpus: VCPUCount = 2,
        ceiling: VCPUCount = 8, mode: HostMode = .enabled, isManaged: Bool = true, hosts: [HostID] = ["host-a"]
    ) {
        state = SchedulerState(settings: settings)
        self.vcpus = vcpus
        initial = vcpus
        self.hosts = hosts.map { hostRecord($0, mode: mode) }
        state.inventoryChanged(
            Inventory(
                hosts: self.hosts,
                domains: [
                    DomainRecord(
                        domain: domain, tenant: "acme", host: "host-a", vcpus: vcpus, ceiling: ceiling,
                        memory: .mebibytes(512), isManaged: isManaged)
                ]))
        state.policyChanged(
            PolicyVersion(domain: domain, version: 1, validFrom: .zero, policy: policy, windowLength: windowLength),
            at: .zero)
    }

    /// Sample number `t` of the domain's host: `ppm` of the initial size; `nil` is unknown.
    func observe(_ t: Int64, demandPPM ppm: Int64?, steal: Utilization? = nil) {
        let utilization = ppm.flatMap {
            Utilization(numerator: Int128($0) * Int128(initial.count), denominator: Int128(vcpus.count) * 1_000_000)
        }
        observe(t, utilization: utilization?.clamped, steal: steal)
    }

    func observe(_ t: Int64, percent: Int64?) { observe(t, demandPPM: percent.map { $0 * 10_000 }) }

    func observe(
        _ t: Int64, utilization: Utilization?, steal: Utilization? = nil, domainState: DomainState = .running
    ) {
        state.observe(
            hostSample(t, utilization: utilization, steal: steal, domainState: domainState),
            position: SamplePosition(epoch: 1, sequence: UInt64(t)))
    }

    func hostSample(
        _ t: Int64, utilization: Utilization?, steal: Utilization? = nil, domainState: DomainState = .running
    ) -> HostSample {
        HostSample(
            host: host, sampledAt: at(t), intervalNanoseconds: interval, figures: figures(cpu: 50),
            domains: [
                DomainSample(
                    domain: domain, state: domainState, incarnation: incarnation,
                    vcpus: VCPUSizes(maximum: 8, granted: vcpus), cpuUtilization: utilization,
                    stealUtilization: steal, cpuCap: cap)
            ])
    }

    /// A sample of another host, which has no domains.
    func observeEmpty(_ host: HostID, _ t: Int64, cpu: Int64, responseTime: Int64? = 100_000) {
        state.observe(
            HostSample(
                host: host, sampledAt: at(t), intervalNanoseconds: interval,
                figures: figures(cpu: cpu, responseTime: responseTime), domains: []),
            position: SamplePosition(epoch: 1, sequence: UInt64(t)))
    }

    func figures(cpu: Int64, responseTime: Int64? = 100_000) -> HostFigures {
        HostFigures(
            cpuCount: 4, memory: .gibibytes(8), cpuUtilization: Utilization(percent: cpu),
            memoryUsed: .gibibytes(2), responseTimeNanoseconds: responseTime, responseMethod: .simulated)
    }

    /// Everything that is handed out at `t`.
    func allDirectives(_ t: Int64) -> [Directive] { state.directives(at: at(t)) }

    /// Hands out what is due, keeps the records, returns the rest without wake-ups.
    func directives(_ t: Int64) -> [Directive] {
        state.directives(at: at(t)).filter { directive in
            switch directive {
            case .record(let record):
                #expect(record.verify() == nil, "\(record.summary)")
                records.append(record)
                return false
            case .wakeUp: return false
            default: return true
            }
        }
    }

    /// Grants every permit and completes every resize at `effectiveAt`. Returns the new size if there was one.
    func perform(_ t: Int64, effectiveAt: Timestamp) -> VCPUCount? {
        for directive in directives(t) {
            guard case .requestPermit(let request) = directive else { continue }
            state.permitGranted(request.decision, permit: UUID128(high: 9, low: UInt64(t)), at: at(t))
        }
        return complete(t, effectiveAt: effectiveAt)
    }

    /// For shrinks, and grows whose permit was granted before.
    func complete(_ t: Int64, effectiveAt: Timestamp) -> VCPUCount? {
        guard let operation = state.operation(of: domain), operation.phase == .resizing else { return nil }
        _ = directives(t)
        state.actionStarted(operation.decision, at: at(t))
        guard let target = operation.finding.target.map({ VCPUCount(clamping: Int($0)) }) else { return nil }
        state.actionSucceeded(operation.decision, effectiveAt: effectiveAt, vcpus: target)
        vcpus = target
        return target
    }
}

extension Directive {
    var permitRequest: PermitRequest? { if case .requestPermit(let request) = self { request } else { nil } }
    var resize: ResizeDirective? { if case .resize(let resize) = self { resize } else { nil } }
    var migrate: MigrateDirective? { if case .migrate(let migrate) = self { migrate } else { nil } }
}
