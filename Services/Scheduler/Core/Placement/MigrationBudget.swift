// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// How much may move at once.
package struct MigrationBudget: Hashable, Sendable, Codable {
    /// Migrations towards one host at a time.
    package var inPerHost: Int
    /// Migrations away from one host at a time.
    package var outPerHost: Int
    package var perCluster: Int
    /// A domain that has moved is not moved again for so long.
    package var restNanoseconds: Int64

    package init(
        inPerHost: Int = 1, outPerHost: Int = 1, perCluster: Int = 2, restNanoseconds: Int64 = 1_800_000_000_000
    ) {
        self.inPerHost = inPerHost
        self.outPerHost = outPerHost
        self.perCluster = perCluster
        self.restNanoseconds = restNanoseconds
    }
}

/// When and whether Ebb moves a domain to relieve its host.
package struct MoveSettings: Hashable, Sendable, Codable {
    package var budget = MigrationBudget()
    /// N of the rule for hosts.
    package var hostWindowLength = 12
    /// M of the rule for hosts: so many of the last N known samples above the host's bound make it overloaded.
    package var hostBreachesNeeded = 8
    /// A move must lower the sum of squares of both hosts' loads by at least this share of it.
    package var minimumImprovement = Utilization(percent: 5)
    /// After a failed migration its domain rests so long, twice as long after each further one …
    package var backoffNanoseconds: Int64 = 60_000_000_000
    /// … but not longer than this, for which the target that failed is left out as well.
    package var maximumBackoffNanoseconds: Int64 = 1_800_000_000_000
    /// After a move that Ebb did not order its domain, and relief of both hosts, rest so long.
    package var foreignRestNanoseconds: Int64 = 1_800_000_000_000
    /// A neighbour moves in place of the domain that grows if it costs at most this share of what the domain costs, or
    /// if the domain itself can't be moved.
    package var neighbourCostShare = Utilization(percent: 25)

    package init() {}
}
