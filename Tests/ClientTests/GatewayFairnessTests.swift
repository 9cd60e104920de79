// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing
internal import UserGatewayCore
internal import UserGatewayMain

@Suite("Before login nothing is dear")
struct BeforeLoginTests {
    @Test("before login a few methods are described, after it all of them")
    func describesByLogin() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                let open = try await client.request(1, "rpc.discover")?["result"]
                #expect(
                    open?["methods"]?.items?.compactMap { $0["name"]?.text }
                        == ["session.hello", "session.login", "session.ping", "rpc.discover"])
                _ = try await client.login()
                let all = try await client.request(2, "rpc.discover")
                #expect(all?["id"] == 2 && all?["result"]?["methods"]?.items?.count == MethodRegistry.ebb.methods.count)
                let full = try await client.request(3, "rpc.discover", ["full": true])?["result"]?["methods"]?.items
                #expect(full?.count == MethodRegistry.ebb.methods.count && full?.last?["examples"] != nil)
            }
        }
    }

    @Test("the answers to a batch are bounded by bytes: what has no room is not done, and says so")
    func boundsBatches() async throws {
        try await withGateway({
            $0.maximumAnswer = 250_000
            $0.maximumRequestsBeforeLogin = 64
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                func batch(_ method: String, _ parameters: JSONValue = [:], count: Int) -> String {
                    let lines = (1...count).map { RawClient.line($0, method, parameters).filter { $0 != "\n" } }
                    return "[" + lines.joined(separator: ",") + "]\n"
                }
                try await client.send(batch("rpc.discover", count: 50))
                let open = try #require(try await client.receive())
                #expect(open.compact.count < 100_000 && open.items?.count == 50)
                #expect(open.items?.first?["result"] != nil && open.items?.last?["error"]?["data"]?["hint"] != nil)
                _ = try await client.login()
                try await client.send(batch("vm.show", ["vm": "huge"], count: 9))
                let answers = try #require(try await client.receive()?.items)
                #expect(answers.count { $0["result"] != nil } == 2)
                #expect(answers.last?["error"]?["data"]?["reason"] == "INVALID")
            }
            #expect(gateway.methods.calls.count <= 4)
        }
    }

    @Test("a connection without login ends at its deadline, whatever it sends; one with login goes on")
    func boundsLife() async throws {
        try await withGateway({
            $0.loginDeadline = .seconds(1)
            $0.maximumRequestsBeforeLogin = 1_000_000
            $0.strangersBurst = 1_000_000
        }) { gateway in
            try await RawClient.connect(gateway.port) { known in
                _ = try await known.login()
                try await RawClient.connect(gateway.port) { client in
                    var last: JSONValue?
                    for id in 1... {
                        // Whole lines, and bytes of a line that never ends.
                        try? await client.send(RawClient.line(id, "session.ping"))
                        guard let line = try? await client.receive() else { break }
                        last = line
                    }
                    #expect(last?["error"]?["message"]?.text?.hasPrefix("nobody logged in within") == true)
                }
                try await RawClient.connect(gateway.port) { client in
                    try await client.send("{\"jsonrpc\"")
                    let last = try await client.receive()
                    #expect(last?["error"]?["message"]?.text?.hasPrefix("nobody logged in within") == true)
                }
                #expect(try await known.request(1, "session.ping")?["result"] == [:])
            }
        }
    }

    @Test("a connection is answered a few requests before a login, and no more")
    func boundsRequests() async throws {
        try await withGateway({ $0.maximumRequestsBeforeLogin = 3 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                for id in 1...3 { _ = try await client.request(id, "session.ping") }
                let last = try await client.request(4, "session.ping")
                #expect(last?["error"]?["message"] == "more than 3 requests came before a login")
                let end = try await client.receive()
                #expect(end == nil)
            }
        }
    }

    @Test("connections without login can't take all places: the oldest of them makes room, one with login never does")
    func keepsPlaces() async throws {
        try await withGateway({ $0.maximumConnections = 4 }) { gateway in
            let (isKnown, isOldestThere, isOtherThere, goOn) = (Gate(), Gate(), Gate(), Gate())
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await RawClient.connect(gateway.port) { known in
                        _ = try await known.login()
                        isKnown.open()
                        await goOn.wait()
                        let answer = try await known.request(1, "session.ping")
                        #expect(answer?["result"] == [:])
                    }
                }
                await isKnown.wait()
                group.addTask {
                    try await RawClient.connect(gateway.port) { oldest in
                        isOldestThere.open()
                        let last = try await oldest.receive()
                        #expect(last == nil)
                    }
                }
                await isOldestThere.wait()
                group.addTask {
                    try await RawClient.connect(gateway.port) { other in
                        isOtherThere.open()
                        await goOn.wait()
                        let answer = try await other.request(1, "session.ping")
                        #expect(answer?["result"] == [:])
                    }
                }
                await isOtherThere.wait()
                try await RawClient.connect(gateway.port) { next in
                    let answer = try await next.login(FakeMethods.administratorToken)
                    #expect(answer?["result"]?["principal"] == "root")
                }
                goOn.open()
                try await group.waitForAll()
            }
        }
    }

    @Test("a hundred connections without login that ask for all there is and read nothing take little memory")
    func takesLittleMemory() async throws {
        try await withGateway({
            $0.maximumStrangersPerAddress = 400
            $0.arrivalBurst = 400
            $0.maximumRequestsBeforeLogin = 64
            $0.strangersBurst = 1_000_000
        }) { gateway in
            let before = try residentBytes()
            let hold = Gate()
            let line = RawClient.line(1, "rpc.discover").filter { $0 != "\n" }
            let batch = "[" + Array(repeating: line, count: 50).joined(separator: ",") + "]\n"
            try await withThrowingTaskGroup { group in
                for _ in 1...100 {
                    group.addTask {
                        try? await RawClient.connect(gateway.port, readsGreeting: false) { client in
                            for _ in 1...40 { try await client.send(batch) }
                            await hold.wait()
                        }
                    }
                }
                do {
                    try await RawClient.connect(gateway.port) { client in
                        for id in 1...50 {
                            let answer = try await client.request(id, "session.ping")
                            #expect(answer?["result"] == [:])
                        }
                    }
                } catch {
                    hold.open()
                    throw error
                }
                let grown = try residentBytes() - before
                print("a hundred connections without login: \(grown >> 20) MiB more")
                #expect(grown < 100 << 20, "\(grown >> 20) MiB")
                hold.open()
                try await group.waitForAll()
            }
            let left = try residentBytes() - before
            #expect(left < 50 << 20, "\(left >> 20) MiB")
        }
    }

    @Test(
        "what strangers ask is bounded over all of them, and connections of an address; whoever logs in is not kept from it"
    )
    func boundsStrangers() async throws {
        try await withGateway({
            $0.strangersBurst = 5
            $0.strangersRefill = .seconds(600)
            $0.limitsLoopback = true
            $0.arrivalBurst = 4
            $0.arrivalRefill = .seconds(600)
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                for id in 1...5 { #expect(try await client.request(id, "rpc.discover")?["result"] != nil) }
                let refusal = try await client.request(6, "rpc.discover")?["error"]
                #expect(refusal?["message"] == "too many requests of those who have not logged in")
                #expect(try await client.receive() == nil)
            }
            // Each of these is given back: somebody logs in.
            for _ in 1...6 {
                try await RawClient.connect(gateway.port) { client in
                    let answer = try await client.login()
                    #expect(answer?["result"]?["principal"] == "ada")
                }
            }
            for _ in 1...3 { try await RawClient.connect(gateway.port) { _ in } }
            try await RawClient.connect(gateway.port, readsGreeting: false) { client in
                let refusal = try await client.receive()?["error"]?["message"]?.text
                #expect(refusal == "too many connections from this address on which nobody logged in")
            }
        }
    }

    @Test("who has not logged in and asks too much hears so after a pause, as does who opens too many connections")
    func pausesStrangers() async throws {
        try await withGateway({
            $0.strangersBurst = 1
            $0.strangersRefill = .seconds(600)
            $0.strangersPause = .seconds(600)
            $0.loginDeadline = .seconds(1)
            $0.limitsLoopback = true
            $0.arrivalBurst = 2
            $0.arrivalRefill = .seconds(600)
            $0.maximumPausedRefusals = 0
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                #expect(try await client.request(1, "rpc.discover")?["result"] != nil)
                let refusal = try await client.request(2, "rpc.discover")?["error"]?["message"]?.text
                #expect(refusal?.hasPrefix("nobody logged in within") == true)
            }
            try await RawClient.connect(gateway.port) { client in
                let answer = try await client.login()
                #expect(answer?["result"]?["principal"] == "ada")
            }
            try await RawClient.connect(gateway.port) { _ in }
            try await RawClient.connect(gateway.port, readsGreeting: false) { client in
                let last = try await client.receive()
                #expect(last == nil)
            }
        }
    }

    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
    }
}

