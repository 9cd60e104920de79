// SPDX-License-Identifier: Apache-2.0

import UserGatewayCore

/// A document as lines of text in parts: what changes is seen line by line, wherever it stands.
struct BillLines {
    /// The lines of each part: of one VM's resource, of a list, or of the document itself.
    private(set) var parts: [String: [String]] = [:]
    private let known: Set<String>?

    /// `known`: the only paths to show; `nil` shows all.
    init(_ document: JSONValue, only known: Set<String>? = nil) {
        self.known = known
        add(document, name: "", to: "the document", depth: 0)
    }

    /// Every path of names within a document; the elements of a list share theirs.
    static func paths(of value: JSONValue, at path: String = "") -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { paths, member in
                let inner = "\(path).\(member.key)"
                paths.insert(inner)
                paths.formUnion(Self.paths(of: member.value, at: inner))
            }
        case .array(let items): items.reduce(into: []) { $0.formUnion(paths(of: $1, at: path)) }
        default: []
        }
    }

    private mutating func add(_ value: JSONValue, name: String, to part: String, depth: Int) {
        switch value {
        case .array(let items):
            for item in items {
                let whose = ["vm", "resource"].compactMap { item[$0]?.text }.joined(separator: ": ")
                add(
                    item, name: name, to: depth == 1 && !whose.isEmpty ? "\(whose) in \(name.dropFirst())" : part,
                    depth: depth)
            }
        case .object(let members):
            let shown = members.sorted { $0.key < $1.key }.filter { known?.contains("\(name).\($0.key)") ?? true }
            let plain = shown.filter { $0.value.items == nil && $0.value.members == nil }
            let indent = String(repeating: "  ", count: max(0, depth - 1))
            let words = plain.map { "\($0.key) \(Self.text($0.value))" }
            if depth == 0 {
                parts[part, default: []] += words
            } else {
                parts[part, default: []].append("\(indent)\(name.dropFirst()): \(words.joined(separator: ", "))")
            }
            for (key, inner) in shown where inner.items != nil || inner.members != nil {
                add(inner, name: "\(name).\(key)", to: part, depth: depth + 1)
            }
        default: parts[part, default: []].append("\(name.dropFirst()): \(Self.text(value))")
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let integer): "\(integer)"
        case .bool(let value): "\(value)"
        case .number(let number): "\(number)"
        default: "nothing"
        }
    }
}

extension Difference {
    /// Between what a document said and what it says; what it tells in addition is a part of its own.
    static func between(_ was: JSONValue, _ now: JSONValue, knowing known: Set<String>, of name: String) -> [Difference]
    {
        let (former, present) = (BillLines(was, only: known).parts, BillLines(now, only: known).parts)
        return Set(former.keys).union(present.keys).sorted().compactMap { part in
            Difference(of: name, part: part, was: former[part] ?? [], now: present[part] ?? [])
        }
    }
}
