// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import ResourceModel

/// Which values are valid: checked in requests, published by `rpc.discover`.
package indirect enum Schema: Hashable, Sendable {
    case boolean
    case integer(ClosedRange<Int64>)
    /// Length in UTF-8 bytes.
    case text(ClosedRange<Int>)
    /// 1 to 63 characters of `a-z 0-9 . _ -`, the first a letter or digit.
    case name
    case uuid
    /// RFC 3339 in UTC.
    case instant
    /// An integer in decimal digits, because it may pass 64 bits.
    case digits
    case choice([String])
    case object([Field])
    case list(of: Schema, atMost: Int)
    /// An object whose members are described elsewhere.
    case document
    /// An object with any members whose names have the form of labels (a `name` that may have slashes), all of one
    /// schema.
    case map(of: Schema, atMost: Int)
    /// The value, or null where it is unknown.
    case nullable(Schema)
    /// A schema that several methods have: `rpc.discover` describes it once, under this name.
    case named(String, Schema)

    /// An identifier of a VM: its name within the tenant, or its UUID.
    package static let vm = Schema.text(1...63)
    /// Parts per million, 0 to 100 %.
    package static let share = Schema.integer(0...1_000_000)
    /// A share that may pass 100 %.
    package static let anyShare = Schema.integer(0...1_000_000_000)
    package static let count = Schema.integer(0...Int64(Int32.max))
    /// A size in bytes, or bytes per second.
    package static let bytes = Schema.integer(ByteCount.bounds)
    /// Memory of a VM: 4 MiB to 64 TiB, which is what 46 bits of a physical address reach.
    package static let memory = Schema.integer(4_194_304...70_368_744_177_664)
    /// vCPUs of one VM.
    package static let vcpus = Schema.integer(1...512)
    /// For results only: a sum, a time, a place in a sequence; nobody adds these up.
    package static let figure = Schema.integer(0...Int64.max)
    package static let line = Schema.text(0...4_096)
    /// Labels of a host, such as `{"rack": "7"}`.
    package static let labels = Schema.map(of: .text(0...63), atMost: 64)
    /// Text for people, of several lines.
    package static let prose = Schema.text(0...1_048_576)
}

/// A named value: a parameter, or a member of a result.
package struct Field: Hashable, Sendable {
    package let name: String
    package let schema: Schema
    package let isRequired: Bool
    /// One sentence without a full stop; the client's help shows it.
    package let summary: String
    /// Who may give it; `nil`: whoever may call the method.
    package let roles: Set<Role>?
    /// For a result: whether it is sent once and never stored.
    package let isSecret: Bool

    package init(
        _ name: String, _ schema: Schema, required isRequired: Bool = false, only roles: Set<Role>? = nil,
        secret isSecret: Bool = false, _ summary: String
    ) {
        self.name = name
        self.isSecret = isSecret
        self.schema = schema
        self.isRequired = isRequired
        self.roles = roles
        self.summary = summary
    }
}

extension Schema {
    /// Why `value` does not fit, as the end of a sentence that begins with its name; `nil` if it fits.
    ///
    /// - Parameter isStrict: whether a member that is not described is a fault (parameters) or ignored (results).
    package func fault(in value: JSONValue, isStrict: Bool = true) -> Fault? {
        switch self {
        case .boolean: value.boolean == nil ? mismatch(value) : nil
        case .integer(let range):
            value.integer.map { range.contains($0) ? nil : Fault("must be \(expectation), not \($0)") }
                ?? mismatch(value)
        case .text(let range):
            value.text.map { range.contains($0.utf8.count) ? nil : Fault("must be \(expectation)") }
                ?? mismatch(value)
        case .name: check(value, isValidName)
        case .uuid: check(value) { UUID128($0) != nil }
        case .instant: check(value) { RFC3339.timestamp($0) != nil }
        case .digits: check(value) { Int128($0) != nil }
        case .choice(let options): check(value, options.contains)
        case .document: value.members == nil ? mismatch(value) : nil
        case .nullable(let schema): value.isNull ? nil : schema.fault(in: value, isStrict: isStrict)
        case .named(_, let schema): schema.fault(in: value, isStrict: isStrict)
        case .object(let fields):
            value.members.map { Self.fault(in: $0, fields: fields, isStrict: isStrict) } ?? mismatch(value)
        case .list(let schema, let limit): listFault(in: value, of: schema, atMost: limit, isStrict: isStrict)
        case .map(let schema, let limit): mapFault(in: value, of: schema, atMost: limit, isStrict: isStrict)
        }
    }

