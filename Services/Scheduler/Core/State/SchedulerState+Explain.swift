// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// Why a domain is as it is at one instant: by the same rule as for a decision, but without acting on it.
package struct Explanation: Hashable, Sendable, Codable {
    package let inputs: RuleInputs
    package let finding: Finding
    /// The operation that is under way.
    package let operation: Operation?
    /// One plain sentence, for instance `nothing: 5 of the last 10 known samples were above 80 % and 0 below 15 %; 7
    /// are needed`.
    package let summary: String
    /// The summary and every fact behind it, one per line.
    package let text: String
}

extension SchedulerState {
    /// What the rule says for `domain` at `now`, whether it leads to an action or not. `nil`: no such domain.
    package func explain(_ domain: DomainID, at now: Timestamp) -> Explanation? {
        guard let place = domains.place(of: domain) else { return nil }
        let (entry, inputs) = (domains.values[place], inputs(at: place, at: now))
        let record = record(of: entry, inputs, at: now)
        let summary = record.summary
        var lines = ["\(now): \(summary)"]
        lines += Sentences.evidence(inputs: inputs, finding: record.finding)
        lines += others(of: entry, near: place, at: now) { $0.summary }
        lines += brokenTies(at: now).filter { $0.domain == domain }.map { broken in
            "\(broken.tie.description) does not hold on \(entry.record.host)"
        }
        return Explanation(
            inputs: inputs, finding: record.finding, operation: entry.operation, summary: summary,
            text: lines.joined(separator: "\n"))
    }

    /// The same as the domain's tenant may read it. `nil`: no such domain.
    package func explainToTenant(_ domain: DomainID, at now: Timestamp) -> String? {
        guard let place = domains.place(of: domain) else { return nil }
        let entry = domains.values[place]
        let shown = record(of: entry, inputs(at: place, at: now), at: now).forTenant()
        var lines = ["\(now): \(shown.summary)"]
        lines += Sentences.evidence(inputs: shown.record.inputs, finding: shown.record.finding)
        lines += others(of: entry, near: place, at: now) { $0.forTenant().summary }
        lines += brokenTies(at: now).filter { $0.domain == domain }.map { broken in
            if case .pin = broken.tie { return "its pin to a host does not hold" }
            return "\(broken.tie.description) does not hold where it is"
        }
        return lines.joined(separator: "\n")
    }

    /// The record for a domain at `now`, without any action.
    private func record(of entry: DomainEntry, _ inputs: RuleInputs, at now: Timestamp) -> DecisionRecord {
        DecisionRecord(
            id: UUID128(high: 0, low: 0), tenant: entry.record.tenant, inputs: inputs,
            finding: ScalingRule.find(inputs), decidedAt: now)
    }

    /// What the rules for memory and network say, what is under way, and what the domain waits for.
    private func others(
        of entry: DomainEntry, near place: Int, at now: Timestamp, _ summary: (DecisionRecord) -> String
    ) -> [String] {
        var lines = [Resource.memory, .network].filter { entry.hasRule($0) }.map { resource in
            "\(resource.rawValue): \(summary(record(of: entry, inputs(at: place, resource, at: now), at: now)))"
        }
        lines += queuePlace(of: entry.record.domain, at: now).map { growth, ahead in
            "it waits since \(growth.since) for \(Sentences.amount(growth.missing, of: growth.resource)) more of its "
                + "host; \(ahead) others are served before it"
        }
        if let until = entry.rest.until, now < until {
            lines.append("it is not moved: \(Sentences.rest(until: until, entry.rest.cause))")
        }
        if let operation = entry.operation {
            lines.append("decision \(operation.decision) is \(operation.phase.rawValue) since \(operation.since)")
        }
        return lines
    }

    /// Where `request` would go now, with every host's terms. The domain's options hold, if it is known.
    package func placement(for request: PlacementRequest, at now: Timestamp) -> PlacementResult {
        let entry = domains[request.domain]
        return placement(
            for: request, Asker(options: policies[request.domain]?.options, tenant: entry?.record.tenant, entry: entry),
            at: now)
    }

