// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Hundreds to tens of thousands of simulated hosts, and the true timeline of all that happens on them.
///
/// Pure: no clock, no I/O, no randomness but the seeded generators within. The same configuration, calls and instants
/// give the same answers and the same truth. Instants are true time; one that is earlier than the latest counts as the
/// latest.
package struct Fleet: Sendable {
    package let configuration: FleetConfiguration
    package let start: Timestamp
    /// The latest instant of a call.
    package internal(set) var latest: Timestamp

    var hosts: [SimulatedHost]
    var hostIndex: [HostID: Int]
    /// Index of the host that has the domain.
    var location: [DomainID: Int] = [:]
    /// Undefined domains with their history, oldest first.
    var gone: [SimulatedDomain] = []
    var goneDropped = 0
    /// Disks that an undefinition left behind, by their domain, each with the reason.
    var leftDisks: [DomainID: LeftDisk] = [:]
    var faults: [FleetFault] = []
    /// By instant, then by order of the calls.
    var pending: [PendingEvent] = []
    /// Domains for which an operation is under way.
    var busy: Set<DomainID> = []
    var log = FleetLog()
    /// How many operations began that no owner ordered.
    var foreignCalls: UInt64 = 0

    package init(_ configuration: FleetConfiguration, at instant: Timestamp) throws(FleetConfigurationError) {
        try configuration.validate()
        self.configuration = configuration
        start = instant
        latest = instant
        hosts = configuration.hosts.map { SimulatedHost($0, at: instant) }
        hostIndex = Dictionary(
            configuration.hosts.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, host) in configuration.hosts.enumerated() {
            for domain in host.domains { create(domain, on: index, at: instant) }
        }
    }

    /// Answers one call.
    package mutating func handle(_ request: FleetRequest, at instant: Timestamp) -> FleetReply {
        let now = settle(until: instant)
        guard let index = hostIndex[request.host] else {
            return .refused(FleetRefusal(.notFound, "the fleet has no host \(request.host)"))
        }
        switch hosts[index].condition {
        case .up: break
        case .hung: return .hang
        case .dead: return .unreachable
        }
        switch request.operation {
        case .describe, .ping:
            return .answer(hosts[index].answer(0..<0, at: now))
        case .inventory(nil):
            return .answer(hosts[index].answer(hosts[index].domains.indices, at: now))
        case .inventory(let domain?):
            let place = hosts[index].index(of: domain)
            return .answer(hosts[index].answer(place.map { $0..<$0 + 1 } ?? 0..<0, at: now))
        case .inspect(let domain):
            return inspect(domain, on: index, at: now)
        case .sample:
            return .answer(hosts[index].sample(at: now, limits: configuration.truth))
        case .change(let change, let token):
            return handle(change, token, on: index, at: now)
        }
    }

    /// Whether a call changes what the fleet would answer or show later, besides passing time. These calls, with their
    /// instants, are all that is needed to make the same fleet again.
    package func isInput(_ request: FleetRequest) -> Bool {
        switch request.operation {
        case .describe, .ping, .inventory, .inspect: return false
        case .change: return true
        case .sample: return hostIndex[request.host].map { hosts[$0].samplesAreRecorded(configuration.truth) } ?? false
        }
    }

    /// Lets everything happen that was to happen until this instant; returns it, or the latest one if that is later.
    @discardableResult
    mutating func settle(until instant: Timestamp) -> Timestamp {
        latest = max(latest, instant)
        while let first = pending.first, first.at <= latest {
            pending.removeFirst()
            complete(first)
        }
        return latest
    }

    mutating func schedule(_ event: PendingEvent) {
        let position = pending.firstIndex { $0.at > event.at } ?? pending.endIndex
        pending.insert(event, at: position)
    }

    /// Where a domain is.
    func find(_ domain: DomainID) -> (host: Int, domain: Int)? {
        guard let host = location[domain], let index = hosts[host].index(of: domain) else { return nil }
        return (host, index)
    }

    /// Defines a domain and starts it.
    mutating func create(_ definition: FleetDomainDefinition, on host: Int, at instant: Timestamp) {
        let seed = configuration.seed ^ definition.id.uuid.high ^ (definition.id.uuid.low &* 0x9E37_79B9_7F4A_7C15)
        let load = LoadPlayer(source: configuration.idleLoad, seed: seed, at: instant)
        let domain = SimulatedDomain(definition, habits: configuration.habits, load: load, at: instant)
        hosts[host].insert(domain, at: instant)
        location[definition.id] = host
        guard let index = hosts[host].index(of: definition.id) else { return }
        hosts[host].begin(index, state: .running, boots: true, at: instant, limits: configuration.truth)
    }
}

/// A period in which a migration stands still, in nanoseconds from its beginning.
struct StallPeriod: Hashable, Sendable {
    let after: Int64
    let length: Int64

    /// How long the migration has progressed by then.
    func progress(at elapsed: Int64) -> Int64 { elapsed - min(max(0, elapsed - after), length) }
}

/// A disk without a domain.
struct LeftDisk: Hashable, Sendable {
    let host: Int
    let reason: String
}

/// Something that takes effect later.
struct PendingEvent: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// The operation takes effect, or fails as scripted.
        case finish(failure: FleetRefusal?)
        /// The guest brings all granted vCPUs online; void if the size changed since.
        case confirm(sizeRevision: Int)
    }

    var at: Timestamp
    let host: Int
    let change: FleetChange
    let token: FleetCallToken
    let requestedAt: Timestamp
    /// A grant that was cut by a scripted fault.
    let granted: Int?
    /// Why an undefinition leaves the disk behind, by a scripted fault.
    let leavesDisk: String?
    let stall: StallPeriod?
    var kind: Kind
}

/// What the truth keeps besides the domains' histories.
struct FleetLog: Sendable {
    private(set) var operations: [TruthOperation] = []
    private(set) var violations: [FencingViolation] = []
    private(set) var dropped = 0

    mutating func add(_ operation: TruthOperation, limit: Int) { dropped += operations.append(operation, limit: limit) }
    mutating func add(_ violation: FencingViolation, limit: Int) {
        dropped += violations.append(violation, limit: limit)
    }
}
