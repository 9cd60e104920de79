// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

extension HostReport {
    /// Reads a report. Everything is checked before it is used: lengths of columns, states, ranges, repeated domains.
    package static func decoded(_ bytes: [UInt8]) throws(MessageError) -> HostSample {
        try sample(try MessageCodec.decoded(WireHostReport.self, from: bytes))
    }

    /// Checks a report that is decoded already, and reads it.
    package static func sample(_ report: WireHostReport) throws(MessageError) -> HostSample {
        guard let host = HostID(report.hostID) else {
            throw .malformed("report: '\(report.hostID.prefix(63))' is not a host's name")
        }
        guard let count = Int(exactly: report.domainCount), count <= maximumDomains else {
            throw tooManyDomains(Int(clamping: report.domainCount), host: host.name)
        }
        let domains = try ids(report, count: count)
        let states = try states(report, count: count)
        let columns = try DomainColumns(report, count: count)
        var samples: [DomainSample] = []
        samples.reserveCapacity(count)
        for index in 0..<count {
            samples.append(columns.sample(domains[index], states[index], host: host, index: index))
        }
        return HostSample(
            host: host, sampledAt: try bounded("sampled_at_ns", report.sampledAtNs),
            intervalNanoseconds: report.intervalNs == 0 ? nil : try signed("interval_ns", report.intervalNs),
            figures: try figures(report.host), domains: samples)
    }

    private static func ids(_ report: WireHostReport, count: Int) throws(MessageError) -> [DomainID] {
        guard report.domainUuids.count == count * 16 else {
            throw .malformed(
                "report: domain_uuids has \(report.domainUuids.count) bytes, not \(count * 16) for \(count) domains")
        }
        let bytes = [UInt8](report.domainUuids)
        var ids: [DomainID] = []
        ids.reserveCapacity(count)
        for start in stride(from: 0, to: bytes.count, by: 16) {
            ids.append(DomainID(UUID128(high: word(bytes, at: start), low: word(bytes, at: start + 8))))
        }
        // Consumers key dictionaries by domain.
        guard Set(ids).count == count else { throw .malformed("report: a domain is listed twice") }
        return ids
    }

    private static func word(_ bytes: [UInt8], at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    private static func states(_ report: WireHostReport, count: Int) throws(MessageError) -> [DomainState] {
        guard report.states.count == count else {
            throw .malformed("report: states has \(report.states.count) entries, not \(count)")
        }
        let all = DomainState.allCases
        var states: [DomainState] = []
        states.reserveCapacity(count)
        for index in report.states {
            guard all.indices.contains(Int(index)) else {
                throw .malformed("report: \(index) is not a domain state; upgrade this service")
            }
            states.append(all[Int(index)])
        }
        return states
    }

    private static func figures(_ columns: WireHostColumns) throws(MessageError) -> HostFigures {
        func utilization(_ field: String, _ has: Bool, _ value: UInt64) throws(MessageError) -> Utilization? {
            has ? try bounded(field, value) : nil
        }
        return HostFigures(
            cpuCount: (try bounded("cpu_count", columns.cpuCount) as VCPUCount).count,
            memory: try bounded("memory_bytes", columns.memoryBytes),
            cpuUtilization: try utilization(
                "cpu_utilization_ppm", columns.hasCpuUtilizationPpm, columns.cpuUtilizationPpm),
            controlDomainUtilization: try utilization(
                "control_domain_utilization_ppm", columns.hasControlDomainUtilizationPpm,
                columns.controlDomainUtilizationPpm),
            domainsUtilization: try utilization(
                "domains_utilization_ppm", columns.hasDomainsUtilizationPpm, columns.domainsUtilizationPpm),
            memoryUsed: columns.hasMemoryUsedBytes
                ? try bounded("memory_used_bytes", columns.memoryUsedBytes) : nil,
            responseTimeNanoseconds: columns.hasResponseTimeNs
                ? try signed("response_time_ns", columns.responseTimeNs) : nil,
            // A method that this service does not know yet counts as unknown.
            responseMethod: ResponseMethod(rawValue: columns.responseMethod) ?? .unknown,
            responseLoss: try utilization("response_loss_ppm", columns.hasResponseLossPpm, columns.responseLossPpm))
    }

    private static func bounded<Quantity: BoundedQuantity>(
        _ field: String, _ amount: some BinaryInteger
    ) throws(MessageError) -> Quantity {
        guard let quantity = Quantity(exactly: amount) else {
            throw .malformed("report: \(field) \(amount) is out of range")
        }
        return quantity
    }

    private static func signed(_ field: String, _ value: UInt64) throws(MessageError) -> Int64 {
        guard let signed = Int64(exactly: value) else { throw .malformed("report: \(field) \(value) is out of range") }
        return signed
    }
}

/// A column whose lengths are proven: any index below the report's count may be asked.
private struct KnownColumn {
    private let values: [UInt64]
    private let presence: [UInt8]

