// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store

extension CommandRunner {
    /// Resizes vCPUs, then sets or lifts their cap, then memory; reports what is seen afterwards. A cap is lifted above
    /// vCPUs only once the guest uses them.
    func resize(_ record: CommandRecord, _ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError)
        -> Ended
    {
        var ended: Ended?
        if let vcpus = order.vcpus {
            let sized = try await resize(record, order, vcpus: vcpus, call)
            guard sized.outcome.succeeded else { return sized }
            ended = sized
        }
        if let ppm = order.cpuCapPPM, await needsCap(ppm, order.domain) {
            let capped = try await cap(order, after: ended != nil, call)
            guard capped.outcome.succeeded else { return capped }
            ended = capped
        }
        if let memory = order.memory {
            ended = try await resize(record, order, memory: memory, call.following(.resizeMemory))
        }
        guard let ended else {
            return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: .used)
        }
        return ended
    }

    /// A whole size has no cap to set; it lifts one that is seen or was asked for.
    private func needsCap(_ ppm: Int64, _ domain: DomainID) async -> Bool {
        if ppm > 0 { return true }
        return await loop.hasCap(domain)
    }

    /// Refuses a size that is not whole of a domain that has fewer vCPUs by now than such a size needs: those before it in
    /// the queue took them, and nobody promised room for them again.
    func checkSize(_ order: CommandOrder) async throws {
        guard order.verb == .resize, order.vcpus == nil, let ppm = order.cpuCapPPM, ppm > 0,
            let online = await loop.vcpusInUse(by: order.domain), ppm > Int64(online.count) * 1_000_000
        else { return }
        throw CommandRefusal(
            .conflict,
            "domain \(order.domain) has \(online) vCPU\(online == 1 ? "" : "s") by now, fewer than a size of "
                + "\(CPUCap(ppm: ppm)) needs: order the resize again, which asks for the room")
    }

    /// - Parameter isSecond: whether the vCPUs were resized before it: then what fails is not all of the command.
    private func cap(
        _ order: CommandOrder, after isSecond: Bool, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        do throws(HypervisorError) {
            return try await cap(order, isSecond ? call.following(.cap) : call)
        } catch {
            guard isSecond, error.code.isFinal else { throw error }
            return Ended(
                outcome: .failed(
                    code: .partial, message: "its vCPUs are resized, and its cap is as before: \(error.message)",
                    result: await loop.result(of: order.domain)), permit: .used)
        }
    }

    /// Resizes, and waits until the guest has what was asked; a grow that it does not confirm in time is rolled back.
    private func resize(
        _ record: CommandRecord, _ order: CommandOrder, vcpus target: VCPUCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        let former = await loop.vcpusInUse(by: order.domain)
        try checkOwnership()
        let effect = try await loop.hypervisor.resize(order.domain, vcpus: target, call)
        await loop.took(effect)
        let isGrow = former.map { target > $0 } ?? false
        // A guest that was asked and kept its vCPUs has refused, so there is nothing to wait for.
        let isRefused = !isGrow && effect.domain?.confirmedVCPUs.map { $0 > target } ?? false
        let progress = try await confirmation(
            record, order.domain, isRefused ? .zero : configuration.confirmationTimeout
        ) {
            ResizeProgress(to: target, from: former, presence: $0)
        }
        if isGrow, progress == .waiting { return try await rollBack(order, to: former ?? target, call) }
        let result = await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)
        guard progress != .reached else { return Ended(outcome: .succeeded(result: result), permit: .used) }
        let inUse = await loop.vcpusInUse(by: order.domain) ?? target
        return Ended(
            outcome: .failed(
                code: .partial, message: "\(inUse) vCPUs are in use, not \(target); the rest was refused",
                result: result), permit: .used)
    }

    /// Moves the balloon, and waits until it has the size that was asked for. If the guest does not follow in time, the
    /// balloon is set back to its former size.
    private func resize(
        _ record: CommandRecord, _ order: CommandOrder, memory target: ByteCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        let former = await loop.memory(of: order.domain)
        try checkOwnership()
        let effect = try await loop.hypervisor.resize(order.domain, memory: target, call)
        await loop.took(effect)
        let progress = try await confirmation(record, order.domain, configuration.confirmationTimeout) {
            BalloonProgress(to: target, presence: $0)
        }
        let seen = await loop.memory(of: order.domain)
        guard progress == .waiting, let seen else {
            let result = await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)
            return Ended(outcome: .succeeded(result: result), permit: .used)
        }
        guard let former, former == seen else {
            return Ended(
                outcome: .failed(
                    code: .partial, message: "the guest has \(seen), not \(target): its balloon went no further",
                    result: await loop.result(of: order.domain)), permit: .used)
        }
        await loop.notConfirmed(order.domain, after: configuration.confirmationTimeout)
        try checkOwnership()
        let back = call.following(.restoreMemory, timeout: configuration.commandTimeout)
        await loop.took(try await loop.hypervisor.resize(order.domain, memory: former, back))
        return Ended(
            outcome: .failed(
                code: .sizeNotConfirmed,
                message: "the guest's balloon did not move within \(configuration.confirmationTimeout);"
                    + " it has \(former) again", result: await loop.result(of: order.domain)), permit: .released)
    }

    /// How far a resize has come when the time is over in which a guest must confirm it. If this is cut off, the
    /// successor looks it up.
    private func confirmation<Progress: AwaitedProgress>(
        _ record: CommandRecord, _ domain: DomainID, _ patience: Duration,
        _ progress: (DomainPresence) -> Progress
    ) async throws(HypervisorError) -> Progress {
        let deadline = ContinuousClock.now + patience
        while true {
            let progress = progress(await loop.presence(of: domain))
            guard progress.isWaiting, ContinuousClock.now < deadline else { return progress }
            guard !Task.isCancelled else {
                throw HypervisorError(.closed, operation: "resize", message: "the guest was still to confirm it")
            }
            await report(record, "waiting for the guest to take it into use")
            await loop.nextCycle()
        }
    }

    private func rollBack(
        _ order: CommandOrder, to former: VCPUCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Ended {
        await loop.notConfirmed(order.domain, after: configuration.confirmationTimeout)
        try checkOwnership()
        // The command's deadline is for the resize; the rollback has its own.
        let back = call.following(.restoreVCPUs, timeout: configuration.commandTimeout)
        await loop.asked(former, of: order.domain)
        await loop.took(try await loop.hypervisor.resize(order.domain, vcpus: former, back))
        return Ended(
            outcome: .failed(
                code: .sizeNotConfirmed,
                message: "the guest did not take its vCPUs into use within \(configuration.confirmationTimeout);"
                    + " it has \(former) again", result: await loop.result(of: order.domain)), permit: .released)
    }

    /// Asks the guest to shut down and waits for it; then, if that was ordered, cuts its power.
    func shutDown(_ record: CommandRecord, _ order: CommandOrder, _ call: MutatingCall) async throws(HypervisorError)
        -> Ended
    {
        try checkOwnership()
        await report(record, "waiting for the guest to shut down")
        let thenDestroys = order.arguments.thenDestroys ?? false
        let effect: Effect
        do throws(HypervisorError) {
            effect = try await loop.hypervisor.shutDown(order.domain, grace: order.grace ?? .zero, call) {
                guard thenDestroys, mayCommand else { return nil }
                return call.following(.destroyAfterGrace, timeout: configuration.commandTimeout)
            }
        } catch {
            guard error.code == .deadline, !thenDestroys else { throw error }
            await loop.freshCycle()
            guard await loop.presence(of: order.domain).state?.isActive ?? false else { throw error }
            return Ended(
                outcome: .failed(
                    code: .guestRefused, message: "\(error)", result: await loop.result(of: order.domain)),
                permit: .released)
        }
        await loop.took(effect)
        return Ended(
            outcome: .succeeded(result: await loop.result(of: order.domain, effectiveAt: effect.effectiveAt)),
            permit: .used)
    }
}

