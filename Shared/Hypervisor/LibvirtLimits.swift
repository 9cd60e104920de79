// SPDX-License-Identifier: Apache-2.0

/// Limits of a libvirt host, each with a default that suits a local network.
package struct LibvirtLimits: Hashable, Sendable {
    /// A call that only reads, including the wait for earlier ones and, if need be, connecting.
    package var callTimeout: Duration = .seconds(5)
    /// A guest whose own figures held up a sample is left out for this long.
    package var suspectRetry: Duration = .seconds(30)
    /// Rest after a failed attempt to connect, doubled with each further one. The first attempt after an open
    /// connection broke is immediate.
    package var backOff: Duration = .milliseconds(500)
    package var backOffMaximum: Duration = .seconds(30)
    /// The host counts as gone when `keepAliveCount` messages in a row, one per interval, stayed without an answer.
    package var keepAliveIntervalSeconds = 5
    package var keepAliveCount = 3
    /// How long reading definitions may take within one sample; what is left is read with the next samples.
    package var definitionTime: Duration = .seconds(1)
    /// A definition is read again after this time even without a report of a change: not every driver reports all
    /// changes.
    package var definitionRefresh: Duration = .seconds(300)
    /// The same on Xen, which reports no change of a cap.
    package var capRefresh: Duration = .seconds(30)
    /// How many such definitions are read with one sample.
    package var definitionRefreshesPerSample = 8
    /// Where each domain is asked for alone, how long one call may read; other calls have their turn in between.
    package var sliceTime: Duration = .seconds(1)
    /// A sample is given up after this time, even if the host still answers.
    package var sampleTimeout: Duration = .seconds(600)
    /// Events that a reader may be behind before it loses the oldest.
    package var eventBacklog = 256
    /// How long the guest agent may take to answer one request; less if the whole call has little time.
    package var agentSeconds = 5
    /// Guest agents asked per sample, so that a crowded host is not asked about all at once.
    package var agentQueriesPerSample = 4
    /// A guest is asked again for its own number of vCPUs after this time.
    package var agentRefresh: Duration = .seconds(120)
    /// An agent that did not answer (the guest is booting, say) is asked again after this time.
    package var agentRetry: Duration = .seconds(10)

    package init() {}
}
