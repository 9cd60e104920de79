// SPDX-License-Identifier: Apache-2.0

import Logging
import Store
import Synchronization

/// The statements that the gateway's role sends, as the server itself names them.
final class StatementLog: Sendable {
    private let state = Mutex<[String]>([])

    /// Has the server tell each new session of the gateway's role what it runs.
    static func enable(_ administration: Store, in database: String) async throws {
        for setting in ["log_statement = 'all'", "client_min_messages = 'log'"] {
            try await administration.query(
                Query(unsafeSQL: "ALTER ROLE ebb_usergateway IN DATABASE \(database) SET \(setting)"))
        }
    }

    var logger: Logger { Logger(label: "statements") { _ in Handler(statements: self) } }

    /// What ran since the last call.
    func take() -> [String] {
        state.withLock { statements in
            defer { statements = [] }
            return statements
        }
    }

    fileprivate func add(_ notice: String) {
        // "LOG:  execute <unnamed>: SELECT … DETAIL:  Parameters: …": values are no part of the statement.
        guard let begin = notice.firstRange(of: "execute "), notice.hasPrefix("LOG:") else { return }
        let statement = notice[begin.upperBound...]
        let end = statement.firstRange(of: "DETAIL:")?.lowerBound ?? statement.endIndex
        state.withLock { $0.append(String(statement[..<end])) }
    }

    private struct Handler: LogHandler {
        let statements: StatementLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if case .string(let notice) = event.metadata?["notice"] { statements.add(notice) }
        }
    }
}
