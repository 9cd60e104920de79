// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Brings a host's loop what the database says of its domains, so that the loop itself never waits for it.
struct HostRefresher: Sendable {
    let host: HostID
    let loop: HostLoop
    let edges: MonitorEdges
    let configuration: MonitorConfiguration

    /// Reads until cancelled; while the database is away the loop goes on with what it knows.
    func run() async {
        var rowsAreDue = ContinuousClock.now
        while !Task.isCancelled {
            do {
                if ContinuousClock.now >= rowsAreDue {
                    await loop.refresh(try await edges.inventory.domains(.host(host)))
                    rowsAreDue = .now + configuration.rowsInterval
                }
                for domain in await loop.unknownDomains {
                    await loop.resolve(domain, as: try await origin(of: domain))
                }
            } catch {
                edges.log.debug(
                    "rows can't be read back", metadata: ["host.id": "\(host)", "error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    private func origin(of domain: DomainID) async throws -> DomainOrigin {
        guard let row = try await edges.inventory.domain(domain), row.deletedAt == nil else { return .found }
        if try await isMovedHere(domain, row) { return .movedHere(row) }
        if row.host == host { return .here(try await known(row)) }
        switch try await migration(of: domain)?.state {
        case .queued, .claimed: return .arriving
        case .succeeded: return .movedHere(row)
        default: return .strayed(row, provedUntil: try await edges.inventory.host(row.host)?.provedUntil)
        }
    }

    /// Whether the row is here already since the source's owner wrote it, while this host has no segment of it yet.
    private func isMovedHere(_ domain: DomainID, _ row: DomainRecord) async throws -> Bool {
        guard row.host == host, try await known(row).size == nil else { return false }
        return try await migration(of: domain) != nil
    }

    /// The newest command that moves the domain here.
    private func migration(of domain: DomainID) async throws -> CommandRecord? {
        try await edges.commands.history(of: domain, limit: 16).first { record in
            record.command.verb == CommandVerb.migrate.rawValue
                && CommandArguments(record.command.arguments)?.target == host.name && record.state != .failed
        }
    }

    private func known(_ row: DomainRecord) async throws -> KnownDomain {
        guard let ahead = TimeRange(edges.clock.now(), .distantFuture) else { return KnownDomain(row: row, size: nil) }
        let open = try await edges.inventory.segments(of: row.id, in: ahead).last { $0.end == nil && $0.host == host }
        return KnownDomain(row: row, size: open.map { .init($0, provedUntil: $0.hostProvedUntil) })
    }
}
