// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

/// Owns one `PGresult`.
@safe struct ResultHandle: ~Copyable {
    private let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    /// What went wrong; `nil` if nothing did.
    borrowing func error(_ operation: String) -> StoreError? {
        switch status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return nil
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            return StoreError(.syntax, operation: operation, message: "COPY is not allowed here: use copy(_:)")
        default: break
        }
        guard let state = field("C") else {
            let text = unsafe String(cString: PQresultErrorMessage(pointer))
            return StoreError(
                .connectionFailed, operation: operation, message: "the connection to PostgreSQL broke: \(oneLine(text))"
            )
        }
        var message = field("M") ?? "no message"
        // Details of a violated key quote values; they are ours or the tenant's, never a credential.
        if let detail = field("D") { message += ": \(detail)" }
        if let hint = field("H") { message += " (\(hint))" }
        let code = StoreError.Code(sqlState: state)
        if code == .undefinedTable { message += "; run ebb-migrate to bring the schema up to date" }
        return StoreError(code, sqlState: state, operation: operation, message: oneLine(message))
    }

    /// A field of the server's report by its letter in the protocol: C SQLSTATE, M message, D detail, H hint.
    private borrowing func field(_ letter: UnicodeScalar) -> String? {
        unsafe PQresultErrorField(pointer, Int32(letter.value)).map { unsafe String(cString: $0) }
    }

    borrowing func answer() -> Answer {
        let tag = unsafe String(cString: PQcmdStatus(pointer))
        let affected = unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0
        return Answer(rows: rows(), tag: tag, affected: affected)
    }

    private borrowing func rows() -> RowSet {
        let (rowCount, columnCount) = unsafe (PQntuples(pointer), PQnfields(pointer))
        let columns = (0..<columnCount).map { column in
            unsafe PQfname(pointer, column).map { unsafe String(cString: $0) } ?? ""
        }
        var bytes: [UInt8] = []
        var fields: [(start: Int, length: Int)] = []
        fields.reserveCapacity(Int(rowCount) * Int(columnCount))
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                guard unsafe PQgetisnull(pointer, row, column) == 0, let value = unsafe PQgetvalue(pointer, row, column)
                else {
                    fields.append((bytes.count, -1))
                    continue
                }
                let length = Int(unsafe PQgetlength(pointer, row, column))
                fields.append((bytes.count, length))
                unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
            }
        }
        return RowSet(columns: columns, bytes: bytes, fields: fields)
    }
}
