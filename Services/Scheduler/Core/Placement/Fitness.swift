// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What is known about a host beside its room: whether guests can come there.
package struct KnownAbilities: Hashable, Sendable, Codable {
    package var abilities: HostAbilities
    /// The instant from which the abilities are too old; the driver stays known.
    package var knownUntil: Timestamp

    package init(_ abilities: HostAbilities, knownUntil: Timestamp) {
        self.abilities = abilities
        self.knownUntil = knownUntil
    }
}

/// Why a host can't take a domain, however much room it has.
package enum Unfitness: Hashable, Sendable, Codable {
    case found(PairObstacle)
    /// A migration between the same two hosts failed for this reason; it is not tried again before `until`.
    case failed(MoveFailure, until: Timestamp)

    var code: RejectionCode {
        switch self {
        case .found(.sameUUID): .sameUUID
        case .found(.otherDriver): .otherDriver
        case .found(.noCommonTransport): .noCommonTransport
        case .found(.cpu): .lacksCPU
        case .found(.pools): .lacksStorage
        case .found(.networks): .lacksNetwork
        case .failed: .pairFailed
        }
    }
}

/// Why a migration failed, if it would fail again for the same reason.
package enum MoveFailure: String, Hashable, Sendable, Codable, CaseIterable {
    case driver, cpu, storage, network, encryption
    case devices, snapshots, memoryEncryption = "memory-encryption", pageCache = "page-cache"

    /// Whether the domain itself can't move; otherwise no domain can move between these two hosts.
    var isOfDomain: Bool {
        switch self {
        case .devices, .snapshots, .memoryEncryption, .pageCache: true
        case .driver, .cpu, .storage, .network, .encryption: false
        }
    }

    /// Words in messages of libvirt, its drivers and Monitor that name a reason, the clearest first.
    private static let words: [(MoveFailure, [String])] = [
        (.snapshots, ["snapshot", "checkpoint"]),
        (.devices, ["host device", "devices of the host", "hostdev", "vfio", "non-migratable", "assigned"]),
        (.memoryEncryption, ["launchsecurity", "launch security", "memory encryption"]),
        (.pageCache, ["page cache", "disks use cache", "cache=none", "cache='none'"]),
        (.encryption, ["certificate", "tls", "x509", "secret"]),
        (.cpu, ["cpu"]),
        (.storage, ["storage", "disk", "volume", "image"]),
        (.driver, ["driver", "remote libvirt uri", "no host that this one could reach", "same host"]),
        (.network, ["network", "bridge", "interface"]),
    ]

    /// `nil` if the message names none of them.
    package init?(message: String) {
        let text = message.lowercased()
        let found = Self.words.first { _, words in words.contains { text.contains($0) } }
        guard let found else { return nil }
        self = found.0
    }
}

extension SchedulerState {
    /// A migration to `host` is not tried before `until`.
    struct BlockedTarget: Hashable, Sendable, Codable {
        var host: HostID
        var failure: MoveFailure
        var until: Timestamp
    }

    /// Marks the hosts that can't take the request's domain, and those for which that is not known.
    func addFitness(of request: PlacementRequest, needs: DomainNeeds?, to hosts: inout [HostFacts], at now: Timestamp) {
        let source = request.source.flatMap { self.hosts[$0] }
        // If nothing is known about any host, none is placed behind the others.
        let isAnythingKnown = self.hosts.values.contains { $0.known(at: now) != nil }
        for index in hosts.indices where hosts[index].record.host != request.source {
            guard let target = self.hosts[hosts[index].record.host] else { continue }
            let judged = judge(target, from: source, needs: needs, at: now)
            hosts[index].unfitness = judged.unfitness
            hosts[index].isDoubtful = judged.isDoubtful && isAnythingKnown ? true : nil
        }
    }

    private func judge(
        _ target: HostEntry, from source: HostEntry?, needs: DomainNeeds?, at now: Timestamp
    ) -> (unfitness: Unfitness?, isDoubtful: Bool) {
        if let blocked = source?.blocked.first(where: { $0.host == target.record.host && now < $0.until }) {
            return (.failed(blocked.failure, until: blocked.until), false)
        }
        // Drivers do not change.
        if let here = source?.abilities?.abilities.driver, let there = target.abilities?.abilities.driver, here != there
        {
            return (.found(.otherDriver(here: here, there: there)), false)
        }
        guard let there = target.known(at: now) else { return (nil, true) }
        if let needs, let lack = there.lacks(of: needs).first { return (.found(lack), false) }
        guard source != nil else { return (nil, false) }
        guard let here = source?.known(at: now) else { return (nil, true) }
        if let obstacle = here.obstacles(to: there).first { return (.found(obstacle), false) }
        guard let needs else { return (nil, !here.surplus(over: there).isEmpty) }
        guard needs.usesHostCPU, let fits = here.cpuFits(there) else { return (nil, needs.usesHostCPU) }
        return (fits ? nil : .found(.cpu), false)
    }
}

extension SchedulerState.HostEntry {
    /// The host's abilities, unless they are too old.
    fileprivate func known(at now: Timestamp) -> HostAbilities? {
        abilities.flatMap { now < $0.knownUntil ? $0.abilities : nil }
    }
}
