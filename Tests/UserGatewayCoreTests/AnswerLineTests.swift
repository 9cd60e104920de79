// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@Suite("The line that answers a line")
struct AnswerLineTests {
    private let overflow = MethodError(.invalid, "too long").rpcError

    private func response(_ id: Int64, _ length: Int) -> RPCResponse {
        RPCResponse(id: .integer(id), result: .success(.string(String(repeating: "x", count: length))))
    }

    @Test("its bytes are those of the answers, as one array for a batch, and its length is known before it ends")
    func makesLines() throws {
        var batch = AnswerLine(isBatch: true)
        #expect(batch.length == 0)
        batch.append(response(1, 3), room: 100, overflow: overflow)
        batch.append(.integer(2), result: Array(#"{"a":1}"#.utf8), room: 100, overflow: overflow)
        batch.append(.null, overflow)
        let length = batch.length
        let line = try #require(batch.finish())
        #expect(line.count == length && line.last == UInt8(ascii: "\n"))
        let answers = try #require(try JSONValue(parsing: line).items)
        #expect(answers.map { $0["result"] } == ["xxx", ["a": 1], nil])
        #expect(answers.map { $0["id"] } == [1, 2, .null])

        var single = AnswerLine(isBatch: false)
        single.append(response(1, 3), room: 100, overflow: overflow)
        #expect(single.length == RPCCodec.encode([response(1, 3)], isBatch: false)?.count)
        #expect(single.finish() == RPCCodec.encode([response(1, 3)], isBatch: false))
    }

    @Test("a result without room becomes the error, however it was made; an error always has room")
    func boundsResults() throws {
        var line = AnswerLine(isBatch: true)
        line.append(response(1, 1_000), room: 500, overflow: overflow)
        line.append(
            .integer(2), result: Array(repeating: UInt8(ascii: "1"), count: 1_000), room: 500, overflow: overflow)
        line.append(RPCResponse(id: .integer(3), result: .failure(overflow)), room: 0, overflow: overflow)
        #expect(line.isFull)
        let bytes = try #require(line.finish())
        let answers = try #require(try JSONValue(parsing: bytes).items)
        #expect(answers.map { $0["error"]?["message"] } == ["too long", "too long", "too long"])
    }

    @Test("JSON that is longer than it may be is not made whole")
    func boundsEncoding() {
        let value = JSONValue.array(Array(repeating: "0123456789", count: 1_000))
        #expect(value.compact(atMost: value.compact.count) == value.compact)
        #expect(value.compact(atMost: value.compact.count - 1) == nil)
    }

    @Test("what a client has not read bounds the next answer, down to what says that something was done")
    func boundsOwedBytes() {
        var owed = OwedBytes(limit: 100_000)
        #expect(owed.room(after: 0, of: 80_000) == 80_000)
        owed.owe(70_000)
        #expect(owed.room(after: 0, of: 80_000) == 30_000)
        #expect(owed.overflow(after: 0, of: 80_000).reason == "BUSY")
        owed.owe(70_000)
        #expect(owed.room(after: 0, of: 80_000) == 4_096)
        owed.settle(140_000)
        #expect(owed.room(after: 79_000, of: 80_000) == 1_000)
        #expect(owed.overflow(after: 79_000, of: 80_000).reason == "INVALID")
        #expect(owed.room(after: 90_000, of: 80_000) == 0)
    }
}
