// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A period in which a domain's host and confirmed size did not change. An open one ends where its evidence does.
package struct SizeSegment: Hashable, Sendable, Codable {
    package var domain: DomainID
    package var host: HostID
    package var period: TimeRange
    /// Confirmed; zero while stopped or saved.
    package var vcpus: VCPUCount
    /// Allocated; zero while stopped or saved.
    package var memory: ByteCount
    /// Provisioned, in every state.
    package var disk: ByteCount

    package init(
        domain: DomainID, host: HostID, period: TimeRange, vcpus: VCPUCount, memory: ByteCount, disk: ByteCount
    ) {
        self.domain = domain
        self.host = host
        self.period = period
        self.vcpus = vcpus
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
    /// When it was the tenant's, without an end while it still is: nothing outside of it is billed, and what no segment
    /// covers of it is listed as unbilled. Disjoint.
    package var owned: [TimeRange]

    package init(domain: DomainID, name: String, owned: [TimeRange]) {
        self.domain = domain
        self.name = name
        self.owned = owned
    }
}

/// All that a bill rests on, in any order. What is outside of the period, or of the time in which a domain was the
/// tenant's, is ignored; but the readings on either side are needed: an interval between two readings that crosses an end
/// is split.
package struct BillingInputs: Hashable, Sendable, Codable {
    package var tenant: TenantID
    package var period: TimeRange
    /// Up to where anything is known of any host. What no segment covers of the time after it is not unbilled but not
    /// there yet. It cuts nothing: a segment or a reading that reaches further is evidence itself.
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
