// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// CPU time that this process has used on all its threads, in nanoseconds: what others do on the machine meanwhile
/// counts little.
package func processCPUNanoseconds() -> Int64 { nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID) }

/// Wall-clock time since some instant, in nanoseconds.
package func monotonicNanoseconds() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
