// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import SchedulerCore
import Store

extension SchedulerSettings {
    /// The configuration's settings with those that people have set for a cluster and for tenants.
    ///
    /// Throws if that is not valid: the blackouts can't be read, or a value is out of range.
    func with(_ cluster: ClusterSetting?, tenants: [TenantSetting]) throws -> SchedulerSettings {
        var settings = self
        settings.dryRunTenants = tenants.filter(\.isDryRun).map(\.tenant).sorted()
        for tenant in tenants { settings.tenantWeights[tenant.tenant] = tenant.weight }
        guard let cluster else { return settings }
        settings.isDryRun = cluster.isDryRun
        guard let blackouts = [Blackout](json: cluster.blackouts) else {
            throw SchedulerSettings.Fault(description: "the blackouts of '\(cluster.cluster)' can't be read")
        }
        settings.blackouts = blackouts
        if let weights = cluster.weights {
            settings.weights = PlacementWeights(
                responsePPM: weights.response, cpuPPM: weights.cpu, memoryPPM: weights.memory)
        }
        if let count = cluster.movesInPerHost { settings.moves.budget.inPerHost = count }
        if let count = cluster.movesOutPerHost { settings.moves.budget.outPerHost = count }
        if let count = cluster.movesPerCluster { settings.moves.budget.perCluster = count }
        if let rest = cluster.moveRestNanoseconds { settings.moves.budget.restNanoseconds = rest }
        try settings.validate()
        return settings
    }
}
