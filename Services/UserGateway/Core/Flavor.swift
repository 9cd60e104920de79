// SPDX-License-Identifier: Apache-2.0

/// A size with a name, which a new VM gets unless its creator gives another.
package struct Flavor: Hashable, Sendable {
    package let name: String
    package let vcpus: Int64
    /// The ceiling that a VM of this flavor can grow to without a restart.
    package let maximumVCPUs: Int64
    package let memoryBytes: Int64
    package let diskBytes: Int64

    /// All flavors, from small to large.
    package static let all = [
        Flavor(name: "tiny", vcpus: 1, maximumVCPUs: 2, memoryBytes: 512 << 20, diskBytes: 5 << 30),
        Flavor(name: "small", vcpus: 1, maximumVCPUs: 4, memoryBytes: 2 << 30, diskBytes: 20 << 30),
        Flavor(name: "medium", vcpus: 2, maximumVCPUs: 8, memoryBytes: 4 << 30, diskBytes: 40 << 30),
        Flavor(name: "large", vcpus: 4, maximumVCPUs: 16, memoryBytes: 8 << 30, diskBytes: 80 << 30),
        Flavor(name: "huge", vcpus: 8, maximumVCPUs: 32, memoryBytes: 16 << 30, diskBytes: 160 << 30),
    ]

    /// The flavor of that name; `nil` if there is none.
    package static func named(_ name: String) -> Flavor? { all.first { $0.name == name } }

    package var json: JSONValue {
        [
            "name": .string(name), "vcpus": .integer(vcpus), "maxVcpus": .integer(maximumVCPUs),
            "memoryBytes": .integer(memoryBytes), "diskBytes": .integer(diskBytes),
        ]
    }
}
