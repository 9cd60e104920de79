// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel

extension RawHostReading {
    init(
        _ reading: HostReading, calledAt: Timestamp, answeredAt: Timestamp, response: ResponseTime?,
        responseLoss: Utilization?
    ) {
        self.init(
            instant: ReadingInstant(
                calledAt: calledAt, answeredAt: answeredAt, readAt: reading.readAt,
                monotonicNanoseconds: reading.monotonicNanoseconds),
            cpuCount: reading.cpuCount, memory: reading.memory, cpuTimeNanoseconds: reading.cpuTimeNanoseconds,
            controlDomainCPUTimeNanoseconds: reading.controlDomainCPUTimeNanoseconds, memoryUsed: reading.memoryUsed,
            responseTimeNanoseconds: response?.nanoseconds, responseMethod: response?.method ?? .unknown,
            responseLoss: responseLoss, domains: reading.domains.map { RawDomainReading($0) })
    }
}

extension RawDomainReading {
    init(_ reading: DomainReading) {
        self.init(
            domain: reading.domain, name: reading.name, state: reading.state, hypervisorID: reading.hypervisorID,
            incarnationStart: reading.incarnationStart, maximumVCPUs: reading.maximumVCPUs,
            grantedVCPUs: reading.grantedVCPUs, confirmedVCPUs: reading.confirmedVCPUs, memory: reading.memory,
            disk: reading.disk, counters: reading.counters, vcpuTimeNanoseconds: reading.vcpuTimeNanoseconds,
            sizeEffectiveAt: reading.sizeEffectiveAt,
            networkCapBytesPerSecond: reading.networkCapBytesPerSecond)
    }
}
