// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// The arguments of commands that act on one or several VMs.
struct VMSelection: ParsableArguments {
    @Argument(help: ArgumentHelp("VMs by name or UUID; a failure does not stop the rest.", valueName: "vm"))
    var vms: [String]

    @Option(help: help("vm.start", "tenant"))
    var tenant: String?

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions
}

/// An action on each of several VMs.
protocol VMActionCommand: AsyncParsableCommand {
    static var method: String { get }
    var selection: VMSelection { get }
    /// Parameters beside the VM.
    var extras: [String: JSONValue] { get }
    /// The agreement that is needed if the method can't be undone.
    var agreement: Agreement? { get }
}

extension VMActionCommand {
    var extras: [String: JSONValue] { [:] }
    var agreement: Agreement? { nil }

    mutating func run() async throws {
        try await selection.global.agree(to: Self.method, extras, agreement)
        try await act()
    }

    private func act() async throws {
        let (selection, extras) = (selection, extras)
        let interruption = Surroundings.current.interruption
        let progress = ProgressLine()
        let settings = try ConnectionSettings(selection.global, timeout: WaitOptions.timeout)
        let (outcomes, failures) = try await progress.following(settings) { client in
            var outcomes: [JSONValue] = []
            var failures: [ClientFailure] = []
            for (position, vm) in selection.vms.enumerated() {
                interruption.wait(selection.vms.dropFirst(position + 1))
                var parameters = extras
                parameters["vm"] = .string(vm)
                parameters["tenant"] = .optional(selection.tenant)
                let part = selection.vms.count > 1 ? vm : ""
                parameters["idempotencyKey"] = .string(selection.mutation.key(part: part))
                do {
                    outcomes.append(try await client.change(Self.method, parameters, selection.waiting, progress))
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

struct VMShutdown: VMActionCommand {
    static let method = "vm.shutdown"
    static let configuration = CommandConfiguration(
        "shutdown", calls: method, aliases: ["stop"],
        examples: [
            "ebb vm shutdown web-1", "ebb vm shutdown web-1 --grace 2m --force",
            "ebb vm shutdown web-1 web-2 --force --yes",
        ])
    @Option(help: "How long the guest may take, such as 2m (default 60s).", transform: TypedQuantity.seconds)
    var grace: Int64?
    @Flag(help: "Cut its power: at once, or after --grace where that is given.") var force = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var selection: VMSelection

    func validate() throws {
        guard let grace, !(1...3_600).contains(grace) else { return }
        throw ValidationError("--grace must be from 1s to 1h")
    }

    var extras: [String: JSONValue] {
        var extras: [String: JSONValue] = force ? ["force": true] : [:]
        extras["graceSeconds"] = .optional(grace)
        return extras
    }

    var agreement: Agreement? {
        Agreement(
            isGiven: consent.yes, vms: selection.vms, tenant: selection.tenant,
            question: { "Cut the power of \($0)? What a guest has not written to its disk is lost." },
            refusal: "nothing was shut down")
    }
}

struct VMReboot: VMActionCommand {
    static let method = "vm.reboot"
    static let configuration = CommandConfiguration("reboot", calls: method, examples: ["ebb vm reboot web-1"])
    @OptionGroup var selection: VMSelection
}

struct VMPause: VMActionCommand {
    static let method = "vm.suspend"
    static let configuration = CommandConfiguration(
        "pause", calls: method, aliases: ["suspend"], examples: ["ebb vm pause web-1"])
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

struct VMRelease: VMActionCommand {
    static let method = "vm.release"
    static let configuration = CommandConfiguration(
        "release", calls: method,
        examples: ["ebb vm release web-1 --tenant acme", "ebb vm release web-1 --tenant acme --yes"])
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var selection: VMSelection

    var agreement: Agreement? {
        Agreement(
            isGiven: consent.yes, vms: selection.vms, tenant: selection.tenant,
            question: { "Give \($0) back? It is no tenant's any more, and its policy ends." },
            refusal: "nothing was released")
    }
}

struct VMDelete: VMActionCommand {
    static let method = "vm.delete"
    static let configuration = CommandConfiguration(
        "delete", calls: method,
        examples: ["ebb vm delete web-1", "ebb vm delete web-1 web-2 --yes", "ebb vm delete web-1 --keep-disk"])
    @OptionGroup var consent: ConsentOptions
    @Flag(help: "Leave the disk where it is.") var keepDisk = false
    @OptionGroup var selection: VMSelection
    var extras: [String: JSONValue] { keepDisk ? ["keepDisk": true] : [:] }

    var agreement: Agreement? {
        let disks: SafeText = keepDisk ? "and keep the disks" : "with disks"
        return Agreement(
            isGiven: consent.yes, vms: selection.vms, tenant: selection.tenant,
            question: { "Delete \($0) \(disks)?" }, refusal: "nothing was deleted")
    }
}
