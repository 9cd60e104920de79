// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// What to freeze.
struct FreezeScope: ParsableArguments {
    @Option(help: help("freeze.set", "vm")) var vm: String?
    @Option(help: help("freeze.set", "tenant")) var tenant: String?
    @Option(help: help("freeze.set", "cluster")) var cluster: String?

    var parameters: [String: JSONValue?] {
        ["vm": .optional(vm), "tenant": .optional(tenant), "cluster": .optional(cluster)]
    }
}

struct FreezeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze", abstract: "Stop automatic actions; what people ask for still runs.",
        discussion: """
            Examples:
              ebb freeze --cluster main --reason "switch maintenance"
              ebb freeze --vm web-1 --reason "load test"
              ebb freeze list
              ebb unfreeze --cluster main
            """,
        subcommands: [FreezeSet.self, PlainCommand<FreezeList>.self], defaultSubcommand: FreezeSet.self)
}

struct FreezeSet: MutatingCommand {
    static let method = "freeze.set"
    static let configuration = CommandConfiguration(
        "set", calls: method,
        examples: [
            "ebb freeze --cluster main --reason \"switch maintenance\"", "ebb freeze --vm web-1 --reason \"load test\"",
            "ebb freeze --tenant acme --reason \"their release\"",
        ])

    @OptionGroup var scope: FreezeScope
    @Option(help: help(method, "reason")) var reason: String
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        scope.parameters.merging(["reason": .string(reason)]) { own, _ in own }
    }

    func view(of result: JSONValue) -> View { .freeze }
    func failure(of result: JSONValue) -> ClientFailure? { ClientFailure(unreached: result) }
    func remark(on result: JSONValue) -> String? { unconfirmed(result, "it is recorded and holds") }
}

struct UnfreezeCommand: MutatingCommand {
    static let method = "freeze.clear"
    static let configuration = CommandConfiguration(
        "unfreeze", calls: method,
        examples: [
            "ebb unfreeze --cluster main", "ebb unfreeze --vm web-1",
            "ebb unfreeze --vm web-1 --tenant acme --of-tenant",
        ])

    @OptionGroup var scope: FreezeScope
    @Flag(help: help(method, "ofTenant")) var ofTenant = false
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        scope.parameters.merging(["ofTenant": ofTenant ? true : nil]) { own, _ in own }
    }

    func view(of result: JSONValue) -> View { .freeze }
    func failure(of result: JSONValue) -> ClientFailure? { ClientFailure(unreached: result) }
    func remark(on result: JSONValue) -> String? { unconfirmed(result, "that it has ended is recorded, and holds") }
}

/// What to say of a freeze, or its end, that no Monitor has confirmed, since none is there; `nil`: one has.
private func unconfirmed(_ result: JSONValue, _ what: String) -> String? {
    guard result["reached"] == 0, result["unreached"]?.items?.isEmpty != false else { return nil }
    return
        "no Monitor is there to confirm it: \(what) for each as soon as it reads the database, see 'ebb service list'"
}

enum FreezeList: PlainVerb {
    static let method = "freeze.list"
    static let examples = ["ebb freeze list"]
    static let view = View.freezeList
}

extension ClientFailure {
    /// Monitors that have not confirmed a freeze or its end; `nil` if all have.
    fileprivate init?(unreached result: JSONValue) {
        guard let unreached = result["unreached"]?.items, !unreached.isEmpty else { return nil }
        let names = unreached.map { monitor in
            "\(monitor["instance"]?.text ?? "-")" + (monitor["endpoint"]?.text.map { " at \($0)" } ?? "")
        }
        self.init(
            .failed,
            "it is recorded, but \(unreached.count) Monitors did not confirm it in time: \(names.joined(separator: ", "));"
                + " they learn of it from the database, see 'ebb service list'")
    }
}
