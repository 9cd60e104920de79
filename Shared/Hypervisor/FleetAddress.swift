// SPDX-License-Identifier: Apache-2.0

package import Bus
package import ResourceModel

/// Where a simulated host is: `fleet://ADDRESS:PORT/HOST`.
package struct FleetAddress: Hashable, Sendable {
    /// The command endpoint of its `ebb-fleet`, for instance `tcp://127.0.0.1:7400`.
    package let endpoint: String
    /// The host's id within that fleet.
    package let host: HostID

    /// `nil` unless the text has exactly this form.
    package init?(_ text: String) {
        guard let uri = try? HypervisorURI(text), uri.driver == .fleet, let address = uri.host, let port = uri.port,
            let host = HostID(String(uri.path.dropFirst()))
        else { return nil }
        endpoint = "tcp://\(address.authority):\(port)"
        self.host = host
    }

    /// The fleet's server as a peer of the bus. It is in no table of instances: its id follows from its endpoint, so
    /// that all hosts of one fleet share one connection.
    package func peer(publicKey: String?) -> BusPeer {
        // FNV-1a: any hash will do that is the same in every process.
        let hash = endpoint.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let instance = InstanceID(UUID128(high: 0x6562_622D_666C_4565, low: hash))
        return BusPeer(
            instance: instance, publishEndpoint: nil, commandEndpoint: endpoint, publicKey: publicKey,
            acceptsAnyInstance: true)
    }
}
