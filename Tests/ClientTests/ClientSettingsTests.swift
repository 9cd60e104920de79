// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import ResourceModel
internal import TestSupport
internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

@testable internal import Client

/// A server of something else: it says its text and closes.
private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(text: String) { self.text = text }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        context.close(promise: nil)
    }
}

@Suite("Client settings")
struct ClientSettingsTests {
    @Test("login checks the token, keeps it for its owner only, and later commands use it")
    func logsIn() async throws {
        try await withGateway { gateway in
            try await withTemporaryDirectory { home in
                let environment = ["XDG_CONFIG_HOME": home]
                let login = await ebb(
                    ["login", "--context", "lab", "--endpoint", gateway.endpoint], environment: environment,
                    input: [FakeMethods.ownerToken])
                #expect(login.errors == "Logged in to \(gateway.endpoint) as ada (owner); context 'lab'.\n")
                #expect(login.code == 0)
                let path = home + "/ebb/config.yaml"
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
                #expect(await ebb(["vm", "list", "-o", "name"], environment: environment).output == "web-1\n")
                let unknown = await ebb(["vm", "list", "--context", "nope"], environment: environment)
                #expect(unknown.code == 78 && unknown.errors.contains("has no context 'nope'"))

                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
                let exposed = await ebb(["vm", "list"], environment: environment)
                #expect(exposed.code == 78 && exposed.errors.contains("chmod 600 \(path)"))
            }
        }
    }

    @Test("a token that the gateway refuses is not kept")
    func keepsNothingWrong() async throws {
        try await withGateway { gateway in
            try await withTemporaryDirectory { home in
                let wrong = await ebb(
                    ["login", "--endpoint", gateway.endpoint], environment: ["XDG_CONFIG_HOME": home],
                    input: ["ebb_" + String(repeating: "Z", count: 43)])
                #expect(wrong.code == 77)
                #expect(!FileManager.default.fileExists(atPath: home + "/ebb/config.yaml"))
            }
        }
    }

    @Test("where no file can be kept, login says which and why in the system's words")
    func namesUnwritableHome() async throws {
        try await withGateway { gateway in
            let login = await ebb(
                ["login", "--endpoint", gateway.endpoint], environment: ["HOME": "/dev/null"],
                input: [FakeMethods.ownerToken])
            #expect(login.code == 78)
            #expect(login.errors.contains("can't write /dev/null/.config/ebb/config.yaml: Not a directory\n"))
        }
    }

    @Test("flags win over the environment and that over the context")
    func ranksSources() async throws {
        try await withTemporaryDirectory { home in
            var file = ContextFile()
            file.currentContext = "a"
            file.contexts["a"] = .init(endpoint: "tcp://127.0.0.1:1", token: FakeMethods.ownerToken, caFile: nil)
            try file.save(home + "/ebb/config.yaml")
            #expect(try ContextFile.load(home + "/ebb/config.yaml") == file)
            var environment = ["XDG_CONFIG_HOME": home]
            #expect(await ebb(["vm", "list"], environment: environment).errors.contains("127.0.0.1:1:"))
            environment["EBB_ENDPOINT"] = "tcp://127.0.0.1:2"
            #expect(await ebb(["vm", "list"], environment: environment).errors.contains("127.0.0.1:2:"))
            let flag = await ebb(["vm", "list", "--endpoint", "tcp://127.0.0.1:3"], environment: environment)
            #expect(flag.errors.contains("127.0.0.1:3:"))
        }
    }

