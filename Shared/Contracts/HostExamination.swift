// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A name of a host, and the addresses that this machine's own resolver has for it.
package struct ResolvedName: Hashable, Sendable, Codable {
    package let name: String
    /// IPv4 and IPv6 addresses; empty if the name is not known here.
    package let addresses: [String]

    package init(name: String, addresses: [String]) {
        self.name = name
        self.addresses = addresses
    }
}

/// What a host check is made from: what the host says of itself, whatever its driver. It is never sent to another
/// process; Monitor's core makes `CheckItem`s of it.
package struct HostExamination: Hashable, Sendable, Codable {
    package struct StoragePool: Hashable, Sendable, Codable {
        package let name: String
        package let isActive: Bool
        package let capacity: ByteCount
        package let available: ByteCount

        package init(name: String, isActive: Bool, capacity: ByteCount, available: ByteCount) {
            self.name = name
            self.isActive = isActive
            self.capacity = capacity
            self.available = available
        }
    }

    package let capabilities: HypervisorCapabilities
    /// The name by which the host calls itself.
    package var hostName: ResolvedName
    /// The name in its URI, to which other hosts send guests: empty in a local URI; `nil` where hosts need no name.
    package var migrationName: ResolvedName?
    /// Why a CPU cap can't act here; `nil` if it can, or if no domain runs that it could be tried with.
    package let cpuCapObstacle: String?
    /// Whether nobody on the way can read the connection.
    package let isEncrypted: Bool
    /// The host's CPU in the driver's own words, for `accepts`; `nil` where the driver says nothing.
    package let cpu: String?
    /// Its model in one line, for people.
    package let cpuModel: String?
    /// Ways in which memory can be sent to another host, for instance `tcp`, `rdma`.
    package let migrationTransports: [String]
    package let storagePools: [StoragePool]
    /// Virtual networks that are up.
    package let networks: [String]
    /// What would keep Ebb from working with the host, each one sentence with its remedy.
    package let problems: [String]

    package init(
        capabilities: HypervisorCapabilities, hostName: ResolvedName, migrationName: ResolvedName? = nil,
        cpuCapObstacle: String? = nil, isEncrypted: Bool, cpu: String?, cpuModel: String?,
        migrationTransports: [String], storagePools: [StoragePool], networks: [String], problems: [String]
    ) {
        self.capabilities = capabilities
        self.hostName = hostName
        self.migrationName = migrationName
        self.cpuCapObstacle = cpuCapObstacle
        self.isEncrypted = isEncrypted
        self.cpu = cpu
        self.cpuModel = cpuModel
        self.migrationTransports = migrationTransports
        self.storagePools = storagePools
        self.networks = networks
        self.problems = problems
    }
}
