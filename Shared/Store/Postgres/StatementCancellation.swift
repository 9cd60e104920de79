// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Execution

/// Owns one `PGcancel`: a copy of the address and key of a session, independent of its connection.
///
/// `@unchecked Sendable`: the pointer is immutable and never escapes; PQcancel only reads what it points to, and libpq
/// documents it as safe to call from another thread than the connection's; it is freed once, by the last reference.
@safe final class StatementCancellation: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe PQfreeCancel(pointer) }

    /// Connects to the server and asks it to end the statement. Blocks without a limit while the server is paused.
    func send() {
        var problem = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(pointer, &problem, Int32(problem.count))
    }
}

/// Sends cancellations on one thread of its own, since a paused server lets PQcancel hang.
///
/// While one hangs, later ones are skipped: the session's statement_timeout ends those statements at the server.
final class StatementCanceller: Sendable {
    private let worker = BlockingWorker(name: "pg-cancel")

    func send(_ cancellation: StatementCancellation) {
        Task { _ = try? await worker.run(timeout: .seconds(5)) { cancellation.send() } }
    }

    func close() { worker.abandon() }
}
