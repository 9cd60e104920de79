// SPDX-License-Identifier: Apache-2.0

/// JSON-RPC 2.0, one UTF-8 line per message: bytes to requests, responses to bytes, and the reverse for the client.
package enum RPCCodec {
    /// Requests in one batch.
    package static let maximumBatch = 50
    /// Bytes of one batch.
    package static let maximumBatchBytes = 262_144

    /// One line from a client. A request that can't be read is a response already.
    package struct Incoming: Hashable, Sendable {
        package let elements: [Element]
        /// Whether the answers go out as one array.
        package let isBatch: Bool
    }

    package enum Element: Hashable, Sendable {
        case request(RPCRequest)
        case unreadable(RPCResponse)
    }

    /// One line from a server.
    package enum Answer: Hashable, Sendable {
        case response(RPCResponse)
        case notification(RPCRequest)
    }

    /// Reads a client's line, without its line break. Never fails: faults become responses with id null.
    package static func decode(_ line: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) -> Incoming {
        if line.count > maximumBatchBytes, isBatch(line) {
            return refusal(
                .invalidRequest(
                    "the batch has \(line.count) bytes; at most \(maximumBatchBytes) are taken: send its requests one by one"
                ))
        }
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: line, limits: limits)
        } catch {
            return refusal(.parseError(error.description))
        }
        guard case .array(let elements) = value else {
            return Incoming(elements: [element(value)], isBatch: false)
        }
        guard !elements.isEmpty else { return refusal(.invalidRequest("the batch is empty")) }
        guard elements.count <= maximumBatch else {
            return refusal(
                .invalidRequest("the batch has \(elements.count) requests; at most \(maximumBatch) are taken"))
        }
        return Incoming(elements: elements.map(element), isBatch: true)
    }

    /// The line that answers `responses`, with its line break; `nil` if there is nothing to answer.
    package static func encode(_ responses: [RPCResponse], isBatch: Bool) -> [UInt8]? {
        guard let first = responses.first else { return nil }
        return line(isBatch ? .array(responses.map(\.json)) : first.json)
    }

    /// A request or notification as a line, with its line break.
    package static func encode(_ request: RPCRequest) -> [UInt8] { line(request.json) }

    /// Reads a server's line. Throws a fault of the protocol; members that are not known are ignored.
    package static func decodeAnswer(
        _ line: some Collection<UInt8>, limits: JSONLimits
    ) throws(RPCError) -> Answer {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: line, limits: limits)
        } catch {
            throw .parseError(error.description)
        }
        guard value["jsonrpc"] == "2.0" else { throw .invalidRequest("no member 'jsonrpc' with value \"2.0\"") }
        if let method = value["method"]?.text {
            return .notification(RPCRequest(id: nil, method: method, parameters: value["params"]?.members ?? [:]))
        }
        guard let id = value["id"].flatMap(RequestID.init) else { throw .invalidRequest("a response without id") }
        if let error = value["error"] {
            guard let code = error["code"]?.integer, let message = error["message"]?.text else {
                throw .invalidRequest("an error without code or message")
            }
            return .response(
                RPCResponse(id: id, result: .failure(RPCError(code: code, message: message, data: error["data"]))))
        }
        guard let result = value["result"] else { throw .invalidRequest("neither result nor error") }
        return .response(RPCResponse(id: id, result: .success(result)))
    }

    /// Whether the first character that is not white space opens an array.
    private static func isBatch(_ line: some Collection<UInt8>) -> Bool {
        line.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
    }

    private static func line(_ value: JSONValue) -> [UInt8] { value.compact + [UInt8(ascii: "\n")] }

    private static func refusal(_ error: RPCError) -> Incoming {
        Incoming(elements: [.unreadable(RPCResponse(id: .null, result: .failure(error)))], isBatch: false)
    }

    private static func element(_ value: JSONValue) -> Element {
        do throws(RPCError) {
            return .request(try request(value))
        } catch {
            let id = value["id"].flatMap(RequestID.init) ?? .null
            return .unreadable(RPCResponse(id: id, result: .failure(error)))
        }
    }

    private static func request(_ value: JSONValue) throws(RPCError) -> RPCRequest {
        guard let members = value.members else { throw .invalidRequest("\(value.kindName) instead of an object") }
        guard members["jsonrpc"] == "2.0" else { throw .invalidRequest("'jsonrpc' must be \"2.0\"") }
        guard let method = members["method"]?.text else { throw .invalidRequest("'method' must be a string") }
        let unknown = members.keys.filter { !["jsonrpc", "id", "method", "params"].contains($0) }
        if let name = unknown.min() { throw .invalidRequest("unknown member '\(name.prefix(64))'") }
        var id: RequestID?
        if let member = members["id"] {
            guard let known = RequestID(member) else {
                throw .invalidRequest("'id' must be an integer, a string or null")
            }
            id = known
        }
        let parameters = members["params"] ?? .object([:])
        guard let named = parameters.members else {
            throw .invalidRequest("'params' must be an object: parameters are by name")
        }
        return RPCRequest(id: id, method: method, parameters: named)
    }
}
