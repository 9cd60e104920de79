// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The answer to `rpc.discover` as JSON: made once, since every client may ask for it without limit.
package struct Discovery: Sendable {
    /// What is described.
    package enum Kind: Hashable, Sendable {
        case open, all, full
    }

    /// Before login: the methods that are answered then.
    package let open: [UInt8]
    /// After it: all methods, in brief.
    package let all: [UInt8]
    /// The same with results, errors and examples.
    package let full: [UInt8]

    package init(_ registry: MethodRegistry, version: String) {
        let methods = registry.methods.filter { $0.access == .everybody }
        open = MethodRegistry(methods).openRPC(version: version).compact
        all = registry.openRPC(version: version, isFull: false).compact
        full = registry.openRPC(version: version).compact
    }

    package subscript(kind: Kind) -> [UInt8] {
        switch kind {
        case .open: open
        case .all: all
        case .full: full
        }
    }
}

extension MethodRegistry {
    /// The registry as an OpenRPC document. Parts that several methods share are in its components, once.
    ///
    /// - Parameter isFull: with results, errors and examples; without them it is less than half as long.
    package func openRPC(version: String, isFull: Bool = true) -> JSONValue {
        let shared = sharedParameters
        let schemas = methods.reduce(into: [String: Schema]()) { all, method in
            all.merge(method.result.named) { first, _ in first }
        }
        let common = MethodDefinition.reasonsOfEveryMethod.map { JSONValue.string($0.rawValue) }
        return [
            "openrpc": "1.3.2",
            "info": [
                "title": "Ebb", "version": .string(version), "license": ["name": "Apache-2.0"],
                "description":
                    """
                JSON-RPC 2.0, one UTF-8 line per message, over TCP and TLS. Log in to have all methods described; \
                with full: true results, errors and examples are described too. \
                x-mutating: it changes something and takes an idempotencyKey. x-irreversible: it can't be undone, \
                always or while that parameter is true.
                """,
                "x-errors-of-every-method": .array(common),
            ],
            "methods": .array(methods.map { $0.openRPC(shared, isFull: isFull) }),
            "components": .object(omittingNil: [
                "schemas": isFull ? .object(schemas.mapValues { $0.json(isOfResult: true) }) : nil,
                "contentDescriptors": .object(shared.mapValues(\.contentDescriptor)),
                "errors": .object(
                    Dictionary(uniqueKeysWithValues: ErrorReason.allCases.map { ($0.rawValue, $0.openRPC) })),
            ]),
        ]
    }

    /// For each name, the parameter that most methods take, if more than one method takes it.
    private var sharedParameters: [String: Field] {
        let all = methods.flatMap(\.parameters)
        return Dictionary(grouping: all, by: \.name).compactMapValues { alike in
            let counts = alike.reduce(into: [Field: Int]()) { counts, field in counts[field, default: 0] += 1 }
            let most = counts.values.max() ?? 0
            return most > 1 ? alike.first { counts[$0] == most } : nil
        }
    }
}

extension MethodDefinition {
    fileprivate func openRPC(_ shared: [String: Field], isFull: Bool) -> JSONValue {
        let descriptors = parameters.map { field -> JSONValue in
            shared[field.name] == field
                ? ["$ref": .string("#/components/contentDescriptors/\(field.name)")] : field.contentDescriptor
        }
        var document: [String: JSONValue] = [
            "name": .string(name), "summary": .string(summary), "paramStructure": "by-name",
            "params": .array(descriptors),
            "result": ["name": .string(resultSummary), "schema": isFull ? result.json(isOfResult: true) : true],
        ]
        if isFull {
            document["errors"] = .array(reasons.map { ["$ref": .string("#/components/errors/\($0.rawValue)")] })
            document["examples"] = [openRPCExample]
        }
        if isMutating { document["x-mutating"] = true }
        switch finality {
        case .never: break
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
            "name": .string(name), "required": isRequired ? true : nil, "description": .string(summary),
            "schema": schema.json(isOfResult: false),
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
