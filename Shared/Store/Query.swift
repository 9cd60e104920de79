// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A value for a statement, as text or bytes, with the type that is declared to PostgreSQL.
package struct BoundValue: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case null
        case text(String)
        case bytes([UInt8])
        /// Can't be bound: the statement fails with this text before anything is sent.
        case invalid(String)
    }

    /// Object identifiers of PostgreSQL's built-in types; `inferred` leaves it to the statement.
    enum TypeID: UInt32, Sendable {
        case inferred = 0, boolean = 16, bytea = 17, int8 = 20, uuid = 2950
    }

    let content: Content
    let type: TypeID
}

/// A type whose values can be interpolated into a `Query`.
package protocol Bindable: Sendable {
    var bound: BoundValue { get }
    /// The bound value for NULL of this type.
    static var null: BoundValue { get }
}

extension Bindable {
    package static var null: BoundValue { BoundValue(content: .null, type: .inferred) }
}

extension Int64: Bindable {
    package var bound: BoundValue { BoundValue(content: .text(String(self)), type: .int8) }
    package static var null: BoundValue { BoundValue(content: .null, type: .int8) }
}

extension Int: Bindable {
    package var bound: BoundValue { Int64(self).bound }
    package static var null: BoundValue { Int64.null }
}

/// Bound as int8; a value above its range fails the statement.
extension UInt64: Bindable {
    package var bound: BoundValue {
        guard let value = Int64(exactly: self) else {
            return BoundValue(content: .invalid("\(self) does not fit into PostgreSQL's int8"), type: .int8)
        }
        return value.bound
    }
    package static var null: BoundValue { Int64.null }
}

/// Bound without a type, so that the statement decides (text, jsonb, an array literal); NUL characters are refused.
extension String: Bindable {
    package var bound: BoundValue {
        guard !utf8.contains(0) else {
            return BoundValue(content: .invalid("text with a NUL character can't be stored"), type: .inferred)
        }
        return BoundValue(content: .text(self), type: .inferred)
    }
}

extension Bool: Bindable {
    package var bound: BoundValue { BoundValue(content: .text(self ? "t" : "f"), type: .boolean) }
    package static var null: BoundValue { BoundValue(content: .null, type: .boolean) }
}

extension [UInt8]: Bindable {
    package var bound: BoundValue { BoundValue(content: .bytes(self), type: .bytea) }
    package static var null: BoundValue { BoundValue(content: .null, type: .bytea) }
}

extension UUID128: Bindable {
    package var bound: BoundValue { BoundValue(content: .text(description), type: .uuid) }
    package static var null: BoundValue { BoundValue(content: .null, type: .uuid) }
}

extension DomainID: Bindable {
    package var bound: BoundValue { uuid.bound }
    package static var null: BoundValue { UUID128.null }
}

extension InstanceID: Bindable {
    package var bound: BoundValue { uuid.bound }
    package static var null: BoundValue { UUID128.null }
}

extension HostID: Bindable { package var bound: BoundValue { name.bound } }
extension ClusterID: Bindable { package var bound: BoundValue { name.bound } }
extension TenantID: Bindable { package var bound: BoundValue { name.bound } }

/// Nanoseconds since 1970 as int8.
extension Timestamp: Bindable {
    package var bound: BoundValue { nanoseconds.bound }
    package static var null: BoundValue { Int64.null }
}

extension ByteCount: Bindable {
    package var bound: BoundValue { bytes.bound }
    package static var null: BoundValue { Int64.null }
}

extension VCPUCount: Bindable {
    package var bound: BoundValue { Int64(count).bound }
    package static var null: BoundValue { Int64.null }
}

/// Parts per million as int8.
extension Utilization: Bindable {
    package var bound: BoundValue { ppm.bound }
    package static var null: BoundValue { Int64.null }
}

extension DomainState: Bindable { package var bound: BoundValue { rawValue.bound } }

/// A statement whose interpolated values are bound parameters, never text: `"… WHERE id = \(id)"` sends `$1`.
///
/// Integers are bound as int8, so a function that takes int4 needs `\(count)::int4`. Pieces join with `+`.
package struct Query: Hashable, Sendable, ExpressibleByStringInterpolation {
    private enum Piece: Hashable, Sendable {
        case text(String)
        case value(BoundValue)
    }

    private var pieces: [Piece]

    package init(stringLiteral value: String) { pieces = [.text(value)] }
    package init(stringInterpolation: Interpolation) { pieces = stringInterpolation.query.pieces }
    /// Takes text as SQL. Never pass anything that came from outside.
    package init(unsafeSQL text: String) { pieces = [.text(text)] }

    package static func + (left: Query, right: Query) -> Query {
        var sum = left
        sum.pieces += right.pieces
        return sum
    }

    package static func += (left: inout Query, right: Query) { left.pieces += right.pieces }

    /// The text with `$1`, `$2`, … in the order of `values`.
    var sql: String {
        var (text, count) = ("", 0)
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .value:
                count += 1
                text += "$\(count)"
            }
        }
        return text
    }

    var values: [BoundValue] {
        pieces.compactMap { piece in
            guard case .value(let value) = piece else { return nil }
            return value
        }
    }

    /// The first words, for errors and logs, without any values.
    var operation: String {
        let words = sql.split(maxSplits: 6, whereSeparator: \.isWhitespace).prefix(5)
        return String(words.joined(separator: " ").prefix(80))
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var query = Query(unsafeSQL: "")

        package init(literalCapacity: Int, interpolationCount: Int) {}
        package mutating func appendLiteral(_ literal: String) { query.pieces.append(.text(literal)) }
        package mutating func appendInterpolation(_ value: some Bindable) { query.pieces.append(.value(value.bound)) }
        package mutating func appendInterpolation<Value: Bindable>(_ value: Value?) {
            query.pieces.append(.value(value?.bound ?? Value.null))
        }
        /// Joins another query with its own values.
        package mutating func appendInterpolation(_ other: Query) { query.pieces += other.pieces }
    }
}
