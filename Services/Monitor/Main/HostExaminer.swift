// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import Logging
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Finds out, from time to time, what decides whether guests can come to a host and leave it, and writes it down, so
/// that Scheduler knows for each pair of hosts what a host check would find. Each host is asked by its own Monitor
/// about itself and about each different CPU of its cluster, so the number of questions grows with the hosts, not with
/// their pairs.
struct HostExaminer: Sendable {
    let host: HostID
    let claim: ShardClaim
    let loop: HostLoop
    let edges: MonitorEdges
    let configuration: MonitorConfiguration

    /// Asks until cancelled; a host that does not answer is asked again soon.
    func run() async {
        while !Task.isCancelled {
            let isKnown = await loop.isUp ? await examine() : false
            await edges.pacer.sleep(for: isKnown ? configuration.examinationInterval : configuration.refreshInterval)
        }
    }

    /// Examines the host once; returns whether the result is written down.
    private func examine() async -> Bool {
        let askedAt = edges.clock.now()
        do {
            let examination = try await loop.hypervisor.examine()
            var abilities = HostAbilities(examination)
            let repository = HostAbilitiesRepository(edges.store)
            for (name, cpu) in try await repository.cpus(near: host) where name != abilities.cpu {
                abilities.acceptedCPUs[name] = try? await loop.hypervisor.accepts(cpu: cpu)
            }
            try await repository.set(
                HostAbilitiesRow(
                    host: host, abilities: abilities, askedAt: askedAt,
                    periodNanoseconds: configuration.examinationInterval.wholeNanoseconds),
                cpu: examination.cpu, under: claim)
            return true
        } catch {
            edges.log.debug(
                "what a host has can't be found out", metadata: ["host.id": "\(host)", "error": "\(error)"])
            return false
        }
    }
}

extension HostAbilities {
    /// A host's abilities by its own examination.
    init(_ examination: HostExamination) {
        let capabilities = examination.capabilities
        // A simulated guest needs nothing of its host.
        let isSimulated = capabilities.driver == FleetHypervisor.driver
        self.init(
            driver: capabilities.driver, hostUUID: capabilities.hostUUID,
            transports: examination.migrationTransports.sorted(),
            pools: isSimulated ? nil : examination.storagePools.filter(\.isActive).map(\.name).sorted(),
            networks: isSimulated ? nil : examination.networks.sorted(),
            cpu: examination.cpu.map(HostAbilitiesRepository.shortName))
    }
}
