// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

struct VMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        noun: "vm", "Virtual machines.", examples: ["ebb vm list -o wide", "ebb vm stop web-1 web-2"],
        verbs: [
            VMList.self, VMShow.self, VMCreate.self, VMStart.self, VMStop.self, VMPause.self, VMResume.self,
            VMSave.self, VMRestore.self, VMResize.self, VMMigrate.self, VMDelete.self, VMSamples.self,
        ])
}

struct VMList: GatewayCommand {
    static let method = "vm.list"
    static let configuration = CommandConfiguration(
        "list", calls: method, examples: ["ebb vm list", "ebb vm list --tenant acme -o csv"])

    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "host")) var host: String?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        ["tenant": .optional(tenant), "host": .optional(host), "limit": .optional(limit)]
    }

    func view(of result: JSONValue) -> View { .vmList }
}

struct VMShow: GatewayCommand {
    static let method = "vm.show"
    static let configuration = CommandConfiguration(
        "show", calls: method, examples: ["ebb vm show web-1", "ebb vm show web-1 -o yaml"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["vm": .string(vm), "tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { .vm }
}

struct VMSamples: GatewayCommand {
    static let method = "sample.list"
    static let configuration = CommandConfiguration(
        "samples", calls: method, examples: ["ebb vm samples web-1", "ebb vm samples web-1 -o csv --limit 10000"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "since")) var since: String?
    @Option(help: help(method, "limit")) var limit: Int?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        [
            "vm": .string(vm), "tenant": .optional(tenant), "since": .optional(since), "limit": .optional(limit),
        ]
    }

    func view(of result: JSONValue) -> View { .sampleList }
}

struct VMCreate: MutatingCommand {
    static let method = "vm.create"
    static let configuration = CommandConfiguration(
        "create", calls: method,
        examples: [
            "ebb vm create web-1 --vcpus 2 --max-vcpus 4 --memory 512M --disk 20G",
            "ebb vm create db-1 --tenant acme --host host-a --vcpus 2 --memory 4GiB --disk 100G",
        ])

    @Argument(help: help(method, "name")) var name: String
    @Option(help: help(method, "vcpus")) var vcpus: Int
    @Option(help: help(method, "maxVcpus")) var maxVcpus: Int?
    @Option(help: "Memory, such as 512M or 4GiB.", transform: Quantity.bytes) var memory: Int64
    @Option(help: "Disk, such as 20G.", transform: Quantity.bytes) var disk: Int64
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "host")) var host: String?
    @Option(help: "The kernel's path on the host.") var kernel: String?
    @Option(help: "The initial RAM disk's path on the host.") var initrd: String?
    @Option(help: "The kernel's command line.") var commandLine: String?
    @Option(help: "The disk image's path on the host.") var image: String?
    @Option(help: "The bridge on the host that its network card joins.") var bridge: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        let boot = JSONValue.object(omittingNil: [
            "kernelPath": .optional(kernel), "initrdPath": .optional(initrd), "commandLine": .optional(commandLine),
            "imagePath": .optional(image), "bridge": .optional(bridge),
        ])
        return [
            "name": .string(name), "vcpus": .optional(vcpus), "maxVcpus": .optional(maxVcpus),
            "memoryBytes": .integer(memory), "diskBytes": .integer(disk), "tenant": .optional(tenant),
            "host": .optional(host), "boot": boot == [:] ? nil : boot,
        ]
    }

    func view(of result: JSONValue) -> View { .outcome }
}

struct VMResize: MutatingCommand {
    static let method = "vm.resize"
    static let configuration = CommandConfiguration(
        "resize", calls: method, examples: ["ebb vm resize web-1 --vcpus 3"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "vcpus")) var vcpus: Int
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        ["vm": .string(vm), "vcpus": .optional(vcpus), "tenant": .optional(tenant)]
    }

    func view(of result: JSONValue) -> View { .outcome }
}

struct VMMigrate: MutatingCommand {
    static let method = "vm.migrate"
    static let configuration = CommandConfiguration(
        "migrate", calls: method, examples: ["ebb vm migrate web-1", "ebb vm migrate web-1 --host host-b"])

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "host")) var host: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] {
        ["vm": .string(vm), "host": .optional(host), "tenant": .optional(tenant)]
    }

    func view(of result: JSONValue) -> View { .outcome }
}
