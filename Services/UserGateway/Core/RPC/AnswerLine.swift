// SPDX-License-Identifier: Apache-2.0

/// The line that answers a line, made answer by answer. A result that is too long for the room becomes an error that
/// says so, before the whole result is made.
package struct AnswerLine: Sendable {
    private let isBatch: Bool
    private var bytes: [UInt8] = []
    private var count = 0
    /// Whether a result had no room: the requests after it need not be carried out.
    package private(set) var isFull = false

    /// - Parameter isBatch: whether the answers are one array.
    package init(isBatch: Bool) {
        self.isBatch = isBatch
        if isBatch { bytes.append(UInt8(ascii: "[")) }
    }

    /// Bytes that the line would have if it ended here.
    package var length: Int { count == 0 ? 0 : bytes.count + (isBatch ? 2 : 1) }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - room: bytes that a result may have; an error is added whatever its length.
    ///   - overflow: replaces a result that is longer.
    package mutating func append(_ response: RPCResponse, room: Int, overflow: RPCError) {
        switch response.result {
        case .success:
            guard let answer = response.json.compact(atMost: room) else { return refuse(response.id, overflow) }
            add(answer)
        case .failure(let error): add(Self.refusal(response.id, error))
        }
    }

    /// Adds the answer to a request whose result is JSON already.
    package mutating func append(_ id: RequestID, result: [UInt8], room: Int, overflow: RPCError) {
        let head = Array(#"{"id":"#.utf8) + id.json.compact + Array(#","jsonrpc":"2.0","result":"#.utf8)
        guard head.count + result.count < room else { return refuse(id, overflow) }
        add(head + result + [UInt8(ascii: "}")])
    }

    /// Adds an error.
    package mutating func append(_ id: RequestID, _ error: RPCError) { add(Self.refusal(id, error)) }

    /// The line with its line break; `nil` if there is nothing to answer.
    package consuming func finish() -> [UInt8]? {
        guard count > 0 else { return nil }
        if isBatch { bytes.append(UInt8(ascii: "]")) }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func refuse(_ id: RequestID, _ overflow: RPCError) {
        isFull = true
        add(Self.refusal(id, overflow))
    }

    private static func refusal(_ id: RequestID, _ error: RPCError) -> [UInt8] {
        RPCResponse(id: id, result: .failure(error)).json.compact
    }

    private mutating func add(_ answer: [UInt8]) {
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += answer
        count += 1
    }
}

/// The bytes of answers that a connection could not send yet, because its client does not read.
package struct OwedBytes: Sendable {
    /// A result of up to this many bytes is always sent: no answer to a change is longer.
    private static let small = 4_096

    private let limit: Int
    package private(set) var owed = 0

    /// - Parameter limit: how many unsent bytes are allowed before results are refused.
    package init(limit: Int) { self.limit = limit }

    package mutating func owe(_ bytes: Int) { owed += bytes }
    package mutating func settle(_ bytes: Int) { owed -= bytes }

    /// How long the next result of a line may be.
    ///
    /// - Parameters:
    ///   - length: bytes that the line has already.
    ///   - longest: bytes that any line may have.
    package func room(after length: Int, of longest: Int) -> Int {
        max(0, min(longest - length, max(Self.small, limit - owed)))
    }

    /// The error that replaces a result that is longer than `room`.
    package func overflow(after length: Int, of longest: Int) -> RPCError {
        guard room(after: length, of: longest) == max(0, longest - length) else {
            return MethodError(
                .busy, "\(owed) bytes of answers were not read on this connection yet",
                hint: "read the answers before asking for more", retryAfterMilliseconds: 1_000
            ).rpcError
        }
        return MethodError(
            .invalid, "the answer to this line has more than \(longest) bytes, the most that are sent",
            hint: "ask for less, with limit or a shorter period, or in fewer requests at once"
        ).rpcError
    }
}
