// SPDX-License-Identifier: Apache-2.0

extension MethodDefinition {
    /// Tenants and their people.
    static let accounts: [MethodDefinition] = [
        MethodDefinition(
            "tenant.create", "Create a tenant", access: .roles([.administrator]), mutating: true,
            takes: [Field("name", .name, required: true, "The tenant's name")],
            returns: .object(tenantFields), "The tenant", fails: [.conflict],
            example: ["name": "acme"], gives: exampleTenant),
        MethodDefinition(
            "tenant.list", "List the tenants", access: .roles(.provider), takes: [],
            returns: .object([
                Field("items", .list(of: .object(tenantFields), atMost: 100_000), required: true, "The tenants by name")
            ]), "The tenants", example: [:], gives: ["items": [exampleTenant]]),
        MethodDefinition(
            "token.create", "Create a token, and the principal whom it stands for if there is none of that name",
            access: .roles([.owner, .administrator]), mutating: true,
            takes: [
                Field(
                    "principal", .name, required: true,
                    "Who the token stands for; a principal that an owner makes is NAME@TENANT in the audit"),
                Field(
                    "role", .choice(Role.allCases.map(\.rawValue)), required: true,
                    "What it may do; an owner may give only a tenant's roles"),
                Field("tenant", .name, only: [.administrator], "The tenant that a tenant's role belongs to"),
                Field(
                    "expiresInSeconds", .integer(60...315_360_000),
                    "How long the token is valid (default 90 days, 7776000)"),
            ],
            returns: .object([
                Field("token", .line, required: true, "The secret, which can't be shown again"),
                Field("principal", .line, required: true, "Who the token stands for, as the audit names it"),
                Field("role", .choice(Role.allCases.map(\.rawValue)), required: true, "What it may do"),
                Field("tenant", .name, "The tenant; absent for the provider's own people"),
                Field("expiresAt", .instant, required: true, "When it ends"),
            ]), "The token, shown this once", fails: [.notFound, .invalid, .conflict],
            example: ["principal": "ada", "role": "owner", "tenant": "acme"],
            gives: [
                "token": "ebb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "principal": "ada", "role": "owner",
                "tenant": "acme", "expiresAt": "2026-05-30T12:00:00Z",
            ]),
    ]

    private static let tenantFields = [
        Field("name", .name, required: true, "The tenant's name"),
        Field("createdAt", .instant, required: true, "When it was created"),
    ]

    private static let exampleTenant: JSONValue = ["name": "acme", "createdAt": "2026-03-01T12:00:00Z"]
}
