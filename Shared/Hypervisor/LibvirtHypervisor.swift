// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import Execution
package import Logging
package import ResourceModel
internal import Synchronization

/// A host behind libvirt: QEMU/KVM, Xen, or libvirt's own test driver.
///
/// It has three connections, each with its own thread and opened when first needed: one that samples, one for commands,
/// one for questions to guest agents. Each migration, which may take hours, has one more. So no command and no hung
/// guest delays a sample, and no migration delays another.
package final class LibvirtHypervisor: Hypervisor {
    private let host: HostID
    let uri: String
    private let log: Logger
    let limits: LibvirtLimits
    let hub: EventHub
    private let cache = DefinitionCache()
    let sampling: LibvirtLink
    let commands: LibvirtLink
    let longCalls: LibvirtLink
    private let responseProbe: ResponseProbe?
    private let guests: Mutex<GuestConfirmation>
    private let isAskingGuests = Mutex(false)
    private let suspects = Mutex<[DomainID: ContinuousClock.Instant]>([:])

    /// Opens nothing yet: a host that is down at first is simply unreachable until it answers.
    package init(uri: String, host: HostID, log: Logger, limits: LibvirtLimits = LibvirtLimits()) {
        self.host = host
        self.uri = uri
        self.log = log
        self.limits = limits
        hub = EventHub(limit: limits.eventBacklog)
        sampling = LibvirtLink(name: "lv-sample", uri: uri, hub: hub, cache: cache, limits: limits)
        commands = LibvirtLink(name: "lv-command", uri: uri, cache: cache, limits: limits)
        longCalls = LibvirtLink(name: "lv-long", uri: uri, cache: cache, limits: limits)
        responseProbe = (try? HypervisorURI(uri))?.endpoint.map { ResponseProbe(host: $0.host, port: $0.port) }
        guests = Mutex(GuestConfirmation(refresh: limits.agentRefresh, retry: limits.agentRetry))
    }

    /// A stream of its own for each caller, beginning now. It ends when the sampling connection breaks, after
    /// `connectionLost`; take a new one then, which continues with the next connection.
    package var events: AsyncStream<HypervisorEvent> { hub.stream() }

    package func capabilities() async throws(HypervisorError) -> HypervisorCapabilities {
        try await sampling.call("capabilities", timeout: limits.callTimeout) { connection throws(HypervisorError) in
            try connection.capabilities()
        }
    }

    package func inventory() async throws(HypervisorError) -> [DomainDescription] {
        try await sampling.call("inventory", timeout: limits.callTimeout) { connection throws(HypervisorError) in
            try connection.inventory()
        }
    }

    /// Has every domain of the host; a domain that is off has its state and sizes only.
    package func sample() async throws(HypervisorError) -> HostReading {
        let collected = try await collect()
        let reading = guests.withLock { guests in
            collected.reading.replacing(
                domains: guests.confirm(
                    collected.reading.domains, statesAreAuthoritative: collected.statesAreAuthoritative,
                    now: monotonicNanoseconds()))
        }
        askGuests()
        return reading
    }

    /// A guest may hold up the call that asks for its figures, or for all guests' figures. So the first attempt gets a
    /// part of the time; the second, on a fresh connection, leaves out the domain that was asked for when the first one
    /// overran. Bulk statistics leave out by themselves a domain for which an earlier call still waits. Where each
    /// domain is asked for alone, an attempt goes on where the last one stopped, so that a far host with many domains
    /// takes long but is read.
    private func collect() async throws(HypervisorError) -> CollectedHost {
        let (start, pass) = (ContinuousClock.now, SamplePass())
        try await sampling.open()
        var isSecond = false
        while start.duration(to: .now) < limits.sampleTimeout {
            let before = pass.count
            do {
                if let collected = try await collect(pass, isSecond: isSecond) { return collected }
                isSecond = false
            } catch {
                guard error.code == .deadline, !isSecond || pass.count > before else { throw error }
                isSecond = true
            }
        }
        throw HypervisorError(
            .deadline, operation: "sample", message: "\(pass.count) domains were read within \(limits.sampleTimeout)")
    }

    /// `nil`: there is more to read.
    private func collect(_ pass: SamplePass, isSecond: Bool) async throws(HypervisorError) -> CollectedHost? {
        let skipped = suspects.withLock { suspects in
            suspects = suspects.filter { $0.value > .now }
            return Set(suspects.keys)
        }
        let attempt = SampleAttempt(skipping: skipped, pass: pass, steps: StepCount(limit: limits.sampleTimeout))
        do {
            return try await sampling.call(
                "sample", timeout: limits.callTimeout * (isSecond ? 3 : 2) / 5, rests: isSecond, steps: attempt.steps
            ) { [hub] connection throws(HypervisorError) in
                for domain in hub.takeChanged() { connection.cache.markStale(domain) }
                return try connection.sample(attempt)
            }
        } catch {
            if error.code == .deadline, let culprit = attempt.asked {
                suspects.withLock { $0[culprit] = .now + limits.suspectRetry }
            }
            throw error
        }
    }

    /// Answered from its definition as it was read last, else by the host.
    package func manager(of domain: DomainID) async throws(HypervisorError) -> String? {
        if let definition = cache.definition(of: domain) { return definition.manager }
        return try await describe(domain)?.manager
    }

    /// The time that the host's daemon takes to accept a TCP connection; for a local hypervisor, a round trip to it.
    package func responseTime() async throws(HypervisorError) -> ResponseTime {
        if let responseProbe {
            return try await responseProbe.measure(timeout: limits.callTimeout)
        }
        return try await sampling.call("responseTime", timeout: limits.callTimeout) {
            connection throws(HypervisorError) in
            let start = monotonicNanoseconds()
            _ = try connection.handle.version()
            let method: ResponseMethod = connection.driver == .test ? .simulated : .unknown
            return ResponseTime(nanoseconds: monotonicNanoseconds() - start, method: method)
        }
    }

    package func check(_ specification: DomainSpecification) async throws(HypervisorError) {
        try await commands.call("check", timeout: limits.callTimeout) { connection throws(HypervisorError) in
            try connection.check(specification)
        }
    }

    package func create(
        _ specification: DomainSpecification, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        let reading = try await commands.call("create", timeout: call.timeout, mutates: true) {
            connection throws(HypervisorError) in try connection.create(specification)
        }
        return Effect(domain: reading, effectiveAt: nil)
    }

    package func perform(
        _ operation: LifecycleOperation, on domain: DomainID, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        let reading = try await commands.call(operation.rawValue, timeout: call.timeout, mutates: true) {
            connection throws(HypervisorError) in try connection.perform(operation, on: domain)
        }
        return Effect(domain: reading, effectiveAt: nil)
    }

    package func resize(
        _ domain: DomainID, vcpus: VCPUCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        // The wait for the guest ends early enough for the last look to fall within the deadline.
        let guestDeadline = monotonicNanoseconds() + (call.timeout / 2).wholeNanoseconds
        let agentSeconds = min(limits.agentSeconds, max(1, Int(call.timeout.components.seconds / 8)))
        var outcome = try await commands.call("resize", timeout: call.timeout, mutates: true) {
            connection throws(HypervisorError) in
            try connection.resize(domain, to: vcpus.count, until: guestDeadline, agentSeconds: agentSeconds)
        }
        if !outcome.statesAreAuthoritative {
            outcome.reading.confirmedVCPUs = guests.withLock { guests in
                guests.resized(outcome.reading, agentVCPUs: outcome.agentVCPUs, now: monotonicNanoseconds())
            }
        }
        return Effect(domain: outcome.reading, effectiveAt: nil)
    }

    package func migrate(
        _ domain: DomainID, to target: MigrationTarget, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        guard let targetURI = try? HypervisorURI(target.uri), targetURI.host != nil else {
            throw HypervisorError(
                .invalid, operation: "migrate",
                message: "the target's URI '\(target.uri)' names no host that this one could reach")
        }
        let disks = try await commands.call("disks", timeout: limits.callTimeout) {
            connection throws(HypervisorError) in try connection.disksOfInactive(domain)
        }
        if let disks { try await checkReach(of: disks, on: target) }
        // The migration itself must end a little before its caller stops waiting, so that its outcome is known.
        let grace = min(call.timeout / 4, .seconds(5))
        let watchdog = Task { [commands] in
            try await Task.sleep(for: call.timeout - grace)
            // Repeated until the migration's call has ended: an abort between two of its stages has no effect.
            while true {
                try? await commands.call("abort", timeout: grace) { connection throws(HypervisorError) in
                    try connection.handle.domain(domain).abortJob()
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
        defer { watchdog.cancel() }
        let link = LibvirtLink(name: "lv-migrate", uri: uri, limits: limits)
        do throws(HypervisorError) {
            try await link.call("migrate", timeout: call.timeout, mutates: true) {
                connection throws(HypervisorError) in
                try connection.migrate(
                    domain, to: target.uri, transferURI: targetURI.transferURI, target.options)
            }
        } catch {
            await link.close()
            throw error
        }
        await link.close()
        hub.noteChange(of: domain)
        return Effect(domain: await look(at: domain, on: target), effectiveAt: nil)
    }

    package func close() async {
        hub.close()
        await sampling.close()
        await commands.close()
        await longCalls.close()
        await responseProbe?.close()
    }

    private func checkReach(of files: [String], on target: MigrationTarget) async throws(HypervisorError) {
        let link = LibvirtLink(name: "lv-look", uri: target.uri, limits: limits)
        let found: Result<Void, HypervisorError>
        do throws(HypervisorError) {
            try await link.call("disks", timeout: limits.callTimeout) { connection throws(HypervisorError) in
                try connection.checkReach(of: files)
            }
            found = .success(())
        } catch {
            found = .failure(error)
        }
        await link.close()
        try found.get()
    }

    /// The migrated domain as its new host sees it; `nil` if that could not be seen from here.
    private func look(at domain: DomainID, on target: MigrationTarget) async -> DomainReading? {
        let link = LibvirtLink(name: "lv-look", uri: target.uri, limits: limits)
        let reading = try? await link.call("look", timeout: limits.callTimeout) { connection throws(HypervisorError) in
            try connection.reading(of: connection.handle.domain(domain))
        }
        await link.close()
        return reading
    }
}

/// Asking guests beside the sampling.
extension LibvirtHypervisor {
    /// Asks those guests that are due, unless the last round is still under way. A guest that hangs costs the round
    /// its time, never a sample.
    private func askGuests() {
        let due = guests.withLock { $0.due(now: monotonicNanoseconds(), limit: limits.agentQueriesPerSample) }
        guard !due.isEmpty else { return }
        let isFree = isAskingGuests.withLock { isAsking in
            defer { isAsking = true }
            return !isAsking
        }
        guard isFree else { return }
        Task {
            for domain in due { await ask(domain) }
            isAskingGuests.withLock { $0 = false }
        }
    }

    private func ask(_ domain: DomainID) async {
        let timeout = limits.callTimeout + .seconds(limits.agentSeconds)
        do {
            let count = try await longCalls.call("guest vCPUs", timeout: timeout) {
                connection throws(HypervisorError) in try connection.guestVCPUs(of: domain)
            }
            guests.withLock { $0.answered(domain, vcpus: count, now: monotonicNanoseconds()) }
        } catch {
            let hasAgent = error.code != .unsupported
            guests.withLock { $0.notAnswered(domain, hasAgent: hasAgent, now: monotonicNanoseconds()) }
            log.debug(
                "guest agent did not answer",
                metadata: ["host.id": "\(host)", "domain.id": "\(domain)", "reason": "\(error.message)"])
        }
    }
}

extension HostReading {
    fileprivate func replacing(domains: [DomainReading]) -> HostReading {
        HostReading(
            readAt: readAt, monotonicNanoseconds: monotonicNanoseconds, cpuCount: cpuCount, memory: memory,
            cpuTimeNanoseconds: cpuTimeNanoseconds, controlDomainCPUTimeNanoseconds: controlDomainCPUTimeNanoseconds,
            memoryUsed: memoryUsed, domains: domains)
    }
}
