// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import Client

/// How a program ended: by itself with a code, or by a signal.
private struct Ending: Equatable {
    var code: Int32?
    var signal: Int32?
    var errors = ""
}

/// The built `ebb` as a process of its own, with a gateway of this one.
private final class RunningClient {
    private let process = Process()
    private let errors = Pipe()
    private let ended: AsyncStream<Ending>

    /// - Parameter output: where its standard output goes.
    init(_ line: String, of gateway: RunningGateway, output: Any) throws {
        process.executableURL = URL(fileURLWithPath: try builtProduct("ebb"))
        process.arguments = line.split(separator: " ").map(String.init)
        process.environment = [
            "EBB_ENDPOINT": gateway.endpoint, "EBB_TOKEN": FakeMethods.administratorToken, "HOME": "/nonexistent",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        let (stream, continuation) = AsyncStream<Ending>.makeStream()
        ended = stream
        process.terminationHandler = { process in
            let isSignal = process.terminationReason == .uncaughtSignal
            continuation.yield(
                Ending(
                    code: isSignal ? nil : process.terminationStatus,
                    signal: isSignal ? process.terminationStatus : nil))
            continuation.finish()
        }
        try process.run()
    }

    func interrupt(_ number: Int32 = SIGINT) { kill(process.processIdentifier, number) }

    /// Waits for its end, at most 20 s.
    func end() async throws -> Ending {
        let watchdog = Task { [identifier = process.processIdentifier] in
            try await Task.sleep(for: .seconds(20))
            kill(identifier, SIGKILL)
        }
        defer { watchdog.cancel() }
        var ending = Ending()
        for await found in ended { ending = found }
        ending.errors = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        return ending
    }
}

@Suite("The client as a process", .serialized)
struct ClientProcessTests {
    private static let printing = [
        "vm list", "vm list -o json", "vm list -o csv", "vm show web-1 -o yaml", "vm start web-1", "vm samples web-1",
        "vm console web-1 --follow", "host prepare host-a", "--help", "vm list --help", "--version",
    ]

    @Test(
        "it ends quietly by SIGPIPE once nobody reads its output", arguments: printing + ["vm console quiet --follow"])
    func readerGone(line: String) async throws {
        try await withGateway { gateway in
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let ending = try await RunningClient(line, of: gateway, output: pipe).end()
            #expect(ending == Ending(signal: SIGPIPE))
        }
    }

    @Test("a full disk is one line on standard error and a code of its own", arguments: printing)
    func fullDisk(line: String) async throws {
        try await withGateway { gateway in
            let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
            let ending = try await RunningClient(line, of: gateway, output: full).end()
            #expect(ending.code == 74)
            #expect(
                ending.errors == "ebb: can't write the answer to standard output: No space left on device; "
                    + "what was asked for is done\n")
        }
    }

    @Test(
        "Ctrl-C or SIGTERM while a change is waited for says that it goes on and how to look at it",
        arguments: [SIGINT, SIGTERM])
    func interruptsChange(number: Int32) async throws {
        try await withGateway { gateway in
            let client = try RunningClient("vm save endless web-2 web-3", of: gateway, output: FileHandle.nullDevice)
            #expect(try await eventually { gateway.methods.calls.contains { $0.method == "operation.show" } })
            client.interrupt(number)
            let ending = try await client.end()
            #expect(ending.signal == number)
            #expect(
                ending.errors == "ebb: moving: migrate goes on; follow it with 'ebb operation show "
                    + "\(FakeMethods.endless)'; nothing was asked of web-2, web-3\n")
        }
    }

    @Test(
        "Ctrl-C before the answer says that a change may still be done, and of a question nothing",
        arguments: [("vm start gated", true), ("host drain gated", true), ("vm show stuck", false)])
    func interruptsCall(line: String, changes: Bool) async throws {
        try await withGateway { gateway in
            let client = try RunningClient(line, of: gateway, output: FileHandle.nullDevice)
            #expect(try await eventually { !gateway.methods.calls.isEmpty })
            client.interrupt()
            let ending = try await client.end()
            #expect(ending.signal == SIGINT)
            #expect(changes ? ending.errors.contains("may still be done; look before") : ending.errors.isEmpty)
        }
    }

    @Test("a shell sees 141 where nobody reads, and 74 where the output is closed")
    func shellCodes() async throws {
        let program = try builtProduct("ebb")
        let gone = try await run("bash", ["-c", "exec 3> >(:); wait $!; '\(program)' --help >&3; echo $?"])
        #expect(gone.output == "141\n" && gone.errors.isEmpty, "\(gone)")
        let closed = try await run("bash", ["-c", "'\(program)' --help >&-"])
        #expect(closed.status == 74 && closed.errors.contains("Bad file descriptor"), "\(closed)")
    }
}
