// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func listVMs(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenant = try await tenantMeant(request)
        let host = request.text("host").flatMap { HostID($0) }
        let foreign = request.boolean("foreign")
        let limit = Int(request.integer("limit") ?? 1_000)
        let hosts = Set(try await reading { try await inventory.hosts() }.map(\.id))
        if let host, !hosts.contains(host) { throw .notFound("host", host.name) }
        let found = try await domains(of: tenant, on: host, for: request.principal).filter { domain in
            (foreign ?? !domain.isManaged) != domain.isManaged
                // A removed host has no VMs of Ebb, so its domains are not listed.
                && hosts.contains(domain.host)
        }.sorted { ($0.tenant?.name ?? "", $0.name, $0.id) < ($1.tenant?.name ?? "", $1.name, $1.id) }
        let shown = Array(found.prefix(limit))
        let context = try await context(shown, for: request.principal)
        return ["items": .array(shown.map { describe($0, context) }), "truncated": .bool(found.count > limit)]
    }

    func showVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        return describe(domain, try await context([domain], for: request.principal))
    }

    /// The data from other tables that is shown beside a VM.
    private struct VMContext {
        let policies: [DomainID: PolicyVersion]
        let freezes: [FreezeRecord]
        let clusters: [HostID: ClusterID]
        let waiting: [DomainID: [QueuedGrowth]]
        let broken: [DomainID: String]
        let copies: [DomainID: [CopyRecord]]
        /// Hosts' names as the caller may read them.
        let names: [HostID: String]
        let sights: [HostID: HostSight]
        let samples: [DomainID: DomainPoint]
        /// The tenant's own people; `nil`: the caller may read all reasons.
        let ownPeople: Set<String>?
        let now: Timestamp

        /// For instance `1 vCPU more since 2026-03-01T12:00:00Z, place 2`.
        func waiting(_ domain: VisibleVM) -> String? {
            waiting[domain.id].map { growths in
                growths.map { queued in
                    let unit = queued.growth.resource == .cpu ? "vCPUs" : "bytes of \(queued.growth.resource.rawValue)"
                    return
                        "\(queued.growth.missing) \(unit) more since \(queued.growth.since), place \(queued.position)"
                }.joined(separator: "; ")
            }
        }

        /// Why automatic actions on a VM are stopped; the widest reason.
        func frozen(_ domain: VisibleVM) -> String? {
            let subjects: [FreezeSubject?] = [
                clusters[domain.host].map { .cluster($0) }, domain.tenant.map { .tenant($0) }, .domain(domain.id),
            ]
            let freeze = subjects.lazy.compactMap { subject in freezes.first { $0.subject == subject } }.first
            return freeze.map { freeze in
                ownPeople?.contains(freeze.principal) ?? true
                    ? freeze.reason : TenantText.freeze(isAutomatic: freeze.isAutomatic)
            }
        }
    }

    private func context(
        _ domains: [VisibleVM], for principal: Principal
    ) async throws(MethodError) -> VMContext {
        let hosts = try await reading { try await inventory.hosts() }
        let own = Set(domains.map(\.host))
        let ids = domains.map(\.id)
        let copies = try await reading {
            Dictionary(grouping: try await inventory.copies(of: ids), by: \.domain)
        }
        let places = own.union(copies.values.joined().map(\.host))
        let names = try await visible(places, to: principal)
        let sights = try await sights(of: hosts.filter { places.contains($0.id) })
        let samples = try await newestSamples(of: domains)
        let ownPeople = try await ownPeople(of: principal)
        let broken = try await broken(ids, for: principal)
        let now = runtime.clock.now()
        return try await reading {
            VMContext(
                policies: Dictionary(
                    try await PolicyRepository(store).allCurrent(of: ids).map { ($0.domain, $0) }
                ) { first, _ in first }, freezes: try await FreezeRepository(store).list(),
                clusters: Dictionary(hosts.map { ($0.id, $0.cluster) }) { first, _ in first },
                waiting: Dictionary(
                    grouping: try await WaitingGrowthRepository(store).list(tenant: principal.tenant),
                    by: \.growth.domain),
                broken: broken, copies: copies, names: names, sights: sights, samples: samples, ownPeople: ownPeople,
                now: now)
        }
    }

    /// Broken pins and groups. A pin names hosts, which only the provider may read; a group's name is its tenant's own.
    private func broken(
        _ domains: [DomainID], for principal: Principal
    ) async throws(MethodError) -> [DomainID: String] {
        let rows = try await reading { try await PlaceRepository(store).broken(of: domains) }
        let pins = rows.map(\.tie).filter { $0.hasPrefix(Self.pinPrefix) }
        let pinned = Set(pins.flatMap { $0.dropFirst(Self.pinPrefix.count).split(separator: ", ").map(String.init) })
        let names = try await hostNames(pinned, to: principal)
        return Dictionary(grouping: rows, by: \.domain).mapValues { rows in
            rows.map { row in
                row.tie.hasPrefix(Self.pinPrefix) ? Disguise.text(row.tie) { names[$0] } : row.tie
            }.joined(separator: "; ")
        }
    }

    /// How Scheduler begins to name a pin.
    private static let pinPrefix = "its pin to "

    /// A VM's stored samples with its host's load at the same instant, oldest first.
    func listSamples(_ request: Request) async throws(MethodError) -> JSONValue {
        let subject = try await subject(request)
        let now = runtime.clock.now()
        let since = request.instant("since") ?? now.advanced(by: .seconds(-3_600))
        guard let period = TimeRange(since, max(since, now)) else {
            throw MethodError(.invalid, "'since' lies in the future", hint: "give an instant before now")
        }
        let limit = Int(request.integer("limit") ?? 1_000)
        // One more than is shown, to know whether there are more.
        let found = try await samples(of: subject, in: period, newest: limit + 1, request)
        let newest = found.last?["atNanoseconds"]?.integer
        return [
            "items": .array(Array(found.suffix(limit))), "truncated": .bool(found.count > limit),
            "ageNanoseconds": .nullable(newest.map { max(0, now.nanoseconds - $0) }),
        ]
    }

    private func describe(_ domain: VisibleVM, _ context: VMContext) -> JSONValue {
        let sight = context.sights[domain.host]
        let age = sight?.age ?? Age(of: nil, interval: nil, now: context.now)
        let sample = context.samples[domain.id]
        let use = Age(of: sample?.sampledAt, interval: sight?.interval, now: context.now).known(sample?.sample)
        return [
            "name": .string(domain.name), "id": .string(domain.id.description),
            "tenant": .nullable(domain.tenant?.name), "state": .string(Self.shownState(of: domain, age)),
            "missingSince": domain.missingSince.map { .instant($0) } ?? .null,
            "host": .string(context.names[domain.host] ?? ""),
            "vcpus": .nullable(age.known(domain.confirmedVCPUs?.count)),
            "capacityThousandths": .nullable(age.known(domain.capacity)?.thousandths),
            "maxVcpus": .integer(Int64(domain.maximumVCPUs.count)), "askedVcpus": .nullable(domain.askedVCPUs?.count),
            "grantedVcpus": .nullable(age.known(domain.grantedVCPUs?.count)),
            "memoryBytes": .nullable(age.known(domain.memory?.bytes)),
            "maxMemoryBytes": .integer(domain.maximumMemory.bytes), "diskBytes": .integer(domain.disk.bytes),
            "cpuUtilizationPpm": .nullable(use?.cpuUtilization?.ppm),
            "memoryUtilizationPpm": .nullable(use?.memoryUtilization?.ppm),
            "ageNanoseconds": .nullable(age.nanoseconds),
            "policy": .nullable(Self.summary(context.policies[domain.id])), "managed": .bool(domain.isManaged),
            "frozen": .nullable(context.frozen(domain)),
            "waiting": .nullable(context.waiting(domain)),
            "broken": .nullable(context.broken[domain.id]),
            "revision": .integer(domain.revision),
            "cpuCapPpm": .nullable(domain.cpuCapPPM.flatMap { $0 > 0 ? $0 : nil }),
            "seenCpuCap": .nullable(
                age.known(domain.seenCPUCap).flatMap { $0 == .unknown ? nil : $0.description }),
            "networkCapBytesPerSecond": .nullable(domain.networkCapBytesPerSecond),
            "nextMaxVcpus": .nullable(domain.pendingMaximumVCPUs?.count),
            "nextMaxMemoryBytes": .nullable(domain.pendingMaximumMemory?.bytes),
            "manager": .nullable(domain.foreignManager),
            "stateReason": .nullable(age.known(domain.stateReason?.text)),
            "unmetered": .nullable(domain.unmeteredDevices?.joined(separator: ", ")),
            // For instance `shutoff on h2, paused on h3`.
            "copies": .nullable(
                context.copies[domain.id]?.map { copy in
                    let state = context.sights[copy.host]?.age.known(copy.state) ?? .unknown
                    return "\(state.rawValue) on \(context.names[copy.host] ?? "")"
                }.joined(separator: ", ")),
        ]
    }

    /// A VM that its host does not have any more is `missing`; if nothing is known of its host, its state is `unknown`.
    static func shownState(of domain: VisibleVM, _ age: Age) -> String {
        guard domain.missingSince == nil else { return "missing" }
        return age.known(domain.state)?.rawValue ?? DomainState.unknown.rawValue
    }

    /// For instance `15 %..80 %, 7/10`.
    private static func summary(_ version: PolicyVersion?) -> String? {
        version?.policy.map { policy in
            let needed = policy.breachesNeeded(windowLength: version?.windowLength ?? 0)
            return "\(policy.lower)..\(policy.upper), \(needed)/\(version?.windowLength ?? 0)"
        }
    }
}
