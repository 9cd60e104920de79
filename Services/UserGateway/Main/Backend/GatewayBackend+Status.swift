// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The state of Ebb itself.
extension GatewayBackend {
    /// Instances that are there with the shards that each owns, and those that are missing.
    func listServices(_ request: Request) async throws(MethodError) -> JSONValue {
        let (presence, sightings) = try await presence()
        let setAside = try await reading { try await InstanceRepository(store).setAside() }
        var items: [JSONValue] = []
        for service in presence.services {
            let shown = (service.alive + service.missing).compactMap { seen in
                sightings[seen.id].map { (seen, $0) }
            }.sorted { $0.0.id < $1.0.id }
            for (seen, sighting) in shown {
                items.append(Self.describe(sighting, isUp: seen.isAlive, setAside: setAside[seen.id] ?? []))
            }
            if service.alive.isEmpty, service.missing.isEmpty {
                items.append([
                    "service": .string(service.name), "id": .null, "version": .null, "startedAt": .null,
                    "state": "missing", "since": service.lastHeardOf.map { .instant($0) } ?? .null,
                ])
            }
        }
        return ["items": .array(items)]
    }

    private static func describe(_ sighting: InstanceSighting, isUp: Bool, setAside: [String]) -> JSONValue {
        [
            "service": .string(sighting.service.rawValue), "id": .string(sighting.id.description),
            "version": .string(sighting.version), "commandEndpoint": .nullable(sighting.commandEndpoint),
            "adminEndpoint": .nullable(sighting.adminEndpoint), "shards": .integer(Int64(sighting.shards)),
            "startedAt": .instant(sighting.startedAt), "state": isUp ? "up" : "missing",
            "since": .instant(isUp ? sighting.startedAt : sighting.renewedAt),
            "setAside": .array(setAside.map { .string($0) }),
        ]
    }

    /// Which instances are there, as this gateway sees it; a pause of the database does not change that.
    private func presence() async throws(MethodError) -> (Presence, [InstanceID: InstanceSighting]) {
        let sightings = try await reading { try await InstanceRepository(store).sightings() }
        var seen: [Presence.Instance] = []
        for sighting in sightings {
            let isAlive = await runtime.peers.instance(sighting.id) != nil || sighting.id == runtime.instance
            seen.append(
                Presence.Instance(
                    id: sighting.id, service: sighting.service.rawValue, startedAt: sighting.startedAt,
                    renewedAt: sighting.renewedAt, isAlive: isAlive && sighting.isListed))
        }
        if !sightings.contains(where: { $0.id == runtime.instance }) {
            // An instance that answers is there, whether it is listed yet or not.
            let now = runtime.clock.now()
            seen.append(
                Presence.Instance(
                    id: runtime.instance, service: runtime.service.rawValue, startedAt: now, renewedAt: now,
                    isAlive: true))
        }
        let byID = Dictionary(sightings.map { ($0.id, $0) }) { first, _ in first }
        return (Presence(of: ServiceKind.allCases.map(\.rawValue), seen), byID)
    }

    /// A short summary of everything.
    func showStatus(_ request: Request) async throws(MethodError) -> JSONValue {
        let (presence, _) = try await presence()
        let hosts = try await reading { try await inventory.hosts() }
        let sights = try await sights(of: hosts)
        let freezes = try await reading { try await FreezeRepository(store).list() }
        let ages = hosts.map { ($0, sights[$0.id]?.age) }
        // A host that was never read is older than any.
        let oldest = ages.max { left, right in
            (left.1?.nanoseconds ?? .max, right.0.id) < (right.1?.nanoseconds ?? .max, left.0.id)
        }
        let unknown = ages.filter { host, age in age?.known(host.facts.state) != .up }
        let problems =
            presence.services.flatMap(Self.problems) + freezes.filter(\.isAutomatic).map(Self.problem)
            + unknown.map { host, age in Self.problem(host, age) } + (try await problemsOfTheAudit())
        return [
            "healthy": .bool(problems.isEmpty), "at": .instant(runtime.clock.now()),
            "services": .array(presence.services.map(Self.describe)),
            "hosts": [
                "total": .integer(Int64(hosts.count)), "up": .integer(Int64(hosts.count - unknown.count)),
                "unknown": .integer(Int64(unknown.count)),
                "observed": .integer(Int64(hosts.count { $0.mode == .observe })),
                "draining": .integer(Int64(hosts.count { $0.mode == .draining })),
            ],
            "oldestHost": .nullable(oldest?.0.id.name), "oldestAgeNanoseconds": .nullable(oldest?.1?.nanoseconds),
            "freezes": .array(try await describe(freezes, for: request.principal)),
            "problems": .array(problems.map { .string($0) }),
        ]
    }

    /// How long Logger may leave entries unsealed before that counts as a problem.
    private static let sealingTime = Duration.seconds(60)

    private func problemsOfTheAudit() async throws(MethodError) -> [String] {
        let oldest = try await reading { try await AuditRepository(store).oldestUnsealed() }
        guard let oldest, oldest < runtime.clock.now().advanced(by: .zero - Self.sealingTime) else { return [] }
        return ["the audit is not sealed: an entry waits since \(oldest)"]
    }

    private static func describe(_ service: Presence.Service) -> JSONValue {
        let since = service.missing.first?.renewedAt ?? (service.isThere ? nil : service.lastHeardOf)
        let missing = max(service.missing.count, service.isThere ? 0 : 1)
        return [
            "service": .string(service.name), "up": .integer(Int64(service.alive.count)),
            "missing": .integer(Int64(missing)), "since": since.map { .instant($0) } ?? .null,
        ]
    }

    private static func problems(_ service: Presence.Service) -> [String] {
        guard service.isThere else {
            let since = service.lastHeardOf.map { "since \($0)" } ?? "and never was"
            return ["no \(service.name) is running \(since)"]
        }
        return service.missing.map { "\(service.name) \($0.id) is missing since \($0.renewedAt)" }
    }

    private static func problem(_ freeze: FreezeRecord) -> String {
        "\(freeze.subject) was frozen by Scheduler at \(freeze.createdAt)"
    }

    private static func problem(_ host: StoredHost, _ age: Age?) -> String {
        guard let nanoseconds = age?.nanoseconds else { return "host \(host.id) was never read" }
        return age?.isKnown == true
            ? "host \(host.id) does not answer"
            : "nothing was heard of host \(host.id) for \(nanoseconds / 1_000_000_000) s"
    }

    private func describe(
        _ freezes: [FreezeRecord], for principal: Principal
    ) async throws(MethodError) -> [JSONValue] {
        let ids = freezes.compactMap { if case .domain(let domain) = $0.subject { domain } else { nil } }
        let domains = try await domains(ids, for: principal)
        return freezes.map { freeze in
            [
                "scope": .string(freeze.subject.scope),
                "name": .string(Self.name(of: freeze.subject, domains)),
                "reason": .string(freeze.reason), "automatic": .bool(freeze.isAutomatic),
                "createdAt": .instant(freeze.createdAt),
            ]
        }
    }

    private static func name(of subject: FreezeSubject, _ domains: [DomainID: VisibleVM]) -> String {
        guard case .domain(let domain) = subject else { return subject.id }
        return domains[domain]?.name ?? subject.id
    }
}
