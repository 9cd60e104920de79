// SPDX-License-Identifier: Apache-2.0

package import Contracts

/// The methods that the gateway has, in the order of the documentation.
package struct MethodRegistry: Sendable {
    package let methods: [MethodDefinition]
    private let byName: [String: MethodDefinition]

    /// Names must be unique: a repeated one is a programming error.
    package init(_ methods: [MethodDefinition]) {
        self.methods = methods
        byName = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }

    /// All methods of Ebb.
    package static let ebb = MethodRegistry(
        MethodDefinition.session + MethodDefinition.accounts + MethodDefinition.tokens + MethodDefinition.quotas
            + MethodDefinition.hosts + MethodDefinition.vms + MethodDefinition.vmActions
            + MethodDefinition.vmQuestions + MethodDefinition.freezes + MethodDefinition.policies
            + MethodDefinition.decisions + MethodDefinition.scheduling + MethodDefinition.billing
            + MethodDefinition.status + MethodDefinition.operations)

    package subscript(_ name: String) -> MethodDefinition? { byName[name] }

    /// Checks a call: the method exists, the role may call it, and the parameters fit.
    ///
    /// The role is checked before the parameters, so that somebody who may not call a method learns nothing from its
    /// answers.
    package func check(_ request: RPCRequest, by role: Role) throws(RPCError) -> MethodDefinition {
        guard let method = byName[request.method] else { throw .methodNotFound(request.method) }
        do throws(MethodError) {
            try method.authorise(role, request.parameters)
        } catch {
            throw error.rpcError
        }
        try method.validate(request.parameters)
        return method
    }

    /// Who may call what: method name to roles, for documentation and tests.
    package var authorisationMatrix: [(method: String, roles: [Role])] {
        methods.map { method in (method.name, Role.allCases.filter(method.allows)) }
    }
}
