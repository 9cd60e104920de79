// SPDX-License-Identifier: Apache-2.0

package import Contracts

/// One method: everything that is known of it. The dispatcher, the authorisation matrix, `rpc.discover` and the
/// client's help are made from this and from nothing else.
package struct MethodDefinition: Sendable {
    /// Who may call it.
    package enum Access: Hashable, Sendable {
        /// Anybody, also before login.
        case everybody
        case roles(Set<Role>)
    }

    /// When an effect of a method can't be undone: clients ask for agreement first.
    package enum Finality: Hashable, Sendable {
        case never
        case always
        /// While this boolean parameter is true.
        case with(String)
    }

    /// Which other service does the work: requests to one service must not wait for another.
    package enum Elsewhere: Hashable, Sendable {
        case billing, scheduler
    }

    /// How much work it means for the gateway, which decides where it waits for its turn.
    package enum Weight: Hashable, Sendable {
        case ordinary
        /// It reads much: few such calls run at the same time, with database connections of their own.
        case costly
        /// Another service computes it: few such calls run at the same time, and their time is charged to the caller.
        case elsewhere(Elsewhere)
        /// It waits for no other work, since it stops something that must stop at once; but who asks for much of it at
        /// once waits behind its own, and is soon refused.
        case urgent
    }

    /// A call and its answer, both valid by the method's own schemas.
    package struct Example: Sendable {
        package let parameters: [String: JSONValue]
        package let result: JSONValue
    }

    /// `noun.verb`.
    package let name: String
    /// One sentence without a full stop, in the imperative.
    package let summary: String
    package let parameters: [Field]
    package let result: Schema
    package let resultSummary: String
    /// The reasons for which it fails, apart from `DENIED`, `BUSY`, `UNAVAILABLE` and `INTERNAL`, which every method
    /// has.
    package let reasons: [ErrorReason]
    package let access: Access
    /// Whether it changes something: then it takes `idempotencyKey`, which the gateway keeps, and is audited. A handler
    /// of any other method can't write to the audit, and so can't change anything.
    package let isMutating: Bool
    /// When its effect can't be undone.
    package let finality: Finality
    package let weight: Weight
    package let example: Example
    /// The command for a VM into which it is turned; `nil`: a handler of the gateway answers it.
    package let order: VMOrder.Maker?

    package init(
        _ name: String, _ summary: String, access: Access, mutating isMutating: Bool = false,
        final finality: Finality = .never, weight: Weight = .ordinary, takes parameters: [Field],
        returns result: Schema, _ resultSummary: String,
        fails reasons: [ErrorReason] = [], example: [String: JSONValue], gives exampleResult: JSONValue,
        becomes order: VMOrder.Maker? = nil
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters + (isMutating ? [Self.idempotencyKey] : [])
        self.result = result
        self.resultSummary = resultSummary
        self.reasons = reasons
        self.access = access
        self.isMutating = isMutating
        self.finality = finality
        self.weight = weight
        self.example = Example(parameters: example, result: exampleResult)
        self.order = order
    }

    /// How long a key is kept: a repeat after that is a new request.
    package static let keyLifetime = Duration.seconds(86_400)

    /// Same key and same body: the same answer, done once. Same key and another body: `CONFLICT`.
    private static let idempotencyKey = Field(
        "idempotencyKey", .text(1...128),
        "Repeats of a request with the same key within 24 hours are done once and get the same answer")

    /// All reasons for which it fails, the common ones last.
    package var allReasons: [ErrorReason] {
        let common = Self.reasonsOfEveryMethod.filter { $0 != .denied || access != .everybody }
        return reasons + common.filter { !reasons.contains($0) }
    }

    /// The reasons for which any method may fail; `DENIED` only if it is not for everybody.
    static let reasonsOfEveryMethod: [ErrorReason] = [.denied, .busy, .unavailable, .internal]

    /// Members of its result that are sent once and never stored.
    package var secrets: [String] {
        guard case .object(let fields) = result.plain else { return [] }
        return fields.filter(\.isSecret).map(\.name)
    }

    /// Whether a principal of this role may call it.
    package func allows(_ role: Role) -> Bool {
        switch access {
        case .everybody: true
        case .roles(let roles): roles.contains(role)
        }
    }

    /// Whether its effect with these parameters can't be undone.
    package func isFinal(_ values: [String: JSONValue]) -> Bool {
        switch finality {
        case .never: false
        case .always: true
        case .with(let parameter): values[parameter] == true
        }
    }

    /// Checks named parameters against the schema; throws −32602 that names the first culprit.
    package func validate(_ values: [String: JSONValue]) throws(RPCError) {
        // PostgreSQL can't store a NUL character in any text.
        if let path = JSONValue.object(values).pathOfNUL {
            throw .invalidParameters("parameter '\(path.dropFirst())' of \(name) must not have a NUL character")
        }
        guard let fault = Schema.fault(in: values, fields: parameters) else { return }
        throw .invalidParameters("parameter '\(fault.path.dropFirst())' of \(name) \(fault.message)")
    }

    /// Checks the role against the method and against each parameter that is given; throws `DENIED`.
    package func authorise(_ role: Role, _ values: [String: JSONValue]) throws(MethodError) {
        guard allows(role) else {
            throw MethodError(.denied, "the role \(role.rawValue) may not call \(name)", hint: allowedHint)
        }
        for field in parameters where values[field.name] != nil {
            guard let roles = field.roles, !roles.contains(role) else { continue }
            throw MethodError(
                .denied, "the role \(role.rawValue) may not give '\(field.name)' to \(name)", hint: "leave it out")
        }
    }

    private var allowedHint: String? {
        guard case .roles(let roles) = access else { return nil }
        return "it is for: \(roles.sorted().map(\.rawValue).joined(separator: ", "))"
    }
}

/// Groups of roles that recur.
extension Set<Role> {
    package static let everyone = Set(Role.allCases)
    package static let provider: Set = [Role.operator, .auditor, .administrator]
    package static let hostManagers: Set = [Role.operator, .administrator]
    /// Who may see VMs, policies and decisions.
    package static let vmReaders: Set = [Role.owner, .member, .operator, .auditor, .administrator]
    /// Who may change VMs and policies.
    package static let vmManagers: Set = [Role.owner, .member, .operator, .administrator]
    /// Who may set a VM's size.
    package static let vmSizers: Set = [Role.owner, .operator, .administrator]
    package static let billReaders: Set = [Role.owner, .billingViewer, .auditor, .administrator]
}
