// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import Logging
internal import ResourceModel
internal import Store

/// Brings the database up to date, once per release, before the services start.
@main
struct EbbMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-migrate",
        abstract: "Bring Ebb's database schema up to date and provision who may use it.",
        discussion: """
            Running it again changes nothing; several at once wait for each other. Secrets are never printed; \
            a connection string with a password belongs into the environment, where other users can't see it.

            EXAMPLES
              Migrate, with the administrator's connection string from the environment:
                EBB_MIGRATE_DATABASE_URL=postgresql://postgres@db/ebb ebb-migrate

              Also let the five services log in, each with the password in a file of its own (monitor-password, \
            scheduler-password, billing-password, logger-password, usergateway-password):
                ebb-migrate --database-url postgresql://postgres@db/ebb --role-passwords /run/secrets

              Also make the first administrator and write its token to a file that only you can read:
                ebb-migrate --create-administrator alice --token-file ./alice.token

              Replace a token that was lost (its older tokens stop working):
                ebb-migrate --create-administrator alice --token-file ./alice.token --renew-token

            EXIT CODES
              0 done   64 wrong usage   69 the database can't be reached   70 unexpected failure
              77 not permitted   78 wrong configuration
            """)

    @Option(
        help: ArgumentHelp("Administrator's connection string. Default: EBB_MIGRATE_DATABASE_URL.", valueName: "url"))
    var databaseURL: String?

    @Option(
        help: ArgumentHelp(
            "Folder with a file SERVICE-password for each service. Default: EBB_MIGRATE_ROLE_PASSWORDS; else they stay.",
            valueName: "folder"))
    var rolePasswords: String?

    @Option(
        help: ArgumentHelp(
            "Days for which samples are kept at least, whatever Logger's settings say, 1 to 3650. First: 7.",
            valueName: "days"))
    var keepSamples: Int?

    @Option(help: ArgumentHelp("Make an administrator of this name.", valueName: "name"))
    var createAdministrator: String?

    @Option(help: ArgumentHelp("Where to write the administrator's new token (mode 0600).", valueName: "path"))
    var tokenFile: String?

    @Flag(help: "Give an administrator that exists already a new token and revoke its older ones.")
    var renewToken = false

    @Option(help: ArgumentHelp("Days until the token expires, 1 to 3650.", valueName: "days"))
    var tokenDays = 365

    @Option(help: ArgumentHelp("Seconds to wait for the database, 1 to 600.", valueName: "seconds"))
    var wait = 10

    mutating func validate() throws {
        guard (createAdministrator == nil) == (tokenFile == nil) else {
            throw ValidationError("--create-administrator and --token-file belong together")
        }
        guard !renewToken || createAdministrator != nil else {
            throw ValidationError("--renew-token needs --create-administrator")
        }
        guard (1...3_650).contains(tokenDays) else { throw ValidationError("--token-days must be 1 to 3650") }
        if let keepSamples, !(1...3_650).contains(keepSamples) {
            throw ValidationError("--keep-samples must be 1 to 3650 days, not \(keepSamples)")
        }
        guard (1...600).contains(wait) else { throw ValidationError("--wait must be 1 to 600") }
        if let createAdministrator, !isValidName(createAdministrator) {
            throw ValidationError(
                "'\(createAdministrator)' is not a valid name: it needs 1 to 63 characters of a-z 0-9 . _ - and must "
                    + "begin with a letter or digit"
            )
        }
    }

    func run() async throws {
        do {
            try await work(environment: ProcessInfo.processInfo.environment)
        } catch {
            let failure = Failure(error)
            FileHandle.standardError.write(Data("ebb-migrate: \(terminalLine(failure.sentence))\n".utf8))
            throw ExitCode(failure.exitCode)
        }
    }

    private func work(environment: [String: String]) async throws {
        guard let dsn = databaseURL ?? environment["EBB_MIGRATE_DATABASE_URL"], !dsn.isEmpty else {
            throw Failure("no database: give --database-url or EBB_MIGRATE_DATABASE_URL", exitCode: 78)
        }
        let passwords = try readRolePasswords(environment)
        let configuration = StoreConfiguration(
            dsn: dsn, poolSize: 1, connectTimeout: .seconds(min(wait, 10)), statementTimeout: .seconds(60),
            acquireTimeout: .seconds(wait), idleInTransactionTimeout: .seconds(60), applicationName: "ebb-migrate")
        let store = try Store(
            configuration: configuration, log: Logger(label: "ebb-migrate") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await provision(store, passwords)
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }

    private func provision(_ store: Store, _ passwords: [ServiceKind: String]?) async throws {
        let newest = Migration.all.last?.version ?? 0
        let versions = try await Migrator().migrate(store)
        say(
            versions.isEmpty
                ? "the schema is up to date at version \(newest)"
                : "the schema is at version \(newest) now (ran \(versions.count))")
        if versions.contains(Migration.ownership) { try await listGuesses(store) }
        if let passwords {
            try await RoleProvisioner(store).enableLogin(passwords: passwords)
            say("the services' roles may log in")
        }
        if let keepSamples {
            try await LogRepository(store).keepSamples(for: .seconds(86_400 * keepSamples))
            say("samples are kept for \(keepSamples) days at least")
        }
        if let createAdministrator, let tokenFile {
            let setup = AdministratorSetup(
                name: createAdministrator, tokenFile: tokenFile, renewToken: renewToken, tokenDays: tokenDays)
            say(try await setup.run(store))
        }
    }

    /// Lists what was guessed: who owned a VM before ownership had dates. The rows stay in inventory.ownership_guess.
    private func listGuesses(_ store: Store) async throws {
        let guesses = try await OwnershipRepository(store).guesses()
        guard !guesses.isEmpty else { return }
        say("ownership of VMs has dates from now on; for the time before, this was assumed:")
        for guess in guesses { say("  " + guess) }
    }

    private func readRolePasswords(_ environment: [String: String]) throws -> [ServiceKind: String]? {
        guard let folder = rolePasswords ?? environment["EBB_MIGRATE_ROLE_PASSWORDS"], !folder.isEmpty else {
            return nil
        }
        var passwords: [ServiceKind: String] = [:]
        for service in ServiceKind.allCases {
            let path = "\(folder)/\(service.rawValue)-password"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw Failure("can't read \(path): --role-passwords needs such a file for each service", exitCode: 78)
            }
            passwords[service] = text.trimmingCharacters(in: .newlines)
        }
        return passwords
    }

    private func say(_ text: String) { print("ebb-migrate: \(terminalLine(text))") }
}

/// Why the program ended: one sentence, and an exit code of sysexits.h.
struct Failure: Error {
    let sentence: String
    let exitCode: Int32

    init(_ sentence: String, exitCode: Int32) {
        self.sentence = sentence
        self.exitCode = exitCode
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as StoreError: self.init("\(error)", exitCode: Self.exitCode(error.code))
        default: self.init("\(error)", exitCode: 70)
        }
    }

    private static func exitCode(_ code: StoreError.Code) -> Int32 {
        switch code {
        case .connectionFailed, .timeout: 69
        case .authenticationFailed, .insufficientPrivilege: 77
        case .configuration, .databaseMissing, .migrationEdited, .schemaTooNew: 78
        default: 70
        }
    }
}
