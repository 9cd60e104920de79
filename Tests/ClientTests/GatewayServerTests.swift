// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ServiceLifecycle
internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

@Suite("Gateway server over TCP")
struct GatewayServerTests {
    @Test("a client is greeted, logs in and calls")
    func serves() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port, readsGreeting: false) { client in
                let greeting = try await client.receive()
                #expect(greeting?["method"] == "gateway.hello" && greeting?["params"]?["maxLine"] == 1_048_576)
                #expect(try await client.request(1, "vm.list")?["error"]?["data"]?["reason"] == "DENIED")
                #expect(try await client.login()?["result"]?["principal"] == "ada")
                let answer = try await client.request(2, "vm.show", ["vm": "web-1"])
                #expect(answer?["id"] == 2 && answer?["result"]?["name"] == "web-1")
                #expect(try await client.request(3, "host.list")?["error"]?["data"]?["reason"] == "DENIED")
            }
            #expect(gateway.methods.calls.map(\.method) == ["vm.show"])
        }
    }

    @Test("what is sent right behind the login is answered as logged in")
    func pipelines() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                let login: JSONValue = ["token": .string(FakeMethods.ownerToken)]
                try await client.send(
                    RawClient.line(1, "session.login", login) + "\r\n" + RawClient.line(2, "vm.list"))
                #expect(try await client.receive()?["id"] == 1)
                #expect(try await client.receive()?["result"]?["items"] != nil)
            }
        }
    }

    @Test("a batch is answered as one array, in order, without its notifications")
    func answersBatches() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let notification = #"{"jsonrpc":"2.0","method":"session.ping"}"#
                let parts = [RawClient.line(1, "session.ping"), notification, RawClient.line(2, "no.such"), "7"]
                try await client.send("[" + parts.map { $0.filter { $0 != "\n" } }.joined(separator: ",") + "]\n")
                let answers = try #require(try await client.receive()?.items)
                #expect(answers.map { $0["id"] } == [1, 2, .null])
                #expect(answers.map { $0["error"]?["code"] } == [nil, -32_601, -32_600])
            }
        }
    }

    @Test("bytes that are not JSON are answered, and the connection goes on")
    func survivesNoise() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                try await client.send("hello\n")
                #expect(try await client.receive()?["error"]?["code"] == -32_700)
                #expect(try await client.request(1, "session.ping")?["result"] == [:])
            }
        }
    }

    @Test("a client that closes its side still gets its answers, as with nc")
    func answersAfterHalfClose() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                try await client.send(RawClient.line(1, "vm.show", ["vm": "gated"]))
                try await client.closeOutput()
                #expect(try await eventually { gateway.methods.gate.waiterCount == 1 })
                gateway.methods.gate.open()
                #expect(try await client.receive()?["id"] == 1)
                #expect(try await client.receive() == nil)
            }
        }
    }

    @Test("requests of one connection run at the same time, up to the limit; the next is refused as busy")
    func boundsInFlight() async throws {
        try await withGateway({ $0.maximumInFlight = 2 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                for id in 1...3 { try await client.send(RawClient.line(id, "vm.show", ["vm": "gated"])) }
                let refusal = try await client.receive()
                #expect(refusal?["id"] == 3 && refusal?["error"]?["data"]?["reason"] == "BUSY")
                #expect(try await eventually { gateway.methods.gate.waiterCount == 2 })
                gateway.methods.gate.open()
                let ids = [try await client.receive()?["id"], try await client.receive()?["id"]]
                #expect(Set(ids) == [1, 2])
                #expect(try await client.request(4, "session.ping")?["result"] == [:])
            }
        }
    }

    @Test("a call that takes too long ends: unknown if it changes something, unavailable if not")
    func boundsCalls() async throws {
        try await withGateway({ $0.callTimeout = .milliseconds(50) }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let mutating = try await client.request(1, "vm.start", ["vm": "stuck"])
                #expect(mutating?["error"]?["data"]?["reason"] == "OUTCOME_UNKNOWN")
                #expect(mutating?["error"]?["data"]?["retryable"] == false)
                let reading = try await client.request(2, "vm.show", ["vm": "stuck"])
                #expect(reading?["error"]?["data"]?["reason"] == "UNAVAILABLE")
            }
        }
    }

    @Test("the third wrong token ends the connection, after its answer")
    func closesAfterWrongTokens() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                for _ in 1...3 { #expect(try await client.login("wrong")?["error"]?["data"]?["reason"] == "DENIED") }
                while let line = try await client.receive() { #expect(line["error"]?["data"]?["reason"] == "DENIED") }
            }
        }
    }

    @Test("attempts to log in are limited by address, across connections")
    func limitsLogins() async throws {
        try await withGateway({
            $0.loginBurst = 3
            $0.loginRefill = .seconds(3_600)
        }) { gateway in
            let last = Box()
            for _ in 1...2 {
                try await RawClient.connect(gateway.port) { client in
                    for _ in 1...2 { last.set(try await client.login("wrong")) }
                }
            }
            let data = last.value?["error"]?["data"]
            #expect(data?["reason"] == "BUSY" && data?["retryAfterMs"]?.integer ?? 0 > 0)
        }
    }

    @Test("a shutdown answers what is under way, closes the port and ends")
    func drains() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                try await client.send(RawClient.line(1, "vm.show", ["vm": "gated"]))
                #expect(try await eventually { gateway.methods.gate.waiterCount == 1 })
                await gateway.group.triggerGracefulShutdown()
                gateway.methods.gate.open()
                #expect(try await client.receive()?["id"] == 1)
                #expect(try await client.receive() == nil)
            }
            await #expect(throws: (any Error).self) { try await RawClient.connect(gateway.port) { _ in } }
        }
    }

    @Test("a shutdown does not wait longer than its limit for a call that never ends")
    func boundsDrain() async throws {
        let clock = ContinuousClock()
        let took = try await clock.measure {
            try await withGateway({ $0.drainTimeout = .milliseconds(100) }) { gateway in
                try await RawClient.connect(gateway.port) { client in
                    _ = try await client.login()
                    try await client.send(RawClient.line(1, "vm.show", ["vm": "stuck"]))
                    try await client.closeOutput()
                    #expect(try await eventually { !gateway.methods.calls.isEmpty })
                    await gateway.group.triggerGracefulShutdown()
                    #expect(try await client.receive() == nil)
                }
            }
        }
        // The call's own limit is 120 s.
        #expect(took < .seconds(110))
    }

    @Test("an address in use, plain TCP off loopback and a missing certificate are refused with their remedy")
    func refusesConfigurations() async throws {
        try await withGateway { gateway in
            var configuration = GatewayServerConfiguration()
            configuration.port = gateway.port
            let second = try makeServer(configuration)
            let error = await #expect(throws: GatewayServerError.self) { try await second.run() }
            #expect(error?.code == .addressInUse)
            #expect(
                error?.message
                    == "address 127.0.0.1:\(gateway.port) is in use by another process; stop it or set gateway.bind to a free one"
            )
        }
        var configuration = GatewayServerConfiguration()
        configuration.host = "0.0.0.0"
        #expect(throws: GatewayServerError.self) { try makeServer(configuration) }
        configuration.allowsPlainOffLoopback = true
        _ = try makeServer(configuration)
        configuration.tls = .init(certificatePath: "/nonexistent/cert.pem", keyPath: "/nonexistent/key.pem")
        let error = #expect(throws: GatewayServerError.self) { try makeServer(configuration) }
        #expect(error?.code == .certificateUnusable)
    }
}

private func makeServer(_ configuration: GatewayServerConfiguration) throws -> GatewayServer {
    try GatewayServer(
        configuration: configuration, identity: ServerIdentity(version: "0", instance: "x"), methods: FakeMethods(),
        log: Logger(label: "gateway", factory: { _ in SwiftLogNoOpLogHandler() }))
}
