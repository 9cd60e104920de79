// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import ResourceModel
import Store

/// What one domain would have cost at one size.
struct FixedSizeTotal: Sendable {
    let name: String
    /// `nil`: it never ran.
    let capacity: Capacity?
    let totalNanos: Quantity
}

/// Everything on which a bill is based, as the database had it at one instant.
struct BillingSnapshot: Sendable {
    let inputs: BillingInputs
    /// The capacity with which each domain first ran; domains that never ran are missing.
    let firstCapacities: [DomainID: Capacity]

    /// What each domain would have cost at its first size, in the order of the domains.
    func fixedSizeTotals() throws(BillingFault) -> [FixedSizeTotal] {
        var totals: [FixedSizeTotal] = []
        for domain in inputs.domains {
            var own = inputs
            own.domains = [domain]
            own.segments = inputs.segments.filter { $0.domain == domain.domain }
            own.readings = inputs.readings.filter { $0.domain == domain.domain }
            let capacity = firstCapacities[domain.domain]
            let bill = try Rating.fixedSizeBill(own, capacity: capacity ?? .zero)
            totals.append(FixedSizeTotal(name: domain.name, capacity: capacity, totalNanos: bill.totalNanos))
        }
        return totals
    }
}

/// Reads the facts from PostgreSQL in one repeatable-read transaction.
struct BillingReader: Sendable {
    private let store: Store

    init(_ store: Store) { self.store = store }

    /// Throws `not-found` for an unknown tenant.
    ///
    /// - Parameter isPriced: whether policies and rate cards are read too; the use alone needs neither.
    func snapshot(
        of tenant: TenantID, in period: TimeRange, priced isPriced: Bool = true
    ) async throws -> BillingSnapshot {
        try await store.transaction(isolation: .repeatableRead) { transaction in
            let usage = UsageRepository(transaction)
            guard try await usage.tenantExists(tenant) else {
                throw CommandFailure.notFound("there is no tenant '\(tenant)'")
            }
            let horizon = try await usage.horizon() ?? .zero
            let domains = try await usage.domains(of: tenant, in: period)
            let segments = try await usage.segments(of: tenant, in: period)
            let policies =
                isPriced ? try await PolicyRepository(store).history(of: tenant, in: transaction) : []
            let cards = isPriced ? try await RateCards(store).cards(in: period, transaction) : []
            // Each domain's own policies are boundaries of its readings in any case.
            let boundaries = cards.map(\.validFrom).filter(period.contains)
            let readings = try await usage.readings(of: tenant, in: period, boundaries: boundaries)
            return BillingSnapshot(
                inputs: BillingInputs(
                    tenant: tenant, period: period, knownUntil: horizon, domains: domains.map { BillableDomain($0) },
                    segments: segments.compactMap { SizeSegment($0, until: period.end) },
                    readings: readings.map { MeterReading($0) }, policies: policies, rateCards: cards),
                firstCapacities: domains.reduce(into: [:]) { $0[$1.id] = $1.firstCapacity })
        }
    }
}

extension BillableDomain {
    init(_ row: BilledDomainRow) {
        self.init(domain: row.id, name: row.name, owned: row.periods.joined())
    }
}

extension SizeSegment {
    /// An open segment ends with the evidence: when its host was last seen; `nil` if there is none yet.
    init?(_ row: StoredSegment, until end: Timestamp) {
        guard let last = row.end ?? row.hostProvedUntil, let period = TimeRange(row.start, min(last, end)),
            !period.isEmpty
        else { return nil }
        self.init(
            domain: row.domain, host: row.host, period: period, capacity: row.capacity, memory: row.memory,
            disk: row.disk)
    }
}

extension MeterReading {
    init(_ row: StoredReading) {
        self.init(
            domain: row.domain, host: row.host, incarnationStart: row.incarnationStart, at: row.at,
            counters: row.counters)
    }
}
