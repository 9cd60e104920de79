// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

@testable internal import Client

/// What a command line printed and how it ended.
struct CommandOutcome: Equatable {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs `ebb` in this process, in surroundings of its own.
func ebb(
    _ arguments: [String], environment: [String: String] = [:], isTerminal: Bool = false, isInteractive: Bool = false,
    input: [String] = []
) async -> CommandOutcome {
    let output = Recorder()
    let errors = Recorder()
    let lines = Mutex(input)
    let surroundings = Surroundings(
        environment: environment, isTerminal: isTerminal, isInteractive: isInteractive, width: 80,
        write: { output.append($0) }, writeError: { errors.append($0) },
        readLine: { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
        // 2026-03-01T12:00:00Z
        now: { 1_772_366_400_000_000_000 })
    let code = await Surroundings.$current.withValue(surroundings) { await Ebb.run(arguments) }
    return CommandOutcome(code: code, output: output.text, errors: errors.text)
}

/// Runs `ebb` against a gateway, as the tenant's owner unless told otherwise.
func ebb(
    _ gateway: RunningGateway, _ line: String, token: String = FakeMethods.ownerToken, isTerminal: Bool = false,
    isInteractive: Bool = false, input: [String] = []
) async -> CommandOutcome {
    await ebb(
        line.split(separator: " ").map(String.init),
        environment: ["EBB_ENDPOINT": gateway.endpoint, "EBB_TOKEN": token], isTerminal: isTerminal,
        isInteractive: isInteractive, input: input)
}

private final class Recorder: Sendable {
    private let state = Mutex("")
    var text: String { state.withLock { $0 } }
    func append(_ text: String) { state.withLock { $0 += text } }
}

extension Surroundings {
    /// 2026-03-01T12:00:00Z, and nobody there.
    static let noon = Surroundings(
        environment: [:], isTerminal: false, isInteractive: false, width: 80, write: { _ in }, writeError: { _ in },
        readLine: { nil }, now: { 1_772_366_400_000_000_000 })
}

/// A directory that is gone afterwards.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.path + "/ebb-client-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
