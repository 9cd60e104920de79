// SPDX-License-Identifier: Apache-2.0

/// Every limit of the bus. Each has a default that suits a cluster of some thousand hosts.
package struct BusConfiguration: Sendable {
    /// Messages that wait in a socket for one peer before ZeroMQ drops (published) or refuses (commands).
    package var sendHighWaterMark = 10_000
    /// Messages that wait in a socket to be read. What is beyond is dropped by the publisher and shows as a gap.
    package var receiveHighWaterMark = 10_000
    /// Messages kept per stream for replay.
    package var spoolMessagesPerStream = 256
    /// Bytes kept over all streams of one publisher; beyond it the oldest messages go first.
    package var spoolBytesTotal = 64 << 20
    /// Streams that one publisher or subscriber knows at once.
    package var maximumStreams = 20_000
    /// Retired streams whose spool is still kept.
    package var maximumRetiredStreams = 256
    /// Largest frame that is sent or taken; a peer that sends a larger one is cut off. See `maximumBodyBytes`.
    package var maximumFrameBytes = 1 << 20
    /// How often a publisher lists its streams and a client asks its servers whether they are there. A connection that
    /// is silent for three intervals is made anew.
    package var heartbeatInterval: Duration = .milliseconds(500)
    /// Deliveries that may wait for the consumer. At this number the bus stops reading; it may pass the limit by one
    /// page of a replay and by what one stream holds back.
    package var deliveryBuffer = 4_096
    /// Messages of one stream held back behind a gap, and their bytes; beyond it the latest are dropped and replayed.
    package var holdBackMessages = 1_024
    package var holdBackBytes = 4 << 20
    /// How long one replay request may take.
    package var replayTimeout: Duration = .seconds(2)
    /// Requests for one gap that may fail before it is reported as lost.
    package var replayAttempts = 3
    /// Messages in one page of a replay; its bytes are bounded by `maximumFrameBytes`.
    package var replayPageMessages = 256
    /// Replays that one subscriber has under way at one publisher.
    package var maximumConcurrentReplays = 4
    /// Commands that run at once in one server; beyond it the answer is `busy`.
    package var maximumConcurrentCommands = 64
    /// Requests that wait for a reply in one client; beyond it they are refused.
    package var maximumPendingRequests = 4_096
    /// First and longest pause after a `busy`; a pause doubles each time and is drawn from its upper half.
    package var busyBackoff: Duration = .milliseconds(20)
    package var maximumBusyBackoff: Duration = .seconds(1)
    /// A command connection that has had no request for this time is closed.
    package var idleConnectionTimeout: Duration = .seconds(60)
    /// A connection whose handshake takes longer is cut and made anew. It is short, because a newcomer that is not on
    /// the list yet waits until it ends.
    package var handshakeInterval: Duration = .milliseconds(500)
    /// First and longest pause of libzmq between two attempts to connect.
    package var reconnectInterval: Duration = .milliseconds(100)
    package var maximumReconnectInterval: Duration = .seconds(2)
    /// File descriptors that must stay free in the process: libzmq aborts the process when there are none.
    package var reservedFileDescriptors = 64
    /// CURVE keys of this instance; `nil`: the bus makes them. Every endpoint is authenticated and encrypted, also on
    /// loopback.
    package var keyPair: CurveKeyPair?
    /// Where simulated fleets may be reached without CURVE.
    package var fleetNetwork = FleetNetwork.loopback
    /// Whether this bus is a simulated fleet's: it serves without CURVE, within `fleetNetwork`.
    package var servesFleet = false

    package init() {}

    /// Largest body of a published message or a request: leaves room for its envelope, also when both travel in a
    /// replay's page. A reply's body may fill a frame.
    package var maximumBodyBytes: Int { max(0, maximumFrameBytes - 16_384) }
}
