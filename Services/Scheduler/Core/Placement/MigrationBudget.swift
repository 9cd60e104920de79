// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// How much may move at once.
package struct MigrationBudget: Hashable, Sendable, Codable {
    /// Migrations towards one host at a time.
    package var inPerHost: Int
    /// Migrations away from one host at a time.
    package var outPerHost: Int
    package var perCluster: Int
    /// A domain that has moved is not moved again for this long.
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
    /// M of the rule for hosts: how many of the last N known samples must be above the host's bound to make it
    /// overloaded.
    package var hostBreachesNeeded = 8
    /// A move must lower the sum of squares of both hosts' loads by at least this share of the sum.
    package var minimumImprovement = Utilization(percent: 5)
    /// After a failed migration its domain rests for this long, twice as long after each further failure …
    package var backoffNanoseconds: Int64 = 60_000_000_000
    /// … but at most for this long. The failed target is left out for this long, too.
    package var maximumBackoffNanoseconds: Int64 = 1_800_000_000_000
    /// After a move that Ebb did not order, its domain and the relief of both hosts rest for this long.
    package var foreignRestNanoseconds: Int64 = 1_800_000_000_000
    /// A neighbour moves instead of the growing domain if moving it costs at most this share of moving the domain, or
    /// if the domain itself can't be moved.
    package var neighbourCostShare = Utilization(percent: 25)

    package init() {}
}
