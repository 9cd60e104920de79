// SPDX-License-Identifier: Apache-2.0

/// Which endpoints may be used, and how they are secured: by CURVE, wherever they are. Only a simulated fleet's
/// endpoints are plain, and only within its `FleetNetwork`.
enum EndpointPolicy {
    /// How to bind.
    static func server(_ endpoint: String, _ configuration: BusConfiguration, _ pair: CurveKeyPair) throws(BusError)
        -> SocketTable.Security
    {
        let operation = "bind \(endpoint)"
        let place = try place(of: endpoint, operation)
        guard configuration.servesFleet else { return .server(pair) }
        guard configuration.fleetNetwork.holds(place) else {
            throw refused(
                operation,
                "a simulated fleet has no keys and serves on loopback only; name its private network, or "
                    + "bind to 127.0.0.1")
        }
        return .plain
    }

    /// How to connect.
    ///
    /// - Parameters:
    ///   - key: the peer's.
    ///   - isFleet: whether the peer is a simulated fleet, which may go without a key.
    static func client(
        _ endpoint: String, key: String?, isFleet: Bool, _ configuration: BusConfiguration, _ pair: CurveKeyPair
    ) throws(BusError) -> SocketTable.Security {
        let operation = "connect \(endpoint)"
        let place = try place(of: endpoint, operation)
        if let key {
            guard isCurveKey(key) else { throw refused(operation, "the peer's CURVE key is not 40 characters of Z85") }
            return .client(pair, serverKey: key)
        }
        guard isFleet else {
            throw refused(operation, "the peer advertises no CURVE key, and nobody is asked without; restart the peer")
        }
        guard configuration.fleetNetwork.holds(place) else {
            throw refused(
                operation,
                "a simulated fleet has no keys and is reached on loopback only; name its private network with "
                    + "monitor.fleetNetwork")
        }
        return .plain
    }

    fileprivate enum Place {
        case ipc, loopback
        /// A machine on the network, by this name or address.
        case network(Substring)
    }

    private static func place(of endpoint: String, _ operation: String) throws(BusError) -> Place {
        if endpoint.hasPrefix("ipc://") { return .ipc }
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else {
            throw refused(operation, "only tcp://host:port and ipc://path are taken")
        }
        let host = endpoint[..<colon].dropFirst("tcp://".count)
        return host == "localhost" || host == "[::1]" || isIPv4Loopback(host) ? .loopback : .network(host)
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

extension FleetNetwork {
    fileprivate func holds(_ place: EndpointPolicy.Place) -> Bool {
        switch place {
        case .ipc, .loopback: true
        case .network(let host): contains(host)
        }
    }
}
