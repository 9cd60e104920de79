// SPDX-License-Identifier: Apache-2.0

internal import UserGatewayCore
internal import Yams

extension JSONValue {
    /// The most values in a file; also limits what a few aliases in YAML can expand to.
    private static let mostValues = 10_000

    /// Reads a YAML file; JSON is YAML too. Numbers are exact: an integer beyond 64 bits is refused, not rounded.
    ///
    /// - Throws: `ClientFailure` that names the file, and in it the key with its path and what was typed, or the line.
    init(yamlFile path: String) throws {
        let text = try FileText.read(path, failing: .badData, remedy: "name a file of YAML or JSON")
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ClientFailure(.badData, "\(path) is neither YAML nor JSON: \(error)")
        }
        guard let root else { throw ClientFailure(.badData, "\(path) is empty") }
        var left = Self.mostValues
        do throws(Unreadable) {
            self = try Self.value(of: root, at: "", left: &left)
        } catch {
            throw ClientFailure(.badData, "\(path): \(error.sentence)")
        }
    }

    private struct Unreadable: Error {
        let sentence: String
    }

    private static func value(
        of node: Node, at path: String, left: inout Int
    ) throws(Unreadable) -> JSONValue {
        left -= 1
        guard left >= 0 else { throw Unreadable(sentence: "there are more than \(mostValues) values in it") }
        switch node {
        case .scalar(let scalar): return try value(of: scalar, at: path)
        case .sequence(let sequence):
            var items: [JSONValue] = []
            for (index, item) in sequence.enumerated() {
                items.append(try value(of: item, at: "\(path)[\(index)]", left: &left))
            }
            return .array(items)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string else {
                    throw Unreadable(sentence: "\(path.isEmpty ? "it" : path) has a key that is not text")
                }
                let inner = path.isEmpty ? name : "\(path).\(name)"
                guard members.updateValue(try value(of: member, at: inner, left: &left), forKey: name) == nil else {
                    throw Unreadable(sentence: "\(inner) is there twice")
                }
            }
            return .object(members)
        case .alias: throw Unreadable(sentence: "\(path) is an alias; write the value itself")
        }
    }

    private static func value(of scalar: Node.Scalar, at path: String) throws(Unreadable) -> JSONValue {
        let text = scalar.string
        switch Resolver.default.resolveTag(of: .scalar(scalar)) {
        case .null: return .null
        case .bool: return .bool(["true", "yes", "on", "y"].contains(text.lowercased()))
        case .int:
            // Octal, hexadecimal and base-60 numbers are refused: 010 is 8 to some readers and 10 to others.
            let digits = text.replacing("_", with: "")
            guard let value = Int64(digits), String(value) == digits else {
                throw Unreadable(sentence: "\(path) must be a whole number of at most 64 bits in digits, not \(text)")
            }
            return .integer(value)
        case .float:
            guard let value = Double(text), value.isFinite else {
                throw Unreadable(sentence: "\(path) must be a number, not \(text)")
            }
            return .number(value)
        default: return .string(text)
        }
    }
}
