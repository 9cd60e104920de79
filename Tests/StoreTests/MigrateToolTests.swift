// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct MigrateToolTests {
    /// A folder of the test's own, with the tool copied into it as an image would have it.
    private func withTool(_ body: (_ tool: String, _ folder: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tool = folder.appending(path: "ebb-migrate").path
        try FileManager.default.copyItem(atPath: builtProduct("ebb-migrate"), toPath: tool)
        try await body(tool, folder.path)
    }

    @Test("copied anywhere it migrates, lets the roles in and makes one administrator; again, it changes nothing")
    func whole() async throws {
        try await PostgresCluster.withOwn { cluster async throws in
            let name = try await cluster.makeEmptyDatabase()
            try await withTool { tool, folder async throws in
                let tokenFile = "\(folder)/token"
                for service in ServiceKind.allCases {
                    try "pass-word-\(service.rawValue)\n".write(
                        toFile: "\(folder)/\(service.rawValue)-password", atomically: true, encoding: .utf8)
                }
                let environment = [
                    "EBB_MIGRATE_DATABASE_URL": cluster.dsn(database: name), "EBB_MIGRATE_ROLE_PASSWORDS": folder,
                ]
                let administrator = ["--create-administrator", "alice", "--token-file", tokenFile]
                let first = try await run(tool, administrator, environment: environment)
                #expect(first.status == 0, "\(first.errors)")
                let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
                #expect(AccessToken(token) != nil)
                #expect(!(first.output + first.errors).contains(token))
                let mode = try FileManager.default.attributesOfItem(atPath: tokenFile)[.posixPermissions] as? Int
                #expect(mode == 0o600)

                try await expectOwnPasswords(cluster, name)

                let again = try await run(tool, administrator, environment: environment)
                #expect(again.status == 0, "\(again.errors)")
                #expect(try String(contentsOfFile: tokenFile, encoding: .utf8).hasPrefix(token))
                let renewed = try await run(tool, administrator + ["--renew-token"], environment: environment)
                #expect(renewed.status == 0, "\(renewed.errors)")
                let newToken = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
                try await expectRenewed(cluster.dsn(database: name), from: token, to: newToken)
            }
        }
    }

    /// Each role logs in by its own password, and by no other's.
    private func expectOwnPasswords(_ cluster: PostgresCluster, _ name: String) async throws {
        for service in ServiceKind.allCases {
            for owner in ServiceKind.allCases {
                let dsn = cluster.tcpDSN(
                    database: name, role: "ebb_\(service.rawValue)", password: "pass-word-\(owner.rawValue)")
                let store = try Store(configuration: StoreConfiguration(dsn: dsn), log: .quiet)
                var refusal: StoreError.Code?
                do throws(StoreError) { try await Migrator().check(store) } catch { refusal = error.code }
                #expect(refusal == (owner == service ? nil : .authenticationFailed))
                await store.close()
            }
        }
    }

    private func expectRenewed(_ dsn: String, from old: String, to new: String) async throws {
        let store = try Store(configuration: StoreConfiguration(dsn: dsn), log: .quiet)
        let accounts = AccountRepository(store)
        let now = try await store.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
        let token = try await accounts.token(withHash: AccountRepository.hash(ofToken: new))
        #expect(token?.state(at: now) == .valid)
        #expect(token?.principal.name == "alice")
        #expect(token?.principal.role == .administrator)
        #expect(try await accounts.token(withHash: AccountRepository.hash(ofToken: old))?.state(at: now) == .revoked)
        await store.close()
    }

    @Test("each kind of failure has its exit code and one sentence without the password")
    func failures() async throws {
        let cluster = try await PostgresCluster.shared()
        let name = try await cluster.makeEmptyDatabase()
        try await withDatabase { database async throws in
            try await database.withStore { try await $0.query("ALTER ROLE ebb_billing PASSWORD 'right-secret'") }
            let cases: [(arguments: [String], status: Int32)] = [
                (["--database-url", "postgresql://u:my-secret@127.0.0.1:1/x", "--wait", "1"], 69),
                (["--database-url", cluster.tcpDSN(database: name, role: "ebb_billing", password: "my-secret")], 77),
                (
                    ["--database-url", cluster.tcpDSN(database: name, role: "ebb_billing", password: "right-secret")],
                    77
                ),
                (["--database-url", "postgresql://u:my-secret@[x"], 78),
                (["--database-url", cluster.dsn(database: "nowhere")], 78), ([], 78),
                (["--database-url", cluster.dsn(database: name), "--role-passwords", "/nowhere"], 78),
                (["--database-url", cluster.dsn(database: name), "--keep-samples", "0"], 64),
                (["--renew-token"], 64),
            ]
            try await withTool { tool, _ async throws in
                for (arguments, status) in cases {
                    let result = try await run(tool, arguments, environment: ["EBB_MIGRATE_DATABASE_URL": ""])
                    #expect(result.status == status, "\(arguments): \(result.errors)")
                    #expect(!result.errors.isEmpty)
                    #expect(!(result.output + result.errors).contains("secret"), "\(arguments)")
                    if status != 64 {
                        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                    }
                }
            }
        }
    }
}
