// SPDX-License-Identifier: Apache-2.0

import Contracts

/// What `rpc.discover` returns, as JSON: made once, since every client may ask for it as often as it likes.
package struct Discovery: Sendable {
    /// Before login: the methods that are answered then.
    package let open: [UInt8]
    /// After it: all methods.
    package let all: [UInt8]

    package init(_ registry: MethodRegistry, version: String) {
        let methods = registry.methods.filter { $0.access == .everybody }
        open = MethodRegistry(methods).openRPC(version: version).compact
        all = registry.openRPC(version: version).compact
    }
}

extension MethodRegistry {
    /// The registry as an OpenRPC document.
    package func openRPC(version: String) -> JSONValue {
        [
            "openrpc": "1.3.2",
            "info": [
                "title": "Ebb", "version": .string(version), "license": ["name": "Apache-2.0"],
                "description":
                    "JSON-RPC 2.0, one UTF-8 line per message, over TCP and TLS. Log in to have all methods described.",
            ],
            "methods": .array(methods.map(\.openRPC)),
        ]
    }
}

extension MethodDefinition {
    fileprivate var openRPC: JSONValue {
        var document: [String: JSONValue] = [
            "name": .string(name), "summary": .string(summary), "paramStructure": "by-name",
            "params": .array(parameters.map(\.contentDescriptor)),
            "result": ["name": .string(resultSummary), "schema": result.jsonSchema],
            "errors": .array(allReasons.map(\.openRPC)), "examples": [openRPCExample],
            "tags": [["name": .string(String(name.prefix { $0 != "." }))]],
            "x-mutating": .bool(isMutating),
        ]
        switch finality {
        case .never: document["x-irreversible"] = false
        case .always: document["x-irreversible"] = true
        case .with(let parameter): document["x-irreversible"] = .string(parameter)
        }
        if case .roles(let roles) = access {
            document["x-roles"] = .array(roles.sorted().map { .string($0.rawValue) })
        }
        return .object(document)
    }

    private var openRPCExample: JSONValue {
        let values = parameters.compactMap { field in
            example.parameters[field.name].map { value -> JSONValue in ["name": .string(field.name), "value": value] }
        }
        return [
            "name": .string(name), "params": .array(values), "result": ["name": "result", "value": example.result],
        ]
    }
}

extension Field {
    fileprivate var contentDescriptor: JSONValue {
        .object(omittingNil: [
            "name": .string(name), "required": .bool(isRequired), "description": .string(summary),
            "schema": schema.jsonSchema,
            "x-roles": roles.map { .array($0.sorted().map { .string($0.rawValue) }) },
        ])
    }
}

extension ErrorReason {
    fileprivate var openRPC: JSONValue {
        [
            "code": .integer(code), "message": .string(summary),
            "data": ["reason": .string(rawValue), "retryable": .bool(isRetryable)],
        ]
    }
}
