// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

/// A checked connection string: where to connect, in which role, and how to report errors without the password.
struct ConnectionTarget: Sendable {
    private let dsn: String
    private let applicationName: String
    private let address: String
    private let role: String
    private let database: String

    /// Throws `configuration` if libpq can't read it. The text itself is never repeated: it may hold a password.
    init(dsn: String, applicationName: String) throws(StoreError) {
        var problem: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(dsn, &problem) else {
            unsafe PQfreemem(problem)
            throw StoreError(
                .configuration, operation: "read the database URL",
                message: "it is not valid: expected postgresql://role@host:port/database or libpq's key=value form")
        }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        self.dsn = dsn
        self.applicationName = applicationName
        address = "\(values["host"] ?? values["hostaddr"] ?? "the local socket"):\(values["port"] ?? "5432")"
        role = values["user"] ?? "the process's user"
        database = values["dbname"] ?? role
    }

    /// Begins to connect; `nil` when out of memory.
    @unsafe func start() -> OpaquePointer? {
        let keywords = ["dbname", "fallback_application_name", "client_encoding"]
        let values = [dsn, applicationName, "UTF8"]
        return unsafe withCStrings(keywords) { keywords in
            unsafe withCStrings(values) { values in
                // 1: the "dbname" may be a whole connection string.
                unsafe PQconnectStartParams(keywords, values, 1)
            }
        }
    }

    var didNotAnswer: StoreError {
        StoreError(
            .timeout, operation: "connect",
            message: "PostgreSQL at \(address) did not answer before the deadline; check that it runs and is reachable")
    }

    /// The error for a refused connection from libpq's verbose text (`FATAL:  28P01: …`).
    func refusal(text: String) -> StoreError {
        let state = sqlState(in: text)
        let code = state.map(StoreError.Code.init(sqlState:)) ?? .connectionFailed
        let message =
            switch code {
            case .authenticationFailed:
                "PostgreSQL at \(address) refused role '\(role)': check its password and pg_hba.conf"
            case .databaseMissing:
                "database '\(database)' does not exist at \(address): create it, then run ebb-migrate"
            case .insufficientPrivilege:
                "role '\(role)' may not connect to database '\(database)' at \(address)"
            default: "PostgreSQL at \(address) can't be reached: \(firstLine(text))"
            }
        return StoreError(code, sqlState: state, operation: "connect", message: message)
    }

    private func firstLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no reason given"
        // The cause comes last; what precedes it repeats the address.
        return line.split(separator: ": ").last.map(String.init) ?? line
    }

    private func sqlState(in text: String) -> String? {
        let words: [Substring] = text.split(separator: ":").map { $0.drop { $0 == " " } }
        let state = words.first { word in
            word.count == 5 && word.allSatisfy { $0.isASCII && ($0.isNumber || $0.isUppercase) }
                && word.contains(where: \.isNumber)
        }
        return state.map { String($0) }
    }
}

/// A NULL-terminated array of C strings, valid during the call.
@unsafe private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    var bytes: [UInt8] = []
    var starts: [Int] = []
    for string in strings {
        starts.append(bytes.count)
        bytes += Array(string.utf8) + [0]
    }
    return unsafe bytes.withUnsafeBytes { buffer in
        let base = unsafe buffer.bindMemory(to: CChar.self).baseAddress
        let pointers: [UnsafePointer<CChar>?] =
            unsafe starts.map { start in unsafe base.map { unsafe $0 + start } } + [nil]
        return unsafe body(pointers)
    }
}
