// SPDX-License-Identifier: Apache-2.0

/// The id that connects a response with its request.
package enum RequestID: Hashable, Sendable {
    case integer(Int64)
    case string(String)
    /// In a response: the request could not be read far enough to know its id.
    case null

    /// `nil` if a JSON value can't be an id: a fraction, a boolean, an array or an object.
    package init?(_ value: JSONValue) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        case .null: self = .null
        case .bool, .number, .array, .object: return nil
        }
    }

    package var json: JSONValue {
        switch self {
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        case .null: .null
        }
    }
}

/// A request, or a notification if it has no id.
package struct RPCRequest: Hashable, Sendable {
    /// `nil`: a notification, which is never answered.
    package let id: RequestID?
    package let method: String
    /// Always an object: parameters are by name.
    package let parameters: [String: JSONValue]

    package init(id: RequestID?, method: String, parameters: [String: JSONValue] = [:]) {
        self.id = id
        self.method = method
        self.parameters = parameters
    }

    package var json: JSONValue {
        .object(omittingNil: [
            "jsonrpc": "2.0", "id": id?.json, "method": .string(method),
            "params": parameters.isEmpty ? nil : .object(parameters),
        ])
    }
}

/// The `error` member of a response.
package struct RPCError: Error, Hashable, Sendable {
    /// In the specification's reserved range for faults of the protocol; otherwise `ErrorReason.code`.
    package let code: Int64
    /// For people: culprit and remedy in one sentence.
    package let message: String
    /// `{reason, retryable, retryAfterMs?, hint?}`; `reason` is the part that programs may rely on.
    package let data: JSONValue?

    package init(code: Int64, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    package var json: JSONValue {
        .object(omittingNil: ["code": .integer(code), "message": .string(message), "data": data])
    }

    /// The stable reason, where the error has one.
    package var reason: String? { data?["reason"]?.text }
    package var isRetryable: Bool { data?["retryable"]?.boolean ?? false }
    package var hint: String? { data?["hint"]?.text }

    /// The line is not JSON.
    package static func parseError(_ detail: String) -> RPCError {
        protocolFault(-32_700, "the line is not JSON: \(detail)", "PARSE_ERROR")
    }

    /// The JSON is not a request.
    package static func invalidRequest(_ detail: String) -> RPCError {
        protocolFault(-32_600, "not a JSON-RPC 2.0 request: \(detail)", "INVALID_REQUEST")
    }

    package static func methodNotFound(_ method: String) -> RPCError {
        protocolFault(
            -32_601, "there is no method '\(method.prefix(64))'", "METHOD_NOT_FOUND",
            hint: "rpc.discover lists the methods")
    }

    package static func invalidParameters(_ detail: String) -> RPCError {
        protocolFault(-32_602, detail, "INVALID_PARAMS")
    }

    private static func protocolFault(_ code: Int64, _ message: String, _ reason: String, hint: String? = nil)
        -> RPCError
    {
        RPCError(
            code: code, message: message,
            data: .object(omittingNil: [
                "reason": .string(reason), "retryable": false, "hint": hint.map(JSONValue.string),
            ]))
    }
}

/// The answer to one request.
package struct RPCResponse: Hashable, Sendable {
    package let id: RequestID
    package let result: Result<JSONValue, RPCError>

    package init(id: RequestID, result: Result<JSONValue, RPCError>) {
        self.id = id
        self.result = result
    }

    package var json: JSONValue {
        switch result {
        case .success(let value): ["jsonrpc": "2.0", "id": id.json, "result": value]
        case .failure(let error): ["jsonrpc": "2.0", "id": id.json, "error": error.json]
        }
    }
}
