// SPDX-License-Identifier: Apache-2.0

import ResourceModel

@testable import BillingCore

/// A small generator whose seed a failing test prints.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

let minute: Int64 = 60_000_000_000
let web = DomainID(UUID128(high: 0, low: 1))

func at(_ minutes: Int64) -> Timestamp { Timestamp(nanoseconds: minutes * minute) }

func range(_ start: Int64, _ end: Int64) -> TimeRange {
    guard let range = TimeRange(at(start), at(end)) else { preconditionFailure("\(start) is after \(end)") }
    return range
}

func segment(
    _ start: Int64, _ end: Int64, vcpus: VCPUCount, host: HostID = "host-a", memory: ByteCount = .zero,
    disk: ByteCount = .zero
) -> SizeSegment {
    segment(start, end, thousandths: Capacity(vcpus).thousandths, host: host, memory: memory, disk: disk)
}

func segment(
    _ start: Int64, _ end: Int64, thousandths: Int64, host: HostID = "host-a", memory: ByteCount = .zero,
    disk: ByteCount = .zero
) -> SizeSegment {
    SizeSegment(
        domain: web, host: host, period: range(start, end), capacity: Capacity(clamping: thousandths), memory: memory,
        disk: disk)
}

func reading(
    _ time: Int64, received: Int64?, start: Int64 = 0, cpuTime: Int64? = nil, transmitted: Int64? = nil,
    blockRead: Int64? = nil, blockWritten: Int64? = nil
) -> MeterReading {
    MeterReading(
        domain: web, host: "host-a", incarnationStart: at(start), at: at(time),
        counters: DomainCounters(
            cpuTimeNanoseconds: cpuTime, networkReceivedBytes: received, networkTransmittedBytes: transmitted,
            blockReadBytes: blockRead, blockWrittenBytes: blockWritten))
}

/// 0.02 per vCPU·hour, 0.005 per GiB·hour of memory, 0.0001 of disk, 0.01 per GiB of network.
func card(
    version: Int64 = 1, from: Int64 = 0, vcpu: Int64 = 20_000_000, currency: String = "EUR",
    factor: PricingFactor = .one
) -> RateCard {
    RateCard(
        version: version, validFrom: at(from), currency: currency,
        prices: [.vcpu: vcpu, .memory: 5_000_000, .disk: 100_000, .network: 10_000_000], factor: factor)
}

/// f = 0.9 + 0.1·(1 − U1) + 0.2·(1 − U2) + 0.3·(1 − P)
let factor = PricingFactor(
    base: Utilization(percent: 90), lowerWeight: Utilization(percent: 10), upperWeight: Utilization(percent: 20),
    ratioWeight: Utilization(percent: 30), minimum: Utilization(percent: 90), maximum: Utilization(percent: 150))

func policy(
    version: Int64 = 1, from: Int64, lower: Int64 = 15, upper: Int64 = 80, ratio: Int64 = 70,
    minimum: VCPUCount = 1, maximum: VCPUCount = 8, memory: ResourceRule? = nil, network: ResourceRule? = nil,
    options: PolicyOptions = PolicyOptions(), trueRatio: Utilization? = nil
) throws -> PolicyVersion {
    PolicyVersion(
        domain: web, version: version, validFrom: at(from),
        policy: try ScalingPolicy(
            lower: Utilization(percent: lower), upper: Utilization(percent: upper), ratio: Utilization(percent: ratio),
            minimumVCPUs: minimum, maximumVCPUs: maximum, memory: memory, network: network),
        windowLength: 10, options: options, trueRatio: trueRatio)
}

func inputs(
    _ segments: [SizeSegment], readings: [MeterReading] = [], policies: [PolicyVersion] = [],
    cards: [RateCard] = [card()], period: TimeRange = range(0, 60), owned: [TimeRange] = [range(0, 1_000_000)],
    knownUntil: Timestamp = .distantFuture
) -> BillingInputs {
    BillingInputs(
        tenant: "acme", period: period, knownUntil: knownUntil,
        domains: [BillableDomain(domain: web, name: "web", owned: owned)],
        segments: segments, readings: readings, policies: policies, rateCards: cards)
}

extension SizeSegment {
    /// The same in parts, cut at so many instants by chance.
    func cut(_ count: Int, using random: inout some RandomNumberGenerator) -> [SizeSegment] {
        let span = period.start.nanoseconds..<period.end.nanoseconds
        let instants = (0..<count).map { _ in Timestamp(nanoseconds: .random(in: span, using: &random)) }
        return period.split(at: instants).map { part in
            var copy = self
            copy.period = part
            return copy
        }
    }
}
