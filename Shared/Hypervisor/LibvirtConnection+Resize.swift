// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Foundation
internal import ResourceModel

extension LibvirtConnection {
    /// What is seen after a resize.
    struct ResizeOutcome: Sendable {
        var reading: DomainReading
        /// The guest's own count, if its agent answered.
        var agentVCPUs: Int?
        /// Whether the hypervisor itself says which vCPUs are online.
        var statesAreAuthoritative: Bool
    }

    /// The pause between two looks whether a guest has noticed a plugged vCPU, in seconds.
    private static let agentPause = 0.1
    /// How long a Xen guest may take to give up vCPUs, in nanoseconds; after that it counts as refusing.
    private static let releasePatience: Int64 = 20_000_000_000

    /// Brings the domain to `count` vCPUs and looks at it.
    ///
    /// Growing plugs the missing vCPUs and asks the guest to bring them online. Shrinking asks the guest to take vCPUs
    /// offline first, then unplugs them if the driver completes that. Under emulation it does not: the vCPU stays
    /// plugged and offline, and the next grow only brings it online again.
    /// - Parameters:
    ///   - deadline: monotonic nanoseconds after which the guest is not waited for any more.
    ///   - agentSeconds: how long the agent may take for one answer.
    func resize(
        _ identifier: DomainID, to count: Int, until deadline: Int64, agentSeconds: Int
    ) throws(HypervisorError) -> ResizeOutcome {
        let domain = try handle.domain(identifier)
        let definition = try freshDefinition(of: domain)
        guard (1...max(1, definition.maximumVCPUs.count)).contains(count) else {
            throw HypervisorError(
                .invalid, operation: "resize",
                message: "\(count) vCPUs is outside 1...\(definition.maximumVCPUs), the ceiling of the definition")
        }
        guard try domain.isActive() else {
            try setPersistent(domain, count)
            return outcome(try reading(of: domain))
        }
        let granted = try domain.vcpuCount(VIR_DOMAIN_VCPU_LIVE)
        let agent = driver == .qemu && definition.isAgentConnected
        if agent { domain.limitAgentResponse(seconds: Int32(clamping: agentSeconds)) }
        if count < granted {
            try shrink(domain, to: count, isEmulated: driver == .qemu && definition.type == "qemu", agent: agent)
            if driver == .xen {
                let patience = monotonicNanoseconds() &+ Self.releasePatience
                awaitRelease(domain, beyond: count, of: definition.maximumVCPUs.count, until: min(deadline, patience))
            }
        } else {
            if count > granted { try setLive(domain, count) }
            if agent { bringOnline(domain, count, until: deadline) }
        }
        let seen = agent ? try? domain.vcpuCount(VIR_DOMAIN_VCPU_GUEST) : nil
        return outcome(try reading(of: domain), agentVCPUs: seen)
    }

    /// How many vCPUs the guest says are online.
    func guestVCPUs(of identifier: DomainID) throws(HypervisorError) -> Int {
        try handle.domain(identifier).vcpuCount(VIR_DOMAIN_VCPU_GUEST)
    }

    private func outcome(_ reading: DomainReading, agentVCPUs: Int? = nil) -> ResizeOutcome {
        ResizeOutcome(reading: reading, agentVCPUs: agentVCPUs, statesAreAuthoritative: statesAreAuthoritative)
    }

    private func shrink(
        _ domain: borrowing DomainHandle, to count: Int, isEmulated: Bool, agent: Bool
    ) throws(HypervisorError) {
        if agent { try domain.setVCPUs(count, VIR_DOMAIN_VCPU_GUEST) }
        guard isEmulated else { return try setLive(domain, count) }
        guard agent else {
            throw HypervisorError(
                .refused, operation: "resize",
                message: "an emulated domain shrinks only through its guest agent, which is not connected")
        }
        if try domain.isPersistent() { try setPersistent(domain, count) }
    }

    private func setLive(_ domain: borrowing DomainHandle, _ count: Int) throws(HypervisorError) {
        try domain.setVCPUs(count, VIR_DOMAIN_VCPU_LIVE)
        if try domain.isPersistent() { try setPersistent(domain, count) }
    }

    /// Sets the number of vCPUs for the next boot. QEMU's driver would make the vCPUs that this adds permanent: no
    /// later boot could give them back.
    private func setPersistent(_ domain: borrowing DomainHandle, _ count: Int) throws(HypervisorError) {
        if driver == .qemu {
            try domain.setVCPUs(count, VIR_DOMAIN_VCPU_CONFIG, VIR_DOMAIN_VCPU_HOTPLUGGABLE)
        } else {
            try domain.setVCPUs(count, VIR_DOMAIN_VCPU_CONFIG)
        }
    }

    /// Waits until a Xen guest, which can only be asked, has given up vCPUs. A vCPU that waits for its time slice shows
    /// as offline too: it is given up when its time also stands still.
    private func awaitRelease(
        _ domain: borrowing DomainHandle, beyond count: Int, of maximum: Int, until deadline: Int64
    ) {
        var former: [VCPUInformation] = []
        while monotonicNanoseconds() < deadline {
            let seen = (try? domain.vcpus(limit: maximum))?.filter { $0.number >= count } ?? []
            if seen == former, seen.allSatisfy({ $0.state == Int64(VIR_VCPU_OFFLINE.rawValue) }) { return }
            guard handle.isAlive() else { return }
            former = seen
            Thread.sleep(forTimeInterval: Self.agentPause)
        }
    }

    /// Brings vCPUs online. The guest needs a moment to notice a new vCPU, and refuses until then; if it never does,
    /// that is seen afterwards.
    private func bringOnline(_ domain: borrowing DomainHandle, _ count: Int, until deadline: Int64) {
        while monotonicNanoseconds() < deadline {
            if (try? domain.setVCPUs(count, VIR_DOMAIN_VCPU_GUEST)) != nil { return }
            guard handle.isAlive() else { return }
            Thread.sleep(forTimeInterval: Self.agentPause)
        }
    }
}
