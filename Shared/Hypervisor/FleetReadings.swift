// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import FoundationEssentials
internal import Messages
internal import ResourceModel

extension HypervisorError {
    /// What a failed call to a simulated host means.
    init(_ error: BusError, host: HostID, operation: String) {
        let code: Code
        switch error.code {
        case .failed(let failure): code = Self.code(of: failure)
        case .deadline: code = .deadline
        case .closed: code = .closed
        case .malformed, .tooLarge: code = .invalid
        default: code = .unreachable
        }
        let reason =
            if case .failed(let failure) = error.code { failure.message } else { error.description }
        self.init(code, operation: operation, message: "host \(host): \(reason)")
    }

    private static func code(of failure: CommandFailure) -> Code {
        switch failure.code.word {
        case .fenced: .fenced
        case .notFound: .noSuchDomain
        case .invalid: .invalid
        case .deadline: .deadline
        case .unreachable, .busy, .unavailable: .unreachable
        case .denied, .observed, .draining, .underWay, .quota, .conflict, .notOwner, .internal, .unknownCommand,
            .refused, nil:
            .refused
        }
    }
}

extension HostReading {
    init(_ answer: WireFleetAnswer, monotonicNanoseconds: Int64) throws(HypervisorError) {
        self.init(
            readAt: Timestamp(nanoseconds: answer.atNs), monotonicNanoseconds: monotonicNanoseconds,
            cpuCount: VCPUCount(clamping: answer.host.cpuCount).count,
            memory: ByteCount(clamping: answer.host.memoryBytes),
            cpuTimeNanoseconds: Int64(clamping: answer.host.cpuTimeNs),
            controlDomainCPUTimeNanoseconds: Int64(clamping: answer.host.controlDomainCpuTimeNs),
            memoryUsed: ByteCount(exactly: answer.host.memoryUsedBytes),
            domains: try answer.domains.map { domain throws(HypervisorError) in
                try DomainReading(domain, operation: "sample")
            })
    }
}

extension DomainReading {
    /// What only an active domain has stays unknown for the others.
    init(_ wire: WireFleetDomain, operation: String) throws(HypervisorError) {
        let isActive = wire.hypervisorID > 0
        self.init(
            domain: try DomainID(wire, operation: operation), name: wire.name,
            state: DomainState(rawValue: wire.state) ?? .unknown,
            maximumVCPUs: VCPUCount(exactly: wire.vcpusMaximum), grantedVCPUs: VCPUCount(exactly: wire.vcpusGranted),
            memory: ByteCount(exactly: wire.memoryMaximumBytes).map {
                DomainMemory(
                    maximum: $0, allocated: ByteCount(exactly: wire.memoryAllocatedBytes),
                    used: isActive ? ByteCount(exactly: wire.memoryUsedBytes) : nil)
            },
            disk: ByteCount(exactly: wire.diskBytes),
            sizeEffectiveAt: Timestamp(nanoseconds: wire.sizeEffectiveNs),
            cpuCap: CPUCap(ppm: Int64(clamping: wire.cpuCapPpm)),
            networkCapBytesPerSecond: wire.networkCapBytesPerSecond == 0
                ? nil : Int64(clamping: wire.networkCapBytesPerSecond))
        stateReason = StateReason(rawValue: wire.stateReason)
        guard isActive else { return }
        hypervisorID = wire.hypervisorID
        incarnationStart = Timestamp(nanoseconds: wire.incarnationStartNs)
        guard !wire.countersUnknown else {
            memory?.used = nil
            return
        }
        confirmedVCPUs = wire.hasVcpusConfirmed ? VCPUCount(exactly: wire.vcpusConfirmed) : nil
        vcpuTimeNanoseconds = wire.vcpuTimeNs.map { Int64(clamping: $0) }
        counters = DomainCounters(
            cpuTimeNanoseconds: Int64(clamping: wire.cpuTimeNs),
            stealTimeNanoseconds: Int64(clamping: wire.stealTimeNs),
            networkReceivedBytes: Int64(clamping: wire.networkReceivedBytes),
            networkTransmittedBytes: Int64(clamping: wire.networkTransmittedBytes),
            blockReadBytes: Int64(clamping: wire.blockReadBytes),
            blockWrittenBytes: Int64(clamping: wire.blockWrittenBytes),
            swapInBytes: Int64(clamping: wire.swapInBytes), majorFaults: Int64(clamping: wire.majorFaults))
    }
}

extension DomainDescription {
    init(_ wire: WireFleetDomain, operation: String) throws(HypervisorError) {
        self.init(
            domain: try DomainID(wire, operation: operation), name: wire.name,
            state: DomainState(rawValue: wire.state) ?? .unknown, tenant: TenantID(wire.tenantID),
            maximumVCPUs: VCPUCount(clamping: wire.vcpusMaximum),
            maximumMemory: ByteCount(clamping: wire.memoryMaximumBytes),
            disk: ByteCount(clamping: wire.diskBytes))
    }
}

extension DomainID {
    fileprivate init(_ wire: WireFleetDomain, operation: String) throws(HypervisorError) {
        guard let uuid = UUID128(bytes: wire.uuid) else {
            throw HypervisorError(
                .invalid, operation: operation, message: "a domain's uuid has \(wire.uuid.count) bytes, not 16")
        }
        self.init(uuid)
    }
}
