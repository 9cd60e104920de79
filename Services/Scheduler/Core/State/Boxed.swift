// SPDX-License-Identifier: Apache-2.0

/// A value that is seldom there and lies elsewhere, so that what holds it stays small.
@propertyWrapper
enum Apart<Value> {
    case none
    indirect case some(Value)

    init(wrappedValue: Value?) { self = wrappedValue.map { .some($0) } ?? .none }

    var wrappedValue: Value? {
        get {
            guard case .some(let value) = self else { return nil }
            return value
        }
        set { self = Apart(wrappedValue: newValue) }
    }

    /// Told without a look at the value.
    var isEmpty: Bool {
        guard case .none = self else { return false }
        return true
    }
}

extension Apart: Equatable where Value: Equatable {}
extension Apart: Hashable where Value: Hashable {}
extension Apart: Sendable where Value: Sendable {}

extension Apart: Encodable where Value: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension Apart: Decodable where Value: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(wrappedValue: container.decodeNil() ? nil : try container.decode(Value.self))
    }
}