    /// - Parameters:
    ///   - largest: What no value may pass.
    ///   - isSigned: Whether values are the bit pattern of an `Int64`, so that any value is valid.
    init(
        _ name: String, _ column: WireColumn, count: Int, atMost largest: Int64 = .max, isSigned: Bool = false
    ) throws(MessageError) {
        values = column.values
        presence = [UInt8](column.presence)
        if values.isEmpty && presence.isEmpty { return }
        guard values.count == count, presence.count == (count + 7) / 8 else {
            throw .malformed(
                "report: column \(name) has \(values.count) values and \(presence.count) bytes of presence "
                    + "for \(count) domains")
        }
        guard count & 7 == 0 || presence[presence.count - 1] >> UInt8(count & 7) == 0 else {
            throw .malformed("report: column \(name) has presence beyond \(count) domains")
        }
        let limit = isSigned ? .max : UInt64(largest)
        guard values.allSatisfy({ $0 <= limit }) else {
            throw .malformed("report: column \(name) has a value out of range")
        }
    }

    /// `nil` is unknown.
    subscript(index: Int) -> Int64? {
        guard !values.isEmpty, presence[index >> 3] >> UInt8(index & 7) & 1 == 1 else { return nil }
        return Int64(bitPattern: values[index])
    }
}

private struct DomainColumns {
    let hypervisorIDs, incarnationStarts: KnownColumn
    let vcpusMaximum, vcpusAsked, vcpusGranted, vcpusConfirmed: KnownColumn
    let memoryMaximum, memoryAllocated, memoryUsed: KnownColumn
    let cpuTime, stealTime, networkReceived, networkTransmitted, blockRead, blockWritten: KnownColumn
    let virtCPUUsage, cpuUtilization, stealUtilization, memoryUtilization, networkRate: KnownColumn
    let swapIn, majorFaults, networkCap, networkUtilization, swapInDelta, majorFaultsDelta: KnownColumn
    let cpuCap, cpuDemand: KnownColumn

    init(_ report: WireHostReport, count: Int) throws(MessageError) {
        let vcpus = VCPUCount.bounds.upperBound
        let bytes = ByteCount.bounds.upperBound
        let ppm = Utilization.bounds.upperBound
        hypervisorIDs = try KnownColumn("hypervisor_ids", report.hypervisorIds, count: count, isSigned: true)
        incarnationStarts = try KnownColumn(
            "incarnation_starts_ns", report.incarnationStartsNs, count: count, isSigned: true)
        vcpusMaximum = try KnownColumn("vcpus_maximum", report.vcpusMaximum, count: count, atMost: vcpus)
        vcpusAsked = try KnownColumn("vcpus_asked", report.vcpusAsked, count: count, atMost: vcpus)
        vcpusGranted = try KnownColumn("vcpus_granted", report.vcpusGranted, count: count, atMost: vcpus)
        vcpusConfirmed = try KnownColumn("vcpus_confirmed", report.vcpusConfirmed, count: count, atMost: vcpus)
        memoryMaximum = try KnownColumn("memory_maximum_bytes", report.memoryMaximumBytes, count: count, atMost: bytes)
        memoryAllocated = try KnownColumn(
            "memory_allocated_bytes", report.memoryAllocatedBytes, count: count, atMost: bytes)
        memoryUsed = try KnownColumn("memory_used_bytes", report.memoryUsedBytes, count: count, atMost: bytes)
        cpuTime = try KnownColumn("cpu_time_ns", report.cpuTimeNs, count: count)
        stealTime = try KnownColumn("steal_time_ns", report.stealTimeNs, count: count)
        networkReceived = try KnownColumn("network_received_bytes", report.networkReceivedBytes, count: count)
        networkTransmitted = try KnownColumn(
            "network_transmitted_bytes", report.networkTransmittedBytes, count: count)
        blockRead = try KnownColumn("block_read_bytes", report.blockReadBytes, count: count)
        blockWritten = try KnownColumn("block_written_bytes", report.blockWrittenBytes, count: count)
        virtCPUUsage = try KnownColumn("virt_cpu_usage_ppm", report.virtCpuUsagePpm, count: count, atMost: ppm)
        cpuUtilization = try KnownColumn("cpu_utilization_ppm", report.cpuUtilizationPpm, count: count, atMost: ppm)
        stealUtilization = try KnownColumn(
            "steal_utilization_ppm", report.stealUtilizationPpm, count: count, atMost: ppm)
        memoryUtilization = try KnownColumn(
            "memory_utilization_ppm", report.memoryUtilizationPpm, count: count, atMost: ppm)
        networkRate = try KnownColumn(
            "network_bytes_per_second", report.networkBytesPerSecond, count: count, atMost: bytes)
        swapIn = try KnownColumn("swap_in_bytes", report.swapInBytes, count: count)
        majorFaults = try KnownColumn("major_faults", report.majorFaults, count: count)
        networkCap = try KnownColumn(
            "network_cap_bytes_per_second", report.networkCapBytesPerSecond, count: count, atMost: bytes)
        networkUtilization = try KnownColumn(
            "network_utilization_ppm", report.networkUtilizationPpm, count: count, atMost: ppm)
        swapInDelta = try KnownColumn("swap_in_delta_bytes", report.swapInDeltaBytes, count: count)
        majorFaultsDelta = try KnownColumn("major_faults_delta", report.majorFaultsDelta, count: count)
        cpuCap = try KnownColumn("cpu_cap_ppm", report.cpuCapPpm, count: count, atMost: ppm)
        cpuDemand = try KnownColumn("cpu_demand_ppm", report.cpuDemandPpm, count: count, atMost: ppm)
    }

