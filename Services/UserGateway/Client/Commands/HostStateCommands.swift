// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

enum HostEnable: PlainVerb {
    static let method = "host.enable"
    static let examples = ["ebb host enable host-a"]
    static let view = View.host
}

enum HostObserve: PlainVerb {
    static let method = "host.observe"
    static let examples = ["ebb host observe host-a"]
    static let view = View.host
}

enum HostDrain: PlainVerb {
    static let method = "host.drain"
    static let examples = ["ebb host drain host-a", "ebb vm list --host host-a"]
    static let view = View.host
}

struct HostRemove: MutatingCommand {
    static let method = "host.remove"
    static let configuration = CommandConfiguration(
        "remove", calls: method, examples: ["ebb host remove host-a", "ebb host remove host-a --yes"])

    @Argument(help: help(method, "host")) var host: String
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    var agreement: Agreement? {
        let host = host
        return Agreement(
            isGiven: consent.yes, vms: [], question: { _ in "Forget the host \(host)?" },
            refusal: "nothing was removed")
    }

    func parameters() -> [String: JSONValue?] { ["host": .string(host)] }

    func view(of result: JSONValue) -> View { .host }
}

struct HostPrepare: GatewayCommand {
    static let method = "host.prepare"
    static let configuration = CommandConfiguration(
        "prepare", calls: method,
        examples: [
            "ebb host prepare host-a.example >prepare.sh",
            "ebb host prepare 10.0.0.1 --peer 10.0.0.2 --monitor 10.0.0.9 --pool /srv",
            "ebb host prepare host-x.example --hypervisor xen",
        ])

    @Argument(help: help(method, "address")) var address: String
    @Option(help: help(method, "hypervisor")) var hypervisor: String?
    @Option(help: "The address of a host that it exchanges VMs with; may be repeated (default: those of its cluster).")
    var peer: [String] = []
    @Option(help: "An address that Monitor connects from; may be repeated (default: those of the Monitors that run).")
    var monitor: [String] = []
    @Option(help: help(method, "pool")) var pool: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "address": .string(address), "hypervisor": .optional(hypervisor), "pool": .optional(pool),
            "peers": peer.isEmpty ? nil : .array(peer.map(JSONValue.string)),
            "monitors": monitor.isEmpty ? nil : .array(monitor.map(JSONValue.string)),
        ]
    }

    func view(of result: JSONValue) -> View { .script }
}

struct HostCheck: GatewayCommand {
    static let method = "host.check"
    static let configuration = CommandConfiguration(
        "check", calls: method, examples: ["ebb host check", "ebb host check host-a", "ebb host check -o json"])

    @Argument(help: help(method, "host")) var host: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["host": .optional(host)] }

    func view(of result: JSONValue) -> View { .checkList }

    func failure(of result: JSONValue) -> ClientFailure? {
        let (missing, unknown) = (result["missing"]?.integer ?? 0, result["unknown"]?.integer ?? 0)
        guard missing + unknown > 0 else { return nil }
        return ClientFailure(.failed, "\(missing) checks found something missing, \(unknown) could not be made")
    }
}
