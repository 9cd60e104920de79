// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Contracts
import FleetModel
import Foundation
import LoggerCore
import Messages
import MonitorCore
import ResourceModel
import SchedulerCore
import UserGatewayCore

@testable import Hypervisor

/// A parser or core that libFuzzer feeds with bytes of its own making, and the corpus's replay with those that were
/// found. Whatever the bytes, it answers or refuses: a trap is a fault.
enum FuzzTarget: String, CaseIterable {
    /// A client's line, up to the check of its parameters.
    case line
    /// Instants, addresses and URIs.
    case text
    /// A host's report, into Scheduler's state.
    case report
    case envelope
    /// A domain's definition, and a host's capabilities.
    case definition
    /// Figures of a hypervisor, into samples.
    case figures
    /// A stored decision, judged again.
    case record
    /// Policies and settings as they are stored, into Scheduler's state.
    case policy
    /// Segments, readings and prices, into a bill.
    case bill
    /// Deliveries and what became of batches.
    case log
    /// A fleet's configuration and calls.
    case fleet

    func take(_ bytes: [UInt8]) {
        switch self {
        case .line: Self.line(bytes)
        case .text: Self.text(String(decoding: bytes, as: UTF8.self))
        case .report: Self.report(bytes)
        case .envelope: _ = try? Envelope(decoding: bytes)
        case .definition: Self.definition(String(decoding: bytes, as: UTF8.self))
        case .figures: Self.figures(Draw(bytes))
        case .record: Self.record(bytes)
        case .policy: Self.policy(bytes)
        case .bill: Self.bill(Draw(bytes))
        case .log: Self.log(Draw(bytes))
        case .fleet: Self.fleet(bytes)
        }
    }

    private static func line(_ bytes: [UInt8]) {
        for case .request(let request) in RPCCodec.decode(bytes).elements {
            _ = try? MethodRegistry.ebb.check(request, by: .administrator)
            _ = RPCCodec.encode(request)
        }
        _ = try? RPCCodec.decodeAnswer(bytes, limits: JSONLimits())
    }

    private static func text(_ text: String) {
        _ = (RFC3339.timestamp(text)?.description, try? HypervisorURI(text), HostAddress(endpoint: text))
        _ = (FleetAddress(text), UUID128(text), HostID(text), AccessToken(text))
        _ = HostAddress(text).flatMap { try? HostPreparation(address: $0, pool: text).script }
    }

    private static func definition(_ text: String) {
        _ = HostCapabilities(xml: text)
        guard let read = DefinedDomain(xml: text) else { return }
        _ = (read.maximumVCPUs, read.startVCPUs, read.fixedVCPUs, read.pluggedVCPUCount, read.cpuCap(vcpus: 3))
        _ = (read.maximumMemory, read.startMemory, read.networkCapBytesPerSecond, read.displayName, read.diskFiles)
    }

    private static func report(_ bytes: [UInt8]) {
        guard let sample = try? HostReport.decoded(bytes) else { return }
        var state = SchedulerState(settings: .platform)
        state.inventoryChanged(
            Inventory(
                hosts: [HostRecord(host: sample.host, mode: .enabled, cpuCount: 4, memory: .gibibytes(8))],
                domains: sample.domains.prefix(4).map { domain in
                    DomainRecord(
                        domain: domain.domain, tenant: "acme", host: sample.host, vcpus: domain.vcpus?.granted,
                        ceiling: 8,
                        memory: domain.memory?.maximum ?? .zero, isManaged: true)
                }))
        for domain in sample.domains.prefix(4) {
            guard let policy = try? PolicyPreset.aggressive.policy(maximumVCPUs: 8) else { return }
            state.policyChanged(
                PolicyVersion(domain: domain.domain, version: 1, validFrom: .zero, policy: policy, windowLength: 2),
                at: .zero)
        }
        for number in UInt64(1)...3 { state.observe(sample, position: SamplePosition(epoch: 1, sequence: number)) }
        state.evaluateAll(at: sample.sampledAt)
        _ = state.directives(at: sample.sampledAt)
    }

    private static func record(_ bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(DecisionRecord.self, from: Data(bytes)) else { return }
        _ = record.verify()
        _ = record.explain()
        _ = record.pseudonymised().explain()
    }

    private static func policy(_ bytes: [UInt8]) {
        let decoder = JSONDecoder()
        if let version = try? decoder.decode(PolicyVersion.self, from: Data(bytes)) {
            var state = SchedulerState(settings: .platform)
            state.policyChanged(version, at: version.validFrom)
            _ = version.policy?.breachesNeeded(windowLength: version.windowLength)
        }
        guard let blackouts = try? decoder.decode([Blackout].self, from: Data(bytes)) else { return }
        var settings = SchedulerSettings.platform
        settings.blackouts = blackouts
        guard (try? settings.validate()) != nil else { return }
        var state = SchedulerState(settings: settings)
        state.evaluateAll(at: .zero)
    }

