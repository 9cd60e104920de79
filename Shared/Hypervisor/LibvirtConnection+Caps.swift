// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Contracts
internal import ResourceModel

/// CPU caps. Ebb caps the running domain and not its definition: a definition with a cap can't be started on a host that
/// has no control groups.
extension LibvirtConnection {
    /// In parts per million of one core: Xen caps in hundredths of a core.
    private static let xenGranulePPM: Int64 = 10_000

    /// Why the domain can't be capped now; `nil` if it can.
    func obstacleToCPUCap(_ domain: borrowing DomainHandle) throws(HypervisorError) -> String? {
        guard driver == .qemu || driver == .xen else { return "driver \(driverName) has no CPU cap" }
        var reason = ""
        do throws(HypervisorError) {
            let parameter = driver == .xen ? VIR_DOMAIN_SCHEDULER_CAP : VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA
            if try domain.scheduler()[parameter] != nil { return nil }
        } catch {
            guard handle.isAlive() else { throw error }
            reason = " (\(error.message))"
        }
        guard driver == .qemu else {
            let name = (try? domain.schedulerKind().name) ?? "unknown"
            return "under Xen's scheduler '\(name)' libvirt sets no cap: boot Xen with sched=credit\(reason)"
        }
        return "the host has no control groups for CPU: mount them and name 'cpu' in cgroup_controllers of "
            + "qemu.conf\(reason)"
    }

    /// Caps a running domain, or lifts its cap, and reads back what the host then says.
    /// - Parameter ppm: in parts per million of one core; 0: no cap.
    func capCPU(_ domain: borrowing DomainHandle, ppm: Int64) throws(HypervisorError) {
        if let obstacle = try obstacleToCPUCap(domain) {
            // Nothing is there to be lifted.
            guard ppm > 0 else { return }
            throw HypervisorError(.unsupported, operation: "cap", message: obstacle)
        }
        guard try domain.isActive() else {
            throw HypervisorError(
                .refused, operation: "cap", message: "the domain does not run, and only then has a cap")
        }
        if driver == .xen {
            try setXenCap(of: domain, ppm: ppm)
        } else {
            try setQuota(of: domain, ppm: ppm)
        }
        let seen = cap(from: try domain.scheduler())
        let granule = driver == .xen ? Self.xenGranulePPM : CPUQuota.granulePPM
        guard seen.fulfils(asked: ppm, granule: granule) == true else {
            throw HypervisorError(
                .refused, operation: "cap",
                message: "the host took \(CPUCap(ppm: ppm)) and shows \(seen): something else sets it too")
        }
    }

