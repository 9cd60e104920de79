// SPDX-License-Identifier: Apache-2.0

/// Why the store could not do what was asked. Texts name the culprit and the remedy and never hold a password.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure. Open: a new kind is not a breaking change.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case connectionFailed, authenticationFailed, databaseMissing, timeout, busy, closed, cancelled
            case serialization, uniqueViolation, exclusionViolation, foreignKeyViolation, checkViolation
            case notNullViolation, insufficientPrivilege, undefinedTable, invalidValue, invalidResult, syntax
            case transactionAborted, outcomeUnknown, fenced, conflict, notFound, schemaTooOld, schemaTooNew
            case migrationEdited, configuration, server
        }

        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }
        package var description: String { kind.rawValue }

        /// The server can't be reached, or the connection broke.
        package static let connectionFailed = Code(.connectionFailed)
        /// Wrong password, unknown role, or refused by pg_hba.conf.
        package static let authenticationFailed = Code(.authenticationFailed)
        package static let databaseMissing = Code(.databaseMissing)
        /// A statement, a connect or a wait for a connection overran its deadline.
        package static let timeout = Code(.timeout)
        /// Every connection is in use and the waiting queue is full.
        package static let busy = Code(.busy)
        package static let closed = Code(.closed)
        /// The calling task was cancelled while it waited for a connection.
        package static let cancelled = Code(.cancelled)
        /// A serialization failure or a deadlock: running the whole transaction again may succeed.
        package static let serialization = Code(.serialization)
        package static let uniqueViolation = Code(.uniqueViolation)
        package static let exclusionViolation = Code(.exclusionViolation)
        package static let foreignKeyViolation = Code(.foreignKeyViolation)
        package static let checkViolation = Code(.checkViolation)
        package static let notNullViolation = Code(.notNullViolation)
        package static let insufficientPrivilege = Code(.insufficientPrivilege)
        /// A table, schema or function is missing: the schema is not migrated.
        package static let undefinedTable = Code(.undefinedTable)
        /// A value that can't be bound or stored.
        package static let invalidValue = Code(.invalidValue)
        /// A result that does not have the requested name or type.
        package static let invalidResult = Code(.invalidResult)
        package static let syntax = Code(.syntax)
        /// COMMIT rolled back, since an earlier statement of the transaction had failed.
        package static let transactionAborted = Code(.transactionAborted)
        /// The connection was lost during COMMIT: it may have happened or not.
        package static let outcomeUnknown = Code(.outcomeUnknown)
        /// The caller does not own the shard at its epoch any more: nothing was written.
        package static let fenced = Code(.fenced)
        /// The same idempotency key with other content.
        package static let conflict = Code(.conflict)
        package static let notFound = Code(.notFound)
        package static let schemaTooOld = Code(.schemaTooOld)
        package static let schemaTooNew = Code(.schemaTooNew)
        /// A migration that ran already has other text now.
        package static let migrationEdited = Code(.migrationEdited)
        /// The connection string or a limit is not valid.
        package static let configuration = Code(.configuration)
        /// Anything else that the server reported; see `sqlState`.
        package static let server = Code(.server)
    }

    package let code: Code
    /// The five characters of PostgreSQL's SQLSTATE, if it gave one.
    package let sqlState: String?
    /// What was attempted: a libpq function, a statement's first words or a repository's method.
    package let operation: String
    package let message: String

    package init(_ code: Code, sqlState: String? = nil, operation: String, message: String) {
        self.code = code
        self.sqlState = sqlState
        self.operation = operation
        self.message = message
    }

    /// The owner lost its shard: nothing was written.
    package static func fenced(_ claim: ShardClaim) -> StoreError {
        StoreError(
            .fenced, operation: "check ownership",
            message: "\(claim.kind.rawValue) '\(claim.id)' is not owned at epoch \(claim.epoch) any more")
    }

    package var description: String {
        "\(operation): \(message)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
    }

    /// Whether trying the same again later may succeed without anybody changing anything.
    package var isTransient: Bool {
        [.connectionFailed, .timeout, .busy, .serialization].contains(code)
    }
}

extension StoreError.Code {
    /// The kind of a failure that the server reported by its SQLSTATE.
    init(sqlState: String) {
        self =
            switch sqlState {
            case "40001", "40P01": .serialization
            case "23505": .uniqueViolation
            case "23P01": .exclusionViolation
            case "23503": .foreignKeyViolation
            case "23514": .checkViolation
            case "23502": .notNullViolation
            case "42501": .insufficientPrivilege
            case "42P01", "3F000", "42883": .undefinedTable
            case "57014", "55P03", "25P03", "25P04": .timeout
            case "3D000": .databaseMissing
            case "25P02": .transactionAborted
            default: Self.byClass(sqlState.prefix(2))
            }
    }

    private static func byClass(_ sqlStateClass: Substring) -> StoreError.Code {
        switch sqlStateClass {
        case "08", "57", "53": .connectionFailed
        case "28": .authenticationFailed
        case "22": .invalidValue
        case "42": .syntax
        default: .server
        }
    }
}
