// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import UserGatewayCore

/// What one former version stored and sent: a folder of `Tests/Fixtures`.
struct Past: Sendable, CustomTestStringConvertible {
    let version: String
    let folder: URL

    var testDescription: String { version }

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    /// Every version that was kept, oldest first.
    static let all: [Past] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: fixtures.appending(path: "\($0)/dump.sql").path) }
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
            .map { Past(version: $0, folder: fixtures.appending(path: $0)) }
    }()

    /// Where differences between then and now are stated.
    var differences: URL { Self.fixtures.appending(path: "differences/\(version).json") }

    var dump: URL { folder.appending(path: "dump.sql") }

    func document(_ path: String) throws -> JSONValue {
        try JSONValue(
            parsing: try Data(contentsOf: folder.appending(path: path)), limits: JSONLimits(bytes: 16 << 20))
    }

    /// The files of a folder of messages, each with its name.
    func messages(_ kind: String) throws -> [(name: String, document: JSONValue)] {
        let path = "messages/\(kind)"
        return try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
            .map { ($0, try document("\(path)/\($0)")) }
    }
}

/// A fixture that lacks what every fixture has.
struct BrokenFixture: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// A member that must be there.
    func required(_ name: String) throws -> JSONValue {
        guard let value = self[name] else { throw BrokenFixture("a document has no '\(name)'") }
        return value
    }

    func requiredText(_ name: String) throws -> String {
        guard let text = try required(name).text else { throw BrokenFixture("'\(name)' is no text") }
        return text
    }

    func requiredInteger(_ name: String) throws -> Int64 {
        guard let integer = try required(name).integer else { throw BrokenFixture("'\(name)' is no integer") }
        return integer
    }

    func requiredBytes(_ name: String) throws -> [UInt8] {
        let text = try requiredText(name)
        let digits = text.compactMap { $0.hexDigitValue.map(UInt8.init) }
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else {
            throw BrokenFixture("'\(name)' is not hexadecimal")
        }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
