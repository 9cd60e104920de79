// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Hypervisor
internal import Logging
internal import Messages
internal import ResourceModel
internal import ServiceKit
internal import Store

/// Monitor put together: membership over hosts, their work, and the delivery of commands.
enum MonitorService {
    /// Serves until cancelled.
    static func run(_ runtime: ServiceRuntime) async throws {
        let configuration = MonitorConfiguration(runtime.settings)
        let supervisor = Late<HostSupervisor>()
        let membership = runtime.membership(
            shardKinds: [.host], callDeadline: configuration.commandTimeout,
            handlers: OwnershipHandlers(
                gained: { await supervisor.value?.gained($0) }, lost: { await supervisor.value?.lost($0) }))
        let edges = MonitorEdges(
            instance: runtime.instance, store: runtime.store, publisher: runtime.publisher, clock: runtime.clock,
            open: opener(runtime, configuration),
            mayCommand: { [ownership = membership.ownership] shard, isFenced in
                ownership.mayCommand(
                    shard, isFenced: isFenced, bootNanoseconds: ClusterClock.bootTimeNanoseconds())
            }, log: runtime.log)
        let hosts = HostSupervisor(edges: edges, configuration: configuration)
        supervisor.set(hosts)
        await runtime.server.handle(.executeCommand) { body, context async throws(CommandFailure) -> [UInt8] in
            try await hosts.deliver(body, context)
        }
        await HostQuestions(supervisor: hosts, edges: edges).serve(on: runtime.server)
        await withTaskGroup { group in
            group.addTask { await membership.run() }
            group.addTask { await hosts.run() }
            group.addTask { await count(hosts, configuration) }
            await group.waitForAll()
        }
    }

    private static func count(_ hosts: HostSupervisor, _ configuration: MonitorConfiguration) async {
        while !Task.isCancelled {
            let census = await hosts.census()
            MonitorMetrics.hosts(up: census.up, unknown: census.unknown)
            try? await Task.sleep(for: configuration.refreshInterval)
        }
    }

    private static func opener(
        _ runtime: ServiceRuntime, _ configuration: MonitorConfiguration
    ) -> @Sendable (String, HostID) throws(HypervisorError) -> any Hypervisor {
        var limits = LibvirtLimits()
        limits.callTimeout = configuration.callTimeout
        let connectors = [
            HypervisorConnector.libvirt(limits: limits, folders: configuration.folders),
            .fleet(client: runtime.client, readTimeout: configuration.callTimeout),
        ]
        return { uri, host throws(HypervisorError) in
            try openHypervisor(uri: uri, host: host, log: runtime.log, connectors: connectors)
        }
    }
}

extension HypervisorConnector {
    /// Hosts of a simulated fleet, over the bus.
    static func fleet(client: any CommandClient, readTimeout: Duration) -> HypervisorConnector {
        HypervisorConnector(drivers: [.fleet]) { uri, _, _ throws(HypervisorError) in
            try FleetHypervisor(uri: uri.description, client: client, readTimeout: readTimeout)
        }
    }
}
