// SPDX-License-Identifier: Apache-2.0

/// Where the database is and how long to wait for it.
package struct StoreConfiguration: Sendable {
    /// A libpq connection string or URI; it may hold a password and is never logged.
    package var dsn: String
    /// Connections at most, each with a thread of its own.
    package var poolSize: Int
    /// The limit of one attempt to connect.
    package var connectTimeout: Duration
    /// The limit of one statement, unless the call names its own; a statement that overruns is cancelled and its
    /// connection dropped.
    package var statementTimeout: Duration
    /// How long to wait for a free, working connection, attempts to reconnect included.
    package var acquireTimeout: Duration
    /// Calls that may wait for a connection; one more is refused as `busy`.
    package var waitingLimit: Int
    /// After this time without a statement the server ends a transaction: a paused owner must not block a take-over.
    package var idleInTransactionTimeout: Duration
    /// What `pg_stat_activity` shows.
    package var applicationName: String

    package init(
        dsn: String, poolSize: Int = 4, connectTimeout: Duration = .seconds(3),
        statementTimeout: Duration = .seconds(5), acquireTimeout: Duration = .seconds(5), waitingLimit: Int = 256,
        idleInTransactionTimeout: Duration = .seconds(10), applicationName: String = "ebb"
    ) {
        self.dsn = dsn
        self.poolSize = max(1, poolSize)
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.acquireTimeout = acquireTimeout
        self.waitingLimit = max(0, waitingLimit)
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.applicationName = applicationName
    }
}

/// How much a transaction sees of others.
package enum IsolationLevel: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}
