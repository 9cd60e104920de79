// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Decides for one cluster which domain grows, shrinks or moves. Performs no I/O and never reads a clock: events come
/// in with their instants, directives go out, and the shell reports what became of them.
///
/// The rule runs at every known sample, at that sample's own instant, so late delivery does not change what is decided.
/// What happened before a restart is given by `recall…`, decisions before samples: that fills the state and decides
/// nothing.
package struct SchedulerState: Hashable, Sendable, Codable {
    package internal(set) var settings: SchedulerSettings
    var hosts = SortedTable<HostID, HostEntry>()
    var domains = SortedTable<DomainID, DomainEntry>()
    var permits = SortedTable<UUID128, OpenPermit>()
    /// Policies may be known before the inventory lists their domain.
    var policies = SortedTable<DomainID, PolicyVersion>()
    /// The domains with an operation, by decision.
    var active = SortedTable<UUID128, DomainID>()
    /// Growths that wait for room, in the order in which they came.
    var waiting: [DomainResource] = []
    /// New domains whose host is chosen and whose policy or place is not known yet.
    var placed = SortedTable<DomainID, PlacedDomain>()
    var freezes: [Freeze] = []
    var guardian = FreezeGuardian()
    /// When the last search for broken pins and groups was.
    var healedAt: Timestamp?
    /// Directives that are not handed out yet.
    var pending: [Directive] = []
    /// Whether this is a replay: nobody reads the records, so none is made.
    var isReplay = false

    package init(settings: SchedulerSettings) { self.settings = settings }

    struct DomainResource: Hashable, Sendable, Codable {
        var domain: DomainID
        var resource: Resource
    }

    /// The policy that holds for a domain; `nil` without a subscription.
    package func policy(of domain: DomainID) -> PolicyVersion? { policies[domain] }

    /// The host of a domain, as far as known.
    package func host(of domain: DomainID) -> HostID? { domains[domain]?.record.host }

    /// The operation that is under way for a domain.
    package func operation(of domain: DomainID) -> Operation? { domains[domain]?.operation }

    /// The present window of a domain's resource.
    package func window(of domain: DomainID, _ resource: Resource = .cpu) -> UtilizationWindow? {
        domains[domain]?[resource].window
    }

    /// How many samples are kept for a domain without a policy, so that a policy that is subscribed later starts with
    /// them.
    static let lengthWithoutPolicy = 12
}

// MARK: - Events

extension SchedulerState {
    /// Takes the present hosts, domains and open permits; what is not listed any more is dropped.
    package mutating func inventoryChanged(_ inventory: Inventory) {
        let hostIDs = Set(inventory.hosts.map(\.host))
        let domainIDs = Set(inventory.domains.map(\.domain))
        hosts.keep { host, _ in hostIDs.contains(host) }
        placed.keep { domain, _ in domains[domain] == nil || domainIDs.contains(domain) }
        policies.keep { domain, _ in domains[domain] == nil || domainIDs.contains(domain) }
        domains.keep { domain, _ in domainIDs.contains(domain) }
        active.keep { _, domain in domainIDs.contains(domain) }
        waiting.removeAll { !domainIDs.contains($0.domain) }
        for record in inventory.hosts {
            if hosts[record.host] == nil { hosts[record.host] = HostEntry(record: record) }
            hosts.update(record.host) { entry in
                entry.record = record
                entry.abilities = inventory.abilities[record.host]
            }
        }
        for record in inventory.domains { forgetFormerOwner(of: record) }
        // In the order of their ids, so that a first inventory is appended and not inserted.
        for record in inventory.domains.sorted(by: { $0.domain < $1.domain }) {
            if domains[record.domain] == nil {
                domains[record.domain] = DomainEntry(record: record)
                if let version = policies[record.domain] { domains.update(record.domain) { $0.adopt(version) } }
            }
            domains.update(record.domain) { $0.take(record) }
        }
        permits = SortedTable()
        for permit in inventory.permits { permits[permit.permit] = permit }
        for order in inventory.orders { ordered(order) }
    }

    /// Notes that somebody ordered Ebb to move a domain, so that its arrival is expected and does not count as a
    /// foreign move.
    package mutating func ordered(_ move: OrderedMove) {
        domains.update(move.domain) { entry in
            entry.ordered.removeAll { $0.target == move.target }
            entry.ordered.append(move)
            entry.ordered.removeFirst(max(0, entry.ordered.count - Self.ordersKept))
        }
    }

    /// How many orders are kept for one domain.
    private static let ordersKept = 8

    /// A domain that has a new owner begins anew: the policy and the samples of the former owner do not apply to it.
    /// What is under way for it ends first.
    private mutating func forgetFormerOwner(of record: DomainRecord) {
        guard let entry = domains[record.domain], entry.record.tenant != record.tenant, entry.operation == nil else {
            return
        }
        domains[record.domain] = nil
        policies[record.domain] = nil
        waiting.removeAll { $0.domain == record.domain }
    }

    /// A new version of a policy holds. CPU samples are kept and judged by the new rule at once; the other windows begin
    /// again with it.
    package mutating func policyChanged(_ version: PolicyVersion, at now: Timestamp) {
        if let known = policies[version.domain], known.version >= version.version { return }
        policies[version.domain] = version
        domains.update(version.domain) { $0.adopt(version) }
        guard let entry = domains[version.domain], entry.cpu.window.count > 0 else { return }
        if let place = domains.place(of: version.domain) { evaluate(at: place, at: now) }
    }

    /// Takes all freezes that hold now.
    package mutating func freezeChanged(_ freezes: [Freeze], at now: Timestamp) {
        self.freezes = freezes
        guardian.listed(freezes, at: now)
    }

    /// Takes a cycle of one host: the rule runs for every domain in it whose sample is known.
    package mutating func observe(_ sample: HostSample, position: SamplePosition) {
        let effects = fold(sample, position: position)
        let now = sample.sampledAt
        for move in effects.foreign { noteForeignMove(of: move.domain, move.departure, at: now) }
        for item in effects.unsteady { evaluate(at: item.place, item.resource, at: now) }
        for domain in effects.followed { followUp(domain, at: now) }
        guard let place = effects.host else { return }
        relieve(at: place, at: now)
        drain(at: place, at: now)
    }

    /// Takes a stored sample: it fills windows and decides nothing. Oldest first.
    package mutating func recall(_ sample: HostSample, position: SamplePosition) {
        _ = fold(sample, position: position)
        recallAttempts(on: sample.host, at: sample.sampledAt)
    }

    /// Runs the rule for every domain, as a sample at `now` would: so a record says which domains' samples have
    /// stopped.
    package mutating func evaluateAll(at now: Timestamp) {
        let terms = DomainEntry.Terms(settings)
        for place in domains.keys.indices {
            if !domains[at: place].isSteady(.cpu, at: now, terms: terms) { evaluate(at: place, .cpu, at: now) }
            let trigger = domains.values[place].trigger
            if trigger.hasMemory, !domains[at: place].isSteady(.memory, at: now, terms: terms) {
                evaluate(at: place, .memory, at: now)
            }
            if trigger.hasNetwork, !domains[at: place].isSteady(.network, at: now, terms: terms) {
                evaluate(at: place, .network, at: now)
            }
            if !domains.values[place].followUps.isEmpty { followUp(domains.keys[place], at: now) }
        }
        for place in hosts.keys.indices {
            relieve(at: place, at: now)
            drain(at: place, at: now)
        }
        heal(at: now)
    }
}
