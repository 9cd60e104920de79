// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

extension MethodDefinition {
    /// The connection itself. The gateway answers these; no handler sees them but `session.logout`.
    static let session: [MethodDefinition] = [
        MethodDefinition(
            "session.hello", "Agree on the version of the protocol", access: .everybody,
            takes: [
                Field("client", .text(1...128), "Name and version of the client, for the log"),
                Field(
                    "protocol",
                    .object([
                        Field("min", .integer(1...1_000), required: true, "The oldest version that the client speaks"),
                        Field("max", .integer(1...1_000), required: true, "The newest version that the client speaks"),
                    ]), required: true, "The versions that the client speaks"),
            ],
            returns: .object([
                Field("protocol", .count, required: true, "The version that is spoken from here on"),
                Field("product", .line, required: true, "The name of the server"),
                Field("version", .line, required: true, "The version of the server"),
                Field("instance", .line, required: true, "The instance that answers"),
            ]), "The version that is spoken from here on", fails: [.invalid],
            example: ["client": .string("ebb \(ReleaseVersion.text)"), "protocol": ["min": 1, "max": 1]],
            gives: ["protocol": 1, "product": "Ebb", "version": .string(ReleaseVersion.text), "instance": exampleID(1)]),
        MethodDefinition(
            "session.login", "Log in with a token", access: .everybody,
            takes: [Field("token", .text(1...256), required: true, "A token that token.create returned")],
            returns: identity, "Who is logged in", fails: [.denied, .conflict],
            example: ["token": "ebb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], gives: exampleIdentity),
        MethodDefinition(
            "session.show", "Show who is logged in", access: .roles(.everyone), takes: [], returns: identity,
            "Who is logged in", example: [:], gives: exampleIdentity),
        MethodDefinition(
            "session.logout", "Revoke the token of this session, and end the session",
            access: .roles(.everyone), mutating: true, takes: [], returns: identity, "Who was logged in",
            example: [:], gives: exampleIdentity),
        MethodDefinition(
            "session.ping", "Check that the gateway answers", access: .everybody, takes: [], returns: .object([]),
            "Nothing", example: [:], gives: [:]),
        MethodDefinition(
            "rpc.discover", "Describe the methods as an OpenRPC document; before login those that need none",
            access: .everybody,
            takes: [
                Field("full", .boolean, "With results, errors and examples too; needs a login")
            ],
            returns: .object([
                Field("openrpc", .line, required: true, "The version of OpenRPC"),
                Field("methods", .list(of: .document, atMost: 1_000), required: true, "The methods"),
            ]), "An OpenRPC document", example: [:], gives: ["openrpc": "1.3.2", "methods": []]),
    ]

    private static let identity = Schema.named(
        "Identity",
        .object([
            Field("principal", .line, required: true, "The name that the audit shows"),
            Field("role", .choice(Role.allCases.map(\.rawValue)), required: true, "What the principal may do"),
            Field("tenant", .name, "The tenant; absent for the provider's own people"),
        ]))

    private static let exampleIdentity: JSONValue = ["principal": "ada", "role": "owner", "tenant": "acme"]

    /// UUIDs for examples, which differ in a digit.
    static func exampleID(_ digit: Int) -> JSONValue { .string("6f1f0e5e-0000-4000-8000-00000000000\(digit % 10)") }
}
