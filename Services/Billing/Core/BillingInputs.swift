// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A period in which a domain's host and confirmed size did not change. An open one ends where its evidence does.
package struct SizeSegment: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var host: HostID
    package var period: TimeRange
    /// Billable: what its cap leaves of its confirmed vCPUs; zero while stopped or saved, and only then.
    package var capacity: Capacity
    /// Allocated; zero while stopped or saved.
    package var memory: ByteCount
    /// Provisioned, in every state.
    package var disk: ByteCount

    package init(
        domain: DomainID, host: HostID, period: TimeRange, capacity: Capacity, memory: ByteCount, disk: ByteCount
    ) {
        self.domain = domain
        self.host = host
        self.period = period
        self.capacity = capacity
        self.memory = memory
        self.disk = disk
    }
}

/// Cumulative counters of one incarnation at one instant. `nil` is unknown, never zero.
package struct MeterReading: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var host: HostID
    package var incarnationStart: Timestamp
    package var at: Timestamp
    package var counters: DomainCounters

    package init(
        domain: DomainID, host: HostID, incarnationStart: Timestamp, at: Timestamp, counters: DomainCounters
    ) {
        self.domain = domain
        self.host = host
        self.incarnationStart = incarnationStart
        self.at = at
        self.counters = counters
    }
}

/// A domain that is, or was, the tenant's that is billed.
package struct BillableDomain: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var name: String
    /// The periods in which it was the tenant's; the last one has no end while it still is. Nothing outside of them is
    /// billed, and time in them that no segment covers is listed as unbilled. They are disjoint.
    package var owned: [TimeRange]

    package init(domain: DomainID, name: String, owned: [TimeRange]) {
        self.domain = domain
        self.name = name
        self.owned = owned
    }
}

/// Everything on which a bill is based, in any order. Facts outside of the period, or of the time in which a domain was
/// the tenant's, are ignored. But the readings on either side of an end are needed, since an interval between two
/// readings that crosses the end is split.
package struct BillingInputs: Hashable, Sendable, Codable {
    package var tenant: TenantID
    package var period: TimeRange
    /// Up to which instant anything is known of any host. Later time that no segment covers is not listed as unbilled,
    /// since it is not known yet. Nothing is cut there: a segment or a reading that reaches further is evidence itself.
    package var knownUntil: Timestamp
    package var domains: [BillableDomain]
    package var segments: [SizeSegment]
    package var readings: [MeterReading]
    package var policies: [PolicyVersion]
    package var rateCards: [RateCard]

    package init(
        tenant: TenantID, period: TimeRange, knownUntil: Timestamp, domains: [BillableDomain], segments: [SizeSegment],
        readings: [MeterReading], policies: [PolicyVersion], rateCards: [RateCard]
    ) {
        self.tenant = tenant
        self.period = period
        self.knownUntil = knownUntil
        self.domains = domains
        self.segments = segments
        self.readings = readings
        self.policies = policies
        self.rateCards = rateCards
    }
}
