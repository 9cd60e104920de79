// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import CoreMetrics
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// Runs `SchedulerState` for one cluster that this instance owns: feeds it and performs its directives.
actor ClusterShell {
    let cluster: ClusterID
    let shard: OwnedShard
    let runtime: ServiceRuntime
    let configuration: SchedulerConfiguration
    let metrics: SchedulerMetrics
    let log: Logger
    let reader: InventoryReader

    private(set) var state: SchedulerState
    private var hosts: Set<HostID> = []
    /// Every host's last report.
    private(set) var latest: [HostID: HostSample] = [:]
    private var startedAt = Timestamp.zero
    /// Reports that came while the past was being read; `nil` once that is done.
    private var waiting: SampleHistory?
    private var loops: [Task<Void, Never>] = []
    private var evaluatedAt = Timestamp.zero
    private var refreshedAt = Timestamp.zero
    /// When each managed policy must be chosen again.
    var chosenAgainAt: [DomainID: Timestamp] = [:]
    /// Since when each domain is its tenant's: nothing from before counts.
    private var domains: [DomainID: Timestamp] = [:]
    /// The queue as the VMs' owners see it; `nil`: not shown yet.
    private var shownQueue: [WaitingGrowthRow]?
    /// The last of the tasks that turn new domains' requirements into their policies.
    var keepingWanted: Task<Void, any Error>?
    /// Broken pins and groups as people see them; `nil`: not shown yet.
    var shownBroken: [BrokenTieRow]?
    /// Directives wait here for the one task that performs them in order.
    private let directives = AsyncStream<[Directive]>.makeStream()
    /// Commands under way, so that an end of ownership can wait for their followers.
    var wakesAt: Timestamp?
    private var followers: [UUID128: Task<Void, Never>] = [:]

    init(
        shard: OwnedShard, runtime: ServiceRuntime, configuration: SchedulerConfiguration, metrics: SchedulerMetrics
    ) {
        cluster = ClusterID(trusted: shard.key.id)
        self.shard = shard
        self.runtime = runtime
        self.configuration = configuration
        self.metrics = metrics
        var log = runtime.log
        log[metadataKey: "cluster.id"] = "\(shard.key.id)"
        self.log = log
        reader = InventoryReader(cluster: cluster, store: runtime.store)
        state = SchedulerState(settings: configuration.core)
        waiting = SampleHistory(limit: configuration.windowLength * 4)
    }

    /// Reads inventory, policies and history, then begins to decide.
    ///
    /// Throws if the database does not answer; may then be called again.
    func start(history: SampleHistory) async throws {
        state = SchedulerState(settings: configuration.core)
        startedAt = runtime.clock.now()
        try await refresh()
        try await renewWindows()
        try await recallDecisions()
        try await recall(history)
        let pending = try await recallOperations()
        loops = [
            Task { await performAll() },
            Task { await refreshForever() },
            Task { await chooseForever() },
        ]
        for (command, decision) in pending { carryOut(command, decision: decision) }
        let late = waiting?.samples(of: hosts) ?? []
        waiting = nil
        for entry in late { take(entry) }
        pump()
        log.info("deciding", metadata: ["hosts": "\(hosts.count)"])
    }

    /// Whether the past is read, so that new samples lead to decisions.
    var isDeciding: Bool { waiting == nil }

    /// Ends everything; when it returns nothing is under way any more. Commands in the queue go on without us.
    func stop() async {
        for loop in loops { loop.cancel() }
        for follower in followers.values { follower.cancel() }
        directives.continuation.finish()
        for loop in loops { await loop.value }
        for follower in followers.values { await follower.value }
        await runtime.publisher.retire(stream)
    }

    /// Whether the domain is one of this cluster's.
    func knows(_ domain: DomainID) -> Bool { domains[domain] != nil }

    /// Takes a cycle of one host. One that is older than our start came late: it fills windows and decides nothing.
    func take(_ entry: SampleHistory.Entry) {
        guard waiting == nil else {
            waiting?.append(entry)
            return
        }
        guard hosts.contains(entry.sample.host) else { return }
        metrics.samples.increment()
        latest[entry.sample.host] = entry.sample
        if entry.sample.sampledAt < startedAt {
            state.recall(entry.sample, position: entry.position)
        } else {
            let start = ClusterClock.bootTimeNanoseconds()
            state.observe(entry.sample, position: entry.position)
            pump()
            metrics.evaluation.recordNanoseconds(ClusterClock.bootTimeNanoseconds() - start)
        }
    }

    var stream: StreamID { StreamID(topic: .decision(cluster), epoch: UInt64(shard.epoch)) }

    // MARK: - Inventory

    /// Reads everything from the database.
    func refresh() async throws {
        try await refreshRules()
        try await refreshInventory()
    }

    /// Reads freezes and settings: few rows, which must hold at once.
    private func refreshRules() async throws {
        let now = runtime.clock.now()
        let freezes = try await freezes()
        let settings = try await liveSettings()
        if settings != state.settings { state.settingsChanged(settings) }
        state.freezeChanged(freezes, at: now)
        pump()
    }

    /// Reads hosts, domains, permits and policies.
    private func refreshInventory() async throws {
        let now = runtime.clock.now()
        let reading = try await reader.read(at: now)
        refreshedAt = now
        (hosts, domains) = (reading.hosts, reading.domains)
        latest = latest.filter { hosts.contains($0.key) }
        state.inventoryChanged(reading.inventory)
        chosenAgainAt = chosenAgainAt.filter { domains[$0.key] != nil }
        for version in reading.policies where domains[version.domain] != nil { state.policyChanged(version, at: now) }
        pump()
    }

    /// The configuration with the settings that people have changed; settings that are not valid are left out and
    /// logged.
    private func liveSettings() async throws -> SchedulerSettings {
        let repository = SchedulingSettingsRepository(runtime.store)
        let (cluster, tenants) = (try await repository.cluster(cluster), try await repository.tenants())
        do {
            return try configuration.core.with(cluster, tenants: tenants)
        } catch {
            log.error("the cluster's settings can't be: the last ones stay", metadata: ["error": "\(error)"])
            return state.settings
        }
    }

    /// The same at a past instant.
    func settings(at instant: Timestamp) async throws -> SchedulerSettings {
        let repository = SchedulingSettingsRepository(runtime.store)
        return try configuration.core.with(
            try await repository.cluster(cluster, at: instant), tenants: try await repository.tenants(at: instant))
    }

    /// Whether it is time to read the inventory. Reading takes time for each domain, and samples and reports show
    /// changes sooner: the more domains there are, the less often they are read.
    private var isInventoryDue: Bool {
        let pause = min(Duration.milliseconds(domains.count), .seconds(10))
        return refreshedAt.advanced(by: pause) <= runtime.clock.now()
    }

    private func refreshForever() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            guard !Task.isCancelled else { return }
            do {
                try await refreshRules()
                try await keepWanted()
                try await forgetGone()
                if isInventoryDue { try await refreshInventory() }
                if evaluateSilent() { try await showBroken() }
                try await showQueue()
            } catch {
                log.warning("the inventory can't be read; deciding on the last one", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Chooses managed policies again when that is due.
    private func chooseForever() async {
        while !Task.isCancelled {
            do {
                try await keepManagedPolicies()
            } catch {
                log.notice("managed policies wait to be chosen", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.managedInterval)
        }
    }

    /// Checks, once per sampling interval, what no sample shows: which domains' samples have stopped, and what is due
    /// since. Returns whether it did.
    private func evaluateSilent() -> Bool {
        let now = runtime.clock.now()
        guard now.nanoseconds(since: evaluatedAt) >= state.settings.samplingInterval else { return false }
        evaluatedAt = now
        state.evaluateAll(at: now)
        pump()
        return true
    }

    /// Shows owners which growths wait for room, whenever that changes.
    private func showQueue() async throws {
        let queue = hostIDs.flatMap { state.queue(of: $0) }.map { growth in
            WaitingGrowthRow(
                domain: growth.domain, resource: growth.resource, missing: growth.missing, weight: growth.weight,
                since: growth.since)
        }
        guard queue != shownQueue else { return }
        try await WaitingGrowthRepository(runtime.store).replace(queue, of: cluster, under: shard.claim)
        shownQueue = queue
    }

    /// The cluster's hosts, in order.
    var hostIDs: [HostID] { hosts.sorted() }

    /// Gives the core the samples from before our start, oldest first, without those from former owners' times.
    func recall(_ entries: [SampleHistory.Entry]) {
        for var entry in entries {
            let instant = entry.sample.sampledAt
            entry.sample.domains.removeAll { !isOfPresentOwner($0.domain, instant) }
            state.recall(entry.sample, position: entry.position)
        }
    }

    /// Whether a domain already belonged to its present owner at an instant.
    func isOfPresentOwner(_ domain: DomainID, _ instant: Timestamp) -> Bool {
        domains[domain].map { instant >= $0 } ?? true
    }

    func recallDecision(
        _ record: SchedulerCore.DecisionRecord, ended: SchedulerState.RecalledEnd?
    ) {
        state.recallDecision(record, ended: ended)
    }

    func recallChange(of domain: DomainID, endedAt instant: Timestamp, resources: [Resource]) {
        state.recallChange(of: domain, endedAt: instant, resources: resources)
    }

    /// Stores a policy and takes it.
    ///
    /// - Parameters:
    ///   - choice: if the platform chose the bounds: from what and why, as a JSON object.
    ///   - asker: the instance that asked for it, for the audit; `nil`: this one chose it.
    func subscribe(
        _ requested: RequestedPolicy, for domain: DomainID, choice: String? = nil, asker: InstanceID? = nil
    ) async throws -> PolicyVersion {
        let (policies, claim, now) = (PolicyRepository(runtime.store), shard.claim, runtime.clock.now())
        let version = try await runtime.store.fenced(claim) { transaction in
            let version = try await policies.append(
                requested.policy, options: requested.options, choice: choice, for: domain,
                windowLength: requested.windowLength,
                at: now, under: claim, in: transaction)
            if let asker {
                try await AuditRepository.carriedOut(
                    "policy.set", on: domain.description, by: .scheduler, asker: asker, at: now, in: transaction)
            }
            return version
        }
        // A new goal or a new size needs a new choice.
        if choice == nil { chosenAgainAt[domain] = nil }
        state.policyChanged(version, at: runtime.clock.now())
        pump()
        return version
    }

    /// N belongs to the platform: if it has changed, every policy without an N of its own gets a new version.
    private func renewWindows() async throws {
        let platform = configuration.windowLength
        let stale = state.policiesOfOldWindow(platform: platform).filter { knows($0.domain) }
        let renewed = try await PolicyRepository(runtime.store).renew(
            stale, windowLength: { $0.options.windowLength(platform: platform) }, at: runtime.clock.now(),
            under: shard.claim)
        for version in renewed { state.policyChanged(version, at: runtime.clock.now()) }
        if !renewed.isEmpty {
            log.notice(
                "policies have another window",
                metadata: ["policies": "\(renewed.count)", "window.length": "\(platform)"])
        }
    }

    // MARK: - Directives

    /// Hands the core's directives to the task that performs them, once the past is read.
    func pump() {
        guard isDeciding else { return }
        let batch = state.directives(at: runtime.clock.now())
        if !batch.isEmpty { directives.continuation.yield(batch) }
    }

    private func performAll() async {
        for await batch in directives.stream {
            guard !Task.isCancelled else { return }
            await perform(batch)
        }
    }

    /// Reports to the core, then performs the directives that follow.
    func report(_ change: (inout SchedulerState) -> Void) {
        change(&state)
        pump()
    }

    func follow(_ command: UUID128, _ work: @escaping @Sendable () async -> Void) {
        guard followers[command] == nil else { return }
        followers[command] = Task {
            await work()
            followers[command] = nil
        }
    }
}
