// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@Suite("JSON-RPC codec")
struct RPCCodecTests {
    private func code(_ line: String) -> Int64? {
        guard case .unreadable(let response) = RPCCodec.decode(line.utf8).elements.first,
            case .failure(let error) = response.result
        else { return nil }
        return error.code
    }

    @Test(
        "what is not a request is answered with the specification's code",
        arguments: [
            ("{", -32_700), ("\u{1}", -32_700), ("1", -32_600), ("[]", -32_600), ("[1]", -32_600), ("{}", -32_600),
            (#"{"jsonrpc":"1.0","method":"a","id":1}"#, -32_600), (#"{"jsonrpc":"2.0","id":1}"#, -32_600),
            (#"{"jsonrpc":"2.0","method":1,"id":1}"#, -32_600), (#"{"jsonrpc":"2.0","method":"a","id":1.5}"#, -32_600),
            (#"{"jsonrpc":"2.0","method":"a","id":{}}"#, -32_600),
            (#"{"jsonrpc":"2.0","method":"a","params":[1]}"#, -32_600),
            (#"{"jsonrpc":"2.0","method":"a","extra":1}"#, -32_600),
        ])
    func refuses(line: String, expected: Int64) {
        #expect(code(line) == expected)
    }

    @Test("a request without id is a notification, one with id null is not")
    func tellsNotifications() {
        let notification = RPCCodec.decode(#"{"jsonrpc":"2.0","method":"a.b"}"#.utf8)
        #expect(notification.elements == [.request(RPCRequest(id: nil, method: "a.b"))])
        let request = RPCCodec.decode(#"{"jsonrpc":"2.0","method":"a.b","id":null,"params":{"x":1}}"#.utf8)
        #expect(request.elements == [.request(RPCRequest(id: .null, method: "a.b", parameters: ["x": 1]))])
    }

    @Test("an invalid request that has an id is answered under it")
    func keepsIDOfInvalidRequest() {
        let incoming = RPCCodec.decode(#"{"jsonrpc":"2.0","id":"x","method":7}"#.utf8)
        guard case .unreadable(let response) = incoming.elements.first else { Issue.record("was read"); return }
        #expect(response.id == .string("x"))
    }

    @Test("a batch of 50 is read and one of 51 is refused as a whole")
    func boundsBatches() {
        let request = #"{"jsonrpc":"2.0","method":"a.b","id":1}"#
        let fits = RPCCodec.decode("[\(Array(repeating: request, count: 50).joined(separator: ","))]".utf8)
        #expect(fits.elements.count == 50 && fits.isBatch)
        let tooMany = RPCCodec.decode("[\(Array(repeating: request, count: 51).joined(separator: ","))]".utf8)
        #expect(tooMany.elements.count == 1 && !tooMany.isBatch)
    }

    @Test("a batch of many bytes is refused before it is read, a request of as many is not")
    func boundsBatchBytes() {
        let padding = String(repeating: " ", count: RPCCodec.maximumBatchBytes)
        let request = #"{"jsonrpc":"2.0","method":"a.b","id":1}"#
        #expect(RPCCodec.decode((request + padding).utf8).elements.first.map(isRequest) == true)
        #expect(RPCCodec.decode(" [\(request)]".utf8).elements.first.map(isRequest) == true)
        // Not even JSON: nothing of it was looked at.
        #expect(code(" [\(padding)") == -32_600)
    }

    private func isRequest(_ element: RPCCodec.Element) -> Bool {
        if case .request = element { true } else { false }
    }

    @Test("answers round-trip, and what is unknown in them is ignored")
    func roundTripsAnswers() throws {
        let error = MethodError(.busy, "wait", hint: "later", retryAfterMilliseconds: 5).rpcError
        for response in [
            RPCResponse(id: .integer(1), result: .success(["a": 1])),
            RPCResponse(id: .string("x"), result: .failure(error)),
        ] {
            let line = try #require(RPCCodec.encode([response], isBatch: false))
            #expect(line.last == UInt8(ascii: "\n"))
            #expect(try RPCCodec.decodeAnswer(line, limits: JSONLimits()) == .response(response))
        }
        let lenient = #"{"jsonrpc":"2.0","id":1,"result":{},"more":true}"#
        #expect(
            try RPCCodec.decodeAnswer(lenient.utf8, limits: JSONLimits())
                == .response(RPCResponse(id: .integer(1), result: .success([:]))))
    }

    @Test("nothing is answered where there is nothing to answer")
    func answersNothing() { #expect(RPCCodec.encode([], isBatch: true) == nil) }

    @Test("application codes lie outside of the reserved range and are unique", arguments: ErrorReason.allCases)
    func keepsCodesApart(reason: ErrorReason) {
        #expect(!(-32_768 ... -32_000).contains(reason.code))
        #expect(ErrorReason.allCases.filter { $0.code == reason.code }.count == 1)
    }
}
