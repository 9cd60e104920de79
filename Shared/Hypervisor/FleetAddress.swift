// SPDX-License-Identifier: Apache-2.0

package import Bus
package import ResourceModel

/// Where a simulated host is: `fleet://ADDRESS:PORT/HOST`.
package struct FleetAddress: Hashable, Sendable {
    /// The command endpoint of its `ebb-fleet`, for instance `tcp://127.0.0.1:7400`.
    package let endpoint: String
    /// The host's id within that fleet.
    package let host: HostID

    /// `nil` unless the text has exactly this form, with a port of 1 to 65535.
    package init?(_ uri: String) {
        let scheme = "fleet://"
        guard uri.hasPrefix(scheme) else { return nil }
        let parts = uri.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let host = HostID(String(parts[1])) else { return nil }
        guard let colon = parts[0].lastIndex(of: ":"), colon > parts[0].startIndex,
            let port = UInt16(parts[0][parts[0].index(after: colon)...]), port > 0,
            parts[0].utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 < 0x7F })
        else { return nil }
        endpoint = "tcp://\(parts[0])"
        self.host = host
    }

    /// The fleet's server as a peer of the bus. It is in no table of instances: its id follows from its endpoint, so
    /// that all hosts of one fleet share one connection.
    package func peer(publicKey: String?) -> BusPeer {
        // FNV-1a: any hash does that is the same in every process.
        let hash = endpoint.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let instance = InstanceID(UUID128(high: 0x6562_622D_666C_4565, low: hash))
        return BusPeer(
            instance: instance, publishEndpoint: nil, commandEndpoint: endpoint, publicKey: publicKey,
            acceptsAnyInstance: true)
    }
}
