// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Store

/// One test's own database, migrated and empty.
package struct TestDatabase: Sendable {
    package let cluster: PostgresCluster
    package let name: String

    /// A connection string for `role`: `postgres`, or a service's such as `ebb_monitor`.
    package func dsn(role: String = "postgres") -> String { cluster.dsn(database: name, role: role) }

    /// Lets the database's clock stand at `nanoseconds` since 1970: for a service that is told of another time than now, and
    /// whose instants the database would refuse.
    package func stopClock(at nanoseconds: Int64) async throws {
        try await withStore { store async throws in
            try await store.query(
                Query(
                    unsafeSQL: """
                        CREATE OR REPLACE FUNCTION cluster.now_ns() RETURNS int8 LANGUAGE sql VOLATILE AS \
                        $$ SELECT \(nanoseconds)::int8 $$
                        """))
        }
    }

    /// Gives `body` a store of its own, and closes it.
    @discardableResult
    package func withStore<R: Sendable>(
        role: String = "postgres", poolSize: Int = 4, log: Logger = .quiet,
        configure: (inout StoreConfiguration) -> Void = { _ in }, _ body: (Store) async throws -> R
    ) async throws -> R {
        var configuration = StoreConfiguration(dsn: dsn(role: role), poolSize: poolSize, applicationName: "ebb-test")
        configure(&configuration)
        let store = try Store(configuration: configuration, log: log)
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}

/// Gives `body` a fresh, migrated database in the process's shared cluster (or in `cluster`), and drops it.
@discardableResult
package func withDatabase<R: Sendable>(
    in cluster: PostgresCluster? = nil, _ body: (TestDatabase) async throws -> R
) async throws -> R {
    var cluster = cluster
    if cluster == nil { cluster = try await PostgresCluster.shared() }
    guard let cluster else { throw ProcessFailure(description: "no PostgreSQL cluster") }
    await cluster.enter()
    do {
        let database = TestDatabase(cluster: cluster, name: try await cluster.makeDatabase())
        let result: R
        do { result = try await body(database) } catch {
            await cluster.dropDatabase(database.name)
            throw error
        }
        await cluster.dropDatabase(database.name)
        await cluster.leave()
        return result
    } catch {
        await cluster.leave()
        throw error
    }
}

/// `withDatabase` and one store of the administrator's.
@discardableResult
package func withStore<R: Sendable>(_ body: (Store) async throws -> R) async throws -> R {
    try await withDatabase { try await $0.withStore(body) }
}

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