    /// Sets a cap back to what others had set before Ebb.
    /// - Parameters:
    ///   - own: Ebb's cap in parts per million; if another one holds, somebody else set it, and it stays.
    ///   - found: for Xen, whose definitions have no caps.
    ///   - saved: for QEMU, the definition's caps before Ebb.
    func giveBackCPUCap(
        of domain: borrowing DomainHandle, own: Int64, found: CPUCap, saved: DefinedDomain.CPUTuning?
    ) throws(HypervisorError) {
        guard try obstacleToCPUCap(domain) == nil else { return }
        let parameters = try domain.scheduler()
        let granule = driver == .xen ? Self.xenGranulePPM : CPUQuota.granulePPM
        guard cap(from: parameters).fulfils(asked: own, granule: granule) == true else { return }
        if driver == .xen { return try setXenCap(of: domain, ppm: found.limitPPM ?? 0) }
        // The kernel takes no quota of a part that is larger than the whole's.
        try setEmulatorQuota(of: domain, -1)
        try setGlobalQuota(
            of: domain, saved?.global_quota ?? -1, period: saved?.global_period, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        guard let emulator = saved?.emulator_quota, emulator > 0 else { return }
        try setEmulatorQuota(of: domain, emulator, period: saved?.emulator_period)
    }

    /// A running domain's cap, without quotas of single vCPUs.
    /// - Parameter parameters: its scheduler's; `nil`: they can't be read.
    func cap(from parameters: [String: Int64]?) -> CPUCap {
        guard driver == .xen else {
            guard let quota = parameters?[VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA] else { return .unknown }
            let period = parameters?[VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD]
            return CPUQuota.ppm(quota: quota, period: period).map { .limit(ppm: $0) } ?? .none
        }
        // In percent of one core, 0 for none.
        return (parameters?[VIR_DOMAIN_SCHEDULER_CAP]).map { CPUCap(ppm: Utilization(percent: $0).ppm) } ?? .unknown
    }

    /// A running domain's cap. Under a scheduler for which libvirt has no caps it sets none and shows none, and so there is
    /// none, as there is on a host without control groups.
    func xenCap(of domain: borrowing DomainHandle) -> CPUCap {
        let parameters = attempt("scheduler") { () throws(HypervisorError) in try domain.scheduler() }
        let cap = cap(from: parameters)
        guard cap == .unknown, let kind = try? domain.schedulerKind().name, kind != "credit" else { return cap }
        return .none
    }

    private func setXenCap(of domain: borrowing DomainHandle, ppm: Int64) throws(HypervisorError) {
        guard ppm % Self.xenGranulePPM == 0 else {
            let (below, above) = (ppm / Self.xenGranulePPM, ppm / Self.xenGranulePPM + 1)
            throw HypervisorError(
                .invalid, operation: "cap",
                message: "Xen caps in hundredths of a core, and \(CPUCap(ppm: ppm)) is between \(below) and \(above)")
        }
        var parameters = TypedParameters()
        parameters.add(VIR_DOMAIN_SCHEDULER_CAP, word: UInt32(clamping: ppm / Self.xenGranulePPM))
        // The running domain: this driver refuses the flag that names it.
        try domain.setScheduler(parameters, VIR_DOMAIN_AFFECT_CURRENT.rawValue)
    }

    private func setQuota(of domain: borrowing DomainHandle, ppm: Int64) throws(HypervisorError) {
        let quota = CPUQuota(ppm: ppm)
        guard quota != nil || ppm == 0 else {
            throw HypervisorError(
                .invalid, operation: "cap",
                message: "\(CPUCap(ppm: ppm)) is no cap that the host's kernel takes: the least is "
                    + "\(CPUCap(ppm: CPUQuota.leastPPM)), 1 ms of each 20 ms")
        }
        let former = try freshDefinition(of: domain).cputune
        let isEmulatorOurs =
            former?.emulator_quota ?? -1 <= 0
            || CPUQuota.ppm(quota: former?.global_quota, period: former?.global_period)
                .flatMap { CPUQuota(ppm: $0)?.emulatorMicroseconds } == former?.emulator_quota
        // The kernel takes no quota of a part that is larger than the whole's, nor the reverse.
        if isEmulatorOurs { try setEmulatorQuota(of: domain, -1) }
        try setGlobalQuota(of: domain, quota?.microseconds ?? -1, try withDefinition(of: domain))
        if isEmulatorOurs, let quota { try setEmulatorQuota(of: domain, quota.emulatorMicroseconds) }
    }

    /// The running domain; and its definition too if that has a cap, which would come back at the next start.
    private func withDefinition(of domain: borrowing DomainHandle) throws(HypervisorError) -> UInt32 {
        let live = VIR_DOMAIN_AFFECT_LIVE.rawValue
        guard try domain.isPersistent(), let definition = DefinedDomain(xml: try domain.persistentXML()),
            definition.cputune?.global_quota ?? -1 > 0
        else { return live }
        return live | VIR_DOMAIN_AFFECT_CONFIG.rawValue
    }

    private func setGlobalQuota(
        of domain: borrowing DomainHandle, _ quota: Int64, period: Int64? = CPUQuota.periodMicroseconds, _ flags: UInt32
    ) throws(HypervisorError) {
        var parameters = TypedParameters()
        if let period { parameters.add(VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD, unsigned: UInt64(clamping: period)) }
        parameters.add(VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, signed: quota)
        try domain.setScheduler(parameters, flags)
    }

    private func setEmulatorQuota(
        of domain: borrowing DomainHandle, _ quota: Int64, period: Int64? = CPUQuota.periodMicroseconds
    ) throws(HypervisorError) {
        var parameters = TypedParameters()
        if let period { parameters.add(VIR_DOMAIN_SCHEDULER_EMULATOR_PERIOD, unsigned: UInt64(clamping: period)) }
        parameters.add(VIR_DOMAIN_SCHEDULER_EMULATOR_QUOTA, signed: quota)
        try domain.setScheduler(parameters, VIR_DOMAIN_AFFECT_LIVE.rawValue)
    }
}
