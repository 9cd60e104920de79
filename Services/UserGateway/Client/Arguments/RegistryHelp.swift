// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Contracts
internal import UserGatewayCore

/// Help that is taken from the registry of methods, so that client and server can't describe things differently.
func help(_ method: String, _ parameter: String) -> ArgumentHelp {
    guard let field = MethodRegistry.ebb[method]?.parameters.first(where: { $0.name == parameter }) else {
        preconditionFailure("the registry has no parameter '\(parameter)' of \(method)")
    }
    return ArgumentHelp(stringLiteral: field.summary + ".")
}

extension CommandConfiguration {
    /// A command that calls one method.
    init(_ name: String, calls method: String, aliases: [String] = [], examples: [String]) {
        guard let definition = MethodRegistry.ebb[method] else {
            preconditionFailure("the registry has no method \(method)")
        }
        var discussion = "Examples:\n" + examples.map { "  \($0)" }.joined(separator: "\n")
        if case .roles(let roles) = definition.access {
            discussion += "\n\nFor: \(roles.sorted().map(\.rawValue).joined(separator: ", "))."
        }
        self.init(
            commandName: name, abstract: definition.summary + ".", discussion: discussion, aliases: aliases)
    }

    /// A noun with its verbs.
    init(noun: String, _ abstract: String, examples: [String], verbs: [any ParsableCommand.Type]) {
        self.init(
            commandName: noun, abstract: abstract,
            discussion: "Examples:\n" + examples.map { "  \($0)" }.joined(separator: "\n"), subcommands: verbs)
    }
}