    /// Where a new domain of `tenant` with these options and needs would go.
    package func placement(
        for request: PlacementRequest, options: PolicyOptions, of tenant: TenantID?, needing needs: DomainNeeds? = nil,
        at now: Timestamp
    ) -> PlacementResult {
        placement(for: request, Asker(options: options, tenant: tenant, entry: nil, needs: needs), at: now)
    }

    /// `known`: the snapshot of `now`, if it was made already.
    func placement(
        for request: PlacementRequest, of entry: DomainEntry, home: HostID? = nil, in known: PlacementSnapshot? = nil,
        at now: Timestamp
    ) -> PlacementResult {
        let asker = Asker(
            options: policies[request.domain]?.options, tenant: entry.record.tenant, entry: entry, home: home)
        return placement(for: request, asker, in: known, at: now)
    }

    /// Where the domain of a growth that its own host denied would go.
    func place(_ operation: Operation, entry: DomainEntry, at now: Timestamp) -> PlacementResult {
        let (record, target) = (entry.record, operation.finding.target ?? 0)
        let isMove = operation.move != nil
        var request = PlacementRequest(
            domain: record.domain, source: record.host, presentVCPUs: operation.inputs.vcpus ?? 0,
            vcpus: operation.inputs.vcpus ?? 0, memory: record.memory, demand: operation.demand,
            denied: operation.denials.map(\.host))
        if !isMove, operation.resource == .cpu { request.vcpus = VCPUCount(clamping: Int(target)) }
        if !isMove, operation.resource == .memory { request.memory = ByteCount(clamping: target) }
        return placement(for: request, of: entry, at: now)
    }

    /// What speaks against running the request's domain on a `host` that a person named, in plain words: its own pin or
    /// groups, or what is known of the hosts, but not a lack of room. `nil`: nothing. `options` and `needs` are those
    /// of a new domain of `tenant`.
    package func objection(
        to request: PlacementRequest, on host: HostID, options: PolicyOptions? = nil, of tenant: TenantID? = nil,
        needing needs: DomainNeeds? = nil, at now: Timestamp
    ) -> String? {
        let entry = options == nil ? domains[request.domain] : nil
        let asker = Asker(
            options: options ?? policies[request.domain]?.options ?? placed[request.domain]?.options,
            tenant: tenant ?? entry?.record.tenant, entry: entry, needs: needs)
        let result = placement(for: request, asker, at: now)
        guard let facts = result.facts(of: host) else { return nil }
        if let rejection = Placement.tie(on: facts, for: result.request) {
            return Sentences.text(rejection, of: result.request)
        }
        return facts.unfitness.map { Sentences.text($0) }
    }

    /// The domain that must be placed.
    private struct Asker {
        let options: PolicyOptions?
        let tenant: TenantID?
        /// `nil`: no inventory lists it yet.
        let entry: DomainEntry?
        /// The host of its affinity group, for a domain that must join the group.
        var home: HostID?
        /// The needs of a new domain.
        var needs: DomainNeeds?
    }

    private func placement(
        for request: PlacementRequest, _ asker: Asker, in known: PlacementSnapshot? = nil, at now: Timestamp
    ) -> PlacementResult {
        var request = request
        if let pinned = asker.options?.pinnedHosts, !pinned.isEmpty { request.pinnedHosts = pinned }
        if request.source != nil { request.incomingBudget = settings.moves.budget.inPerHost }
        var hosts = (known ?? snapshot(at: now)).hosts
        addPeers(of: &request, asker, to: &hosts, at: now)
        for index in hosts.indices {
            let failed = asker.entry?.rest.failedTargets.first {
                $0.host == hosts[index].record.host && now < $0.until
            }
            hosts[index].failedUntil = failed?.until
        }
        addFitness(
            of: request, needs: asker.needs ?? asker.entry?.needs(at: now, lasting: settings.moves), to: &hosts,
            at: now)
        return Placement.place(request, in: PlacementSnapshot(hosts: hosts), weights: settings.weights)
    }

