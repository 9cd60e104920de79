// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct VMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "vm", "Virtual machines.",
        examples: [
            "ebb vm create web-1 --flavor small --image debian-13 --ssh-key id_ed25519.pub",
            "ebb vm list -o wide", "ebb vm resize web-1 --vcpus 3", "ebb vm shutdown web-1 web-2",
        ],
        verbs: [
            VMList.self, VMQuestion<VMShow>.self, VMCreate.self, VMStart.self, VMShutdown.self, VMReboot.self,
            VMPause.self, VMResume.self, VMSave.self, VMRestore.self, VMResize.self, VMCap.self,
            VMQuestion<VMCheck>.self, VMPrepare.self, VMMigrate.self, VMSnapshot.self,
            VMQuestion<VMSnapshots>.self, VMRevert.self, VMConsole.self, VMQuestion<VMAddresses>.self,
            VMSamples.self, VMAdopt.self, VMRelease.self, VMDelete.self,
        ])
}

struct VMList: GatewayCommand {
    static let method = "vm.list"
    static let configuration = CommandConfiguration(
        "list", calls: method,
        examples: ["ebb vm list", "ebb vm list --tenant acme -o csv", "ebb vm list --foreign --host host-a"])

    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "host")) var host: String?
    @Flag(
        inversion: .prefixedNo,
        help: "Only foreign domains, which Ebb observes and does not manage; or only VMs that it does (default: both).")
    var foreign: Bool?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "tenant": .optional(tenant), "host": .optional(host), "foreign": foreign.map(JSONValue.bool),
            "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .vmList }
}

enum VMShow: PlainVerb {
    static let method = "vm.show"
    static let examples = ["ebb vm show web-1", "ebb vm show web-1 -o yaml"]
    static let view = View.vm
}

struct VMSamples: GatewayCommand {
    static let method = "sample.list"
    static let configuration = CommandConfiguration(
        "samples", calls: method,
        examples: ["ebb vm samples web-1", "ebb vm samples web-1 --since 2h -o csv --limit 10000"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "since")) var since: String?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        [
            "vm": .string(vm), "tenant": .optional(tenant),
            "since": .optional(try since.map { try TypedQuantity.instant($0) }), "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .sampleList }
}
