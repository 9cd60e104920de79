// SPDX-License-Identifier: Apache-2.0

internal import Contracts

extension MethodDefinition {
    /// People, and the tokens by which they log in. An owner sees and changes those of its tenant, everybody else only
    /// their own.
    static let tokens: [MethodDefinition] = [
        MethodDefinition(
            "token.create", "Create a token, and its principal if there is none of that name",
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
                Field("token", .line, required: true, secret: true, "The secret, which can't be shown again"),
                Field("id", .uuid, required: true, "By which the token is listed and revoked"),
                Field("principal", .line, required: true, "Who the token stands for, as the audit names it"),
                Field("role", .choice(Role.allCases.map(\.rawValue)), required: true, "What it may do"),
                Field("tenant", .name, "The tenant; absent for the provider's own people"),
                Field("expiresAt", .instant, required: true, "When it ends"),
            ]), "The token, shown this once", fails: [.notFound, .invalid, .conflict, .quota],
            example: ["principal": "ada", "role": "owner", "tenant": "acme"],
            gives: [
                "token": "ebb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "id": exampleID(6), "principal": "ada",
                "role": "owner", "tenant": "acme", "expiresAt": "2026-05-30T12:00:00Z",
            ]),
        MethodDefinition(
            "token.list", "List tokens by their principals, the newest first", access: .roles(.everyone),
            takes: [
                Field(
                    "principal", principalName, only: [.owner, .auditor, .administrator],
                    "Only tokens of this principal"),
                Field("tenant", .name, only: [.auditor, .administrator], "Only tokens of this tenant's people"),
                Field("all", .boolean, "Whether to list also those that are not valid any more (default false)"),
                Field("limit", .integer(1...10_000), "At most this many (default 1000)"),
            ],
            returns: .object([
                Field("items", .list(of: tokenSchema, atMost: 10_000), required: true, "The tokens"),
                Field("truncated", .boolean, "Whether there are more"),
            ]), "The tokens, without their secrets", example: [:],
            gives: ["items": [exampleToken("valid")], "truncated": false]),
        MethodDefinition(
            "token.revoke", "Revoke a token: it and its sessions end within a second",
            access: .roles([.owner, .member, .billingViewer, .operator, .administrator]), mutating: true,
            final: .always,
            takes: [Field("id", .uuid, required: true, "The token's id, as token.list shows it")],
            returns: tokenSchema, "The token as it is now", fails: [.notFound],
            example: ["id": exampleID(6)], gives: exampleToken("revoked")),
        MethodDefinition(
            "principal.list", "List the people who may log in, by name",
            access: .roles([.owner, .auditor, .administrator]),
            takes: [Field("tenant", .name, only: [.auditor, .administrator], "Only this tenant's people")],
            returns: .object([
                Field("items", .list(of: principalSchema, atMost: 100_000), required: true, "The people")
            ]), "The people", example: [:], gives: ["items": [examplePrincipal(isDisabled: false)]]),
        MethodDefinition(
            "principal.disable", "Disable all tokens of a principal: its sessions end within a second",
            access: .roles([.owner, .administrator]), mutating: true, takes: principalSelector,
            returns: principalSchema, "The principal as it is now", fails: [.notFound, .conflict],
            example: ["principal": "bob"], gives: examplePrincipal(isDisabled: true)),
        MethodDefinition(
            "principal.enable", "Let a disabled principal log in again, with the tokens that it has",
            access: .roles([.owner, .administrator]), mutating: true, takes: principalSelector,
            returns: principalSchema, "The principal as it is now", fails: [.notFound],
            example: ["principal": "bob"], gives: examplePrincipal(isDisabled: false)),
    ]

    /// Also NAME@TENANT, as the audit names principals that an owner made.
    private static let principalName = Schema.text(1...127)

    private static let principalSelector = [
        Field("principal", principalName, required: true, "The principal's name")
    ]

    private static let personFields = [
        Field("principal", .line, required: true, "Who it is; the audit names it"),
        Field("role", .choice(Role.allCases.map(\.rawValue)), required: true, "What it may do"),
        Field("tenant", .name, "The tenant; absent for the provider's own people"),
    ]

    private static let tokenSchema = Schema.named("Token", .object(tokenFields))

    private static let tokenFields =
        [Field("id", .uuid, required: true, "By which it is revoked")] + personFields + [
            Field(
                "state", .choice(["valid", "revoked", "expired", "disabled"]), required: true,
                "Whether somebody may log in with it; disabled is its principal"),
            Field("createdAt", .instant, required: true, "When it was made"),
            Field("expiresAt", .instant, required: true, "When it ends"),
            Field("revokedAt", .instant, "When it was revoked"),
        ]

    private static let principalSchema = Schema.named("Principal", .object(principalFields))

    private static let principalFields =
        personFields + [
            Field("disabled", .boolean, required: true, "Whether none of its tokens is valid"),
            Field("disabledAt", .instant, "Since when"),
        ]

    private static func exampleToken(_ state: String) -> JSONValue {
        [
            "id": exampleID(6), "principal": "bob", "role": "member", "tenant": "acme", "state": .string(state),
            "createdAt": "2026-03-01T12:00:00Z", "expiresAt": "2026-05-30T12:00:00Z",
        ]
    }

    private static func examplePrincipal(isDisabled: Bool) -> JSONValue {
        ["principal": "bob", "role": "member", "tenant": "acme", "disabled": .bool(isDisabled)]
    }
}
