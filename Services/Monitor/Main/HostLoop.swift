// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import FoundationEssentials
internal import Hypervisor
internal import Logging
internal import Messages
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Polls one owned host on a steady schedule, publishes what it sees at once, and queues what must be written down.
///
/// Nothing here waits for the database: `HostRefresher` brings what must be known from there.
actor HostLoop {
    let host: HostID
    let shard: OwnedShard
    let hypervisor: any Hypervisor
    let edges: MonitorEdges
    let configuration: MonitorConfiguration
    let writer: FactWriter
    let log: Logger
    /// Shifts the instants at which this host's meters are written, so that not all hosts' are due at once.
    let meterPhase: Int64

    var sampler: HostSampler
    var health = HostHealth()
    /// Domains whose row is known.
    var trackers: [DomainID: DomainTracker] = [:]
    /// Sightings of domains whose row is not known yet: the first and the last of each.
    var unresolved: [DomainID: [DomainSighting]] = [:]
    /// Domains that belong to another host and of which this host shows a copy, and whether both are live; each is
    /// reported once.
    var duplicates: [DomainID: Bool] = [:]
    /// Domains for which Ebb has an operation under way, or has asked the guest for something.
    var ordered: Set<DomainID> = []
    /// Domains on their way to another host: their absence here means nothing yet.
    var moving: Set<DomainID> = []
    /// When domains left because of Ebb's order: a poll that began before may still show them.
    var leftAt: [DomainID: Timestamp] = [:]
    /// Domains for which it is not known whether Ebb's migration happened: if they leave, that migration did it.
    var uncertain: Set<DomainID> = []
    var latest: [DomainID: DomainSighting] = [:]
    /// Domains whose present life does not have the CPU cap that was asked for.
    var uncapped: [DomainID: Uncapped] = [:]
    var hasPolled = false
    /// Since when domains are seen to be off here that Ebb did not end, or that were off when this process began.
    var stoppedAt: [DomainID: Timestamp] = [:]
    let startedAt: Timestamp
    /// When the last processed listing was requested.
    private(set) var listedAt: Timestamp?
    var cycleWaiters: [CheckedContinuation<Void, Never>] = []
    /// A reboot that Ebb ordered and that was not reported yet.
    var rebooting: Set<DomainID> = []
    /// When the host last reported a reboot of a guest.
    var reboots: [DomainID: Timestamp] = [:]
    /// The wait until the next poll; cancelled when something happened on the host.
    var resting: Task<Void, Never>?
    var isPoked = false
    private var responses: ResponseHistory
    private var capabilities: HypervisorCapabilities?
    private var hasEnded = false
    private var isPolling = false

    init(
        host: HostID, shard: OwnedShard, hypervisor: any Hypervisor, known: KnownHost, writer: FactWriter,
        edges: MonitorEdges, configuration: MonitorConfiguration
    ) {
        self.host = host
        self.shard = shard
        self.hypervisor = hypervisor
        self.edges = edges
        self.configuration = configuration
        self.writer = writer
        log = edges.log
        startedAt = edges.clock.now()
        sampler = HostSampler(host: host, known: known.incarnations)
        (moving, ordered) = (known.moving, known.ordered)
        duplicates = Dictionary(uniqueKeysWithValues: known.duplicates.map { ($0, false) })
        uncertain = known.uncertain
        responses = ResponseHistory(maximumAge: configuration.roundTripInterval * 3 + configuration.callTimeout)
        meterPhase = Self.phase(of: host)
        for domain in known.domains {
            trackers[domain.row.id] = DomainTracker(
                domain, interval: configuration.readingInterval, phase: Self.phase(of: host),
                watchedSince: known.provedUntil)
        }
    }

    private static func phase(of host: HostID) -> Int64 {
        host.name.utf8.reduce(5_381) { ($0 &* 33 &+ Int64($1)) & 0xFFFF_FFFF_FFFF }
    }

    var epoch: UInt64 { UInt64(clamping: shard.epoch) }
    var isUp: Bool { health.state == .up }

    // MARK: Polling

    /// Polls until cancelled.
    func run() async {
        let schedule = PollSchedule(
            first: ClusterClock.bootTimeNanoseconds(), interval: configuration.pollInterval)
        var slot = ClusterClock.bootTimeNanoseconds()
        while !Task.isCancelled {
            isPoked = false
            await poll()
            resumeWaiters()
            let now = ClusterClock.bootTimeNanoseconds()
            slot = schedule.next(after: slot, now: now)
            await rest(until: slot)
        }
        hasEnded = true
        resumeWaiters()
    }

    /// Measures the round trip until cancelled; a probe that takes long delays no poll.
    func probe() async {
        while !Task.isCancelled {
            do {
                let response = try await hypervisor.responseTime()
                responses.record(
                    .init(nanoseconds: response.nanoseconds, method: response.method, endedAt: edges.clock.now()))
            } catch {
                guard !Task.isCancelled else { return }
                responses.record(nil)
            }
            await edges.pacer.sleep(for: configuration.roundTripInterval)
        }
    }

    /// Returns after the next poll, however it ends.
    func nextCycle() async {
        guard !hasEnded else { return }
        await withCheckedContinuation { cycleWaiters.append($0) }
    }

    /// Returns after a poll that begins after now: a poll that is under way may show an older state.
    func freshCycle() async {
        let isUnderWay = isPolling
        poke()
        await nextCycle()
        if isUnderWay { await nextCycle() }
    }

    func resumeWaiters() {
        let waiters = cycleWaiters
        cycleWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    func poll() async {
        isPolling = true
        defer { isPolling = false }
        let calledAt = edges.clock.now()
        do {
            let reading = try await hypervisor.sample()
            let answeredAt = edges.clock.now()
            MonitorMetrics.poll(succeeded: true)
            MonitorMetrics.pollDuration(nanoseconds: answeredAt.nanoseconds(since: calledAt))
            let response = responses.last(at: answeredAt)
            let observation = HostObservation(
                reading, calledAt: calledAt, answeredAt: answeredAt, responseTimeNanoseconds: response?.nanoseconds,
                responseMethod: response?.method ?? .unknown, responseLoss: responses.loss)
            let cycle = sampler.observe(observation) { domain in
                let tracker = trackers[domain]
                return DomainOrders(asked: tracker?.asked, networkCap: tracker?.caps.networkBytesPerSecond)
            }
            await publish(cycle.sample)
            for rejection in cycle.rejections { MonitorMetrics.rejected(rejection.reason) }
            await answered(cycle, calledAt: calledAt)
        } catch {
            guard !Task.isCancelled else { return }
            MonitorMetrics.poll(succeeded: false)
            log.debug("a host did not answer", metadata: ["host.id": "\(host)", "error": "\(error)"])
            await failed(error)
        }
    }

    private func publish(_ sample: HostSample) async {
        do {
            let body = try HostReport.encoded(sample)
            try await edges.publisher.publish(
                body, type: .hostReport, on: StreamID(topic: .host(host), epoch: epoch), at: edges.clock.now())
            MonitorMetrics.publishedReport()
        } catch {
            log.error("a report can't be published", metadata: ["host.id": "\(host)", "error": "\(error)"])
        }
    }

    private func answered(_ cycle: HostCycle, calledAt: Timestamp) async {
        let wasUnknown = health.succeeded()
        if capabilities == nil || wasUnknown { await readCapabilities() }
        var facts: [Fact] = []
        if wasUnknown {
            log.info("the host answers", metadata: ["host.id": "\(host)"])
            facts.append(
                .host(
                    HostAnswer(
                        state: .up, cpuCount: cycle.sample.figures.cpuCount, memory: cycle.sample.figures.memory,
                        capabilities: capabilities?.json, uuid: capabilities?.hostUUID)))
        }
        let isComplete = await take(cycle, calledAt: calledAt, &facts)
        if isComplete { facts.append(.proved(cycle.provedAt)) }
        hasPolled = true
        listedAt = calledAt
        await writer.append(facts)
    }

    /// Reads the capabilities again: after the host was away, another version may run on it.
    private func readCapabilities() async {
        guard let found = try? await hypervisor.capabilities(), found != capabilities else { return }
        capabilities = found
        await writer.append([
            .host(HostAnswer(state: .up, capabilities: found.json, uuid: found.hostUUID))
        ])
    }

    /// Whether the host reports every reboot of a guest: QEMU does; the test driver only claims to.
    var tellsReboots: Bool {
        capabilities.map { $0.driver == "QEMU" && $0.events.contains("reboot") } ?? false
    }

    /// The host's own UUID, once it is known.
    var hostUUID: UUID128? { capabilities?.hostUUID }

    private func failed(_ error: any Error) async {
        let becameUnknown = health.failed()
        guard health.state == .unknown, health.failures >= HostHealth.toleratedFailures else { return }
        if let sample = sampler.unreachable(at: edges.clock.now(), responseLoss: responses.loss) {
            await publish(sample)
        }
        guard becameUnknown else { return }
        log.notice(
            "the host does not answer: its domains are unknown", metadata: ["host.id": "\(host)", "error": "\(error)"])
        var facts: [Fact] = [.host(HostAnswer(state: .unknown))]
        for domain in trackers.keys.sorted() {
            trackers[domain]?.size.lost()
            trackers[domain]?.written = nil
            facts.append(.domain(domain, DomainObservation(state: .unknown)))
        }
        await writer.append(facts)
    }

    // MARK: Events

    /// - Parameters:
    ///   - domain: `nil` for an event of the host itself.
    ///   - isForeign: whether it was not ordered by Ebb.
    func publish(
        _ change: DomainChange, of domain: DomainID?, at instant: Timestamp, isForeign: Bool
    ) async {
        var event = WireDomainEvent()
        event.hostID = host.name
        if let domain { event.domainUuid = .init(domain.uuid.bytes) }
        event.atNs = instant.nanoseconds
        event.kind = change.kind
        event.detail = change.detail
        event.foreign = isForeign
        do {
            try await edges.publisher.publish(
                MessageCodec.encoded(event), type: .domainEvent,
                on: StreamID(topic: .event(host), epoch: epoch), at: edges.clock.now())
            MonitorMetrics.publishedEvent()
        } catch {
            log.error("an event can't be published", metadata: ["host.id": "\(host)", "error": "\(error)"])
        }
    }
}
