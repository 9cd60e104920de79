// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct VMSnapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Keep a VM under a name, or delete what was kept.",
        discussion: """
            Examples:
              ebb vm snapshot web-1 before-upgrade
              ebb vm snapshot delete web-1 before-upgrade
            """,
        subcommands: [VMSnapshotTake.self, VMSnapshotDelete.self], defaultSubcommand: VMSnapshotTake.self)
}

/// Which snapshot of which VM; the same for every method.
struct SnapshotArguments: ParsableArguments {
    @Argument(help: help(VMSnapshotTake.method, "vm")) var vm: String
    @Argument(help: help(VMSnapshotTake.method, "name")) var name: String
    @Option(help: help(VMSnapshotTake.method, "tenant")) var tenant: String?

    var parameters: [String: JSONValue?] {
        ["vm": .string(vm), "name": .string(name), "tenant": .optional(tenant)]
    }
}

struct VMSnapshotTake: VMChangeCommand {
    static let method = "vm.snapshot"
    static let configuration = CommandConfiguration(
        "take", calls: method,
        examples: ["ebb vm snapshot web-1 before-upgrade", "ebb vm snapshot take web-1 before-upgrade"])

    @OptionGroup var snapshot: SnapshotArguments
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { snapshot.parameters }

    func view(of result: JSONValue) -> View { .outcome }
}

struct VMSnapshotDelete: VMChangeCommand {
    static let method = "vm.snapshotdelete"
    static let configuration = CommandConfiguration(
        "delete", calls: method,
        examples: [
            "ebb vm snapshots web-1", "ebb vm snapshot delete web-1 before-upgrade",
            "ebb vm snapshot delete web-1 before-upgrade --yes",
        ])

    @OptionGroup var snapshot: SnapshotArguments
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    var agreement: Agreement? {
        let name = snapshot.name
        return Agreement(
            isGiven: consent.yes, vms: [snapshot.vm], tenant: snapshot.tenant,
            question: { "Delete snapshot \(name) of \($0)?" }, refusal: "nothing was removed")
    }

    func parameters() -> [String: JSONValue?] { snapshot.parameters }

    func view(of result: JSONValue) -> View { .outcome }
}

struct VMRevert: VMChangeCommand {
    static let method = "vm.revert"
    static let configuration = CommandConfiguration(
        "revert", calls: method,
        examples: ["ebb vm revert web-1 before-upgrade", "ebb vm revert web-1 before-upgrade --yes"])

    @OptionGroup var snapshot: SnapshotArguments
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    var agreement: Agreement? {
        let name = snapshot.name
        return Agreement(
            isGiven: consent.yes, vms: [snapshot.vm], tenant: snapshot.tenant,
            question: { "Take \($0) back to \(name) and lose what it did since?" }, refusal: "nothing was reverted")
    }

    func parameters() -> [String: JSONValue?] { snapshot.parameters }

    func view(of result: JSONValue) -> View { .outcome }
}
