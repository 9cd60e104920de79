// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The members of bills and usage that the gateway reads or changes for whoever asked, at whatever depth they stand. It
/// passes all others on as they came, those of a later Billing too.
package enum BillingMember: String, Hashable, Sendable, CaseIterable {
    /// A host's name and nothing else: a tenant reads a pseudonym there.
    case host
    /// Of the whole answer: the same for people. `BillText` says where a host stands in it.
    case text
    /// Of the whole answer, put in by the gateway: up to when it is known what was used, where that is before the end.
    case knownUntil
}

/// Bills and usage in words: how Billing writes a line that names a host, and how the host is found in it.
///
/// A host stands first in an indented line, and after `on` in a line of usage. Elsewhere a word is the tenant's own,
/// whatever hosts are called.
package enum BillText {
    /// Below a line of a bill: what it is made of on one host.
    package static func detail(on host: HostID, _ rest: String) -> String { "  \(host) \(rest)" }

    /// A line of usage.
    package static func use(_ item: UsageDocument.Item) -> String {
        "\(item.vm) \(item.resource) on \(item.host): \(item.quantity) \(item.unit)"
    }

    /// A text with other names for these hosts.
    package static func renaming(_ hosts: [String: String], in text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let indentation = line.prefix { $0 == " " }
            var words = line.dropFirst(indentation.count).split(separator: " ", omittingEmptySubsequences: false)
                .map(String.init)
            if !indentation.isEmpty, let name = words.first.flatMap({ hosts[$0] }) {
                words[0] = name
            } else if let place = hostOfUse(words), let name = hosts[String(words[place].dropLast())] {
                words[place] = name + ":"
            }
            return indentation + words.joined(separator: " ")
        }.joined(separator: "\n")
    }

    /// Where the host stands in the words of a line of usage. It is looked for from the end, since an adopted VM's name may
    /// have blanks; `nil`: it is no such line.
    private static func hostOfUse(_ words: [String]) -> Int? {
        let place = words.count - 3
        return place > 2 && words[place - 1] == "on" && words[place].last == ":" ? place : nil
    }
}
