// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What `policy.set` changes, by the names of its parameters; what is `nil` stays as it is.
package struct PolicyChange: JSONDocument, Hashable {
    package var preset: Recognised<PolicyPreset>?
    package var lowerPpm: Int64?
    package var upperPpm: Int64?
    package var ratioPpm: Int64?
    package var minVcpus: Int?
    package var maxVcpus: Int?
    package var memory: Bool?
    package var memoryLowerPpm: Int64?
    package var memoryUpperPpm: Int64?
    package var minMemoryBytes: Int64?
    package var maxMemoryBytes: Int64?
    package var network: Bool?
    package var networkLowerPpm: Int64?
    package var networkUpperPpm: Int64?
    package var minNetworkBytesPerSecond: Int64?
    package var maxNetworkBytesPerSecond: Int64?
    package var managed: Bool?
    package var goalPpm: Int64?
    package var cooldownUpNanoseconds: Int64?
    package var cooldownDownNanoseconds: Int64?
    /// 0: the platform's number again.
    package var windowLength: Int?
    package var optOut: Bool?
    package var dryRun: Bool?
    package var affinity: String?
    package var antiAffinity: String?
    package var pinnedHosts: [HostID]?

    package init() {}
}

/// What `policy.replay` asks: which past period of a domain to decide again, and with which change of its policy. The
/// change's members stand beside the question's own.
package struct ReplayQuestion: JSONDocument, Hashable {
    package var domain: DomainID
    package var from: Timestamp
    /// The end of the period, not included.
    package var to: Timestamp
    package var change: PolicyChange

    package init(domain: DomainID, from: Timestamp, to: Timestamp, change: PolicyChange) {
        self.domain = domain
        self.from = from
        self.to = to
        self.change = change
    }

    private enum CodingKeys: String, CodingKey {
        case domain, from, to
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        domain = try container.decode(DomainID.self, forKey: .domain)
        from = try container.decode(Timestamp.self, forKey: .from)
        to = try container.decode(Timestamp.self, forKey: .to)
        change = try PolicyChange(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try change.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(domain, forKey: .domain)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
    }
}
