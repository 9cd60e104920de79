// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a domain has beside its counters.
package struct FleetDetail: Hashable, Sendable, Codable {
    /// A migration away that is under way.
    package struct Migration: Hashable, Sendable, Codable {
        package let elapsedMilliseconds: Int64
        package let transferred: ByteCount
        package let remaining: ByteCount

        private enum CodingKeys: String, CodingKey {
            case elapsedMilliseconds = "elapsed_ms"
            case transferred = "transferred_bytes"
            case remaining = "remaining_bytes"
        }
    }

    package struct Snapshot: Hashable, Sendable, Codable {
        package let name: String
        /// By the host's clock.
        package let createdAt: Timestamp
        package let state: DomainState
        /// Granted.
        package let vcpus: Int
        package let memory: ByteCount

        private enum CodingKeys: String, CodingKey {
            case name, state, vcpus
            case createdAt = "created_ns"
            case memory = "memory_bytes"
        }
    }

    /// What the next boot goes by.
    package let definition: FleetDomainDefinition
    package let migration: Migration?
    /// Oldest first.
    package let snapshots: [Snapshot]
    /// The snapshot that was taken of it, or restored, last.
    package let currentSnapshot: String?
    /// How often its guest booted.
    package let boots: Int64
    package let console: String
    /// The guest's; `nil` while it does not run.
    package let address: String?

    private enum CodingKeys: String, CodingKey {
        case definition, migration, snapshots, boots, console, address
        case currentSnapshot = "current_snapshot"
    }
}

extension Fleet {
    func inspect(_ domain: DomainID, on host: Int, at now: Timestamp) -> FleetReply {
        if let left = leftDisks[domain], left.host == host {
            var copy = hosts[host]
            var answer = copy.answer(0..<0, at: now)
            answer.leftDisk = left.reason
            return .answer(answer)
        }
        guard let place = find(domain), place.host == host else {
            return .refused(FleetRefusal(.notFound, "host \(hosts[host].id) has no domain \(domain)"))
        }
        var copy = hosts[host]
        var answer = copy.answer(place.domain..<place.domain + 1, at: now)
        answer.detail = detail(of: hosts[host].domains[place.domain], at: now)
        return .answer(answer)
    }

    private func detail(of domain: SimulatedDomain, at now: Timestamp) -> FleetDetail {
        let snapshots = domain.snapshots.map { name, snapshot in
            FleetDetail.Snapshot(
                name: name, createdAt: snapshot.createdAt, state: snapshot.state, vcpus: snapshot.granted,
                memory: snapshot.memory)
        }
        let number = domain.id.uuid.low
        let address = "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
        return FleetDetail(
            definition: domain.nextDefinition, migration: migration(of: domain, at: now),
            snapshots: snapshots.sorted { ($0.createdAt, $0.name) < ($1.createdAt, $1.name) },
            currentSnapshot: domain.currentSnapshot, boots: domain.boots, console: domain.console,
            address: domain.life == nil ? nil : address)
    }

    /// Memory goes over evenly between the call and the switch.
    private func migration(of domain: SimulatedDomain, at now: Timestamp) -> FleetDetail.Migration? {
        guard let event = pending.first(where: { $0.change.domain == domain.id && $0.change.target != nil }) else {
            return nil
        }
        let elapsed = now.nanoseconds(since: event.requestedAt)
        let total = max(1, event.at.nanoseconds(since: event.requestedAt) - (event.stall?.length ?? 0))
        let worked = min(event.stall?.progress(at: elapsed) ?? elapsed, total)
        let sent = Int64(clamping: Int128(domain.memory.bytes) * Int128(worked) / Int128(total))
        return FleetDetail.Migration(
            elapsedMilliseconds: elapsed / 1_000_000, transferred: ByteCount(clamping: sent),
            remaining: ByteCount(clamping: domain.memory.bytes - sent))
    }
}
