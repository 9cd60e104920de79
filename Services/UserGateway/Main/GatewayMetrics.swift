// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import UserGatewayCore

/// What the gateway's network counts.
struct GatewayMetrics: Sendable {
    /// Connections open now.
    private let connections = Gauge(label: "ebb_gateway_connections")

    func connectionsChanged(to count: Int) { connections.record(count) }

    /// Counts a connection that was refused or ended for a broken rule, by reason.
    func connectionRefused(_ reason: String) {
        Counter(label: "ebb_gateway_connections_refused_total", dimensions: [("reason", reason)]).increment()
    }

    /// Counts an answered request, by method (one of the registry's, or "unknown") and reason ("OK" if it succeeded).
    func requestEnded(method: String, outcome: Result<JSONValue, RPCError>, after duration: Duration) {
        let reason =
            switch outcome {
            case .success: "OK"
            case .failure(let error): error.reason ?? "INTERNAL"
            }
        Counter(label: "ebb_gateway_requests_total", dimensions: [("method", method), ("reason", reason)]).increment()
        Timer(label: "ebb_gateway_request_duration_seconds", dimensions: [("method", method)]).record(
            duration: duration)
    }
}
