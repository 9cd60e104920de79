// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// All rows of one answer in one buffer: values are parsed when they are asked for.
final class RowSet: Sendable {
    let columns: [String]
    private let indexes: [String: Int]
    private let bytes: [UInt8]
    /// Start and length per field, row by row; a length of -1 is NULL.
    private let fields: [(start: Int, length: Int)]
    let count: Int

    init(columns: [String], bytes: [UInt8], fields: [(start: Int, length: Int)]) {
        self.columns = columns
        indexes = Dictionary(columns.enumerated().map { ($1, $0) }) { first, _ in first }
        self.bytes = bytes
        self.fields = fields
        count = columns.isEmpty ? 0 : fields.count / columns.count
    }

    /// `nil` is NULL.
    func field(row: Int, name: String) throws(StoreError) -> ArraySlice<UInt8>? {
        guard let column = indexes[name] else {
            throw StoreError(
                .invalidResult, operation: "read column \(name)",
                message: "the result has no such column, only \(columns.joined(separator: ", "))")
        }
        let (start, length) = fields[row * columns.count + column]
        return length < 0 ? nil : bytes[start..<start + length]
    }
}

/// One row of an answer. Reading a column that is missing, NULL or of another form throws `invalidResult`.
package struct Row: Sendable {
    let set: RowSet
    let index: Int

    package func int64(_ name: String) throws(StoreError) -> Int64 { try known(int64OrNil(name), name) }
    package func int64OrNil(_ name: String) throws(StoreError) -> Int64? {
        try parse(name, "an integer") { bytes in Int64(String(decoding: bytes, as: UTF8.self)) }
    }
    package func int(_ name: String) throws(StoreError) -> Int { Int(try int64(name)) }
    package func intOrNil(_ name: String) throws(StoreError) -> Int? { try int64OrNil(name).map { Int($0) } }

    package func string(_ name: String) throws(StoreError) -> String { try known(stringOrNil(name), name) }
    package func stringOrNil(_ name: String) throws(StoreError) -> String? {
        try parse(name, "text") { String(decoding: $0, as: UTF8.self) }
    }

    package func bool(_ name: String) throws(StoreError) -> Bool { try known(boolOrNil(name), name) }
    package func boolOrNil(_ name: String) throws(StoreError) -> Bool? {
        try parse(name, "a boolean") { bytes -> Bool? in
            switch String(decoding: bytes, as: UTF8.self) {
            case "t": true
            case "f": false
            default: nil
            }
        }
    }

    package func uuid(_ name: String) throws(StoreError) -> UUID128 { try known(uuidOrNil(name), name) }
    package func uuidOrNil(_ name: String) throws(StoreError) -> UUID128? {
        try parse(name, "a UUID") { UUID128(String(decoding: $0, as: UTF8.self)) }
    }

    package func bytes(_ name: String) throws(StoreError) -> [UInt8] { try known(bytesOrNil(name), name) }
    package func bytesOrNil(_ name: String) throws(StoreError) -> [UInt8]? {
        try parse(name, "bytea", decodeHexadecimal)
    }

    package func timestamp(_ name: String) throws(StoreError) -> Timestamp {
        try known(timestampOrNil(name), name)
    }
    package func timestampOrNil(_ name: String) throws(StoreError) -> Timestamp? {
        try bounded(name, "ns since 1970")
    }

    package func domain(_ name: String) throws(StoreError) -> DomainID { DomainID(try uuid(name)) }
    package func host(_ name: String) throws(StoreError) -> HostID { HostID(trusted: try string(name)) }
    package func hostOrNil(_ name: String) throws(StoreError) -> HostID? {
        try stringOrNil(name).map(HostID.init(trusted:))
    }
    package func tenantOrNil(_ name: String) throws(StoreError) -> TenantID? {
        try stringOrNil(name).map(TenantID.init(trusted:))
    }
    package func vcpus(_ name: String) throws(StoreError) -> VCPUCount { try known(vcpusOrNil(name), name) }
    package func vcpusOrNil(_ name: String) throws(StoreError) -> VCPUCount? { try bounded(name, "vCPUs") }
    package func capacityOrNil(_ name: String) throws(StoreError) -> Capacity? {
        try bounded(name, "thousandths of a vCPU")
    }
    package func byteCount(_ name: String) throws(StoreError) -> ByteCount { try known(byteCountOrNil(name), name) }
    package func byteCountOrNil(_ name: String) throws(StoreError) -> ByteCount? { try bounded(name, "bytes") }
    package func utilization(_ name: String) throws(StoreError) -> Utilization {
        try known(utilizationOrNil(name), name)
    }
    package func utilizationOrNil(_ name: String) throws(StoreError) -> Utilization? { try bounded(name, "ppm") }

    /// A column whose text is one of an enumeration's raw values.
    package func value<Value: RawRepresentable<String>>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(StoreError) -> Value {
        try known(parse(name, "one of \(type)") { Value(rawValue: String(decoding: $0, as: UTF8.self)) }, name)
    }

    /// A quantity within its bounds: a row that holds another one can't be read, and says why.
    private func bounded<Quantity: BoundedQuantity>(
        _ name: String, _ unit: String
    ) throws(StoreError) -> Quantity? {
        guard let amount = try int64OrNil(name) else { return nil }
        guard let quantity = Quantity(exactly: amount) else {
            let bounds = Quantity.bounds
            throw StoreError(
                .invalidResult, operation: "read column \(name)",
                message: "it holds \(amount), not \(bounds.lowerBound) to \(bounds.upperBound) \(unit)")
        }
        return quantity
    }

    private func known<Value>(_ value: Value?, _ name: String) throws(StoreError) -> Value {
        guard let value else {
            throw StoreError(.invalidResult, operation: "read column \(name)", message: "it is NULL")
        }
        return value
    }

    private func parse<Value>(
        _ name: String, _ expected: String, _ read: (ArraySlice<UInt8>) -> Value?
    ) throws(StoreError) -> Value? {
        guard let bytes = try set.field(row: index, name: name) else { return nil }
        guard let value = read(bytes) else {
            throw StoreError(.invalidResult, operation: "read column \(name)", message: "it does not hold \(expected)")
        }
        return value
    }
}

/// PostgreSQL's `\x0a1b` form; `nil` for anything else.
private func decodeHexadecimal(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), text.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2 - 1)
    var index = text.startIndex + 2
    while index < text.endIndex {
        guard let high = hexadecimalDigit(text[index]), let low = hexadecimalDigit(text[index + 1]) else { return nil }
        bytes.append(high << 4 | low)
        index += 2
    }
    return bytes
}

private func hexadecimalDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    default: nil
    }
}
