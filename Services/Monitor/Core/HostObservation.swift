// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One reading of a host as the shell got it from the hypervisor, with its instants and the host's response time.
package struct HostObservation: Hashable, Sendable {
    package let instant: ReadingInstant
    /// At most one per domain.
    package let reading: HostReading
    package let responseTimeNanoseconds: Int64?
    package let responseMethod: ResponseMethod
    /// The share of the last round trips that had no answer.
    package let responseLoss: Utilization?

    /// - Parameters:
    ///   - calledAt: cluster time right before the hypervisor was asked.
    ///   - answeredAt: cluster time right after it answered.
    package init(
        _ reading: HostReading, calledAt: Timestamp, answeredAt: Timestamp, responseTimeNanoseconds: Int64? = nil,
        responseMethod: ResponseMethod = .unknown, responseLoss: Utilization? = nil
    ) {
        instant = ReadingInstant(
            calledAt: calledAt, answeredAt: answeredAt, readAt: reading.readAt,
            monotonicNanoseconds: reading.monotonicNanoseconds)
        self.reading = reading
        self.responseTimeNanoseconds = responseTimeNanoseconds
        self.responseMethod = responseMethod
        self.responseLoss = responseLoss
    }
}