    /// Counts the other domains of the request's groups, on each host or on their way to it. A group belongs to one
    /// tenant.
    private func addPeers(
        of request: inout PlacementRequest, _ asker: Asker, to hosts: inout [HostFacts], at now: Timestamp
    ) {
        guard let options = asker.options, options.affinityGroup != nil || options.antiAffinityGroup != nil else {
            return
        }
        (request.affinityGroup, request.antiAffinityGroup) = (options.affinityGroup, options.antiAffinityGroup)
        var affinity = SortedTable<HostID, Int>()
        var antiAffinity = SortedTable<HostID, Int>()
        for peer in members(at: now) where peer.domain != request.domain && peer.tenant == asker.tenant {
            let host = peer.host
            if let group = options.affinityGroup, peer.options.affinityGroup == group, host == asker.home ?? host {
                affinity[host] = (affinity[host] ?? 0) + 1
            }
            if let group = options.antiAffinityGroup, peer.options.antiAffinityGroup == group {
                antiAffinity[host] = (antiAffinity[host] ?? 0) + 1
            }
        }
        for index in hosts.indices {
            hosts[index].affinityPeers = affinity[hosts[index].record.host]
            hosts[index].antiAffinityPeers = antiAffinity[hosts[index].record.host]
        }
        // A host that is being emptied, or is gone, does not count as the group's host.
        let hasHome = hosts.contains { $0.affinityPeers != nil && $0.record.isUp && $0.record.mode == .enabled }
        if hasHome { request.mustJoinPeers = true }
    }

    /// All hosts at this instant: sizes, permits, and measured use corrected by the moves that the last samples do not
    /// show yet.
    package func snapshot(at now: Timestamp) -> PlacementSnapshot {
        var facts = SortedTable<HostID, HostFacts>()
        for entry in hosts.values { facts[entry.record.host] = self.facts(of: entry, at: now) }
        var moves: [Move] = []
        for place in domains.keys.indices {
            let record = domains.values[place].record
            facts.update(record.host) { host in
                host.committedVCPUs += record.vcpus?.count ?? record.ceiling.count
                host.committedMemory = host.committedMemory.addingClamped(record.memory)
            }
            if let move = domains.values[place].lastMove { moves.append(move) }
        }
        for domain in active.values {
            guard let operation = domains[domain]?.operation, operation.isMove, let target = operation.placement?.chosen
            else { continue }
            facts.update(target) { $0.incomingMoves = ($0.incomingMoves ?? 0) + 1 }
        }
        for permit in permits.values {
            facts.update(permit.host) { host in
                host.permittedVCPUs += permit.vcpus.count
                host.permittedMemory = host.permittedMemory.addingClamped(permit.memory)
            }
        }
        for move in moves { apply(move, to: &facts) }
        return PlacementSnapshot(hosts: facts.values)
    }

    /// A host that was not sampled for three intervals counts as one that does not answer.
    private static let silentIntervals: Int64 = 3

    private func facts(of entry: HostEntry, at now: Timestamp) -> HostFacts {
        let limit = Self.silentIntervals * settings.samplingInterval
        let isRecent = entry.sampledAt.map { now.nanoseconds(since: $0) <= limit } ?? false
        let figures = isRecent ? entry.figures : nil
        return HostFacts(
            record: entry.record, cpuUtilization: figures?.cpuUtilization, memoryUsed: figures?.memoryUsed,
            responseTimeNanoseconds: figures?.responseTimeNanoseconds)
    }

    private func apply(_ move: Move, to facts: inout SortedTable<HostID, HostFacts>) {
        let isOver = move.endedAt != nil
        if isUnseen(move, on: move.target) {
            facts.update(move.target) { host in
                host.addMeasured(move.request)
                if isOver { host.isUnmeasured = true }
            }
        }
        guard let source = move.request.source, isUnseen(move, on: source) else { return }
        facts.update(source) { host in
            host.removeMeasured(move.request)
            if isOver { host.isUnmeasured = true }
        }
    }

    /// Whether the host's last interval began before the move ended.
    func isUnseen(_ move: Move, on host: HostID) -> Bool {
        // A domain that is off changes no host's use.
        guard move.request.vcpus > 0 else { return false }
        guard let endedAt = move.endedAt else { return true }
        return hosts[host]?.intervalStart.map { $0 < endedAt } ?? false
    }
}
