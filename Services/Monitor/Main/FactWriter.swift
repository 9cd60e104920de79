// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import MonitorCore
internal import ResourceModel
internal import Store

/// Writes one host's facts down, in order, under its owner's claim; keeps them while the database is away.
///
/// Polling and publishing never wait for it: `append` only queues.
actor FactWriter {
    /// Facts in one transaction at most.
    private static let batch = 200

    private let host: HostID
    private let claim: ShardClaim
    private let edges: MonitorEdges
    private let proofs: ProofWriter
    private let limit: Int
    /// Called for a size report that came too late; it is worth an event.
    private let isStale: @Sendable (SizeFact) async -> Void
    /// Called for a domain whose row says another host.
    private let isElsewhere: @Sendable (DomainID) async -> Void
    /// Called when a command's end was written.
    private let hasEnded: @Sendable (CommandEnd) async -> Void
    private let log: Logger

    private var queue: [Fact] = []
    /// The last value of the metric.
    private var lastWaiting: Int?
    private var isFenced = false
    private var isEnding = false
    private let wakeUp = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(
        host: HostID, claim: ShardClaim, edges: MonitorEdges, proofs: ProofWriter, limit: Int,
        isStale: @escaping @Sendable (SizeFact) async -> Void,
        isElsewhere: @escaping @Sendable (DomainID) async -> Void,
        hasEnded: @escaping @Sendable (CommandEnd) async -> Void
    ) {
        self.host = host
        self.claim = claim
        self.edges = edges
        self.proofs = proofs
        self.limit = limit
        self.isStale = isStale
        self.isElsewhere = isElsewhere
        self.hasEnded = hasEnded
        log = edges.log
    }

    /// Facts that wait.
    var waiting: Int { queue.count }

    /// Queues facts in order. Of two proofs in a row only the later is kept. When the queue is full, the oldest
    /// readings are dropped first (counters are cumulative), unless others are measured from them; then the newest
    /// facts.
    func append(_ facts: [Fact]) {
        guard !isFenced else { return }
        for fact in facts {
            if case .proved = fact, case .proved = queue.last { queue.removeLast() }
            if queue.count >= limit { makeRoom() }
            guard queue.count < limit else {
                MonitorMetrics.fact("dropped")
                continue
            }
            queue.append(fact)
        }
        wakeUp.continuation.yield()
    }

    /// Writes until `end`, or until the host belongs to somebody else.
    func run() async {
        for await _ in wakeUp.stream {
            await drain()
            if queue.count != lastWaiting { MonitorMetrics.waiting(queue.count, host: host.name) }
            lastWaiting = queue.count
        }
        await drain()
        await proofs.flush(claim)
    }

    /// Writes what is queued once more, if the database answers; then `run` returns.
    func end() {
        isEnding = true
        wakeUp.continuation.finish()
    }

    private func drain() async {
        var delay = Duration.milliseconds(50)
        while !queue.isEmpty, !isFenced {
            if await writeBatch() {
                delay = .milliseconds(50)
            } else if isEnding {
                return
            } else {
                // The sleep ends early when it is cancelled, since the host is given up.
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(2))
            }
        }
    }

    private func makeRoom() {
        for (index, fact) in queue.enumerated() {
            guard let rest = fact.withoutSparableReadings else { continue }
            MonitorMetrics.fact("dropped")
            guard case .readings(let needed) = rest, needed.isEmpty else {
                queue[index] = rest
                continue
            }
            queue.remove(at: index)
            return
        }
    }

    /// Writes the first facts of the queue; `false` if the database is away.
    @discardableResult
    private func writeBatch() async -> Bool {
        let facts = Array(queue.prefix(Self.batch))
        // Facts that are being written stay queued, but no others may be joined into them.
        queue.removeFirst(facts.count)
        do {
            try await write(facts)
            return true
        } catch let error as StoreError where error.code == .fenced {
            log.notice("facts are written by another owner now", metadata: ["host.id": "\(host)"])
            isFenced = true
            queue = []
            return true
        } catch let error as StoreError where error.isOfTheData {
            return await writeOneByOne(facts)
        } catch {
            log.debug("facts wait for the database", metadata: ["host.id": "\(host)", "error": "\(error)"])
            queue.insert(contentsOf: facts, at: 0)
            return false
        }
    }

    /// Writes the facts one by one, since one of a batch can't be written: the others are, and that one is given up.
    private func writeOneByOne(_ facts: [Fact]) async -> Bool {
        for (index, fact) in facts.enumerated() {
            do {
                try await write([fact])
            } catch let error as StoreError where error.isOfTheData {
                MonitorMetrics.fact("refused")
                log.error(
                    "a fact is refused by the database",
                    metadata: ["host.id": "\(host)", "fact": "\(fact)", "error": "\(error)"])
            } catch {
                queue.insert(contentsOf: facts[index...], at: 0)
                return false
            }
        }
        return true
    }

    private func write(_ facts: [Fact]) async throws {
        // A proof says that everything before it is written, so it waits for the others; it costs no transaction of its
        // own.
        let (stale, elsewhere) = facts.contains { !$0.isProof } ? try await writeTogether(facts) : ([], [])
        for fact in facts { try await writeElsewhere(fact) }
        if let proof = facts.lazy.compactMap(\.provedUntil).last { await proofs.note(claim, until: proof) }
        MonitorMetrics.factsWritten(facts.count - stale.count)
        for late in stale {
            MonitorMetrics.fact("stale")
            await isStale(late)
        }
        for domain in elsewhere { await isElsewhere(domain) }
        for case .ended(let end) in facts { await hasEnded(end) }
    }

    /// Returns the sizes that came too late, and the domains whose row says another host, or which have no row.
    private func writeTogether(_ facts: [Fact]) async throws -> (stale: [SizeFact], elsewhere: [DomainID]) {
        try await edges.store.transaction { transaction in
            try await transaction.require(claim)
            var (stale, elsewhere): ([SizeFact], [DomainID]) = ([], [])
            for fact in facts {
                if case .domain(let id, let seen) = fact {
                    let revision = try await edges.inventory.observe(id, seen, under: claim, in: transaction)
                    if revision == nil { elsewhere.append(id) }
                } else if let late = try await write(fact, in: transaction) {
                    stale.append(late)
                }
            }
            return (stale, elsewhere)
        }
    }

    /// Returns the size fact if it came too late.
    private func write(_ fact: Fact, in transaction: Transaction) async throws -> SizeFact? {
        let inventory = edges.inventory
        switch fact {
        case .host(let facts): try await inventory.setFacts(facts, under: claim, in: transaction)
        case .found(let domain): try await inventory.insertDomain(domain, under: claim, in: transaction)
        case .size(let size):
            let effect = try await inventory.observeSize(SizeReport(size), under: claim, in: transaction)
            return effect == .stale ? size : nil
        case .readings(let readings):
            let rows = readings.map { StoredReading($0, host: host) }
            try await inventory.insertReadings(rows, under: claim, in: transaction)
        case .proved, .arrived, .domain: break
        case .deleted(let id, let instant):
            try await inventory.markDeleted(id, at: instant, under: claim, in: transaction)
        case .absent(let id, let instant):
            try await inventory.markAbsent(id, at: instant, under: claim, in: transaction)
        case .adopted(let id, let tenant, let instant):
            _ = try await inventory.setManaged(
                id, tenant != nil, tenant: tenant, since: instant, under: claim, in: transaction)
            if tenant == nil { try await inventory.dropDefinition(of: id, under: claim, in: transaction) }
        case .unmetered(let id, let devices):
            try await inventory.setUnmetered(of: id, devices, under: claim, in: transaction)
        case .caps(let id, let caps):
            try await inventory.setCaps(
                of: id, cpuCapPPM: caps.cpuPPM, networkCapBytesPerSecond: caps.networkBytesPerSecond, under: claim,
                in: transaction)
        case .leftovers(let id, let volumes):
            try await inventory.setLeftovers(of: id, volumes, under: claim, in: transaction)
        case .pending(let id, let vcpus, let memory):
            try await inventory.setPending(
                of: id, maximumVCPUs: vcpus, maximumMemory: memory, under: claim, in: transaction)
        case .ended(let end):
            if let permit = end.permit, let state = end.permitState {
                try await edges.permits.setState(of: permit, to: state, in: transaction)
            }
            try await edges.commands.finish(end.command, under: claim, end.outcome, at: end.at, in: transaction)
        }
        return nil
    }

    /// Writes a fact under another host's claim. If that host has another owner by now, the owner sees the domain
    /// itself.
    private func writeElsewhere(_ fact: Fact) async throws {
        guard case .arrived(let id, let seen, let target) = fact else { return }
        do {
            try await edges.inventory.observe(id, seen, taking: DomainState.allCases, under: target)
        } catch let error as StoreError where error.code == .fenced {
            log.debug("the migration's target has a new owner", metadata: ["domain.id": "\(id)"])
        }
    }
}

extension StoreError {
    /// Whether the database will never take it, however often it is tried.
    fileprivate var isOfTheData: Bool {
        [
            .invalidValue, .checkViolation, .uniqueViolation, .exclusionViolation, .foreignKeyViolation,
            .notNullViolation,
        ].contains(code)
    }
}

extension SizeReport {
    fileprivate init(_ fact: SizeFact) {
        self.init(
            domain: fact.domain, incarnationStart: fact.incarnationStart, observedAt: fact.observedAt,
            since: fact.since, previousUntil: fact.until, vcpus: fact.size.vcpus,
            capacity: fact.size.capacity, memory: fact.size.memory, disk: fact.size.disk, askedVCPUs: fact.asked,
            grantedVCPUs: fact.granted)
    }
}

extension StoredReading {
    fileprivate init(_ fact: ReadingFact, host: HostID) {
        self.init(
            domain: fact.domain, host: host, incarnationStart: fact.incarnationStart, at: fact.at,
            counters: fact.counters, devices: fact.devices)
    }
}
