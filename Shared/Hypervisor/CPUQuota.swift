// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// A CPU cap as QEMU's control groups take it: CPU time of all of the domain's threads in each period.
struct CPUQuota: Hashable, Sendable {
    /// A short period, so that a guest with a small cap never waits long: at a quarter of a core it stands for 15 ms at
    /// most, where the kernel's own period of 100 ms would make it 75 ms.
    static let periodMicroseconds: Int64 = 20_000
    /// The smallest quota that the kernel takes (`min_cfs_quota_period`).
    static let leastMicroseconds: Int64 = 1_000
    /// The kernel's period where none is set.
    static let usualPeriodMicroseconds: Int64 = 100_000
    /// One microsecond of each period: caps that are closer to each other can't be told apart.
    static let granulePPM = 1_000_000 / periodMicroseconds
    /// The smallest cap, in parts per million of one core.
    static let leastPPM = leastMicroseconds * granulePPM

    let microseconds: Int64

    /// Rounds down to whole microseconds. `nil`: the kernel takes no quota so small, or none so large.
    /// - Parameter ppm: in parts per million of one core.
    init?(ppm: Int64) {
        guard ppm >= Self.leastPPM, ppm / Self.granulePPM <= UInt32.max else { return nil }
        microseconds = ppm / Self.granulePPM
    }

    /// What QEMU's own threads (disk, network, display) may use of it: half, so that the vCPUs of a guest whose disks
    /// and interfaces are busy keep the other half.
    var emulatorMicroseconds: Int64 { max(microseconds / 2, Self.leastMicroseconds) }

    /// - Parameters:
    ///   - quota: in microseconds; zero or less, like none, means that there is no cap.
    ///   - period: in microseconds; none is the kernel's own.
    /// - Returns: parts per million of one core; `nil` without a cap.
    static func ppm(quota: Int64?, period: Int64?, times count: Int = 1) -> Int64? {
        guard let quota, quota > 0 else { return nil }
        let period = max(1, period ?? usualPeriodMicroseconds)
        return Int64(clamping: Int128(quota) * 1_000_000 * Int128(count) / Int128(period))
    }
}
