// SPDX-License-Identifier: Apache-2.0

package import UserGatewayCore

/// Where the gateway listens, and every limit of its network.
package struct GatewayServerConfiguration: Sendable {
    /// Certificate chain and private key, both PEM files.
    package struct TLS: Hashable, Sendable {
        package let certificatePath: String
        package let keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// An address or name of this machine.
    package var host = "127.0.0.1"
    /// 0: any free port (`GatewayServer.boundAddress` says which).
    package var port = 7_420
    /// `nil`: plain TCP, which carries tokens in the clear.
    package var tls: TLS?
    /// Plain TCP off loopback is refused unless this says that the network itself is trusted.
    package var allowsPlainOffLoopback = false

    /// At most half of them may be strangers: connections without a login.
    package var maximumConnections = 1_024
    /// Strangers from one address; connections with a login are not counted by address.
    package var maximumStrangersPerAddress = 64
    /// Requests of one connection before login.
    package var maximumRequestsBeforeLogin = 16
    /// A connection with more empty lines in a row ends.
    package var maximumEmptyLines = 16
    /// Bytes of one line before login.
    package var maximumLineBeforeLogin = 4_096
    /// Bytes of one line after login: 64 KiB to 1 MiB.
    package var maximumLine = 1 << 20
    /// A longer line is read on a thread of its own, and not before its sender's budget of bytes has room for it.
    package var longLine = 16_384
    /// Values in one line, each member and element counted.
    package var maximumValuesOfLine = 20_000
    /// Bytes of one answer; a longer one becomes an error that says to ask for less.
    package var maximumAnswer = 8 << 20
    /// Bytes of the answers to one line before login.
    package var maximumAnswerBeforeLogin = 65_536
    /// Bytes of answers that a client has not read, beyond which it gets no more.
    package var maximumOwed = 16 << 20
    /// Messages of one connection that are worked on at the same time.
    package var maximumInFlight = 64
    /// Bytes that may wait to be sent before the connection's answers wait too.
    package var outboundHighWatermark = 1 << 20
    /// The same before login.
    package var outboundHighWatermarkBeforeLogin = 65_536

    package var handshakeTimeout: Duration = .seconds(5)
    /// From the connection to a login, whatever is sent. With the second in which the reason can be read, a connection
    /// without login lives for 10 s in all.
    package var loginDeadline: Duration = .seconds(9)
    /// From the connection (or its handshake) to the end of the first line.
    package var firstLineTimeout: Duration = .seconds(10)
    /// From a line's first byte to its end.
    package var lineTimeout: Duration = .seconds(10)
    /// The longest time without a line from the client.
    package var idleTimeout: Duration = .seconds(300)
    /// A client that takes no bytes for this long while answers wait is disconnected.
    package var stalledWriteTimeout: Duration = .seconds(30)
    /// How many connections without a login one address may open at once, and how long until it may open one more.
    package var arrivalBurst = 64
    package var arrivalRefill: Duration = .milliseconds(50)
    /// Whether that also holds for this machine's own addresses: everybody on it has the same ones, so that one client
    /// that connects all the time would keep all others out.
    package var limitsLoopback = false
    /// How many requests, apart from logins, all clients without a login may send at once, and how long until one more.
    package var strangersBurst = 400
    package var strangersRefill: Duration = .milliseconds(5)
    /// A client without a login that exceeds a limit gets its refusal after this time or up to twice as long, and is
    /// then disconnected.
    package var strangersPause: Duration = .seconds(1)
    /// How many connections may wait for that refusal at the same time, beside `maximumConnections`; further ones are
    /// closed at once, without a message.
    package var maximumPausedRefusals = 64
    /// Logins that one address may try at once, and how long until it may try one more; `loginRefill` above 0.
    package var loginBurst = 10
    package var loginRefill: Duration = .seconds(1)
    /// How long a token's look-up may take; shorter than `loginDeadline`, so that the client learns why its login
    /// failed.
    package var loginTimeout: Duration = .seconds(6)
    /// How often it is checked whether the tokens of open sessions are still valid.
    package var sessionCheckInterval: Duration = .milliseconds(400)
    /// Nothing is done for a session whose last check is older than this.
    package var sessionCheckAge: Duration = .milliseconds(900)
    /// How long an urgent request waits for that check before it is carried out anyway.
    package var urgentCheckTimeout: Duration = .milliseconds(200)
    /// For each weight, how much work is done at the same time for all who are logged in, and how much may wait.
    package var ordinaryWork = FairQueue.Limits(places: 8)
    package var costlyWork = FairQueue.Limits(places: 2, waitingPerLane: 64)
    package var billingWork = FairQueue.Limits(places: 2, waitingPerLane: 64)
    package var schedulerWork = FairQueue.Limits(places: 4, waitingPerLane: 64)
    /// Freezes have places of their own, so many that one party's hold up no other's, and each party few of them, so that
    /// they leave it and others connections of the database.
    package var urgentWork = FairQueue.Limits(places: 64, placesPerLane: 2, waitingPerLane: 8)
    /// How long a request may wait for its turn.
    package var turnTimeout: Duration = .seconds(10)
    /// How much each principal of a tenant, and each tenant in total, may use.
    package var principalRates = Rates(requests: 200, bytes: 8 << 20, databaseMicroseconds: 1_000_000)
    package var tenantRates = Rates(requests: 400, bytes: 16 << 20, databaseMicroseconds: 1_500_000)
    /// Bytes of answers of one tenant that its clients have not read.
    package var maximumOwedPerTenant = 64 << 20
    /// A party beyond its limits is read again after this time at the latest; it is refused only if it is further
    /// beyond them.
    package var longestRefusalPause: Duration = .seconds(1)
    /// How often it is checked whether the certificate's files have changed.
    package var certificateInterval: Duration = .seconds(1)

    /// A call is cancelled after this time: its outcome is then unknown if it changes something.
    package var callTimeout: Duration = .seconds(120)
    /// How long a shutdown waits for calls under way.
    package var drainTimeout: Duration = .seconds(8)

    package init() {}

    /// The pause of one connection; random, so that clients that were refused together do not come back together.
    var pauseOfStranger: Duration { strangersPause * Double.random(in: 1...2) }
}

/// Why the gateway can't serve.
package struct GatewayServerError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case addressInUse, addressUnusable, plainOffLoopback, certificateUnusable
    }

    package let code: Code
    /// Culprit and remedy.
    package let message: String

    package var description: String { message }
}
