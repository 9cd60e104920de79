// SPDX-License-Identifier: Apache-2.0

import Glibc
package import ResourceModel

/// The fleet's true time, and how to wait for a later one.
package struct FleetClock: Sendable {
    package let now: @Sendable () -> Timestamp
    package let sleep: @Sendable (Duration) async -> Void

    package init(now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// CLOCK_REALTIME as it is now (at the earliest `earliest`) plus CLOCK_BOOTTIME from then on: a step of the wall
    /// clock changes nothing.
    package static func live(notBefore earliest: Timestamp) -> FleetClock {
        let start = max(earliest.nanoseconds, nanoseconds(of: CLOCK_REALTIME))
        let origin = nanoseconds(of: CLOCK_BOOTTIME)
        return FleetClock(
            now: { Timestamp(nanoseconds: start + nanoseconds(of: CLOCK_BOOTTIME) - origin) },
            sleep: { try? await Task.sleep(for: $0) })
    }

    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
