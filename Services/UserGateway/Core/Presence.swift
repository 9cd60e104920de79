// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Which of Ebb's services are there, and which are missing since when.
package struct Presence: Hashable, Sendable {
    /// An instance that is alive, or was.
    package struct Instance: Hashable, Sendable {
        package let id: InstanceID
        package let service: String
        package let startedAt: Timestamp
        /// When it last renewed its row.
        package let renewedAt: Timestamp
        /// Whether it is alive.
        package let isAlive: Bool

        package init(
            id: InstanceID, service: String, startedAt: Timestamp, renewedAt: Timestamp, isAlive: Bool
        ) {
            self.id = id
            self.service = service
            self.startedAt = startedAt
            self.renewedAt = renewedAt
            self.isAlive = isAlive
        }
    }

    /// One service.
    package struct Service: Hashable, Sendable {
        package let name: String
        package let alive: [Instance]
        /// Instances that ended without removing their rows and that nothing has replaced, the longest missing first.
        package let missing: [Instance]
        /// When any instance of it last renewed its row; `nil`: there never was one.
        package let lastHeardOf: Timestamp?

        /// Whether any instance of it is alive.
        package var isThere: Bool { !alive.isEmpty }
    }

    package let services: [Service]

    /// - Parameter names: the services that must be there, in the order in which they are shown.
    package init(of names: [String], _ instances: [Instance]) {
        services = names.map { name in
            let own = instances.filter { $0.service == name }
            let alive = own.filter(\.isAlive).sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
            let dead = own.filter { !$0.isAlive }.sorted { ($0.renewedAt, $0.id) < ($1.renewedAt, $1.id) }
            return Service(
                name: name, alive: alive, missing: Self.unreplaced(dead, by: alive),
                lastHeardOf: own.map(\.renewedAt).max())
        }
    }

    /// The dead instances without a successor: each living instance that started later replaces one.
    private static func unreplaced(_ dead: [Instance], by alive: [Instance]) -> [Instance] {
        var successors = alive
        return dead.filter { instance in
            guard let index = successors.firstIndex(where: { $0.startedAt >= instance.renewedAt }) else { return true }
            successors.remove(at: index)
            return false
        }
    }
}
