// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Who of Ebb's services is there, and who is missing since when.
package struct Presence: Hashable, Sendable {
    /// An instance that is, or was.
    package struct Instance: Hashable, Sendable {
        package let id: InstanceID
        package let service: String
        package let startedAt: Timestamp
        /// When it was last heard of.
        package let renewedAt: Timestamp
        /// Whether it is heard of still.
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
        /// Those that ended without taking their leave and that nobody has replaced, who is missing for longest first.
        package let missing: [Instance]
        /// When any instance of it was last heard of; `nil`: there never was one.
        package let lastHeardOf: Timestamp?

        /// Whether it does its work.
        package var isThere: Bool { !alive.isEmpty }
    }

    package let services: [Service]

    /// - Parameter names: the services that there have to be, in the order in which they are shown.
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

    /// The dead that have no successor: each living instance that started later takes the place of one.
    private static func unreplaced(_ dead: [Instance], by alive: [Instance]) -> [Instance] {
        var successors = alive
        return dead.filter { instance in
            guard let index = successors.firstIndex(where: { $0.startedAt >= instance.renewedAt }) else { return true }
            successors.remove(at: index)
            return false
        }
    }
}
