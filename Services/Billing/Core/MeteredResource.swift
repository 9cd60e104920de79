// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// What is metered and priced. The paper's three resources: compute, storage (memory, with provisioned disk as its own
/// sub-line) and network; the real work of CPUs and disks is shown, and priced only if the card says so.
///
/// A resource is one case and one declaration. The order is that of the lines on a bill.
package enum MeteredResource: String, Hashable, Sendable, Codable, CaseIterable {
    case vcpu, memory, disk, network
    case cpuTime = "cpu-time"
    /// Bytes read from and written to the disks.
    case blockIO = "block-io"

    /// Everything that a bill must know of a resource.
    struct Declaration: Sendable {
        let meter: Meter
        /// What X counts.
        let meteredUnit: String
        /// What a price is for.
        let pricingUnit: String
        /// How many metered units one pricing unit has.
        let unitsPerPricingUnit: Int128
        /// The key of its price in a rate card, as people write it.
        let priceKey: String
        /// Whether a card must price it. If not, the price is 0 where a card has none.
        var isPriceRequired = true
    }

    /// How X is measured.
    enum Meter: Sendable {
        /// Size times time; a size in words.
        case allocation(size: @Sendable (SizeSegment) -> Int64, text: @Sendable (Int64) -> String)
        /// The growth of these counters together.
        case growth(of: @Sendable (DomainCounters) -> [Int64?])
    }

    var declaration: Declaration {
        switch self {
        case .vcpu:
            Declaration(
                meter: .allocation(
                    size: { Int64($0.vcpus.count) }, text: { "\($0) vCPU\($0 == 1 ? "" : "s")" }),
                meteredUnit: "vCPU·ns", pricingUnit: "vCPU·hour", unitsPerPricingUnit: Self.nanosecondsPerHour,
                priceKey: "vcpuHour")
        case .memory:
            Declaration(
                meter: .allocation(size: { $0.memory.bytes }, text: Self.bytes), meteredUnit: "byte·ns",
                pricingUnit: "GiB·hour", unitsPerPricingUnit: Self.nanosecondsPerHour * Self.gibibyte,
                priceKey: "memoryGiBHour")
        case .disk:
            Declaration(
                meter: .allocation(size: { $0.disk.bytes }, text: Self.bytes), meteredUnit: "byte·ns",
                pricingUnit: "GiB·hour", unitsPerPricingUnit: Self.nanosecondsPerHour * Self.gibibyte,
                priceKey: "diskGiBHour")
        case .network:
            Declaration(
                meter: .growth(of: { [$0.networkReceivedBytes, $0.networkTransmittedBytes] }), meteredUnit: "byte",
                pricingUnit: "GiB", unitsPerPricingUnit: Self.gibibyte, priceKey: "networkGiB")
        case .cpuTime:
            Declaration(
                meter: .growth(of: { [$0.cpuTimeNanoseconds] }), meteredUnit: "ns", pricingUnit: "CPU hour",
                unitsPerPricingUnit: Self.nanosecondsPerHour, priceKey: "cpuHour", isPriceRequired: false)
        case .blockIO:
            Declaration(
                meter: .growth(of: { [$0.blockReadBytes, $0.blockWrittenBytes] }), meteredUnit: "byte",
                pricingUnit: "GiB", unitsPerPricingUnit: Self.gibibyte, priceKey: "blockIOGiB",
                isPriceRequired: false)
        }
    }

    /// How many metered units one pricing unit has.
    package var unitsPerPricingUnit: Int128 { declaration.unitsPerPricingUnit }
    /// What X counts.
    package var meteredUnit: String { declaration.meteredUnit }
    /// What a price is for.
    package var pricingUnit: String { declaration.pricingUnit }
    /// The key of its price in a rate card, as people write it.
    package var priceKey: String { declaration.priceKey }
    /// Whether a card must price it. Else the price is 0 where a card has none.
    package var isPriceRequired: Bool { declaration.isPriceRequired }

    private static let nanosecondsPerHour: Int128 = 3_600_000_000_000
    private static let gibibyte: Int128 = 1 << 30
    @Sendable private static func bytes(_ count: Int64) -> String { "\(ByteCount(clamping: count))" }
}