    @Test("an unknown key of the configuration is refused by name")
    func refusesUnknownKeys() async throws {
        try await withTemporaryDirectory { home in
            try ContextFile().save(home + "/ebb/config.yaml")
            let path = home + "/ebb/config.yaml"
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Data("contexts:\n  a:\n    endpoint: tcp://x\n    tokn: y\n".utf8))
            try handle.close()
            let outcome = await ebb(["vm", "list"], environment: ["XDG_CONFIG_HOME": home])
            #expect(outcome.code == 78 && outcome.errors.contains("unknown key 'tokn'"))
        }
    }

    @Test("a token is not sent over plain TCP to another machine unless that is allowed")
    func protectsToken() async {
        let environment = ["EBB_TOKEN": FakeMethods.ownerToken]
        let refused = await ebb(["vm", "list", "--endpoint", "tcp://192.0.2.1:7420"], environment: environment)
        #expect(refused.code == 78 && refused.errors.contains("plain TCP"))
        let allowed = await ebb(
            ["vm", "list", "--endpoint", "tcp://192.0.2.1:7420", "--allow-plain", "--timeout", "50ms"],
            environment: environment)
        #expect(allowed.code == 124 || allowed.code == 69)
    }

    @Test(
        "endpoints are read with and without port, also IPv6",
        arguments: [
            ("tcp://host", "tcp://host:7420"), ("tls://host:1", "tls://host:1"), ("tcp://[::1]:9", "tcp://[::1]:9"),
            ("tls://[fe80::1]", "tls://[fe80::1]:7420"), ("tcp://h:80/", "tcp://h:80"),
        ])
    func readsEndpoints(text: String, expected: String) { #expect(Endpoint(text)?.description == expected) }

    @Test(
        "what is not an endpoint is refused",
        arguments: ["", "host:1", "http://h", "tcp://", "tcp://h:0", "tcp://h:70000", "tcp://h/x"])
    func refusesEndpoints(text: String) { #expect(Endpoint(text) == nil) }

    @Test("TLS is spoken with the given authority, and an unknown one is refused")
    func speaksTLS() async throws {
        try await withTemporaryDirectory { directory in
            let (certificate, key) = (directory + "/cert.pem", directory + "/key.pem")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            process.arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
                "-out",
                certificate,
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try await withGateway({ $0.tls = .init(certificatePath: certificate, keyPath: key) }) { gateway in
                let environment = [
                    "EBB_TOKEN": FakeMethods.ownerToken, "EBB_ENDPOINT": "tls://localhost:\(gateway.port)",
                ]
                let trusted = await ebb(
                    ["vm", "list", "-o", "name", "--ca-file", certificate], environment: environment)
                #expect(trusted == CommandOutcome(code: 0, output: "web-1\n", errors: ""))
                #expect(await ebb(["vm", "list"], environment: environment).code == 69)
            }
        }
    }

    @Test(
        "a port that speaks something else is said to, at once, whether it speaks first or not, with lines or without")
    func otherProtocol() async throws {
        for text in ["SSH-2.0-OpenSSH_9.2\r\n", "no line", "{}\n[1\n"] {
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Speaker(text: text))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let endpoint = "tcp://127.0.0.1:\(server.localAddress?.port ?? 0)"
            let outcome = await ebb(
                ["vm", "list"], environment: ["EBB_TOKEN": FakeMethods.ownerToken, "EBB_ENDPOINT": endpoint])
            #expect(
                outcome.errors.hasPrefix("ebb: what answers at \(endpoint) does not speak Ebb's protocol"),
                "\(text): \(outcome.errors)")
            #expect(outcome.code == 69)
            try await server.close()
        }
    }

    @Test("a gateway that is not there and a file without certificates are named in plain words")
    func plainWords() async throws {
        let environment = ["EBB_TOKEN": FakeMethods.ownerToken, "EBB_ENDPOINT": "tcp://127.0.0.1:1"]
        let refused = await ebb(["vm", "list"], environment: environment)
        #expect(
            refused.errors == "ebb: can't reach the gateway at tcp://127.0.0.1:1: Connection refused; does it run, and "
                + "is --endpoint right?\n")
        let file = await ebb(
            ["vm", "list", "--ca-file", "/etc/passwd", "--endpoint", "tls://127.0.0.1:1"], environment: environment)
        #expect(
            file.errors == "ebb: can't speak TLS with the authority '/etc/passwd': no certificate in PEM can be read "
                + "from it\n")
        #expect(refused.code == 69 && file.code == 78)
    }

    @Test("a token is read from a pipe as from a file, and what is no text or too long is said to be so")
    func readsPipes() async throws {
        try await withGateway { gateway in
            let token = FakeMethods.ownerToken
            let program = try builtProduct("ebb")
            let command =
                "EBB_TOKEN_FILE=<(echo \(token)) EBB_ENDPOINT=\(gateway.endpoint) '\(program)' vm list -o name"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", command]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(text == "web-1\n" && process.terminationStatus == 0)
            let endless = await ebb(["vm", "list"], environment: ["EBB_TOKEN_FILE": "/dev/zero"])
            #expect(
                endless.code == 78
                    && endless.errors.hasPrefix(
                        "ebb: can't use /dev/zero: it has more than 1 MiB; give --token-file or")
            )
        }
    }

    @Test("the built program ends with the code and prints on the right stream")
    func runsAsProcess() async throws {
        let directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let program = directory.appendingPathComponent("ebb")
        try #require(FileManager.default.isExecutableFile(atPath: program.path), "\(program.path) is not built")
        let process = Process()
        process.executableURL = program
        process.arguments = ["vm", "list"]
        process.environment = ["HOME": "/nonexistent"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 77)
        #expect(try output.fileHandleForReading.readToEnd()?.isEmpty ?? true)
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(said == "ebb: no token; run ebb login, or set EBB_TOKEN or EBB_TOKEN_FILE\n")
    }
}

