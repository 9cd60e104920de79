// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import ResourceModel

extension StreamID {
    /// The shard that stores this stream; `nil` if the topic is not logged.
    package var shard: String? {
        let parts = topic.text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, parts[2].isEmpty else { return nil }
        switch parts[0] {
        case "host", "event": return String(parts[1])
        case "decision": return LogShard.clusterPrefix + parts[1]
        default: return nil
        }
    }
}

/// The right to store a shard's streams: its id, and the epoch under which this instance owns it.
package struct LogShard: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// A host's shard is named as the host, a cluster's `cluster:<id>`: names have no colon, so the two never collide.
    package static let clusterPrefix = "cluster:"

    package let id: String
    package let epoch: Int64

    package init(id: String, epoch: Int64) {
        self.id = id
        self.epoch = epoch
    }

    /// The topics whose streams the shard stores.
    package var topics: [Topic] {
        if id.hasPrefix(Self.clusterPrefix) {
            return [.decision(ClusterID(trusted: String(id.dropFirst(Self.clusterPrefix.count))))]
        }
        return [.host(HostID(trusted: id)), .event(HostID(trusted: id))]
    }

    package static func < (left: LogShard, right: LogShard) -> Bool { (left.id, left.epoch) < (right.id, right.epoch) }
    package var description: String { "log/\(id)@\(epoch)" }
}
