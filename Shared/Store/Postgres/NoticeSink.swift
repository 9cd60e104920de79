// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Logging
internal import Synchronization

/// Writes a session's messages that answer no statement to the log, at debug level.
final class NoticeSink: Sendable {
    private let log: Logger
    private let ended = Atomic(false)

    init(log: Logger) { self.log = log }

    /// Whether the server said that it ends the session.
    var sessionEnded: Bool { ended.load(ordering: .relaxed) }

    fileprivate func take(_ text: String, severity: String?) {
        if severity == "FATAL" || severity == "PANIC" { ended.store(true, ordering: .relaxed) }
        log.debug("postgresql notice", metadata: ["notice": .string(oneLine(text))])
    }
}

/// libpq calls it on the connection's own thread, within a call on the connection: the sink is alive.
func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context = unsafe context, let result = unsafe result else { return }
    let sink = unsafe Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue()
    // "V": the severity in English, whatever the server's language.
    let severity = unsafe PQresultErrorField(result, Int32(UnicodeScalar("V").value)).map { unsafe String(cString: $0) }
    sink.take(unsafe String(cString: PQresultErrorMessage(result)), severity: severity)
}
