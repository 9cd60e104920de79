// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import ResourceModel
import Store
import TestSupport

@testable import MonitorMain

/// A fleet of two hosts, and a migrated database that knows them.
///
/// - Parameters:
///   - domains: on the first host, which Ebb did not make.
///   - clockOffset: how far the second host's clock is ahead.
func withFleet(
    mode: HostMode = .enabled, durations: OperationDurations = OperationDurations(),
    domains: [FleetDomainDefinition] = [], clockOffset: Duration = .zero, in cluster: PostgresCluster? = nil,
    _ body: (FleetRig, TestDatabase) async throws -> Void
) async throws {
    let fleet = try await FleetRig.start(
        FleetConfiguration(
            hosts: [
                HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16), domains: domains),
                HostConfiguration(
                    id: "h2", cores: 8, memory: .gibibytes(16),
                    clockOffsetNanoseconds: clockOffset.wholeNanoseconds),
            ], durations: durations))
    do {
        try await withDatabase(in: cluster) { database in
            try await database.withStore { store in
                _ = try await AccountRepository(store).addTenant("acme")
                for host in ["h1", "h2"] as [HostID] {
                    try await InventoryRepository(store).addHost(host, cluster: "c1", uri: fleet.uri(host))
                    try await InventoryRepository(store).setMode(of: host, to: mode)
                }
            }
            try await body(fleet, database)
        }
    } catch {
        await fleet.bus.close()
        throw error
    }
    await fleet.bus.close()
}

/// The same, with one Monitor that owns both hosts.
func withMonitor(
    mode: HostMode = .enabled, durations: OperationDurations = OperationDurations(),
    domains: [FleetDomainDefinition] = [], clockOffset: Duration = .zero, configuration: MonitorConfiguration = .quick,
    in cluster: PostgresCluster? = nil, _ body: (MonitorRig, FleetRig) async throws -> Void
) async throws {
    try await withFleet(
        mode: mode, durations: durations, domains: domains, clockOffset: clockOffset, in: cluster
    ) { fleet, database in
        try await MonitorRig.with(database, configuration: configuration) { rig in
            for host in ["h1", "h2"] as [HostID] { try await rig.take(host) }
            try await body(rig, fleet)
        }
    }
}
