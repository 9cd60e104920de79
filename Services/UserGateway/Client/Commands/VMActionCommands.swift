// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// What the commands that act on one or several VMs take.
struct VMSelection: ParsableArguments {
    @Argument(help: "VMs by name or UUID; what fails does not stop the rest.")
    var vms: [String]

    @Option(help: help("vm.start", "tenant"))
    var tenant: String?

    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions
}

/// An action on each of several VMs.
protocol VMActionCommand: AsyncParsableCommand {
    static var method: String { get }
    var selection: VMSelection { get }
    /// Parameters beside the VM.
    var extras: [String: JSONValue] { get }
}

extension VMActionCommand {
    var extras: [String: JSONValue] { [:] }

    mutating func run() async throws { try await act() }

    func act() async throws {
        let (selection, extras) = (selection, extras)
        let (outcomes, failures) = try await GatewayClient.withSession(ConnectionSettings(selection.global)) { client in
            var outcomes: [JSONValue] = []
            var failures: [ClientFailure] = []
            for vm in selection.vms {
                var parameters = extras
                parameters["vm"] = .string(vm)
                parameters["tenant"] = .optional(selection.tenant)
                let part = selection.vms.count > 1 ? vm : ""
                parameters["idempotencyKey"] = .string(selection.mutation.key(part: part))
                do {
                    outcomes.append(try await client.call(Self.method, parameters))
                } catch let failure as ClientFailure {
                    guard failure.code != .unreachable else { throw failure }
                    failures.append(failure)
                }
            }
            return (outcomes, failures)
        }
        try report(outcomes, failures)
    }

    private func report(_ outcomes: [JSONValue], _ failures: [ClientFailure]) throws {
        let result: JSONValue = outcomes.count == 1 ? outcomes[0] : ["items": .array(outcomes)]
        if !outcomes.isEmpty { try selection.global.show(result, .outcome) }
        guard let first = failures.first else {
            if outcomes.contains(where: { $0["state"] == "failed" }) { throw ClientFailure(.failed, "") }
            return
        }
        guard selection.vms.count > 1 else { throw first }
        for failure in failures { Surroundings.current.writeError("ebb: \(failure.message)\n") }
        let isOneKind = failures.allSatisfy { $0.code == first.code }
        throw ClientFailure(
            isOneKind ? first.code : .failed, "\(failures.count) of \(selection.vms.count) VMs failed")
    }
}

struct VMStart: VMActionCommand {
    static let method = "vm.start"
    static let configuration = CommandConfiguration("start", calls: method, examples: ["ebb vm start web-1 web-2"])
    @OptionGroup var selection: VMSelection
}

struct VMStop: VMActionCommand {
    static let method = "vm.shutdown"
    static let configuration = CommandConfiguration(
        "stop", calls: method, examples: ["ebb vm stop web-1", "ebb vm stop web-1 --force"])
    @Flag(help: help(method, "force")) var force = false
    @OptionGroup var selection: VMSelection
    var extras: [String: JSONValue] { force ? ["force": true] : [:] }
}

struct VMPause: VMActionCommand {
    static let method = "vm.suspend"
    static let configuration = CommandConfiguration("pause", calls: method, examples: ["ebb vm pause web-1"])
    @OptionGroup var selection: VMSelection
}

struct VMResume: VMActionCommand {
    static let method = "vm.resume"
    static let configuration = CommandConfiguration("resume", calls: method, examples: ["ebb vm resume web-1"])
    @OptionGroup var selection: VMSelection
}

struct VMSave: VMActionCommand {
    static let method = "vm.save"
    static let configuration = CommandConfiguration("save", calls: method, examples: ["ebb vm save web-1"])
    @OptionGroup var selection: VMSelection
}

struct VMRestore: VMActionCommand {
    static let method = "vm.restore"
    static let configuration = CommandConfiguration("restore", calls: method, examples: ["ebb vm restore web-1"])
    @OptionGroup var selection: VMSelection
}

struct VMDelete: VMActionCommand {
    static let method = "vm.delete"
    static let configuration = CommandConfiguration(
        "delete", calls: method, examples: ["ebb vm delete web-1", "ebb vm delete web-1 web-2 --yes"])
    @Flag(name: .shortAndLong, help: "Don't ask.") var yes = false
    @OptionGroup var selection: VMSelection

    mutating func run() async throws {
        let surroundings = Surroundings.current
        if !yes, surroundings.isInteractive {
            surroundings.writeError("Delete \(selection.vms.joined(separator: ", ")) with disks? [y/N] ")
            guard ["y", "yes"].contains(surroundings.readLine()?.lowercased() ?? "") else {
                throw ClientFailure(.failed, "nothing was deleted")
            }
        }
        try await act()
    }
}
