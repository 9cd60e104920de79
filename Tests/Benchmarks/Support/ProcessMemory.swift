// SPDX-License-Identifier: Apache-2.0

internal import CMalloc

/// Bytes that this process holds by `malloc`, with what the allocator adds to each block. What was given back does not
/// count, whether the kernel has it again or not.
package func allocatedBytes() -> Int {
    let info = mallinfo2()
    return Int(info.uordblks + info.hblkhd)
}