    /// A fault and its place in the value.
    package struct Fault: Hashable, Sendable {
        /// Member names and indices from the outside in, such as `.boot.kernelPath`; empty: the value itself.
        package var path = ""
        package let message: String

        init(_ message: String) { self.message = message }

        fileprivate func within(_ component: String) -> Fault {
            var fault = self
            fault.path = component + path
            return fault
        }
    }

    /// The first fault of named values: an unknown name, then each field in order.
    package static func fault(in members: [String: JSONValue], fields: [Field], isStrict: Bool = true) -> Fault? {
        let unknown = members.keys.filter { name in !fields.contains { $0.name == name } }
        if isStrict, let name = unknown.min() { return Fault("is unknown").within(".\(name.prefix(64))") }
        for field in fields {
            guard let value = members[field.name] else {
                guard field.isRequired else { continue }
                return Fault("is missing").within(".\(field.name)")
            }
            if let fault = field.schema.fault(in: value, isStrict: isStrict) { return fault.within(".\(field.name)") }
        }
        return nil
    }

    private func listFault(in value: JSONValue, of schema: Schema, atMost limit: Int, isStrict: Bool) -> Fault? {
        guard let elements = value.items else { return mismatch(value) }
        guard elements.count <= limit else { return Fault("must have at most \(limit) elements") }
        for (index, element) in elements.enumerated() {
            if let fault = schema.fault(in: element, isStrict: isStrict) { return fault.within("[\(index)]") }
        }
        return nil
    }

    private func mapFault(in value: JSONValue, of schema: Schema, atMost limit: Int, isStrict: Bool) -> Fault? {
        guard let members = value.members else { return mismatch(value) }
        guard members.count <= limit else { return Fault("must have at most \(limit) members") }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard Self.isLabelName(name) else {
                let allowed = "1 to 63 characters of a-z 0-9 . _ - /, the first a letter or digit"
                return Fault("must be named with \(allowed)").within(".\(name.prefix(64))")
            }
            if let fault = schema.fault(in: member, isStrict: isStrict) { return fault.within(".\(name)") }
        }
        return nil
    }

    /// Whether a host's label may have this name.
    package static func isLabelName(_ name: String) -> Bool { isValidName(name.replacing("/", with: "-")) }

    private func check(_ value: JSONValue, _ isFitting: (String) -> Bool) -> Fault? {
        guard let text = value.text else { return mismatch(value) }
        return isFitting(text) ? nil : Fault("must be \(expectation), not '\(text.prefix(64))'")
    }

    private func mismatch(_ value: JSONValue) -> Fault { Fault("must be \(expectation), not \(value.kindName)") }

    /// The schema without its name.
    package var plain: Schema {
        guard case .named(_, let schema) = self else { return self }
        return schema.plain
    }

    /// In words, which values fit.
    package var expectation: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range) where range.upperBound == .max: "an integer of at least \(range.lowerBound)"
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .text(let range): "a string of \(range.lowerBound) to \(range.upperBound) bytes"
        case .name: "a name of 1 to 63 characters of a-z 0-9 . _ -, the first a letter or digit"
        case .uuid: "a UUID"
        case .instant: "an instant such as 2026-03-01T12:00:00Z"
        case .digits: "an integer in decimal digits, as a string"
        case .choice(let options): "one of \(options.joined(separator: ", "))"
        case .object, .document, .map: "an object"
        case .list: "an array"
        case .nullable(let schema): "\(schema.expectation), or null"
        case .named(_, let schema): schema.expectation
        }
    }
}
