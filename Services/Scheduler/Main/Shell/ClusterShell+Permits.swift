// SPDX-License-Identifier: Apache-2.0

import Contracts
import Logging
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

// Room on hosts: promised under the lock of the host's row, given back when nobody needs it.
extension ClusterShell {
    /// Asks for the room that a decision needs, and tells the core.
    func permit(_ request: PermitRequest) async {
        if request.purpose == .migrate, let source = state.host(of: request.domain) {
            let mobility = await self.mobility(of: request.domain, on: source)
            let now = runtime.clock.now()
            if let mobility {
                report { $0.examined(request.decision, needs: mobility.needs, obstacle: mobility.obstacle, at: now) }
            }
            // The operation has ended, or now waits for room on another host.
            guard state.awaits(request) else { return }
        }
        let target = request.purpose == .grow ? state.operation(of: request.domain)?.finding.target : nil
        let answer: RoomAnswer
        do {
            answer = try await obtainPermit(
                for: request.domain, on: request.host, purpose: request.purpose,
                vcpus: request.vcpus, memory: request.memory, demand: request.demand,
                target: RoomTarget(
                    vcpus: request.vcpus > 0 ? target.map { VCPUCount(clamping: Int($0)) } : nil,
                    memory: request.memory > .zero ? target.map { ByteCount(clamping: $0) } : nil),
                decision: request.decision)
        } catch {
            answer = .refused("the permit could not be had: \(error)")
        }
        let now = runtime.clock.now()
        report { state in
            switch answer {
            case .granted(let permit): state.permitGranted(request.decision, permit: permit, at: now)
            case .refused(let reason), .closed(_, let reason), .underWay(let reason):
                state.permitDenied(request.decision, host: request.host, reason: reason, at: now)
            case .overQuota(let reason):
                state.permitDenied(
                    request.decision, host: request.host, reason: reason, isOverQuota: true, at: now)
            }
        }
    }

    /// The size that a growth in place ends with. Of several growths of one domain the largest counts; a vCPU that the
    /// hypervisor has granted and the guest does not run yet holds its room already.
    struct RoomTarget: Sendable {
        var vcpus: VCPUCount?
        var memory: ByteCount?
    }

    /// The answer to a request for room.
    enum RoomAnswer: Sendable {
        case granted(UUID128)
        case refused(String)
        /// The host's mode stands against it, whatever room there is.
        case closed(HostMode, String)
        /// It has room for that already.
        case underWay(String)
        /// No other host may give it either: the tenant has reached its quota.
        case overQuota(String)
    }

    /// Asks for room on one host: first by measured use, which only this service knows, then by promised sizes, under
    /// the lock of the host's row.
    ///
    /// - Parameters:
    ///   - target: for a growth in place, the size that the domain then has.
    ///   - tenant: the future owner of a domain that does not exist yet.
    func obtainPermit(
        for domain: DomainID, on host: HostID, purpose: PermitPurpose, vcpus: VCPUCount, memory: ByteCount,
        demand: CPUDemand, target: RoomTarget = RoomTarget(), decision: UUID128?, tenant: TenantID? = nil
    ) async throws -> RoomAnswer {
        let now = runtime.clock.now()
        if demand.ppmOfOneCore > 0,
            let facts = state.snapshot(at: now).hosts.first(where: { $0.record.host == host }),
            let shortage = Placement.shortage(on: facts, vcpus: vcpus, memory: memory, demand: demand)
        {
            return .refused(shortage.description)
        }
        var generator = SystemRandomNumberGenerator()
        let outcome = try await PermitRepository(runtime.store).request(
            StoredPermitRequest(
                id: UUID128.random(using: &generator), host: host, domain: domain, purpose: purpose, vcpus: vcpus,
                memory: memory, targetVCPUs: target.vcpus, targetMemory: target.memory, decision: decision,
                expiresAt: now.advanced(by: configuration.permitLifetime), tenant: tenant),
            at: now, under: shard.claim)
        switch outcome {
        case .granted(let permit, _): return .granted(permit.id)
        case .refused(.mode(let mode)): return .closed(mode, PermitRefusal.mode(mode).description)
        case .refused(.underWay): return .underWay(PermitRefusal.underWay.description)
        case .refused(.quota(let refusal)): return .overQuota(refusal.description)
        case .refused(let refusal): return .refused(refusal.description)
        }
    }

    func release(_ permit: UUID128) async {
        do {
            try await PermitRepository(runtime.store).setState(of: permit, to: .released)
        } catch {
            log.warning("a permit could not be released; it expires", metadata: ["error": "\(error)"])
        }
    }
}