@Suite("Quantities as people write them")
struct QuantityTests {
    @Test(
        "bytes",
        arguments: [
            ("0", 0), ("1024", 1_024), ("512M", 536_870_912), ("512 MiB", 536_870_912), ("4GiB", 4_294_967_296),
            ("1.5g", 1_610_612_736), ("2TB", 2_199_023_255_552),
        ])
    func bytes(text: String, value: Int64) throws { #expect(try TypedQuantity.bytes(text) == value) }

    @Test("what is not bytes", arguments: ["", "M", "-1", "1X", "1.5", "0.3", "1..5G", "99999999999T", "1e3"])
    func notBytes(text: String) { #expect(throws: (any Error).self) { try TypedQuantity.bytes(text) } }

    @Test(
        "shares",
        arguments: [
            ("15%", 150_000), ("15 %", 150_000), ("0.7", 700_000), ("7/10", 700_000), ("1/3", 333_333),
            ("7.25%", 72_500), ("1", 1_000_000), ("0", 0),
        ])
    func shares(text: String, ppm: Int64) throws { #expect(try TypedQuantity.share(text) == ppm) }

    @Test("what is not a share", arguments: ["15", "101%", "-1%", "1/0", "a", "", "%", "7/", "3/2", "0x1"])
    func notShares(text: String) { #expect(throws: (any Error).self) { try TypedQuantity.share(text) } }

    @Test(
        "durations",
        arguments: [
            ("30s", 30_000_000_000), ("500ms", 500_000_000), ("2m", 120_000_000_000), ("5", 5_000_000_000),
            ("1d", 86_400_000_000_000),
        ])
    func durations(text: String, nanoseconds: Int64) throws {
        #expect(try TypedQuantity.nanoseconds(text) == nanoseconds)
    }

    @Test(
        "a ratio M/N asks for M of N samples, whatever the fraction",
        arguments: [(4, 6), (2, 3), (7, 10), (5, 7), (1, 12), (12, 12), (667, 1_000)])
    func quorum(needed: Int, window: Int) throws {
        let ppm = try TypedQuantity.quorum("\(needed)/\(window)")
        #expect((ppm * Int64(window) + 999_999) / 1_000_000 == needed)
    }

    @Test("what is not a duration", arguments: ["", "0s", "-1s", "1w", "s", "99999999999999d"])
    func notDurations(text: String) { #expect(throws: (any Error).self) { try TypedQuantity.nanoseconds(text) } }

    @Test(
        "instants: a date, an instant, or how long ago with its unit",
        arguments: [
            ("2026-11-01", "2026-11-01"), ("20261101", "2026-11-01"),
            ("2026-11-01T12:00:00+01:00", "2026-11-01T11:00:00Z"),
            ("2h", "2026-03-01T10:00:00Z"), ("7d", "2026-02-22T12:00:00Z"), ("500ms", "2026-03-01T11:59:59.5Z"),
            ("2027-01-01", "2027-01-01"), ("2024-02-29", "2024-02-29"), ("20000229", "2000-02-29"),
            ("2026-03-01 12:00:00z", "2026-03-01T12:00:00Z"), ("2026-03-01T12:00:00-05:30", "2026-03-01T17:30:00Z"),
            ("1970-01-01", "1970-01-01T00:00:00Z"), ("2199-12-31T23:59:59Z", "2199-12-31T23:59:59Z"),
        ])
    func instants(text: String, instant: String) throws {
        let given = try Surroundings.$current.withValue(.noon) { try TypedQuantity.instant(text) }
        #expect(given == RFC3339.timestamp(instant)?.description)
    }

    @Test(
        "what is no instant: a bare number above all, which is no duration here",
        arguments: [
            "", "2026", "202611", "2026110", "20261301", "20260230", "202611011", "2026-11", "2026-02-30", "1700000000",
            "5", "0", "0d", "-2h", "now", "99999d", "2026-11-01T25:00:00Z", "26-11-01", "01.11.2026", "1969-12-31",
            "9999-12-31", "99991231", "2200-01-01", "2199-12-31T23:59:59-01:00", "1970-01-01T00:00:00+01:00",
            "2026-03-01T24:00:00Z", "2026-03-01T12:00:60Z", "2026-03-01T12:00", "2026-03-01T12:00:00",
            "2026-03-01T12:00:00 CET", "2026-03-01T12:00:00+24:00", "2023-02-29", "21000229", "2h30m", "yesterday",
            "½d",
        ])
    func notInstants(text: String) {
        let error = #expect(throws: (any Error).self) {
            try Surroundings.$current.withValue(.noon) { try TypedQuantity.instant(text) }
        }
        #expect(error.map { "\($0)".contains("'\(text)'") } == true)
    }

    @Test("numbers are written for people")
    func humanizes() {
        #expect(Humanize.bytes(0) == "0 B" && Humanize.bytes(1_342_177_280) == "1.3 GiB")
        #expect(Humanize.bytes(.max) == "8 EiB" && Humanize.bytes(1_023) == "1023 B")
        #expect(Humanize.share(412_500) == "41.3 %" && Humanize.share(999_990) == "100 %")
        #expect(Humanize.duration(412_000) == "412 µs" && Humanize.duration(1_500_000_000) == "1.5 s")
        #expect(Humanize.money(nano: "36000000", currency: "EUR") == "0.036 EUR")
        #expect(Humanize.money(nano: "-1500000000", currency: "EUR") == "-1.50 EUR")
        // 0.25 vCPU for an hour, 1.5 for three quarters of one, whole ones, and the largest for a century.
        #expect(Humanize.quantity("900000000000000", unit: "mvCPU·ns") == "0.250 vCPU-h")
        #expect(Humanize.quantity("4050000000000000", unit: "mvCPU·ns") == "1.125 vCPU-h")
        #expect(Humanize.quantity("7200000000000", unit: "vCPU·ns") == "2.000 vCPU-h")
        #expect(Humanize.quantity("206817575731200000000000000", unit: "mvCPU·ns") == "57449326592.000 vCPU-h")
        #expect(Humanize.quantity("1", unit: "µvCPU·ns") == "1 µvCPU·ns")
        // 16 GiB for 30 days: beyond 64 bits.
        #expect(Humanize.quantity("44530220924502016000000000", unit: "byte·ns") == "11520.000 GiB-h")
        #expect(Humanize.quantity("44530220924502016000000000", unit: "byte-ns") == "11520.000 GiB-h")
    }
}
