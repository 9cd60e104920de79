// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import FoundationEssentials
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import Store

/// A command is done only when its effect is seen: after a call its host is read until it shows what was asked for.
extension CommandRunner {
    /// `ended` if what was asked for is seen; otherwise a failure that says what is seen instead.
    func proved(
        _ ended: Ended, _ record: CommandRecord, _ order: CommandOrder, _ step: CommandTable.Run
    ) async throws(HypervisorError) -> Ended {
        guard ended.outcome.succeeded else { return ended }
        let missing: String?
        switch order.verb {
        case .reboot: missing = try await missingReboot(record, order)
        case .shutdown where order.grace == nil && step.call == .own: missing = nil
        // The steps of these verbs look themselves.
        case .migrate, .abortMigration, .resize: missing = nil
        case .revert:
            let current = await lifeMark(of: order.domain)?.snapshot
            missing =
                (current ?? order.arguments.name) == order.arguments.name
                ? nil : "its current snapshot is '\(current ?? "")'"
        case .cap:
            // Whoever can't read a cap back does not know that it holds.
            missing = await trace(of: order, record) == true ? nil : "the cap that was asked for can't be read back"
        case .snapshot, .deleteSnapshot, .networkCap, .adopt, .release, .prepare:
            missing = await trace(of: order, record) == false ? "nothing shows that it had its effect" : nil
        case .delete:
            missing = await isGone(order.domain) ? nil : "the domain is there still"
        case .create, .start, .shutdown, .destroy, .suspend, .resume, .save, .restore:
            if let proof = step.proof { missing = try await self.missing(proof, order) } else { missing = nil }
        }
        guard let missing else {
            // The result is what was seen last.
            guard step.proof != nil else { return ended }
            return Ended(outcome: .succeeded(result: await loop.result(of: order.domain)), permit: ended.permit)
        }
        return Ended(
            outcome: .failed(
                code: .noEffect,
                message: "\(order.verb.rawValue) of domain \(order.domain): its host answered, but \(missing)",
                result: await loop.result(of: order.domain)), permit: .released)
    }

    /// What is seen instead of the proof after the time that a host may take to show it; `nil`: it is proved.
    private func missing(
        _ proof: CommandTable.Proof, _ order: CommandOrder
    ) async throws(HypervisorError) -> String? {
        let deadline = ContinuousClock.now + configuration.proofTimeout
        var wasSeen = false
        while true {
            guard !Task.isCancelled else {
                throw HypervisorError(
                    .closed, operation: order.verb.rawValue, message: "its effect was still to be seen")
            }
            let presence = await loop.presence(of: order.domain)
            if proof.holds(presence) {
                guard proof.lasts, !wasSeen else { return nil }
                wasSeen = true
                try? await Task.sleep(for: configuration.proofPause)
            } else if wasSeen || ContinuousClock.now >= deadline {
                switch presence {
                case .unknown:
                    throw HypervisorError(
                        .unreachable, operation: order.verb.rawValue, message: "its host does not answer any more")
                case .absent: return "it is not there any more"
                case .present(let look):
                    return "the domain is \(look.text)" + (proof.lasts ? "; mend that, and resume it again" : "")
                }
            }
            if !wasSeen { try? await Task.sleep(for: configuration.proofPause / 4) }
            await loop.freshCycle()
        }
    }

    private func isGone(_ domain: DomainID) async -> Bool {
        do {
            _ = try await loop.hypervisor.look(at: domain)
            return false
        } catch {
            // If it can't be looked at, the host's own answer counts: the domain is removed.
            return true
        }
    }

    /// A guest is only asked to reboot. If the driver reports reboots, this waits for the report.
    private func missingReboot(_ record: CommandRecord, _ order: CommandOrder) async throws(HypervisorError) -> String?
    {
        let before = record.mark.flatMap { try? JSONDecoder().decode(LifeMark.self, from: Data($0.utf8)) }
        let tellsReboots = await loop.tellsReboots
        guard before?.boot != nil || tellsReboots else { return nil }
        let deadline = ContinuousClock.now + configuration.confirmationTimeout
        while true {
            if await loop.reportedReboot(of: order.domain, since: record.claimedAt) { return nil }
            if let before, let now = await lifeMark(of: order.domain),
                LifeMarks(before: before, now: now).guestBeganAnew == true
            {
                return nil
            }
            guard !Task.isCancelled else {
                throw HypervisorError(.closed, operation: "reboot", message: "the guest was still to begin anew")
            }
            guard ContinuousClock.now < deadline else {
                return "its guest, which was asked, has not begun anew within \(configuration.confirmationTimeout)"
            }
            await report(record, "waiting for the guest to begin anew")
            await loop.nextCycle()
        }
    }
}
