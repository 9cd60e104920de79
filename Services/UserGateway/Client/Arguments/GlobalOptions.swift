// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The options of every command that talks to a gateway.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The gateway, as tcp://host:port or tls://host:port (EBB_ENDPOINT).")
    var endpoint: String?

    @Option(help: "The context of the configuration to use (EBB_CONTEXT).")
    var context: String?

    @Option(help: "A file that holds the token (EBB_TOKEN_FILE; the token itself: EBB_TOKEN).")
    var tokenFile: String?

    @Option(help: "A PEM file of the authority that signed the gateway's certificate (EBB_CA_FILE).")
    var caFile: String?

    @Flag(help: "Send the token over plain TCP to another machine (EBB_ALLOW_PLAIN=1).")
    var allowPlain = false

    @Option(name: .shortAndLong, help: "table, wide, json, yaml, csv or name (EBB_OUTPUT).")
    var output: OutputFormat?

    @Option(
        help: "How long to wait in all, such as 30s or 2m (default 30s; for a change of a VM 10m).",
        transform: TypedQuantity.nanoseconds)
    var timeout: Int64?

    @Flag(help: "Don't colour (NO_COLOR).")
    var noColor = false

    /// The format: the flag, else the environment's, else a table.
    func format() throws -> OutputFormat {
        if let output { return output }
        guard let text = Surroundings.current.environment["EBB_OUTPUT"], !text.isEmpty else { return .table }
        guard let format = OutputFormat(rawValue: text) else {
            throw ClientFailure(.configuration, "EBB_OUTPUT is '\(text)'; set it to \(OutputFormat.names)")
        }
        return format
    }
}

/// The options of every command that changes something.
struct MutationOptions: ParsableArguments {
    @Option(help: "Repeats with the same key are done once (default: a new key each time).")
    var idempotencyKey: String?

    /// The given key, or a new one. `part` distinguishes several requests of one command.
    func key(part: String = "") -> String {
        guard let idempotencyKey else { return Self.newKey() }
        return part.isEmpty ? idempotencyKey : "\(idempotencyKey)/\(part)"
    }

    static func newKey() -> String { String(UInt128.random(in: 0...UInt128.max), radix: 36) }
}

/// The options of every command that changes a VM.
struct WaitOptions: ParsableArguments {
    /// How long to wait for a change by default.
    static let timeout = Duration.seconds(600)

    @Flag(help: "Don't wait for the end: print how far it is, and follow it with 'ebb operation show'.")
    var noWait = false
}
