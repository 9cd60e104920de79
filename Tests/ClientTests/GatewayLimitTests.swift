// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

@Suite("Limits of the gateway's network")
struct GatewayLimitTests {
    /// The last line that the gateway says, and that it then closes.
    private func lastWord(_ client: inout RawClient) async throws -> JSONValue? {
        let line = try await client.receive()
        #expect(try await client.receive() == nil)
        return line
    }

    @Test("before login a line of 4096 bytes is read and a longer one ends the connection with a reason")
    func boundsLinesBeforeLogin() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                let line = RawClient.line(1, "session.ping")
                let padding = String(repeating: " ", count: 4_096 - (line.utf8.count - 1))
                try await client.send(padding + line)
                #expect(try await client.receive()?["id"] == 1)
                try await client.send(String(repeating: " ", count: 4_097))
                let error = try await lastWord(&client)?["error"]
                #expect(
                    error?["message"] == "not a JSON-RPC 2.0 request: a line may have at most 4096 bytes before login")
            }
        }
    }

    @Test("after login lines may be longer, up to the limit of the greeting")
    func boundsLinesAfterLogin() async throws {
        try await withGateway({ $0.maximumLine = 65_536 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                try await client.send(String(repeating: " ", count: 60_000) + RawClient.line(1, "session.ping"))
                #expect(try await client.receive()?["id"] == 1)
                // One that never ends is refused while it comes, not when it is whole.
                try await client.send(String(repeating: "x", count: 65_537))
                let last = try await lastWord(&client)
                #expect(last?["error"]?["code"] == -32_600)
            }
        }
    }

    @Test(
        "a few empty lines are passed over, and a flood of them ends the connection", arguments: ["\n", "\r\n"],
        [false, true])
    func boundsEmptyLines(end: String, isLoggedIn: Bool) async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                if isLoggedIn { _ = try await client.login() }
                for number in 1...3 {
                    try await client.send(String(repeating: end, count: 16))
                    #expect(try await client.request(number, "session.ping")?["id"] == .integer(Int64(number)))
                }
                // However it is cut, and without a request in between.
                for _ in 1...2 { try await client.send(String(repeating: end, count: 50_000)) }
                let message = try await lastWord(&client)?["error"]?["message"]?.text
                #expect(message?.contains("more than 16 lines in a row were empty") == true, "\(message ?? "")")
            }
        }
    }

    @Test("a client that says nothing is sent away")
    func boundsFirstLine() async throws {
        try await withGateway({ $0.firstLineTimeout = .milliseconds(50) }) { gateway in
            try await RawClient.connect(gateway.port, readsGreeting: false) { client in
                // On a busy machine the greeting itself may come too late.
                var last: JSONValue?
                while let line = try await client.receive() { last = line }
                #expect(last?["error"]?["data"]?["retryable"] == true)
            }
        }
    }

    @Test("a line that does not end in time is sent away, however steadily its bytes come")
    func boundsSlowLines() async throws {
        try await withGateway({ $0.lineTimeout = .milliseconds(80) }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                #expect(try await client.request(1, "session.ping")?["id"] == 1)
                // Each byte alone; the deadline runs from the first, so that these can't push it on.
                for byte in "{\"jsonrpc\"" { try await client.send(String(byte)) }
                let message = try await lastWord(&client)?["error"]?["message"]?.text
                #expect(message?.hasPrefix("a line was not complete within") == true)
            }
        }
    }

    @Test("a silent client is sent away after the idle time")
    func boundsIdleness() async throws {
        try await withGateway({ $0.idleTimeout = .milliseconds(80) }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                #expect(try await client.request(1, "session.ping")?["id"] == 1)
                let message = try await lastWord(&client)?["error"]?["message"]?.text
                #expect(message?.hasPrefix("no request came for") == true)
            }
        }
    }

    @Test("a connection too many hears the limit, and one that ends makes room")
    func boundsConnections() async throws {
        try await withGateway({ $0.maximumConnections = 1 }) { gateway in
            try await RawClient.connect(gateway.port) { first in
                _ = try await first.login()
                try await RawClient.connect(gateway.port, readsGreeting: false) { second in
                    let error = try await lastWord(&second)?["error"]
                    #expect(error?["data"]?["reason"] == "BUSY")
                    #expect(error?["message"] == "the gateway has 1 connections, its limit")
                }
            }
            var isAdmitted = false
            for _ in 1...200 where !isAdmitted {
                // The gateway learns of the first one's end a moment after it.
                isAdmitted = try await greeting(gateway.port)?["method"] == "gateway.hello"
            }
            #expect(isAdmitted)
        }
    }

    @Test("an answer beyond its limit becomes an error that says how to ask for less")
    func boundsAnswers() async throws {
        try await withGateway({ $0.maximumAnswer = 700 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let error = try await client.request(1, "rpc.discover")?["error"]
                #expect(error?["data"]?["reason"] == "INVALID" && error?["data"]?["hint"] != nil)
            }
        }
    }

    @Test("a client that reads nothing is disconnected and holds nobody up")
    func boundsStalledWrites() async throws {
        try await withGateway({
            $0.stalledWriteTimeout = .milliseconds(100)
            $0.outboundHighWatermark = 16_384
            $0.maximumRequestsBeforeLogin = 64
        }) { gateway in
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try? await RawClient.connect(gateway.port) { stalled in
                        _ = try await stalled.login()
                        // Some 250 KB each, never read: more than the sockets' buffers hold.
                        while true { try await stalled.send(RawClient.line(1, "rpc.discover")) }
                    }
                }
                try await RawClient.connect(gateway.port) { client in
                    for id in 1...20 {
                        let answer = try await client.request(id, "session.ping")
                        #expect(answer?["id"] == .integer(Int64(id)))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func greeting(_ port: Int) async throws -> JSONValue? {
        let box = Box()
        try await RawClient.connect(port, readsGreeting: false) { client in box.set(try await client.receive()) }
        return box.value
    }
}