@Suite("No tenant starves another")
struct GatewayFairnessTests {
    @Test("whatever a tenant has sent, another's request is begun at once")
    func takesTurns() async throws {
        try await withGateway({ $0.ordinaryWork.places = 4 }) { gateway in
            try await withThrowingTaskGroup { group in
                for _ in 1...5 {
                    group.addTask {
                        try await RawClient.connect(gateway.port) { loud in
                            _ = try await loud.login()
                            for id in 1...40 { try await loud.send(RawClient.line(id, "vm.show", ["vm": "gated"])) }
                            for _ in 1...40 { #expect(try await loud.receive()?["result"]?["name"] == "web-1") }
                        }
                    }
                }
                #expect(try await eventually { gateway.methods.gate.waiterCount == 2 })
                try await RawClient.connect(gateway.port) { quiet in
                    _ = try await quiet.login(FakeMethods.strangerToken)
                    let answer = try await quiet.request(1, "vm.show", ["vm": "web-1"])
                    #expect(answer?["result"]?["name"] == "web-1")
                }
                // Half of the places, of two hundred requests that were sent.
                #expect(gateway.methods.calls.count == 3)
                gateway.methods.gate.open()
                try await group.waitForAll()
            }
            #expect(gateway.methods.calls.count == 201)
        }
    }

    @Test("a call that waits for another service holds up nobody, not even its own tenant")
    func givesPlacesUp() async throws {
        try await withGateway({ $0.ordinaryWork.places = 2 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                for id in 1...20 { try await client.send(RawClient.line(id, "vm.show", ["vm": "long"])) }
                #expect(try await eventually { gateway.methods.gate.waiterCount == 20 })
                #expect(try await client.request(21, "vm.show", ["vm": "web-1"])?["id"] == 21)
                gateway.methods.gate.open()
                for _ in 1...20 { #expect(try await client.receive()?["result"]?["name"] == "web-1") }
            }
        }
    }

    @Test("a long line waits until its sender's budget of bytes has room for it; it is not refused")
    func paysForLongLines() async throws {
        try await withGateway({
            $0.principalRates.bytes = 200_000
            $0.longestRefusalPause = .zero
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let long = String(repeating: "a", count: 60_000)
                // Each costs four times its bytes: the third begins when the first two are paid for.
                for id in 1...3 {
                    let refusal = try await client.request(id, "vm.show", ["vm": .string(long)])?["error"]
                    #expect(refusal?["message"]?.text?.contains("must be a string of 1 to 63 bytes") == true)
                }
                // A short one that comes too early is refused.
                let early = try await client.request(4, "vm.show", ["vm": "web-1"])?["error"]?["message"]?.text
                #expect(early?.contains("has used up its 200000 bytes a second") == true)
            }
        }
    }

    @Test("a line of more values than a request can need is refused, however few bytes it has")
    func boundsValues() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let many = (0..<30_000).map { "\"k\($0)\":1" }.joined(separator: ",")
                try await client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vm.show\",\"params\":{\(many)}}\n")
                let refusal = try await client.receive()?["error"]?["message"]?.text
                #expect(refusal?.contains("values") == true)
            }
        }
    }

    @Test("a freeze waits for no other work, not even its own tenant's")
    func letsFreezesThrough() async throws {
        try await withGateway({ $0.ordinaryWork.places = 2 }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                for id in 1...10 { try await client.send(RawClient.line(id, "vm.show", ["vm": "gated"])) }
                #expect(try await eventually { gateway.methods.gate.waiterCount == 1 })
                let answer = try await client.request(11, "freeze.set", ["vm": "web-1", "reason": "it is mine"])
                #expect(answer?["id"] == 11 && answer?["result"] != nil)
                gateway.methods.gate.open()
            }
        }
    }

    @Test("a tenant that sends many freezes is refused most of them, and another's freeze and list are done at once")
    func boundsFreezes() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { loud in
                _ = try await loud.login()
                for id in 1...40 {
                    try await loud.send(RawClient.line(id, "freeze.set", ["vm": "gated", "reason": "mine"]))
                }
                // Two are done at the same time and eight wait.
                for _ in 1...30 {
                    let error = try #require(try await loud.receive()?["error"])
                    #expect(error["data"]?["reason"] == "BUSY" && error["data"]?["retryable"] == true, "\(error)")
                }
                #expect(try await eventually { gateway.methods.gate.waiterCount == 2 })
                try await RawClient.connect(gateway.port) { quiet in
                    _ = try await quiet.login(FakeMethods.strangerToken)
                    let frozen = try await quiet.request(1, "freeze.set", ["vm": "web-1", "reason": "mine too"])
                    #expect(frozen?["result"] != nil, "\(String(describing: frozen))")
                    #expect(try await quiet.request(2, "vm.list")?["result"] != nil)
                }
                #expect(gateway.methods.calls.count == 4)
                gateway.methods.gate.open()
                for _ in 1...10 { #expect(try await loud.receive()?["result"] != nil) }
            }
        }
    }

    @Test("who asks beyond its limits hears which, and when to come back; another tenant's requests go on")
    func boundsRates() async throws {
        try await withGateway({
            $0.tenantRates.requests = 1
            $0.longestRefusalPause = .milliseconds(1)
        }) { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                var refusal: JSONValue?
                for id in 1...30 where refusal == nil {
                    refusal = try await client.request(id, "vm.show", ["vm": "web-1"])?["error"]
                }
                #expect(refusal?["message"] == "tenant 'acme' has used up its 1 requests a second")
                #expect(refusal?["data"]?["reason"] == "BUSY")
                #expect(refusal?["data"]?["retryAfterMs"]?.integer ?? 0 > 0)
            }
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login(FakeMethods.strangerToken)
                #expect(try await client.request(1, "vm.show", ["vm": "web-1"])?["result"] != nil)
            }
        }
    }

    @Test("a NUL character is refused by its parameter's name, and nothing is done")
    func refusesNUL() async throws {
        try await withGateway { gateway in
            try await RawClient.connect(gateway.port) { client in
                _ = try await client.login()
                let error = try await client.request(1, "freeze.set", ["vm": "web-1", "reason": "a\0b"])?["error"]
                #expect(error?["code"] == -32_602)
                #expect(error?["message"] == "parameter 'reason' of freeze.set must not have a NUL character")
            }
            #expect(gateway.methods.calls.isEmpty)
        }
    }
}
