// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ResourceModel

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// The values behind the golden files: never change one, add another.
enum Fixture {
    static let id = UUID128(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    static let instance = InstanceID(UUID128(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10))
    static let instant = Timestamp(nanoseconds: 1_772_366_400_000_000_001)

    static let publishedEnvelope = Envelope(
        type: .hostReport, messageID: id, source: instance, streamEpoch: 7, sequence: 42, sentAt: instant,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    static let failureEnvelope = Envelope(
        type: .executeCommand, messageID: id, correlationID: UUID128(high: 1, low: 2), source: instance,
        sentAt: instant, timeout: .milliseconds(1_500), idempotencyKey: "order-17",
        failure: Envelope.Failure(code: "not-owner", message: "host-1 is owned by another instance", isRetryable: true))

    /// One domain with everything known, one with nothing known, one off, with a few zeros.
    static let hostSample = HostSample(
        host: "host-1", sampledAt: instant, intervalNanoseconds: 10_000_000_000,
        figures: HostFigures(
            cpuCount: 16, memory: .gibibytes(64), cpuUtilization: Utilization(ppm: 437_500),
            controlDomainUtilization: nil, domainsUtilization: .zero, memoryUsed: .gibibytes(12),
            responseTimeNanoseconds: 180_000, responseMethod: .icmp),
        domains: [
            DomainSample(
                domain: DomainID(id), state: .running,
                incarnation: Incarnation(host: "host-1", hypervisorID: 5, start: Timestamp(nanoseconds: 1_000)),
                vcpus: VCPUSizes(maximum: 8, asked: 4, granted: 4, confirmed: 3),
                memory: DomainMemory(maximum: .gibibytes(8), allocated: .gibibytes(4), used: .gibibytes(2)),
                counters: DomainCounters(
                    cpuTimeNanoseconds: 9_000_000_000, stealTimeNanoseconds: 0, networkReceivedBytes: 1,
                    networkTransmittedBytes: .max, blockReadBytes: 3, blockWrittenBytes: 4),
                virtCPUUsage: Utilization(percent: 290), cpuUtilization: Utilization(percent: 97),
                stealUtilization: .zero, memoryUtilization: Utilization(percent: 50), networkBytesPerSecond: 1_250),
            DomainSample(domain: DomainID(UUID128(high: 1, low: 1)), state: .unknown),
            DomainSample(
                domain: DomainID(UUID128(high: 2, low: 2)), state: .shutoff,
                incarnation: Incarnation(host: "host-1", hypervisorID: -1, start: Timestamp(nanoseconds: -1)),
                vcpus: VCPUSizes(maximum: 2, granted: 0), memory: DomainMemory(maximum: .gibibytes(1))),
        ])

    /// What came with the memory's and the network's triggers.
    static let pressedSample = HostSample(
        host: "host-1", sampledAt: instant, intervalNanoseconds: 5_000_000_000,
        figures: HostFigures(cpuCount: 2, memory: .gibibytes(4)),
        domains: [
            DomainSample(
                domain: DomainID(id), state: .running,
                counters: DomainCounters(swapInBytes: 4_096, majorFaults: 7), networkBytesPerSecond: 1_000,
                networkCapBytesPerSecond: 4_000, networkUtilization: Utilization(percent: 25), swapInDelta: 0,
                majorFaultsDelta: 3)
        ])

    /// What came with the loss of round trips: a host that does not answer.
    static let lostSample = HostSample(
        host: "host-1", sampledAt: instant, intervalNanoseconds: nil,
        figures: HostFigures(cpuCount: 2, memory: .gibibytes(4), responseLoss: Utilization(percent: 30)),
        domains: [DomainSample(domain: DomainID(id), state: .unknown)])

    static var heartbeat: WireHeartbeat {
        var position = WireStreamPosition()
        position.topic = "host/host-1/"
        position.epoch = 7
        position.firstSpooled = 3
        position.last = 42
        var heartbeat = WireHeartbeat()
        heartbeat.streams = [position]
        return heartbeat
    }

    static var replayRequest: WireReplayRequest {
        var request = WireReplayRequest()
        request.topic = "host/host-1/"
        request.epoch = 7
        request.first = 10
        request.last = 12
        return request
    }

    static var replayReply: WireReplayReply {
        var message = WireReplayedMessage()
        message.envelope = Data(publishedEnvelope.encoded())
        message.body = Data([1, 2, 3])
        var reply = WireReplayReply()
        reply.messages = [message]
        return reply
    }

    static var executeCommand: WireExecuteCommand {
        var command = WireExecuteCommand()
        command.commandID = Data(id.bytes)
        return command
    }

    static var setPolicy: WireSetPolicy {
        var command = WireSetPolicy()
        command.domainUuid = Data(id.bytes)
        command.policy.lowerPpm = 200_000
        command.policy.upperPpm = 800_000
        command.policy.ratioPpm = 500_000
        command.policy.minimumVcpus = 1
        command.policy.maximumVcpus = 8
        return command
    }

    static var domainEvent: WireDomainEvent {
        var event = WireDomainEvent()
        event.hostID = "host-1"
        event.domainUuid = Data(id.bytes)
        event.atNs = instant.nanoseconds
        event.kind = "resized"
        event.foreign = true
        return event
    }

    static func randomSample(using generator: inout SeededGenerator) -> HostSample {
        func maybe(_ range: ClosedRange<Int64>) -> Int64? {
            Bool.random(using: &generator) ? Int64.random(in: range, using: &generator) : nil
        }
        func share() -> Utilization? { maybe(0...2_000_000).map(Utilization.init(ppm:)) }
        let domains = (0..<Int.random(in: 0...40, using: &generator)).map { index in
            DomainSample(
                domain: DomainID(UUID128(high: UInt64(index), low: generator.next())),
                state: DomainState.allCases.randomElement(using: &generator) ?? .unknown,
                incarnation: maybe(-1...900).map {
                    Incarnation(host: "h", hypervisorID: $0, start: Timestamp(nanoseconds: $0 * 1_000))
                },
                vcpus: maybe(1...64).map {
                    VCPUSizes(
                        maximum: VCPUCount(clamping: Int($0)), granted: 1,
                        confirmed: maybe(0...9).map { VCPUCount(clamping: Int($0)) })
                },
                memory: maybe(0 ... .max).map {
                    DomainMemory(maximum: ByteCount(clamping: $0), used: maybe(0...9).map { ByteCount(clamping: $0) })
                },
                counters: DomainCounters(
                    cpuTimeNanoseconds: maybe(0 ... .max), stealTimeNanoseconds: maybe(0...1),
                    networkReceivedBytes: maybe(0 ... .max), blockWrittenBytes: maybe(0...0),
                    swapInBytes: maybe(0 ... .max),
                    majorFaults: maybe(0...9)),
                virtCPUUsage: share(), cpuUtilization: share(), memoryUtilization: share(),
                networkBytesPerSecond: maybe(0...ByteCount.limit.bytes),
                networkCapBytesPerSecond: maybe(1...ByteCount.limit.bytes),
                networkUtilization: share(), swapInDelta: maybe(0 ... .max), majorFaultsDelta: maybe(0...9))
        }
        return HostSample(
            host: "h", sampledAt: Timestamp(nanoseconds: maybe(0...7_000_000_000_000_000_000) ?? 0),
            intervalNanoseconds: maybe(1 ... .max),
            figures: HostFigures(cpuCount: 4, memory: .gibibytes(1), cpuUtilization: share()), domains: domains)
    }
}
