// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The secret by which an instance proves its identity to the database, which keeps a hash of it: without it nobody can
/// change the instance's row or its shards. Made at its start, kept in memory.
package struct InstanceCredential: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let id: InstanceID
    let secret: [UInt8]

    /// Draws the 256-bit secret.
    package init(_ id: InstanceID, using generator: inout some RandomNumberGenerator) {
        self.init(id, secret: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// - Parameter secret: 32 bytes; the database refuses any other count.
    package init(_ id: InstanceID, secret: [UInt8]) {
        self.id = id
        self.secret = secret
    }

    /// Never shows the secret.
    package var description: String { "instance \(id)" }
    package var debugDescription: String { description }
}