    private static func figures(_ draw: Draw) {
        var draw = draw
        let names = [
            "state.state", "cpu.time", "vcpu.maximum", "vcpu.current", "vcpu.0.time", "vcpu.0.state", "vcpu.0.delay",
            "balloon.maximum", "balloon.current", "balloon.available", "balloon.usable", "balloon.unused",
            "balloon.disk_caches", "balloon.last-update", "balloon.swap_in", "net.count", "net.0.rx.bytes",
            "net.0.tx.bytes", "block.count", "block.0.rd.bytes", "block.0.wr.bytes", "block.0.capacity",
        ]
        let identity = DomainIdentity(domain: DomainID(UUID128(high: 1, low: 1)), name: "a", hypervisorID: 1)
        var sampler = HostSampler(host: "h")
        for _ in 0..<4 {
            var values: [String: Int64] = [:]
            for name in names where draw.flag() { values[name] = draw.number() }
            let reading = HostReading(
                readAt: draw.flag() ? Timestamp(nanoseconds: draw.number()) : nil,
                monotonicNanoseconds: max(0, draw.number()), cpuCount: VCPUCount(clamping: draw.number()).count,
                memory: ByteCount(clamping: draw.number()), cpuTimeNanoseconds: draw.number(),
                controlDomainCPUTimeNanoseconds: draw.number(), memoryUsed: ByteCount(exactly: draw.number()),
                domains: [DomainReading(DomainStatistics(identity: identity, values: values))])
            _ = sampler.observe(
                HostObservation(
                    reading, calledAt: Timestamp(nanoseconds: draw.number()),
                    answeredAt: Timestamp(nanoseconds: draw.number())))
        }
    }

    private static func bill(_ draw: Draw) {
        var draw = draw
        let instant = { (draw: inout Draw) in Timestamp(nanoseconds: draw.number()) }
        let vm = DomainID(UUID128(high: 0, low: 1))
        guard let period = TimeRange(instant(&draw), instant(&draw)), !period.isEmpty else { return }
        let segments = (0..<3).compactMap { _ in
            TimeRange(instant(&draw), instant(&draw)).map {
                SizeSegment(
                    domain: vm, host: "h", period: $0, capacity: Capacity(clamping: draw.number()),
                    memory: ByteCount(clamping: draw.number()), disk: ByteCount(clamping: draw.number()))
            }
        }
        let readings = (0..<4).map { _ in
            MeterReading(
                domain: vm, host: "h", incarnationStart: instant(&draw), at: instant(&draw),
                counters: DomainCounters(
                    cpuTimeNanoseconds: draw.number(), networkReceivedBytes: draw.number(),
                    networkTransmittedBytes: draw.number(), blockReadBytes: draw.number()))
        }
        let card = RateCard(
            version: 1, validFrom: .zero, currency: "EUR",
            prices: [
                .vcpu: draw.number(), .memory: draw.number(), .disk: draw.number(), .network: draw.number(),
                .blockIO: draw.number(),
            ])
        let bill = try? Rating.bill(
            BillingInputs(
                tenant: "acme", period: period, knownUntil: .distantFuture,
                domains: [BillableDomain(domain: vm, name: "a", owned: [period])],
                segments: segments, readings: readings, policies: [], rateCards: [card]))
        _ = bill?.terms()
    }

    private static func log(_ draw: Draw) {
        var draw = draw
        var state = LoggerState(limits: LoggerLimits(batchRows: 5, batchAge: .milliseconds(50), queueRows: 20))
        let stream = StreamID(topic: .host("a"), epoch: 1)
        let sequence = { (draw: inout Draw) in UInt64(clamping: max(1, draw.number())) }
        state.gained(LogShard(id: "a", epoch: 1), watermarks: [stream: sequence(&draw)])
        while !draw.isEmpty {
            let now = Timestamp(nanoseconds: draw.number())
            switch draw.number() & 3 {
            case 0:
                let event = LogEvent(at: now, kind: "k", host: nil, domain: nil, detail: "", isForeign: false)
                _ = state.take(.message(stream, sequence: sequence(&draw), .event(event)), at: now)
            case 1:
                let (first, last) = (sequence(&draw), sequence(&draw))
                _ = state.take(.lost(stream, min(first, last)...max(first, last)), at: now)
            case 2:
                if state.batch(at: now, isUrgent: true) != nil {
                    state.refused(.moved([stream: sequence(&draw)]), at: now)
                }
            default: if state.batch(at: now, isUrgent: true) != nil { state.stored() }
            }
        }
    }

    private static func fleet(_ bytes: [UInt8]) {
        guard let configuration = try? JSONDecoder().decode(FleetConfiguration.self, from: Data(bytes)),
            configuration.hosts.count < 4, var fleet = try? Fleet(configuration, at: .zero)
        else { return }
        for host in configuration.hosts {
            for second in Int64(1)...3 {
                _ = fleet.handle(
                    FleetRequest(host: host.id, operation: .sample), at: Timestamp(nanoseconds: second * 1_000_000_000))
            }
        }
        _ = fleet.truth(until: Timestamp(nanoseconds: 5_000_000_000))
    }
}

/// Numbers out of bytes; zero when there are no more.
private struct Draw {
    private var bytes: ArraySlice<UInt8>
    var isEmpty: Bool { bytes.isEmpty }

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    mutating func flag() -> Bool { (bytes.popFirst() ?? 0) & 1 == 1 }

    /// The first byte says how many follow.
    mutating func number() -> Int64 {
        let count = Int((bytes.popFirst() ?? 0) % 9)
        var word: UInt64 = 0
        for _ in 0..<count { word = word << 8 | UInt64(bytes.popFirst() ?? 0) }
        return Int64(bitPattern: word)
    }
}

#if FUZZING
    private let chosen = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["EBB_FUZZ_TARGET"] ?? "")

    /// What libFuzzer calls, with as much as it likes, in a build by `Tests/FuzzTests/fuzz.sh`.
    @_cdecl("LLVMFuzzerTestOneInput") public func takeOne(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
        guard let chosen else { exit(64) }
        chosen.take(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
    }
#endif
