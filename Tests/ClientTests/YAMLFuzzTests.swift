// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("Whatever a file of the client's holds is read or refused")
struct YAMLFuzzTests {
    private static let card = """
        currency: EUR
        prices: {vcpuHour: 20000000, networkGiB: 50_000_000}
        factor: &f {base: 600000, "lowerWeight": 1e5, maximum: 0x10}
        more: [*f, ~, true, 1.5, 2026-03-01, 'a']
        """
    private static let contexts = """
        current-context: acme
        contexts: {acme: {endpoint: "tcp://h:7420", token: ebb_1, ca-file: /srv/ca.pem}}
        """

    @Test("documents and lists of gateways that are bent everywhere")
    func files() throws {
        try withFile { path in
            Fuzz.run("the client's files", rounds: 3_000) { fuzz in
                let sample = fuzz.chance(50) ? Self.card : Self.contexts
                let text = fuzz.chance(80) ? fuzz.mutated(sample) : fuzz.json(depth: 5)
                guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else { return }
                chmod(path, 0o600)
                _ = try? JSONValue(yamlFile: path)
                _ = try? ContextFile.load(path)
            }
        }
    }

    @Test("nesting without end and aliases that grow are refused", arguments: ["[", "{a: ", "- "])
    func nesting(bracket: String) throws {
        try withFile { path in
            let deep = String(repeating: bracket, count: 200_000)
            let laughs = (1...30).map { "l\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1)]" }
            for text in [deep, "l0: &l0 [1, 2]\n" + laughs.joined(separator: "\n")] {
                try #require(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
                chmod(path, 0o600)
                #expect(throws: ClientFailure.self) { try JSONValue(yamlFile: path) }
                #expect(throws: ClientFailure.self) { try ContextFile.load(path) }
            }
        }
    }

    private func withFile(_ body: (String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "ebb-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory + "/file.yaml")
    }
}
