// SPDX-License-Identifier: Apache-2.0

import Bus

/// The composition root of `ebb-fleet`: the one place that names the bus's implementation.
enum FleetDaemon {
    /// Binds the command server. A hung host's calls are held until their callers give up, so it must let as many run
    /// at once as `concurrency`; the truth of a large fleet is one frame of up to `largestFrame` bytes.
    static func makeServer(endpoint: String, concurrency: Int, largestFrame: Int) async throws -> any CommandServer {
        throw BusError(.closed, operation: "bind \(endpoint)", message: "this build of ebb-fleet has no bus")
    }

    /// Makes the client that the administrative subcommands use.
    static func makeClient(largestFrame: Int) async throws -> any CommandClient {
        throw BusError(.closed, operation: "connect", message: "this build of ebb-fleet has no bus")
    }
}
