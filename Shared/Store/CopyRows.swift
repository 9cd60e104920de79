// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One field of a row that is copied in, of exactly the column's type (COPY converts nothing).
package enum CopyValue: Hashable, Sendable {
    case int4(Int?)
    case int8(Int64?)
    case text(String?)
    case uuid(UUID128?)
    case bytes([UInt8]?)
    case bool(Bool?)
}

/// Rows on their way into one table by binary COPY.
package struct CopyRows: Sendable {
    let operation: String
    let sql: String
    private let columnCount: Int
    private var body: [UInt8]
    /// Rows appended so far.
    package private(set) var count = 0
    /// The first value that did not fit its column.
    private(set) var fault: String?

    /// `table` may be qualified by its schema, such as `log.sample`.
    package init(into table: String, columns: [String]) {
        let name = table.split(separator: ".").map { quoted(String($0)) }.joined(separator: ".")
        operation = "COPY \(table)"
        sql = "COPY \(name) (\(columns.map(quoted).joined(separator: ", "))) FROM STDIN (FORMAT binary)"
        columnCount = columns.count
        // Signature, flags, length of the header's extension.
        body = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    }

    /// Adds a row: one value per column, in their order.
    package mutating func append(_ values: [CopyValue]) {
        precondition(values.count == columnCount, "\(operation): \(values.count) values for \(columnCount) columns")
        appendInteger(Int16(columnCount))
        for value in values { append(value) }
        count += 1
    }

    /// The whole stream, with its trailer.
    var encoded: [UInt8] { body + [0xFF, 0xFF] }

    private mutating func append(_ value: CopyValue) {
        switch value {
        case .int4(let number?):
            guard let exact = Int32(exactly: number) else { return refuse("\(number) does not fit into int4") }
            appendInteger(Int32(4))
            appendInteger(exact)
        case .int8(let number?):
            appendInteger(Int32(8))
            appendInteger(number)
        case .text(let text?):
            if text.utf8.contains(0) { return refuse("text with a NUL character can't be stored") }
            appendInteger(Int32(text.utf8.count))
            body += text.utf8
        case .uuid(let uuid?):
            appendInteger(Int32(16))
            appendInteger(uuid.high)
            appendInteger(uuid.low)
        case .bytes(let bytes?):
            appendInteger(Int32(bytes.count))
            body += bytes
        case .bool(let flag?):
            appendInteger(Int32(1))
            body.append(flag ? 1 : 0)
        case .int4(nil), .int8(nil), .text(nil), .uuid(nil), .bytes(nil), .bool(nil):
            appendInteger(Int32(-1))
        }
    }

    private mutating func refuse(_ reason: String) { fault = fault ?? reason }

    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            body.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

private func quoted(_ identifier: String) -> String {
    "\"" + identifier.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
