// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What `assess` asks: which observed VMs to assess, over which past period.
package struct AssessQuestion: JSONDocument, Hashable {
    package var hosts: [HostID]
    package var from: Timestamp
    /// The end of the period, not included.
    package var to: Timestamp

    package init(hosts: [HostID], from: Timestamp, to: Timestamp) {
        self.hosts = hosts
        self.from = from
        self.to = to
    }
}

/// Which decisions to show as their tenants may read them: one, or several.
package struct DecisionQuestion: JSONDocument, Hashable {
    /// How many decisions one question may have.
    package static let limit = 1_000

    /// Gateways of an older version ask for one.
    package var id: UUID128?
    package var ids: [UUID128]?

    package init(ids: [UUID128]) { self.ids = ids }
}

/// Which decisions to verify: one, or all of a cluster.
package struct VerifyQuestion: JSONDocument, Hashable {
    package var id: UUID128?
    package var cluster: ClusterID?

    package init(id: UUID128) { self.id = id }
    package init(cluster: ClusterID) { self.cluster = cluster }
}

/// What `decision.verify` answers.
package struct VerifyAnswer: JSONDocument, Hashable {
    /// For how many records at most the answer says what differs.
    package static let limit = 100

    package struct Failure: Codable, Hashable, Sendable {
        package let id: UUID128
        package let at: Timestamp
        /// What differs.
        package let fault: String

        package init(id: UUID128, at: Timestamp, fault: String) {
            self.id = id
            self.at = at
            self.fault = fault
        }
    }

    /// Records that were read.
    package var checked = 0
    /// Records whose rules, run again over their inputs, gave the same bytes.
    package var held = 0
    /// Records of rules that this release does not have: they can't be run again here.
    package var otherRules = 0
    /// The others, each with what differs; at most `limit` of them.
    package var failures: [Failure] = []

    package var failed: Int { checked - held - otherRules }

    package init() {}

    /// What a Scheduler of an older version does not count is 0.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        checked = try container.decodeIfPresent(Int.self, forKey: .checked) ?? 0
        held = try container.decodeIfPresent(Int.self, forKey: .held) ?? 0
        otherRules = try container.decodeIfPresent(Int.self, forKey: .otherRules) ?? 0
        failures = try container.decodeIfPresent([Failure].self, forKey: .failures) ?? []
    }
}
