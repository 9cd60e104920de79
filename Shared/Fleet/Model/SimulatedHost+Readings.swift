// SPDX-License-Identifier: Apache-2.0

import ResourceModel

extension SimulatedHost {
    /// The host's answer at this instant, with these domains.
    mutating func answer(_ shown: Range<Int>, at instant: Timestamp) -> FleetAnswer {
        settle(at: instant)
        return FleetAnswer(
            at: clock.wall(at: instant), host: reading, domains: domains[shown].map(\.reading),
            responseTimeNanoseconds: responseTimeNanoseconds)
    }

    /// Serves a sample: traces that go by samples advance, and the truth keeps what was served.
    mutating func sample(at instant: Timestamp, limits: TruthLimits) -> FleetAnswer {
        let answer = answer(domains.indices, at: instant)
        var loadsChanged = false
        for index in domains.indices {
            let load = domains[index].load.ppm
            serve(index, at: instant, limits: limits)
            if domains[index].load.ppm != load { loadsChanged = true }
        }
        if loadsChanged { balance(at: instant) }
        return answer
    }

    /// Whether a sample changes what the model keeps.
    func samplesAreRecorded(_ limits: TruthLimits) -> Bool {
        limits.readings > 0 || domains.contains { $0.load.traceCount > 0 }
    }

    private var reading: SimulatedHostReading {
        let figures = cpuTimes
        return SimulatedHostReading(
            uuid: uuid, cores: cores, memory: memory, cpuTimeNanoseconds: figures.total,
            controlDomainCPUTimeNanoseconds: figures.control, memoryUsed: memoryUsed)
    }
}

extension SimulatedDomain {
    /// What its host shows, up to the instant it was settled at.
    var reading: SimulatedDomainReading {
        SimulatedDomainReading(
            definition: definition, state: state, stateReason: stateReason, life: life.map(reading(of:)),
            grantedVCPUs: grantedVCPUs,
            memory: memory, effectiveAt: effectiveAt, cpuCapPPM: cpuCapPPM,
            networkCapBytesPerSecond: networkCapBytesPerSecond, hidesStatistics: hidesStatistics)
    }

    private func reading(of life: Life) -> LifeReading {
        let confirmed: Int? =
            switch report {
            case .truthful: onlineVCPUs
            case .lies(let vcpus): vcpus
            case .silent: nil
            }
        let times = (0..<grantedVCPUs).map { $0 < life.vcpuTime.count ? life.vcpuTime[$0].whole : 0 }
        return LifeReading(
            hypervisorID: life.hypervisorID, start: life.hostStart, confirmedVCPUs: confirmed, memoryUsed: memoryUsed,
            counters: life.counters, vcpuTimeNanoseconds: times)
    }
}
