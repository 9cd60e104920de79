// SPDX-License-Identifier: Apache-2.0

/// A rare value that is stored on the heap, so that the struct around it stays small.
@propertyWrapper
enum Boxed<Value> {
    case none
    indirect case some(Value)

    init(wrappedValue: Value?) { self = wrappedValue.map { .some($0) } ?? .none }

    var wrappedValue: Value? {
        get {
            guard case .some(let value) = self else { return nil }
            return value
        }
        set { self = Boxed(wrappedValue: newValue) }
    }

    /// Whether there is no value, without reading it.
    var isEmpty: Bool {
        guard case .none = self else { return false }
        return true
    }
}

extension Boxed: Equatable where Value: Equatable {}
extension Boxed: Hashable where Value: Hashable {}
extension Boxed: Sendable where Value: Sendable {}

extension Boxed: Encodable where Value: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension Boxed: Decodable where Value: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(wrappedValue: container.decodeNil() ? nil : try container.decode(Value.self))
    }
}
