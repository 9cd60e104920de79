// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import ResourceModel

/// A `HostSample` as one `WireHostReport` (type `metrics.host.v1`): a column per figure over all domains.
package enum HostReport {
    /// Domains that one report may list: far above what a host can run, far below what could exhaust memory.
    package static let maximumDomains = 4_096

    /// The columns of a sample. Unknown values are absent by their presence bit; a negative counter is not a reading
    /// and becomes unknown. An incarnation's host is the report's own host; an incarnation of another host is left out.
    ///
    /// - Throws: `tooLarge` if the sample lists more than `maximumDomains`.
    package static func encoded(_ sample: HostSample) throws(MessageError) -> [UInt8] {
        MessageCodec.encoded(try wire(sample))
    }

    /// The report as a message, before it is encoded.
    package static func wire(_ sample: HostSample) throws(MessageError) -> WireHostReport {
        let domains = sample.domains
        guard domains.count <= maximumDomains else { throw tooManyDomains(domains.count, host: sample.host.name) }
        var report = WireHostReport()
        report.hostID = sample.host.name
        report.sampledAtNs = sample.sampledAt.nanoseconds
        report.intervalNs = UInt64(clamping: sample.intervalNanoseconds ?? 0)
        report.host = hostColumns(sample.figures)
        report.domainCount = UInt32(domains.count)
        report.domainUuids = uuids(domains)
        report.states = Data(domains.map { stateIndex($0.state) })
        fillIdentityAndSize(&report, domains, host: sample.host)
        fillCounters(&report, domains)
        fillDerived(&report, domains)
        return report
    }

    static func tooManyDomains(_ count: Int, host: String) -> MessageError {
        MessageError(
            .tooLarge, "report of host '\(host)' lists \(count) domains, above the limit of \(maximumDomains)")
    }

    private static func hostColumns(_ figures: HostFigures) -> WireHostColumns {
        var columns = WireHostColumns()
        columns.cpuCount = UInt32(clamping: figures.cpuCount)
        columns.memoryBytes = UInt64(figures.memory.bytes)
        if let value = unsigned(figures.cpuUtilization?.ppm) { columns.cpuUtilizationPpm = value }
        if let value = unsigned(figures.controlDomainUtilization?.ppm) { columns.controlDomainUtilizationPpm = value }
        if let value = unsigned(figures.domainsUtilization?.ppm) { columns.domainsUtilizationPpm = value }
        if let value = unsigned(figures.memoryUsed?.bytes) { columns.memoryUsedBytes = value }
        if let value = unsigned(figures.responseTimeNanoseconds) { columns.responseTimeNs = value }
        columns.responseMethod = figures.responseMethod.rawValue
        if let value = unsigned(figures.responseLoss?.ppm) { columns.responseLossPpm = value }
        return columns
    }

    private static func fillIdentityAndSize(_ report: inout WireHostReport, _ domains: [DomainSample], host: HostID) {
        func own(_ domain: DomainSample) -> Incarnation? {
            domain.incarnation.flatMap { $0.host == host ? $0 : nil }
        }
        // Signed figures keep their bit pattern: libvirt's domain id is -1 where there is none.
        set(\.hypervisorIds, of: &report, domains) { own($0).map { UInt64(bitPattern: $0.hypervisorID) } }
        set(\.incarnationStartsNs, of: &report, domains) { own($0).map { UInt64(bitPattern: $0.start.nanoseconds) } }
        set(\.vcpusMaximum, of: &report, domains) { $0.vcpus.map { UInt64($0.maximum.count) } }
        set(\.vcpusAsked, of: &report, domains) { $0.vcpus?.asked.map { UInt64($0.count) } }
        set(\.vcpusGranted, of: &report, domains) { $0.vcpus.map { UInt64($0.granted.count) } }
        set(\.vcpusConfirmed, of: &report, domains) { $0.vcpus?.confirmed.map { UInt64($0.count) } }
        set(\.memoryMaximumBytes, of: &report, domains) { $0.memory.map { UInt64($0.maximum.bytes) } }
        set(\.memoryAllocatedBytes, of: &report, domains) { unsigned($0.memory?.allocated?.bytes) }
        set(\.memoryUsedBytes, of: &report, domains) { unsigned($0.memory?.used?.bytes) }
    }

    private static func fillCounters(_ report: inout WireHostReport, _ domains: [DomainSample]) {
        set(\.cpuTimeNs, of: &report, domains) { unsigned($0.counters.cpuTimeNanoseconds) }
        set(\.stealTimeNs, of: &report, domains) { unsigned($0.counters.stealTimeNanoseconds) }
        set(\.networkReceivedBytes, of: &report, domains) { unsigned($0.counters.networkReceivedBytes) }
        set(\.networkTransmittedBytes, of: &report, domains) { unsigned($0.counters.networkTransmittedBytes) }
        set(\.blockReadBytes, of: &report, domains) { unsigned($0.counters.blockReadBytes) }
        set(\.blockWrittenBytes, of: &report, domains) { unsigned($0.counters.blockWrittenBytes) }
        set(\.swapInBytes, of: &report, domains) { unsigned($0.counters.swapInBytes) }
        set(\.majorFaults, of: &report, domains) { unsigned($0.counters.majorFaults) }
    }

    private static func fillDerived(_ report: inout WireHostReport, _ domains: [DomainSample]) {
        set(\.virtCpuUsagePpm, of: &report, domains) { unsigned($0.virtCPUUsage?.ppm) }
        set(\.cpuUtilizationPpm, of: &report, domains) { unsigned($0.cpuUtilization?.ppm) }
        set(\.stealUtilizationPpm, of: &report, domains) { unsigned($0.stealUtilization?.ppm) }
        set(\.memoryUtilizationPpm, of: &report, domains) { unsigned($0.memoryUtilization?.ppm) }
        set(\.networkBytesPerSecond, of: &report, domains) { unsigned($0.networkBytesPerSecond) }
        set(\.networkCapBytesPerSecond, of: &report, domains) { unsigned($0.networkCapBytesPerSecond) }
        set(\.networkUtilizationPpm, of: &report, domains) { unsigned($0.networkUtilization?.ppm) }
        set(\.swapInDeltaBytes, of: &report, domains) { unsigned($0.swapInDelta) }
        set(\.majorFaultsDelta, of: &report, domains) { unsigned($0.majorFaultsDelta) }
        set(\.cpuCapPpm, of: &report, domains) {
            unsigned($0.cpuCap.reported(isUtilizationKnown: $0.cpuUtilization != nil))
        }
        set(\.cpuDemandPpm, of: &report, domains) { unsigned($0.cpuDemand?.ppm) }
    }

    /// Fills one column; leaves it absent if the value is unknown for every domain.
    private static func set(
        _ column: WritableKeyPath<WireHostReport, WireColumn>, of report: inout WireHostReport,
        _ domains: [DomainSample], _ value: (DomainSample) -> UInt64?
    ) {
        var values = [UInt64](repeating: 0, count: domains.count)
        var presence = [UInt8](repeating: 0, count: (domains.count + 7) / 8)
        var isKnownSomewhere = false
        for index in domains.indices {
            guard let known = value(domains[index]) else { continue }
            values[index] = known
            presence[index >> 3] |= 1 << UInt8(index & 7)
            isKnownSomewhere = true
        }
        guard isKnownSomewhere else { return }
        var filled = WireColumn()
        filled.values = values
        filled.presence = Data(presence)
        report[keyPath: column] = filled
    }

    private static func uuids(_ domains: [DomainSample]) -> Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(domains.count * 16)
        for domain in domains {
            for word in [domain.domain.uuid.high, domain.domain.uuid.low] {
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
        }
        return Data(bytes)
    }

    private static func stateIndex(_ state: DomainState) -> UInt8 {
        switch state {
        case .unknown: 0
        case .running: 1
        case .blocked: 2
        case .paused: 3
        case .shuttingDown: 4
        case .shutoff: 5
        case .crashed: 6
        case .saved: 7
        case .pmSuspended: 8
        }
    }

    private static func unsigned(_ value: Int64?) -> UInt64? { value.flatMap { UInt64(exactly: $0) } }
}
