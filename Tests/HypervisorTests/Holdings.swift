// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What this process holds of the kernel's.
struct Holdings {
    let threads: Int
    let descriptors: Int
    let residentBytes: Int

    static func now() throws -> Holdings {
        let files = FileManager.default
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return Holdings(
            threads: try files.contentsOfDirectory(atPath: "/proc/self/task").count,
            descriptors: try files.contentsOfDirectory(atPath: "/proc/self/fd").count,
            residentBytes: (Int(pages[1]) ?? 0) * 4_096)
    }
}