    func sample(_ domain: DomainID, _ state: DomainState, host: HostID, index: Int) -> DomainSample {
        DomainSample(
            domain: domain, state: state, incarnation: incarnation(host: host, index), vcpus: vcpus(index),
            memory: memory(index),
            counters: DomainCounters(
                cpuTimeNanoseconds: cpuTime[index], stealTimeNanoseconds: stealTime[index],
                networkReceivedBytes: networkReceived[index], networkTransmittedBytes: networkTransmitted[index],
                blockReadBytes: blockRead[index], blockWrittenBytes: blockWritten[index],
                swapInBytes: swapIn[index], majorFaults: majorFaults[index]),
            virtCPUUsage: virtCPUUsage[index].map(Utilization.init(ppm:)),
            cpuUtilization: cpuUtilization[index].map(Utilization.init(ppm:)),
            stealUtilization: stealUtilization[index].map(Utilization.init(ppm:)),
            memoryUtilization: memoryUtilization[index].map(Utilization.init(ppm:)),
            networkBytesPerSecond: networkRate[index], networkCapBytesPerSecond: networkCap[index],
            networkUtilization: networkUtilization[index].map(Utilization.init(ppm:)),
            swapInDelta: swapInDelta[index], majorFaultsDelta: majorFaultsDelta[index],
            cpuCap: CPUCap(reported: cpuCap[index], isUtilizationKnown: cpuUtilization[index] != nil),
            cpuDemand: cpuDemand[index].map(Utilization.init(ppm:)))
    }

    private func incarnation(host: HostID, _ index: Int) -> Incarnation? {
        guard let id = hypervisorIDs[index], let start = incarnationStarts[index] else { return nil }
        return Incarnation(host: host, hypervisorID: id, start: Timestamp(nanoseconds: start))
    }

    private func vcpus(_ index: Int) -> VCPUSizes? {
        guard let maximum = vcpusMaximum[index], let granted = vcpusGranted[index] else { return nil }
        return VCPUSizes(
            maximum: VCPUCount(clamping: maximum), asked: vcpusAsked[index].map { VCPUCount(clamping: $0) },
            granted: VCPUCount(clamping: granted), confirmed: vcpusConfirmed[index].map { VCPUCount(clamping: $0) })
    }

    private func memory(_ index: Int) -> DomainMemory? {
        guard let maximum = memoryMaximum[index] else { return nil }
        return DomainMemory(
            maximum: ByteCount(clamping: maximum), allocated: memoryAllocated[index].map { ByteCount(clamping: $0) },
            used: memoryUsed[index].map { ByteCount(clamping: $0) })
    }
}
