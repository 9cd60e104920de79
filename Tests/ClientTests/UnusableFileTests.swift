// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing
internal import UserGatewayCore

@testable internal import Client

/// Files that somebody names and that can't be used: one sentence with the file, the reason and the remedy.
@Suite struct UnusableFileTests {
    private static let remedy = "give --token-file or EBB_TOKEN_FILE a file that holds a token and nothing else"
    private static let noToken = "does not hold a token, which is ebb_ and 43 characters on one line"
    private static let half = String(repeating: "a", count: 21)

    @Test(
        "a token file that can't be used is named with the reason and the remedy, by every command",
        arguments: ["vm list", "login"])
    func tokens(command: String) async throws {
        try await withTemporaryDirectory { directory in
            let words = command.split(separator: " ").map(String.init)
            func errors(_ path: String, _ code: Int32) async -> String {
                let outcome = await ebb(words + ["--token-file", path], environment: ["XDG_CONFIG_HOME": directory])
                #expect(outcome.code == code && outcome.output.isEmpty, "\(path): \(outcome)")
                return outcome.errors
            }
            for (path, reason) in [
                (directory, "it is a folder"), (directory + "/none", "No such file or directory"),
                ("/dev/null/token", "Not a directory"), ("/dev/zero", "it has more than 1 MiB"),
                // As root every file can be opened, and this one not be read.
                ("/proc/self/mem", "Input/output error"),
            ] {
                #expect(await errors(path, 78) == "ebb: can't use \(path): \(reason); \(Self.remedy)\n")
            }
            let path = directory + "/token"
            for (text, code, sentence) in [
                ("ebb_\(Self.half)\n\(Self.half)a\n", 77, "ebb: \(path) \(Self.noToken); \(Self.remedy)\n"),
                ("", 77, "ebb: \(path) \(Self.noToken); \(Self.remedy)\n"),
                (
                    "ebb_\(Self.half)\0\(Self.half)", 78,
                    "ebb: can't use \(path): it is not text in UTF-8; \(Self.remedy)\n"
                ),
            ] as [(String, Int32, String)] {
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                #expect(await errors(path, code) == sentence)
            }
        }
    }

    @Test("no command that reads a file shows the words of a library for one that can't be read")
    func others() async throws {
        try await withTemporaryDirectory { directory in
            let environment = ["EBB_TOKEN": FakeMethods.ownerToken, "EBB_ENDPOINT": "tcp://127.0.0.1:1"]
            for path in [directory, directory + "/none"] {
                let reason = path == directory ? "it is a folder" : "No such file or directory"
                for (line, remedy) in [
                    (
                        "vm create web-1 --flavor small --ssh-key",
                        "give the file of a public key, whose name ends in .pub"
                    ),
                    ("rate set", "name a file of YAML or JSON"),
                    ("plot --figure", "name the JSON file that holds the figure"),
                ] {
                    let outcome = await ebb(
                        line.split(separator: " ").map(String.init) + [path], environment: environment)
                    #expect(
                        outcome
                            == CommandOutcome(
                                code: 65, output: "", errors: "ebb: can't use \(path): \(reason); \(remedy)\n"),
                        "\(line)")
                }
            }
            let figure = directory + "/figure.json"
            try #"{"vmLoadPercent": [1, 2, 3]}"#.write(toFile: figure, atomically: true, encoding: .utf8)
            let unwritable = directory + "/none/plot.svg"
            let plot = await ebb(["plot", "--figure", figure, "--svg", unwritable])
            #expect(plot.code == 74)
            #expect(plot.errors == "ebb: can't write \(unwritable): No such file or directory\n")
        }
    }

    @Test("a configuration that can't be used is named with the reason and the remedy")
    func configurations() async throws {
        try await withTemporaryDirectory { home in
            let path = home + "/ebb/config.yaml"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            func errors() async -> String {
                let outcome = await ebb(["vm", "list"], environment: ["XDG_CONFIG_HOME": home])
                #expect(outcome.code == 78)
                return outcome.errors
            }
            let remedy = "correct it, or remove it and run ebb login anew"
            #expect(await errors() == "ebb: can't use \(path): it is a folder; \(remedy)\n")
            try FileManager.default.removeItem(atPath: path)
            let text = "contexts:\n  a:\n    token: y\n"
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
            #expect(await errors() == "ebb: can't use \(path): 'contexts.a.endpoint' is missing; \(remedy)\n")
        }
    }

    @Test("an error of Foundation is told in the system's words, and without a cause in none")
    func foundation() {
        let folder = NSError(
            domain: NSCocoaErrorDomain, code: 256,
            userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: Int(EISDIR))])
        #expect(ClientFailure(.output, "can't write x", folder).message == "can't write x: Is a directory")
        let full = CocoaError(.fileWriteOutOfSpace)
        #expect(ClientFailure(.output, "can't write x", full).message == "can't write x: No space left on device")
        let odd = NSError(domain: NSCocoaErrorDomain, code: 1)
        #expect(ClientFailure(.output, "can't write x", odd).message == "can't write x: the system does not say why")
    }
}
