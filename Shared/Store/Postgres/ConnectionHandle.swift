// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc
internal import Logging

/// Owns one `PGconn` in non-blocking mode. Confined to the actor that holds it: it is not `Sendable`.
///
/// Every call waits by poll(2) until its deadline. After `timeout` or `connectionFailed` the state of the session is
/// unknown and the handle must be dropped.
@safe struct ConnectionHandle: ~Copyable {
    private let pointer: OpaquePointer
    /// Kept alive as long as the connection may call it.
    private let notices: NoticeSink

    /// Connects by the deadline; the error says whom it could not reach, or why it was refused.
    static func connect(
        _ target: ConnectionTarget, deadline: ContinuousClock.Instant, log: Logger
    ) throws(StoreError) -> ConnectionHandle {
        guard let connection = unsafe target.start() else {
            throw StoreError(.connectionFailed, operation: "connect", message: "out of memory")
        }
        let handle = unsafe ConnectionHandle(adopting: connection, notices: NoticeSink(log: log))
        try handle.finishConnecting(target, deadline)
        return handle
    }

    private init(adopting connection: OpaquePointer, notices: NoticeSink) {
        unsafe pointer = connection
        self.notices = notices
        // Verbose while connecting: the only way to learn the SQLSTATE of a refusal.
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        unsafe PQsetNoticeReceiver(pointer, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { unsafe PQfinish(pointer) }

    private borrowing func finishConnecting(
        _ target: ConnectionTarget, _ deadline: ContinuousClock.Instant
    ) throws(StoreError) {
        guard unsafe PQstatus(pointer) != CONNECTION_BAD else { throw refusal(target) }
        var awaited = Int16(POLLOUT)
        while true {
            guard try wait(for: awaited, until: deadline) != 0 else { throw target.didNotAnswer }
            switch unsafe PQconnectPoll(pointer) {
            case PGRES_POLLING_OK:
                unsafe PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
                guard unsafe PQsetnonblocking(pointer, 1) == 0 else { throw broken("connect") }
                return
            case PGRES_POLLING_READING: awaited = Int16(POLLIN)
            case PGRES_POLLING_WRITING: awaited = Int16(POLLOUT)
            default: throw refusal(target)
            }
        }
    }

    private borrowing func refusal(_ target: ConnectionTarget) -> StoreError {
        target.refusal(text: unsafe String(cString: PQerrorMessage(pointer)))
    }

    /// Whether the session is idle, outside of any transaction, and the server has not closed it.
    borrowing func isReady() -> Bool {
        // Bounded: an idle server says little (a changed setting, or why it ends the session).
        for _ in 0..<8 {
            guard let ready = try? wait(for: Int16(POLLIN), until: .now) else { return false }
            if ready == 0 { break }
            guard unsafe PQconsumeInput(pointer) == 1 else { return false }
            // Parses what came: the end of the session arrives as a notice before the connection closes.
            _ = unsafe PQisBusy(pointer)
        }
        if notices.sessionEnded { return false }
        return unsafe PQstatus(pointer) == CONNECTION_OK && PQtransactionStatus(pointer) == PQTRANS_IDLE
    }

    /// What another thread needs to cancel the running statement.
    borrowing func cancellation() -> StatementCancellation? {
        unsafe PQgetCancel(pointer).map { unsafe StatementCancellation(adopting: $0) }
    }

    /// Runs one statement with its bound values.
    borrowing func execute(_ query: Query, deadline: ContinuousClock.Instant) throws(StoreError) -> Answer {
        let operation = query.operation
        let parameters = try BoundParameters(query.values, operation: operation)
        let sql = query.sql
        let isSent = unsafe parameters.withPointers { count, types, values, lengths, formats in
            unsafe PQsendQueryParams(pointer, sql, count, types, values, lengths, formats, 0)
        }
        guard isSent == 1 else { throw broken(operation) }
        try flush(operation, deadline)
        return try collect(operation, deadline)
    }

    /// Runs a script of several statements, without values.
    borrowing func execute(script: String, deadline: ContinuousClock.Instant) throws(StoreError) {
        guard unsafe PQsendQuery(pointer, script) == 1 else { throw broken("run a script") }
        try flush("run a script", deadline)
        _ = try collect("run a script", deadline)
    }

    /// Streams rows into a table; returns how many the server took.
    borrowing func copy(_ rows: CopyRows, deadline: ContinuousClock.Instant) throws(StoreError) -> Int {
        if let fault = rows.fault { throw StoreError(.invalidValue, operation: rows.operation, message: fault) }
        guard unsafe PQsendQuery(pointer, rows.sql) == 1 else { throw broken(rows.operation) }
        try flush(rows.operation, deadline)
        try awaitResult(rows.operation, deadline)
        guard let first = unsafe PQgetResult(pointer) else { throw broken(rows.operation) }
        let start = unsafe ResultHandle(adopting: first)
        guard start.status == PGRES_COPY_IN else {
            _ = try collect(rows.operation, deadline, after: start.error(rows.operation))
            throw StoreError(.server, operation: rows.operation, message: "the server did not begin to copy")
        }
        try send(rows.encoded, rows.operation, deadline)
        guard unsafe PQputCopyEnd(pointer, nil) == 1 else { throw broken(rows.operation) }
        try flush(rows.operation, deadline)
        return try collect(rows.operation, deadline).affected
    }

    private borrowing func send(
        _ bytes: [UInt8], _ operation: String, _ deadline: ContinuousClock.Instant
    ) throws(StoreError) {
        let piece = 1 << 16
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let end = min(start + piece, bytes.count)
            let status = unsafe bytes[start..<end].withUnsafeBytes { buffer in
                unsafe PQputCopyData(pointer, buffer.bindMemory(to: CChar.self).baseAddress, Int32(buffer.count))
            }
            guard status == 1 else { throw broken(operation) }
            try flush(operation, deadline)
        }
    }

    /// Sends what is buffered; reads meanwhile, so that neither side waits for the other.
    private borrowing func flush(_ operation: String, _ deadline: ContinuousClock.Instant) throws(StoreError) {
        while true {
            let status = unsafe PQflush(pointer)
            if status == 0 { return }
            guard status == 1 else { throw broken(operation) }
            let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
            guard ready != 0 else { throw overrun(operation) }
            if ready & Int16(POLLIN) != 0, unsafe PQconsumeInput(pointer) != 1 { throw broken(operation) }
        }
    }

    private borrowing func awaitResult(
        _ operation: String, _ deadline: ContinuousClock.Instant
    ) throws(StoreError) {
        while unsafe PQisBusy(pointer) == 1 {
            guard try wait(for: Int16(POLLIN), until: deadline) != 0 else { throw overrun(operation) }
            guard unsafe PQconsumeInput(pointer) == 1 else { throw broken(operation) }
        }
    }

    /// Reads every result of what was sent; throws the first error, or returns the last answer.
    private borrowing func collect(
        _ operation: String, _ deadline: ContinuousClock.Instant, after earlier: StoreError? = nil
    ) throws(StoreError) -> Answer {
        var (fault, answer) = (earlier, Answer(rows: RowSet(columns: [], bytes: [], fields: []), tag: "", affected: 0))
        while true {
            try awaitResult(operation, deadline)
            guard let raw = unsafe PQgetResult(pointer) else { break }
            let result = unsafe ResultHandle(adopting: raw)
            if let error = result.error(operation) { fault = fault ?? error } else { answer = result.answer() }
        }
        if unsafe PQstatus(pointer) == CONNECTION_BAD, fault?.code != .connectionFailed { throw broken(operation) }
        if let fault { throw fault }
        return answer
    }

    /// The events that came before the deadline; 0 if it passed.
    private borrowing func wait(
        for events: Int16, until deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Int16 {
        let socket = unsafe PQsocket(pointer)
        guard socket >= 0 else { throw broken("wait for the server") }
        var descriptor = pollfd(fd: socket, events: events, revents: 0)
        while true {
            // Rounded up, so that a deadline does not spin through its last millisecond.
            let left = max(0, (deadline - .now).wholeNanosecondsClamped)
            let ready = unsafe poll(&descriptor, 1, Int32(clamping: (left + 999_999) / 1_000_000))
            if ready > 0 { return descriptor.revents }
            if ready == 0, left == 0 { return 0 }
            if ready < 0, errno != EINTR { throw broken("wait for the server") }
        }
    }

    private borrowing func broken(_ operation: String) -> StoreError {
        let text = unsafe String(cString: PQerrorMessage(pointer))
        return StoreError(
            .connectionFailed, operation: operation, message: "the connection to PostgreSQL broke: \(oneLine(text))")
    }

    private borrowing func overrun(_ operation: String) -> StoreError {
        StoreError(.timeout, operation: operation, message: "PostgreSQL did not answer before the deadline")
    }
}

/// What a statement gave back.
struct Answer: Sendable {
    let rows: RowSet
    /// Such as `COMMIT` or `UPDATE 3`.
    let tag: String
    /// Rows inserted, updated, deleted, copied or selected.
    let affected: Int
}

extension Duration {
    fileprivate var wholeNanosecondsClamped: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < 1_000_000_000 else { return seconds < 0 ? .min : .max / 2 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// A server's text without line breaks.
func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { $0.drop { $0.isWhitespace } }.joined(separator: " ")
}
