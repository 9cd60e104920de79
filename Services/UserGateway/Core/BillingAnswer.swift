// SPDX-License-Identifier: Apache-2.0

internal import Contracts
package import ResourceModel

/// Billing's bills and usage, as the gateway's methods give them. What is not changed here passes by as it came, members
/// that this version does not know too.
package enum BillingAnswer {
    /// Says up to when it is known what was used, where that is before the end.
    package static func limited(_ document: JSONValue, to horizon: Timestamp, _ end: Timestamp) -> JSONValue {
        guard horizon < end, var members = document.members else { return document }
        members[.knownUntil] = .string("\(horizon)")
        if let text = members[.text]?.text {
            members[.text] = .string("\(text)\nknown up to \(horizon); what was used since is added once it is known")
        }
        return .object(members)
    }

    /// The hosts that a document names, also those that were removed since.
    package static func hosts(in document: JSONValue) -> Set<String> {
        switch document {
        case .array(let items): items.reduce(into: Set()) { $0.formUnion(hosts(in: $1)) }
        case .object(let members):
            members.reduce(into: Set()) { names, member in
                if member.key == BillingMember.host.rawValue, let host = member.value.text {
                    names.insert(host)
                } else {
                    names.formUnion(hosts(in: member.value))
                }
            }
        case .null, .bool, .integer, .number, .string: []
        }
    }

    /// A document with other names for its hosts; one that has no other name is left out.
    package static func renaming(_ hosts: [String: String], in document: JSONValue) -> JSONValue {
        var members = document.members ?? [:]
        if let text = members[.text]?.text { members[.text] = .string(BillText.renaming(hosts, in: text)) }
        return replacing(hosts, in: .object(members))
    }

    private static func replacing(_ hosts: [String: String], in value: JSONValue) -> JSONValue {
        switch value {
        case .array(let items): return .array(items.map { replacing(hosts, in: $0) })
        case .object(var members):
            for (name, member) in members {
                if name == BillingMember.host.rawValue, let host = member.text {
                    members[name] = .string(hosts[host] ?? "")
                } else {
                    members[name] = replacing(hosts, in: member)
                }
            }
            return .object(members)
        case .null, .bool, .integer, .number, .string: return value
        }
    }
}

extension [String: JSONValue] {
    fileprivate subscript(member: BillingMember) -> JSONValue? {
        get { self[member.rawValue] }
        set { self[member.rawValue] = newValue }
    }
}
