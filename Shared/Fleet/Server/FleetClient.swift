// SPDX-License-Identifier: Apache-2.0

import Bus
import FleetModel
import FoundationEssentials
import Messages
import ResourceModel
import SwiftProtobuf

/// Administers a running fleet.
struct FleetClient: Sendable {
    private let client: any CommandClient
    private let peer: BusPeer
    private let timeout: Duration

    init(_ client: any CommandClient, endpoint: String, timeout: Duration = .seconds(60)) {
        self.client = client
        self.timeout = timeout
        // The fleet is in no table of instances; for one connection any id does.
        let instance = InstanceID(UUID128(high: 0, low: 1))
        peer = BusPeer(
            instance: instance, publishEndpoint: nil, commandEndpoint: endpoint, publicKey: nil,
            acceptsAnyInstance: true)
    }

    /// Does it; returns the JSON that it was answered with, empty for most.
    @discardableResult
    func administer(_ administration: FleetAdministration) async throws -> Data {
        try await administer(json: FleetJSON.encode(administration))
    }

    /// The same by a JSON document as `FleetAdministration` describes it.
    @discardableResult
    func administer(json: Data) async throws -> Data {
        var call = WireFleetCall()
        call.administer.json = json
        let body: [UInt8] = try call.serializedBytes()
        let reply = try await client.request(
            body, type: .fleetCall, to: peer, idempotencyKey: nil, timeout: timeout)
        return try WireFleetAnswer(serializedBytes: reply).json
    }
}
