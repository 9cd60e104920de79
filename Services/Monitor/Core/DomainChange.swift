// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Something that happened to a domain between two sightings on one host.
package struct DomainChange: Hashable, Sendable {
    /// As on the wire: `started`, `stopped`, `crashed`, `paused`, `resumed`, `saved`, `restored`, `restarted`, `resized`,
    /// `cap-changed`.
    package let kind: String
    package let detail: String

    package init(kind: String, detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// What happened, in order. An unknown state is not a change.
    package static func between(_ former: DomainSighting, _ now: DomainSighting) -> [DomainChange] {
        guard former.state != .unknown, now.state != .unknown else { return [] }
        var changes = stateChange(former.state, now.state, now.stateReason).map { [$0] } ?? []
        if former.state.isActive, now.state.isActive {
            if let before = former.incarnation, let after = now.incarnation, before != after {
                changes.append(DomainChange(kind: "restarted", detail: "its counters begin again"))
            }
            if let before = former.size, let after = now.size { changes += resize(before, after) }
            if former.cpuCap != now.cpuCap, former.cpuCap != .unknown, now.cpuCap != .unknown,
                former.incarnation == now.incarnation
            {
                changes.append(DomainChange(kind: "cap-changed", detail: "\(former.cpuCap) → \(now.cpuCap)"))
            }
        }
        return changes
    }

    private static func stateChange(
        _ former: DomainState, _ now: DomainState, _ reason: StateReason?
    ) -> DomainChange? {
        let kind: String
        switch (former.isActive, now.isActive) {
        case (false, true): kind = former == .saved ? "restored" : "started"
        case (true, false): kind = now == .saved ? "saved" : reason == .crashed ? "crashed" : "stopped"
        case (true, true) where now == .crashed && former != .crashed: kind = "crashed"
        case (true, true) where now.stands && !former.stands: kind = "paused"
        case (true, true) where former.stands && !now.stands: kind = "resumed"
        default: return nil
        }
        let why = reason.map { " (\($0.text))" } ?? ""
        return DomainChange(kind: kind, detail: "\(former.rawValue) → \(now.rawValue)\(why)")
    }

    private static func resize(_ former: DomainSize, _ now: DomainSize) -> [DomainChange] {
        var parts: [String] = []
        if former.vcpus != now.vcpus { parts.append("\(former.vcpus) → \(now.vcpus) vCPUs") }
        if former.memory != now.memory { parts.append("\(former.memory) → \(now.memory) of memory") }
        return parts.isEmpty ? [] : [DomainChange(kind: "resized", detail: parts.joined(separator: ", "))]
    }
}
