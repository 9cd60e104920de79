// SPDX-License-Identifier: Apache-2.0

/// Which endpoints may be used, and how they are secured: plain only where nothing leaves the machine.
enum EndpointPolicy {
    /// How to bind.
    static func server(_ endpoint: String, _ configuration: BusConfiguration) throws(BusError)
        -> SocketTable.Security
    {
        let operation = "bind \(endpoint)"
        switch try place(of: endpoint, operation) {
        case .ipc: return .plain
        case .loopback: return configuration.keyPair.map { .server($0) } ?? .plain
        case .network:
            if let pair = configuration.keyPair { return .server(pair) }
            guard configuration.allowsPlainOffLoopback else {
                throw refused(operation, "an endpoint that leaves the machine needs a CURVE key pair; configure one")
            }
            return .plain
        }
    }

    /// How to connect. `key` is the peer's.
    static func client(_ endpoint: String, key: String?, _ configuration: BusConfiguration) throws(BusError)
        -> SocketTable.Security
    {
        let operation = "connect \(endpoint)"
        let place = try place(of: endpoint, operation)
        guard place != .ipc else { return .plain }
        guard let key else {
            guard place == .loopback || configuration.allowsPlainOffLoopback else {
                throw refused(operation, "the peer advertises no CURVE key, and its endpoint is on another machine")
            }
            return .plain
        }
        guard isCurveKey(key) else { throw refused(operation, "the peer's CURVE key is not 40 characters of Z85") }
        guard let pair = configuration.keyPair else {
            throw refused(operation, "the peer wants CURVE, but this instance has no key pair; configure one")
        }
        return .client(pair, serverKey: key)
    }

    /// Whether what is bound there never leaves the machine; `false` also for what can't be read.
    static func staysOnMachine(_ endpoint: String) -> Bool {
        (try? place(of: endpoint, endpoint)).map { $0 != .network } ?? false
    }

    private enum Place {
        case ipc, loopback, network
    }

    private static func place(of endpoint: String, _ operation: String) throws(BusError) -> Place {
        if endpoint.hasPrefix("ipc://") { return .ipc }
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else {
            throw refused(operation, "only tcp://host:port and ipc://path are taken")
        }
        let host = endpoint[..<colon].dropFirst("tcp://".count)
        return host == "localhost" || host == "[::1]" || isIPv4Loopback(host) ? .loopback : .network
    }

    /// Four numbers, the first 127: a name that merely begins with `127.` is resolved elsewhere.
    private static func isIPv4Loopback(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func refused(_ operation: String, _ message: String) -> BusError {
        BusError(.refused, operation: operation, message: message)
    }
}

/// Whether an endpoint never leaves the machine, so that it may go without CURVE.
package func staysOnMachine(endpoint: String) -> Bool { EndpointPolicy.staysOnMachine(endpoint) }
