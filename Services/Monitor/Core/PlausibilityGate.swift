// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A figure of a reading that was not believed, and why. Rejected figures reach neither a decision nor a bill.
package struct RejectedReading: Hashable, Sendable {
    /// Stable; the label of the metric.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// More CPU time than 1.1 · (vCPUs + 2) · Δt.
        case cpuBeyondCapacity = "cpu-beyond-capacity"
        /// A counter fell without a new incarnation. A device's counter is believed if it stays below its former value.
        case counterBackwards = "counter-backwards"
        /// Memory used or allocated above the maximum.
        case memoryBeyondMaximum = "memory-beyond-maximum"
        /// A figure that differs from the last one by a factor of 1000 or 1024.
        case unitMismatch = "unit-mismatch"
        /// More than any network adapter carries.
        case networkBeyondCapacity = "network-beyond-capacity"
    }

    /// `nil` for the host's own figures.
    package let domain: DomainID?
    package let reason: Reason

    package init(domain: DomainID?, reason: Reason) {
        self.domain = domain
        self.reason = reason
    }
}

/// Checks whether a difference of two readings is possible: it refuses only what is impossible, never what is merely
/// high.
enum PlausibilityGate {
    /// 400 Gbit/s, for one device in one direction.
    static let maximumNetworkBytesPerSecond: Int64 = 50_000_000_000

    /// CPU time over an interval. Emulator threads and rounding take part, so the bound is 1.1 · (vCPUs + 2) · Δt.
    static func checkCPU(used: Int64, steal: Int64?, vcpus: Int, interval: Int64) -> RejectedReading.Reason? {
        guard used >= 0, steal ?? 0 >= 0 else { return .counterBackwards }
        let bound = Int128(11) * Int128(vcpus + 2) * Int128(interval) / 10
        return Int128(used) + Int128(steal ?? 0) > bound ? .cpuBeyondCapacity : nil
    }

    /// A domain's memory, compared with the last believed one of the same life.
    static func check(_ memory: DomainMemory, former: DomainMemory?) -> RejectedReading.Reason? {
        if let former {
            let pairs = [
                (memory.maximum, former.maximum), (memory.allocated, former.allocated), (memory.used, former.used),
            ]
            for case (let now?, let before?) in pairs where isUnitMismatch(now.bytes, before.bytes) {
                return .unitMismatch
            }
        }
        let isBeyond = [memory.allocated, memory.used].contains { $0.map { $0 > memory.maximum } ?? false }
        return isBeyond ? .memoryBeyondMaximum : nil
    }
}

/// Whether two figures that should be close are a factor of 1000 or 1024 apart, give or take one per cent: KiB taken
/// for bytes, microseconds for nanoseconds.
func isUnitMismatch(_ now: Int64, _ before: Int64) -> Bool {
    let (small, large) = (Int128(min(now, before)), Int128(max(now, before)))
    guard small > 0 else { return false }
    return large * 100 >= small * 99_000 && large * 100 <= small * 103_424
}
