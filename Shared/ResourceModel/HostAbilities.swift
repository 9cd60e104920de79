// SPDX-License-Identifier: Apache-2.0

/// What decides whether guests can come to a host and leave it, as its Monitor found.
package struct HostAbilities: Hashable, Sendable, Codable {
    /// For instance `QEMU`, `Xen`, `Test`, `fleet`.
    package var driver: String
    /// The host's own UUID; two hosts that show the same one take each other for the same host.
    package var hostUUID: UUID128?
    /// Ways in which a running domain can be sent elsewhere; empty: its driver has none.
    package var transports: [String]
    /// Storage pools that are active; `nil`: its guests need none.
    package var pools: [String]?
    /// Virtual networks that are up; `nil`: its guests need none.
    package var networks: [String]?
    /// A text that stands for its CPU; `nil`: its driver says nothing about it.
    package var cpu: String?
    /// Whether guests of each of these CPUs can go on running here; for other CPUs it is not known.
    package var acceptedCPUs: [String: Bool]

    package init(
        driver: String, hostUUID: UUID128? = nil, transports: [String] = [], pools: [String]? = nil,
        networks: [String]? = nil, cpu: String? = nil, acceptedCPUs: [String: Bool] = [:]
    ) {
        self.driver = driver
        self.hostUUID = hostUUID
        self.transports = transports
        self.pools = pools
        self.networks = networks
        self.cpu = cpu
        self.acceptedCPUs = acceptedCPUs
    }
}

/// What a domain needs of the host that it is on.
package struct DomainNeeds: Hashable, Sendable, Codable {
    /// Storage pools that hold its disks.
    package var pools: [String]
    /// Virtual networks that its interfaces join.
    package var networks: [String]
    /// Its guest sees its host's own CPU, and needs another one that has the same features.
    package var usesHostCPU: Bool

    package init(pools: [String] = [], networks: [String] = [], usesHostCPU: Bool = false) {
        self.pools = pools
        self.networks = networks
        self.usesHostCPU = usesHostCPU
    }
}

/// What prevents that guests of one host go to another.
package enum PairObstacle: Hashable, Sendable, Codable {
    case sameUUID(UUID128)
    case otherDriver(here: String, there: String)
    case noCommonTransport
    /// The other's CPU lacks features that this host's CPU has.
    case cpu
    /// The other host does not have these.
    case pools([String])
    case networks([String])
}

extension HostAbilities {
    /// All that prevents any guest from going from here to `other`, whatever the guest is; the most important first.
    package func obstacles(to other: HostAbilities) -> [PairObstacle] {
        var found: [PairObstacle] = []
        if driver != other.driver { found.append(.otherDriver(here: driver, there: other.driver)) }
        if let hostUUID, hostUUID == other.hostUUID { found.append(.sameUUID(hostUUID)) }
        if Set(transports).isDisjoint(with: other.transports) { found.append(.noCommonTransport) }
        return found
    }

    /// Whether guests that see this host's CPU can go to `other`; `nil`: not known.
    package func cpuFits(_ other: HostAbilities) -> Bool? {
        guard let cpu else { return true }
        return cpu == other.cpu ? true : other.acceptedCPUs[cpu]
    }

    /// All that a domain with `needs` would miss here: its storage first.
    package func lacks(of needs: DomainNeeds) -> [PairObstacle] {
        [
            Self.missing(needs.pools, of: pools).map { .pools($0) },
            Self.missing(needs.networks, of: networks).map { .networks($0) },
        ].compactMap(\.self)
    }

    /// All that this host has and `other` does not have: a guest may need it if its own needs are not known.
    package func surplus(over other: HostAbilities) -> [PairObstacle] {
        (cpuFits(other) == true ? [] : [.cpu])
            + other.lacks(of: DomainNeeds(pools: pools ?? [], networks: networks ?? []))
    }

    private static func missing(_ wanted: [String], of there: [String]?) -> [String]? {
        guard let there else { return nil }
        let absent = Set(wanted).subtracting(there)
        return absent.isEmpty ? nil : absent.sorted()
    }
}
