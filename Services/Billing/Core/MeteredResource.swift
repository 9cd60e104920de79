// SPDX-License-Identifier: Apache-2.0

package import Contracts
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
        /// What X counts, exactly.
        let meteredUnit: MeteredUnit
        /// The unit in which people and programs read X where all sizes are whole ones of it; `nil`: the metered one.
        var wholeUnit: WholeUnit?
        /// What a price is for.
        let pricingUnit: String
        /// How many metered units one pricing unit has.
        let unitsPerPricingUnit: Int128
        /// The key of its price in a rate card, as people write it.
        let priceKey: String
        /// Whether a card must price it. If not, the price is 0 where a card has none.
        var isPriceRequired = true
    }

    /// A unit that is a whole number of metered units.
    struct WholeUnit: Sendable {
        let unit: MeteredUnit
        let meteredUnits: Int64
    }

    /// How X is measured.
    enum Meter: Sendable {
        /// Size times time, the size in thousandths of a vCPU or in bytes; a shown size, in vCPUs or bytes, in words.
        case allocation(size: @Sendable (SizeSegment) -> Int64, text: @Sendable (Int64) -> String)
        /// The growth of these counters together.
        case growth(of: @Sendable (DomainCounters) -> [Int64?])
    }

    var declaration: Declaration {
        switch self {
        case .vcpu:
            Declaration(
                meter: .allocation(
                    size: { $0.capacity.thousandths }, text: { "\($0) vCPU\($0 == 1 ? "" : "s")" }),
                meteredUnit: .thousandthVCPUNanosecond,
                wholeUnit: WholeUnit(unit: .vcpuNanosecond, meteredUnits: 1_000), pricingUnit: "vCPU·hour",
                unitsPerPricingUnit: Self.nanosecondsPerHour * 1_000, priceKey: "vcpuHour")
        case .memory:
            Declaration(
                meter: .allocation(size: { $0.memory.bytes }, text: Self.bytes), meteredUnit: .byteNanosecond,
                pricingUnit: "GiB·hour", unitsPerPricingUnit: Self.nanosecondsPerHour * Self.gibibyte,
                priceKey: "memoryGiBHour")
        case .disk:
            Declaration(
                meter: .allocation(size: { $0.disk.bytes }, text: Self.bytes), meteredUnit: .byteNanosecond,
                pricingUnit: "GiB·hour", unitsPerPricingUnit: Self.nanosecondsPerHour * Self.gibibyte,
                priceKey: "diskGiBHour")
        case .network:
            Declaration(
                meter: .growth(of: { [$0.networkReceivedBytes, $0.networkTransmittedBytes] }), meteredUnit: .byte,
                pricingUnit: "GiB", unitsPerPricingUnit: Self.gibibyte, priceKey: "networkGiB")
        case .cpuTime:
            Declaration(
                meter: .growth(of: { [$0.cpuTimeNanoseconds] }), meteredUnit: .nanosecond, pricingUnit: "CPU hour",
                unitsPerPricingUnit: Self.nanosecondsPerHour, priceKey: "cpuHour", isPriceRequired: false)
        case .blockIO:
            Declaration(
                meter: .growth(of: { [$0.blockReadBytes, $0.blockWrittenBytes] }), meteredUnit: .byte,
                pricingUnit: "GiB", unitsPerPricingUnit: Self.gibibyte, priceKey: "blockIOGiB",
                isPriceRequired: false)
        }
    }

    /// How many metered units one pricing unit has.
    package var unitsPerPricingUnit: Int128 { declaration.unitsPerPricingUnit }
    /// What X counts, exactly.
    package var meteredUnit: MeteredUnit { declaration.meteredUnit }
    /// What a price is for.
    package var pricingUnit: String { declaration.pricingUnit }
    /// The key of its price in a rate card, as people write it.
    package var priceKey: String { declaration.priceKey }
    /// Whether a card must price it. Else the price is 0 where a card has none.
    package var isPriceRequired: Bool { declaration.isPriceRequired }

    /// How a line or a row is shown whose parts have these sizes, in metered units. A quantity keeps the unit that it always
    /// had while all sizes are whole, and has another one, with another name, as soon as one is not: no number changes its
    /// meaning in its place.
    func shownUnit(for sizes: [Int64?]) -> WholeUnit {
        let metered = WholeUnit(unit: meteredUnit, meteredUnits: 1)
        guard let whole = declaration.wholeUnit else { return metered }
        return sizes.allSatisfy { ($0 ?? 0) % whole.meteredUnits == 0 } ? whole : metered
    }

    private static let nanosecondsPerHour: Int128 = 3_600_000_000_000
    private static let gibibyte: Int128 = 1 << 30
    @Sendable private static func bytes(_ count: Int64) -> String { "\(ByteCount(clamping: count))" }
}
