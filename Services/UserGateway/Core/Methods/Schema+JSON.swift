// SPDX-License-Identifier: Apache-2.0

extension Schema {
    /// The same as JSON Schema (draft 7). Schemas with names are references to the components of an OpenRPC document.
    ///
    /// - Parameter isOfResult: whether it describes a result, whose values are published without bounds.
    func json(isOfResult: Bool) -> JSONValue {
        switch self {
        case .boolean: ["type": "boolean"]
        case .integer(let range):
            .object(omittingNil: [
                "type": "integer", "minimum": isOfResult ? nil : .integer(range.lowerBound),
                "maximum": isOfResult || range.upperBound == .max ? nil : .integer(range.upperBound),
            ])
        case .text(let range):
            .object(omittingNil: [
                "type": "string",
                "minLength": isOfResult || range.lowerBound == 0 ? nil : .integer(Int64(range.lowerBound)),
                "maxLength": isOfResult ? nil : .integer(Int64(range.upperBound)),
            ])
        case .name:
            .object(omittingNil: ["type": "string", "pattern": isOfResult ? nil : "^[a-z0-9][a-z0-9._-]{0,62}$"])
        case .uuid: ["type": "string", "format": "uuid"]
        case .instant: ["type": "string", "format": "date-time"]
        case .digits: ["type": "string", "pattern": "^-?[0-9]+$"]
        case .choice(let options): ["type": "string", "enum": .array(options.map(JSONValue.string))]
        case .document: ["type": "object"]
        case .map(let schema, let limit):
            .object(omittingNil: [
                "type": "object", "additionalProperties": schema.json(isOfResult: isOfResult),
                "maxProperties": isOfResult ? nil : .integer(Int64(limit)),
            ])
        case .nullable(.named(let name, _)): ["oneOf": [Self.reference(to: name), ["type": "null"]]]
        case .nullable(let schema): Self.orNull(schema.json(isOfResult: isOfResult))
        case .list(let schema, let limit):
            .object(omittingNil: [
                "type": "array", "items": schema.json(isOfResult: isOfResult),
                "maxItems": isOfResult ? nil : .integer(Int64(limit)),
            ])
        case .object(let fields): Self.object(fields, isOfResult: isOfResult)
        case .named(let name, _): Self.reference(to: name)
        }
    }

    private static func object(_ fields: [Field], isOfResult: Bool) -> JSONValue {
        let properties = fields.map { ($0.name, $0.described(isOfResult: isOfResult)) }
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        return .object(omittingNil: [
            "type": "object", "properties": .object(Dictionary(uniqueKeysWithValues: properties)),
            "required": required.isEmpty ? nil : .array(required),
        ])
    }

    private static func orNull(_ schema: JSONValue) -> JSONValue {
        var members = schema.members ?? [:]
        members["type"] = members["type"].map { [$0, "null"] }
        members["enum"] = members["enum"]?.items.map { .array($0 + [.null]) }
        return .object(members)
    }

    private static func reference(to name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The schemas with names in it, those within them included.
    var named: [String: Schema] {
        switch self {
        case .named(let name, let schema): schema.named.merging([name: schema]) { first, _ in first }
        case .nullable(let schema), .list(let schema, _), .map(let schema, _): schema.named
        case .object(let fields):
            fields.reduce(into: [:]) { all, field in all.merge(field.schema.named) { first, _ in first } }
        case .boolean, .integer, .text, .name, .uuid, .instant, .digits, .choice, .document: [:]
        }
    }
}

extension Field {
    /// The schema with the field's summary as its description.
    fileprivate func described(isOfResult: Bool) -> JSONValue {
        var members = schema.json(isOfResult: isOfResult).members ?? [:]
        members["description"] = .string(summary)
        return .object(members)
    }
}
