// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Why a JSON document was refused, and where in it.
package struct FleetJSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// JSON of configuration, administration and truth: sorted keys, so that the same values are the same bytes; an unknown
/// key is refused.
package enum FleetJSON {
    package static func encode(_ value: some Encodable) throws(FleetJSONError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw FleetJSONError(description: "can't write as JSON: \(error)")
        }
    }

    package static func decode<Value: Codable>(_ type: Value.Type, from data: Data) throws(FleetJSONError) -> Value {
        let decoder = JSONDecoder()
        do {
            let value = try decoder.decode(type, from: data)
            let given = try decoder.decode(Tree.self, from: data)
            let known = try decoder.decode(Tree.self, from: try JSONEncoder().encode(value))
            if let key = given.keyMissing(in: known, path: "") {
                throw FleetJSONError(description: "unknown key '\(key)'")
            }
            return value
        } catch let error as FleetJSONError {
            throw error
        } catch let error as DecodingError {
            throw FleetJSONError(description: explain(error))
        } catch {
            throw FleetJSONError(description: "not JSON: \(error)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        case .keyNotFound(let key, let found):
            let path = (found.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            return "the key '\(path)' is missing"
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }

    /// The shape of a document. A value is decoded and encoded again: what is missing in the result was not understood.
    private indirect enum Tree: Codable {
        case object([String: Tree])
        case array([Tree])
        case leaf
        case null

        init(from decoder: any Decoder) throws {
            if let object = try? decoder.singleValueContainer().decode([String: Tree].self) {
                self = .object(object)
            } else if (try? decoder.singleValueContainer().decode([Int64].self)) != nil {
                // A trace: long, and without keys.
                self = .leaf
            } else if let array = try? decoder.singleValueContainer().decode([Tree].self) {
                self = .array(array)
            } else {
                self = (try? decoder.singleValueContainer().decodeNil()) == true ? .null : .leaf
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        }

        func keyMissing(in known: Tree, path: String) -> String? {
            switch (self, known) {
            case (.object(let given), .object(let understood)):
                for (key, value) in given.sorted(by: { $0.key < $1.key }) {
                    if case .null = value { continue }
                    guard let counterpart = understood[key] else { return path + key }
                    if let key = value.keyMissing(in: counterpart, path: path + key + ".") { return key }
                }
                return nil
            case (.array(let given), .array(let understood)):
                return zip(given, understood).lazy.compactMap { $0.keyMissing(in: $1, path: path) }.first
            default: return nil
            }
        }
    }
}
