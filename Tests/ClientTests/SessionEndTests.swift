// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

@Suite("Sessions whose token ends")
struct SessionEndTests {
    @Test("a token that was revoked elsewhere ends its session, and what goes on in it; others go on")
    func ends() async throws {
        try await withGateway({ $0.sessionCheckInterval = .milliseconds(20) }) { gateway in
            try await RawClient.connect(gateway.port) { other in
                _ = try await other.login(FakeMethods.administratorToken)
                try await RawClient.connect(gateway.port) { client in
                    _ = try await client.login()
                    try await client.send(RawClient.line(1, "vm.show", ["vm": "stuck"]))
                    #expect(try await eventually { !gateway.methods.calls.isEmpty })
                    gateway.methods.revokeOwnerToken()
                    let last = try await client.receive()
                    #expect(last?["error"]?["data"]?["reason"] == "DENIED")
                    #expect(last?["error"]?["message"] == "this session has ended: its token was revoked")
                    #expect(try await client.receive() == nil)
                }
                #expect(try await other.request(1, "vm.list")?["result"] != nil)
            }
        }
    }

    @Test("nothing is done for a session that was not looked at lately: it is looked at first")
    func looksFirst() async throws {
        try await withGateway({
            $0.sessionCheckInterval = .seconds(3_600)
            $0.sessionCheckAge = .zero
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                #expect(try await client.request(1, "vm.list")?["result"] != nil)
                gateway.methods.revokeOwnerToken()
                let refusal = try await client.request(2, "vm.suspend", ["vm": "web-1"])
                #expect(refusal?["error"]?["data"]?["reason"] == "DENIED")
                while let line = try await client.receive() { #expect(line["error"]?["data"]?["reason"] == "DENIED") }
            }
            #expect(gateway.methods.calls.map(\.method) == ["vm.list"])
        }
    }

    @Test("an expiry holds also while nobody can be asked")
    func expires() async throws {
        try await withGateway({ $0.sessionCheckInterval = .milliseconds(20) }, tokenLifetime: .milliseconds(200)) {
            gateway in
            try await RawClient.connect(gateway.port) { client in
                gateway.methods.stopAnswering()
                var last = try await client.login()
                while let line = try await client.receive() { last = line }
                #expect(last?["error"]?["message"] == "this session has ended: its token has expired")
            }
        }
    }

    @Test("while nobody can tell whether a session holds, only what is urgent is done")
    func doubts() async throws {
        try await withGateway({
            $0.sessionCheckInterval = .seconds(3_600)
            $0.sessionCheckAge = .zero
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                gateway.methods.stopAnswering()
                let refusal = try await client.request(1, "vm.suspend", ["vm": "web-1"])
                #expect(refusal?["error"]?["data"]?["reason"] == "UNAVAILABLE")
                let freeze = try await client.request(2, "freeze.set", ["vm": "web-1", "reason": "now"])
                #expect(freeze?["result"] != nil)
            }
            #expect(gateway.methods.calls.map(\.method) == ["freeze.set"])
        }
    }

    @Test("requests ask nobody whether their session holds, as long as that is known")
    func isCheap() async throws {
        try await withGateway({
            $0.sessionCheckInterval = .seconds(3_600)
            $0.sessionCheckAge = .seconds(3_600)
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                for id in 1...20 { #expect(try await client.request(id, "vm.list")?["result"] != nil) }
            }
            #expect(gateway.methods.questions == 0)
        }
    }

    @Test("a logout is answered, and then the connection closes")
    func logsOut() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let answer = try await client.request(1, "session.logout")
                #expect(answer?["id"] == 1 && answer?["result"]?["principal"] == "ada")
                #expect(try await client.receive() == nil)
            }
            #expect(gateway.methods.calls.map(\.method) == ["session.logout"])
        }
    }
}
