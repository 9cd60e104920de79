// SPDX-License-Identifier: Apache-2.0

import FleetModel
import ResourceModel

/// Makes samples from two readings of one simulated host: as much of Monitor as the simulation needs.
struct FleetSampler {
    private var former: (answer: FleetAnswer, at: Timestamp)?

    mutating func sample(_ answer: FleetAnswer, of host: HostID, at now: Timestamp) -> HostSample? {
        defer { former = (answer, now) }
        guard let former, now > former.at else { return nil }
        let elapsed = now.nanoseconds(since: former.at)
        let busy = answer.host.cpuTimeNanoseconds - former.answer.host.cpuTimeNanoseconds
        let figures = HostFigures(
            cpuCount: answer.host.cores, memory: answer.host.memory,
            cpuUtilization: Utilization(
                numerator: Int128(max(0, busy)), denominator: Int128(elapsed) * Int128(answer.host.cores))?.clamped,
            memoryUsed: answer.host.memoryUsed, responseTimeNanoseconds: answer.responseTimeNanoseconds,
            responseMethod: .simulated)
        return HostSample(
            host: host, sampledAt: now, intervalNanoseconds: elapsed, figures: figures,
            domains: answer.domains.map { domain in
                reading(
                    domain, before: former.answer.domains.first { $0.definition.id == domain.definition.id },
                    of: host, elapsed: elapsed)
            })
    }

    private func reading(
        _ domain: SimulatedDomainReading, before: SimulatedDomainReading?, of host: HostID, elapsed: Int64
    ) -> DomainSample {
        var sample = DomainSample(domain: domain.definition.id, state: domain.state)
        guard let life = domain.life else { return sample }
        sample.incarnation = Incarnation(host: host, hypervisorID: life.hypervisorID, start: life.start)
        sample.vcpus = VCPUSizes(
            maximum: VCPUCount(clamping: domain.definition.maximumVCPUs),
            granted: VCPUCount(clamping: domain.grantedVCPUs))
        sample.memory = DomainMemory(
            maximum: domain.definition.memory, allocated: domain.memory, used: life.memoryUsed)
        // A change within the interval leaves its utilisation unknown.
        guard let old = before?.life, old.hypervisorID == life.hypervisorID,
            before?.grantedVCPUs == domain.grantedVCPUs, let time = life.counters.cpuTimeNanoseconds,
            let oldTime = old.counters.cpuTimeNanoseconds
        else { return sample }
        sample.cpuUtilization =
            Utilization(
                numerator: Int128(max(0, time - oldTime)),
                denominator: Int128(elapsed) * Int128(max(1, domain.grantedVCPUs)))?.clamped
        return sample
    }
}