/// The progress of something that a guest must do and that is waited for.
private protocol AwaitedProgress {
    var isWaiting: Bool { get }
}

extension ResizeProgress: AwaitedProgress { var isWaiting: Bool { self == .waiting } }
extension BalloonProgress: AwaitedProgress { var isWaiting: Bool { self == .waiting } }

extension HostLoop {
    /// The number of vCPUs that the guest uses, as last seen; the granted number if the use is not known.
    func vcpusInUse(by domain: DomainID) -> VCPUCount? { latest[domain]?.vcpus.map { $0.confirmed ?? $0.granted } }

    /// Whether a CPU cap holds, as last seen, or was asked for.
    func hasCap(_ domain: DomainID) -> Bool {
        latest[domain]?.cpuCap.limitPPM != nil || trackers[domain]?.caps.cpuPPM ?? 0 > 0
    }

    /// What the guest's balloon leaves it, as last seen.
    func memory(of domain: DomainID) -> ByteCount? { latest[domain]?.memory?.allocated }

    /// Publishes that a growth that the guest did not confirm is about to be rolled back.
    func notConfirmed(_ domain: DomainID, after timeout: Duration) async {
        let change = DomainChange(kind: "size-not-confirmed", detail: "not in use after \(timeout): rolled back")
        await publish(change, of: domain, at: edges.clock.now(), isForeign: false)
    }
}
