// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A program that failed, or does not exist.
package struct ProcessFailure: Error, CustomStringConvertible {
    package let description: String
}

/// What a program wrote and how it ended.
package struct ProcessResult: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String
}

/// Runs a program to its end. Meant for little output: it is collected in temporary files, so nothing can block.
package func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws
    -> ProcessResult
{
    let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    // Otherwise Foundation's process keeps the file descriptors, and a test that runs a program a thousand times has
    // none left.
    let handles = (output: try FileHandle(forWritingTo: output), errors: try FileHandle(forWritingTo: errors))
    process.standardOutput = handles.output
    process.standardError = handles.errors
    defer {
        try? handles.output.close()
        try? handles.errors.close()
    }
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return ProcessResult(
        status: status, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// Where the build put an executable: next to the test process's own.
package func builtProduct(_ name: String) throws -> String {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = own.deletingLastPathComponent().appending(path: name).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
        throw ProcessFailure(description: "\(path) is not there: build the package first")
    }
    return path
}

/// A shell that waits until this process ends, however it ends, then runs a script.
package final class ExitWatcher: Sendable {
    /// Nothing is written to it: its end closes when this process is gone, or when the watcher is released.
    private let pipe = Mutex<Pipe?>(nil)

    /// `script` gets `arguments` as `$1`, `$2`, …
    package init(script: String, arguments: [String]) throws {
        let pipe = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "trap '' INT TERM HUP; cat >/dev/null; \(script)", "ebb-exit-watcher"] + arguments
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.pipe.withLock { $0 = pipe }
    }

    /// Runs the script now.
    package func fire() {
        pipe.withLock { pipe in
            try? pipe?.fileHandleForWriting.close()
            pipe = nil
        }
    }
}
