// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel

let host: HostID = "h1"
let vm = DomainID(UUID128(high: 1, low: 1))
let otherVM = DomainID(UUID128(high: 1, low: 2))
let second: Int64 = 1_000_000_000

func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

/// A reading that is answered within no time; `clock` is how far the host's own clock is ahead, `nil` if it has none.
func instant(_ seconds: Double, clock: Double? = nil, latency: Double = 0) -> ReadingInstant {
    ReadingInstant(
        calledAt: at(seconds), answeredAt: at(seconds + latency), readAt: clock.map { at(seconds + $0) },
        monotonicNanoseconds: at(seconds).nanoseconds)
}

func running(
    _ domain: DomainID = vm, id: Int64? = 1, start: Double? = nil, granted: Int? = 2, confirmed: Int? = 2,
    cpu: Double? = nil, steal: Double? = nil, vcpus: [Double]? = nil,
    memory: DomainMemory? = .mebibytes(512, used: 256),
    received: Int64? = nil, transmitted: Int64? = nil, devices: [DeviceCounters]? = nil, effective: Double? = nil,
    state: DomainState = .running, cap: CPUCap = .none
) -> DomainReading {
    DomainReading(
        domain: domain, name: "vm", state: state, hypervisorID: id, incarnationStart: start.map(at),
        maximumVCPUs: 8, grantedVCPUs: granted.map { VCPUCount(clamping: $0) },
        confirmedVCPUs: confirmed.map { VCPUCount(clamping: $0) },
        memory: memory, disk: .gibibytes(20),
        counters: DomainCounters(
            cpuTimeNanoseconds: cpu.map { Int64($0 * 1e9) }, stealTimeNanoseconds: steal.map { Int64($0 * 1e9) },
            networkReceivedBytes: received, networkTransmittedBytes: transmitted), devices: devices,
        vcpuTimeNanoseconds: vcpus?.map { Int64($0 * 1e9) }, sizeEffectiveAt: effective.map(at), cpuCap: cap)
}

func stopped(_ domain: DomainID = vm, state: DomainState = .shutoff, effective: Double? = nil) -> DomainReading {
    DomainReading(
        domain: domain, name: "vm", state: state, maximumVCPUs: 8, grantedVCPUs: 2, disk: .gibibytes(20),
        sizeEffectiveAt: effective.map(at))
}

func reading(
    _ instant: ReadingInstant, _ domains: DomainReading..., cpu: Double? = nil, control: Double? = nil,
    used: ByteCount? = nil
) -> HostObservation {
    HostObservation(
        HostReading(
            readAt: instant.readAt, monotonicNanoseconds: instant.monotonicNanoseconds, cpuCount: 4,
            memory: .gibibytes(2), cpuTimeNanoseconds: cpu.map { Int64($0 * 1e9) },
            controlDomainCPUTimeNanoseconds: control.map { Int64($0 * 1e9) }, memoryUsed: used, domains: domains),
        calledAt: instant.calledAt, answeredAt: instant.answeredAt)
}

extension DomainMemory {
    static func mebibytes(_ allocated: Int64, used: Int64?, maximum: Int64 = 1_024) -> DomainMemory {
        DomainMemory(
            maximum: .mebibytes(maximum), allocated: .mebibytes(allocated), used: used.map { .mebibytes($0) })
    }
}

extension HostCycle {
    /// The only domain's sample.
    var only: DomainSample { sample.domains[0] }
}

/// Feeds readings to a fresh sampler; returns every cycle.
func cycles(_ readings: HostObservation...) -> [HostCycle] {
    var sampler = HostSampler(host: host)
    return readings.map { sampler.observe($0) }
}
