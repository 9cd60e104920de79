// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// A command that calls one method once.
protocol GatewayCommand: AsyncParsableCommand {
    static var method: String { get }
    var global: GlobalOptions { get }
    /// The named parameters; `nil` ones are left out.
    func parameters() throws -> [String: JSONValue?]
    /// How the result is shown.
    func view(of result: JSONValue) -> View
    /// The failure with which the command ends after the result is shown; `nil`: the result is fine.
    func failure(of result: JSONValue) -> ClientFailure?
    /// What is to be said of the result on standard error, beside what is shown of it; `nil`: nothing.
    func remark(on result: JSONValue) -> String?
    /// The agreement that is needed if the method can't be undone.
    var agreement: Agreement? { get }
}

/// A command that changes something, and therefore sends a key that makes its repeats harmless.
protocol MutatingCommand: GatewayCommand {
    var mutation: MutationOptions { get }
}

/// A command that changes a VM: the VM's host carries it out, which takes time, and the command follows it to its end.
protocol VMChangeCommand: MutatingCommand {
    var waiting: WaitOptions { get }
}

extension GatewayCommand {
    var agreement: Agreement? { nil }
    func remark(on result: JSONValue) -> String? { nil }

    mutating func run() async throws { try await perform() }

    func failure(of result: JSONValue) -> ClientFailure? {
        result["state"] == "failed" ? ClientFailure(.failed, "") : nil
    }

    /// Calls the method and shows its result.
    func perform() async throws {
        var values = try parameters().compactMapValues { $0 }
        if let mutating = self as? any MutatingCommand { values["idempotencyKey"] = .string(mutating.mutation.key()) }
        let parameters = values
        try await global.agree(to: Self.method, parameters, agreement)
        let result: JSONValue
        if let waiting = (self as? any VMChangeCommand)?.waiting {
            let progress = ProgressLine()
            result = try await progress.following(ConnectionSettings(global, timeout: WaitOptions.timeout)) { client in
                try await client.change(Self.method, parameters, waiting, progress)
            }
        } else {
            result = try await GatewayClient.withSession(ConnectionSettings(global)) { client in
                try await client.call(Self.method, parameters)
            }
        }
        try global.show(result, view(of: result))
        if let remark = remark(on: result) { Surroundings.current.writeError("\(remark)\n") }
        if let failure = failure(of: result) { throw failure }
    }
}

extension GlobalOptions {
    /// Prints a result; writes to standard error what a table can't show.
    func show(_ result: JSONValue, _ view: View) throws {
        let surroundings = Surroundings.current
        let format = try format()
        if case .list(let empty) = view.shape, result["items"]?.items?.isEmpty == true,
            format == .table || format == .wide
        {
            surroundings.writeError("\(empty)\n")
            return
        }
        try surroundings.write(
            view.render(result, as: format, isColoured: surroundings.usesColour(unless: noColor)))
        guard result["truncated"] == true else { return }
        surroundings.writeError(
            view.isByTime
                ? "only the newest are shown; ask for older ones with a higher --limit\n"
                : "there are more; ask with a higher --limit\n")
    }
}

extension JSONValue {
    /// `nil` stays `nil`: the parameter is left out.
    static func optional(_ text: String?) -> JSONValue? { text.map(JSONValue.string) }
    static func optional(_ number: Int?) -> JSONValue? { number.map { .integer(Int64($0)) } }
    static func optional(_ number: Int64?) -> JSONValue? { number.map(JSONValue.integer) }
}
