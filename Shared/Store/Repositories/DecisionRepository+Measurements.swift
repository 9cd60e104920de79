// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The outcome of a decision some minutes after its success: a row of `scheduling.decision_measurement`.
package struct DecisionMeasurement: Hashable, Sendable {
    package var decision: UUID128
    /// 1, 10 or 60.
    package var minutes: Int
    package var at: Timestamp
    package var resource: Resource
    /// The utilisation that the decision projected; `nil`: it projected none.
    package var predicted: Utilization?
    /// Mean of the known samples since; `nil`: there was none.
    package var real: Utilization?
    /// Known samples in `real`.
    package var samples: Int
    /// Whether a later action has reversed the change by then.
    package var isReversed: Bool

    package init(
        decision: UUID128, minutes: Int, at: Timestamp, resource: Resource, predicted: Utilization?,
        real: Utilization?, samples: Int, isReversed: Bool
    ) {
        self.decision = decision
        self.minutes = minutes
        self.at = at
        self.resource = resource
        self.predicted = predicted
        self.real = real
        self.samples = samples
        self.isReversed = isReversed
    }
}

extension DecisionRepository {
    /// Stores the outcome of a decision; the first measurement of each age stays. Throws `fenced`.
    package func add(_ measurement: DecisionMeasurement, under claim: ShardClaim) async throws {
        try await store.fenced(claim) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO scheduling.decision_measurement (decision, minutes, at_ns, resource, predicted_ppm,
                    real_ppm, samples, is_reversed)
                VALUES (\(measurement.decision), \(measurement.minutes), \(measurement.at),
                    \(measurement.resource.rawValue), \(measurement.predicted), \(measurement.real),
                    \(measurement.samples), \(measurement.isReversed))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    /// Measurements of decisions, newest decision first and by age within one; `domain`, `tenant` and `period` as for
    /// `list`, the limit in decisions.
    package func measurements(_ filter: DecisionFilter) async throws(StoreError) -> [DecisionMeasurement] {
        var chosen: Query = """
            SELECT s.id, s.at_ns FROM scheduling.decision s
            WHERE EXISTS (SELECT FROM scheduling.decision_measurement m WHERE m.decision = s.id)
            """
        if let domain = filter.domain { chosen += " AND s.domain = \(domain)" }
        chosen += " AND \(Query.isOwned(by: filter.tenant, domain: "s.domain", at: "s.at_ns"))"
        if let period = filter.period { chosen += " AND s.at_ns >= \(period.start) AND s.at_ns < \(period.end)" }
        chosen += " ORDER BY s.at_ns DESC, s.id LIMIT \(max(0, filter.limit))"
        let rows = try await store.query(
            """
            SELECT m.* FROM scheduling.decision_measurement m JOIN (\(chosen)) c ON c.id = m.decision
            ORDER BY c.at_ns DESC, c.id, m.minutes
            """)
        var measurements: [DecisionMeasurement] = []
        for row in rows { measurements.append(try DecisionMeasurement(row)) }
        return measurements
    }
}

extension DecisionMeasurement {
    fileprivate init(_ row: Row) throws(StoreError) {
        self.init(
            decision: try row.uuid("decision"), minutes: try row.int("minutes"), at: try row.timestamp("at_ns"),
            resource: try row.value("resource"), predicted: try row.utilizationOrNil("predicted_ppm"),
            real: try row.utilizationOrNil("real_ppm"), samples: try row.int("samples"),
            isReversed: try row.bool("is_reversed"))
    }
}
