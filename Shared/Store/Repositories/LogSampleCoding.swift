// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

extension CopyRows {
    static var samples: CopyRows {
        CopyRows(
            into: "log.sample",
            columns: [
                "sampled_ns", "host", "stream_epoch", "sequence", "domain", "state", "hypervisor_id",
                "incarnation_start_ns", "maximum_vcpus", "asked_vcpus", "granted_vcpus", "confirmed_vcpus",
                "memory_maximum_bytes", "memory_allocated_bytes", "memory_used_bytes", "cpu_time_ns", "steal_time_ns",
                "network_received_bytes", "network_transmitted_bytes", "block_read_bytes", "block_written_bytes",
                "virt_cpu_usage_ppm", "cpu_utilization_ppm", "steal_utilization_ppm", "memory_utilization_ppm",
                "network_bytes_per_second", "swap_in_bytes", "major_faults", "network_cap_bytes_per_second",
                "network_utilization_ppm", "swap_in_delta_bytes", "major_faults_delta",
                "cpu_cap_ppm", "cpu_demand_ppm",
            ])
    }

    static var hostSamples: CopyRows {
        CopyRows(
            into: "log.host_sample",
            columns: [
                "sampled_ns", "host", "stream_epoch", "sequence", "interval_ns", "cpu_count", "memory_bytes",
                "cpu_utilization_ppm", "control_domain_utilization_ppm", "domains_utilization_ppm",
                "memory_used_bytes", "response_time_ns", "response_method", "response_loss_ppm",
            ])
    }

    mutating func append(_ domain: DomainSample, of report: LoggedReport) {
        let counters = domain.counters
        append([
            .int8(report.sample.sampledAt.nanoseconds), .text(report.sample.host.name),
            .int8(report.stream.storedEpoch),
            .int8(report.sequence), .uuid(domain.domain.uuid), .text(domain.state.rawValue),
            .int8(domain.incarnation?.hypervisorID), .int8(domain.incarnation?.start.nanoseconds),
            .int4(domain.vcpus?.maximum.count), .int4(domain.vcpus?.asked?.count), .int4(domain.vcpus?.granted.count),
            .int4(domain.vcpus?.confirmed?.count), .int8(domain.memory?.maximum.bytes),
            .int8(domain.memory?.allocated?.bytes), .int8(domain.memory?.used?.bytes),
            .int8(counters.cpuTimeNanoseconds), .int8(counters.stealTimeNanoseconds),
            .int8(counters.networkReceivedBytes), .int8(counters.networkTransmittedBytes),
            .int8(counters.blockReadBytes), .int8(counters.blockWrittenBytes), .int8(domain.virtCPUUsage?.ppm),
            .int8(domain.cpuUtilization?.ppm), .int8(domain.stealUtilization?.ppm),
            .int8(domain.memoryUtilization?.ppm), .int8(domain.networkBytesPerSecond),
            .int8(counters.swapInBytes), .int8(counters.majorFaults), .int8(domain.networkCapBytesPerSecond),
            .int8(domain.networkUtilization?.ppm), .int8(domain.swapInDelta), .int8(domain.majorFaultsDelta),
            .int8(domain.cpuCap.reported(isUtilizationKnown: domain.cpuUtilization != nil)),
            .int8(domain.cpuDemand?.ppm),
        ])
    }

    mutating func append(hostOf report: LoggedReport) {
        let (sample, figures) = (report.sample, report.sample.figures)
        append([
            .int8(sample.sampledAt.nanoseconds), .text(sample.host.name), .int8(report.stream.storedEpoch),
            .int8(report.sequence), .int8(sample.intervalNanoseconds), .int4(figures.cpuCount),
            .int8(figures.memory.bytes), .int8(figures.cpuUtilization?.ppm),
            .int8(figures.controlDomainUtilization?.ppm), .int8(figures.domainsUtilization?.ppm),
            .int8(figures.memoryUsed?.bytes), .int8(figures.responseTimeNanoseconds),
            .text(figures.responseMethod.rawValue), .int8(figures.responseLoss?.ppm),
        ])
    }
}

extension DomainSample {
    init(_ row: Row) throws(StoreError) {
        self.init(domain: try row.domain("domain"), state: try row.value("state"))
        if let number = try row.int64OrNil("hypervisor_id"), let start = try row.timestampOrNil("incarnation_start_ns")
        {
            incarnation = Incarnation(host: try row.host("host"), hypervisorID: number, start: start)
        }
        if let maximum = try row.vcpusOrNil("maximum_vcpus"), let granted = try row.vcpusOrNil("granted_vcpus") {
            vcpus = VCPUSizes(
                maximum: maximum, asked: try row.vcpusOrNil("asked_vcpus"), granted: granted,
                confirmed: try row.vcpusOrNil("confirmed_vcpus"))
        }
        if let maximum = try row.byteCountOrNil("memory_maximum_bytes") {
            memory = DomainMemory(
                maximum: maximum, allocated: try row.byteCountOrNil("memory_allocated_bytes"),
                used: try row.byteCountOrNil("memory_used_bytes"))
        }
        counters = DomainCounters(
            cpuTimeNanoseconds: try row.int64OrNil("cpu_time_ns"),
            stealTimeNanoseconds: try row.int64OrNil("steal_time_ns"),
            networkReceivedBytes: try row.int64OrNil("network_received_bytes"),
            networkTransmittedBytes: try row.int64OrNil("network_transmitted_bytes"),
            blockReadBytes: try row.int64OrNil("block_read_bytes"),
            blockWrittenBytes: try row.int64OrNil("block_written_bytes"),
            swapInBytes: try row.int64OrNil("swap_in_bytes"), majorFaults: try row.int64OrNil("major_faults"))
        virtCPUUsage = try row.utilizationOrNil("virt_cpu_usage_ppm")
        cpuUtilization = try row.utilizationOrNil("cpu_utilization_ppm")
        stealUtilization = try row.utilizationOrNil("steal_utilization_ppm")
        memoryUtilization = try row.utilizationOrNil("memory_utilization_ppm")
        networkBytesPerSecond = try row.byteCountOrNil("network_bytes_per_second")?.bytes
        networkCapBytesPerSecond = try row.byteCountOrNil("network_cap_bytes_per_second")?.bytes
        networkUtilization = try row.utilizationOrNil("network_utilization_ppm")
        swapInDelta = try row.int64OrNil("swap_in_delta_bytes")
        majorFaultsDelta = try row.int64OrNil("major_faults_delta")
        cpuCap = CPUCap(
            reported: try row.utilizationOrNil("cpu_cap_ppm")?.ppm, isUtilizationKnown: cpuUtilization != nil)
        cpuDemand = try row.utilizationOrNil("cpu_demand_ppm")
    }
}

extension HostFigures {
    init(_ row: Row) throws(StoreError) {
        self.init(
            cpuCount: try row.vcpus("cpu_count").count, memory: try row.byteCount("memory_bytes"),
            cpuUtilization: try row.utilizationOrNil("cpu_utilization_ppm"),
            controlDomainUtilization: try row.utilizationOrNil("control_domain_utilization_ppm"),
            domainsUtilization: try row.utilizationOrNil("domains_utilization_ppm"),
            memoryUsed: try row.byteCountOrNil("memory_used_bytes"),
            responseTimeNanoseconds: try row.int64OrNil("response_time_ns"),
            responseMethod: try row.value("response_method"),
            responseLoss: try row.utilizationOrNil("response_loss_ppm"))
    }
}
