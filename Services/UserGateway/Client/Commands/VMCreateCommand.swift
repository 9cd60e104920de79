// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import UserGatewayCore

struct VMCreate: VMChangeCommand {
    static let method = "vm.create"
    static let configuration = CommandConfiguration(
        "create", calls: method,
        examples: [
            "ebb vm create web-1 --flavor small --image debian-13 --ssh-key id_ed25519.pub",
            "ebb vm create web-2 --vcpus 2 --memory 512M --disk 20G --image debian-13",
            "ebb vm create db-1 --tenant acme --host host-a --flavor large --image debian",
            "ebb vm create lab-1 --tenant acme --flavor tiny --kernel /srv/vmlinuz",
        ])

    @Argument(help: help(method, "name")) var name: String
    @Option(help: "A size by its name, see 'ebb flavor list'; what else is given overrides it.") var flavor: String?
    @Option(help: help(method, "vcpus")) var vcpus: Int?
    @Option(help: help(method, "maxVcpus")) var maxVcpus: Int?
    @Option(help: "Memory, such as 512M or 4GiB (default: the flavor's).", transform: TypedQuantity.bytes)
    var memory: Int64?
    @Option(help: "The memory that it can grow to, such as 8G (default: its memory).", transform: TypedQuantity.bytes)
    var maxMemory: Int64?
    @Option(help: "Disk, such as 20G (default: the flavor's).", transform: TypedQuantity.bytes) var disk: Int64?
    @Option(help: "The image that its disk begins as; for operators also the path of a disk on the host.")
    var image: String?
    @Option(help: help(method, "pool")) var pool: String?
    @Option(help: "A file with public SSH keys that may log in to its guest; may be repeated.") var sshKey: [String] =
        []
    @Option(help: help(method, "network")) var network: String?
    @Option(help: "The bridge on the host that its network card joins, instead of a network.") var bridge: String?
    @Option(help: "The kernel's path on the host.") var kernel: String?
    @Option(help: "The initial RAM disk's path on the host.") var initrd: String?
    @Option(help: "The kernel's command line.") var commandLine: String?
    @Option(help: help(method, "tenant")) var tenant: String?
    @Option(help: help(method, "host")) var host: String?
    @Option(help: help(method, "cluster")) var cluster: String?
    @Option(help: help(method, "affinity")) var affinity: String?
    @Option(help: help(method, "antiAffinity")) var antiAffinity: String?
    @Option(name: .customLong("pin-host"), help: "The only hosts that it may run on, kept as its policy; repeat it.")
    var pinnedHosts: [String] = []
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() throws -> [String: JSONValue?] {
        let isPath = image?.hasPrefix("/") == true
        let boot = JSONValue.object(omittingNil: [
            "kernelPath": .optional(kernel), "initrdPath": .optional(initrd), "commandLine": .optional(commandLine),
            "imagePath": isPath ? .optional(image) : nil, "bridge": .optional(bridge),
        ])
        let keys = try sshKey.flatMap(Self.keys)
        return [
            "name": .string(name), "flavor": .optional(flavor), "vcpus": .optional(vcpus),
            "maxVcpus": .optional(maxVcpus), "memoryBytes": .optional(memory), "maxMemoryBytes": .optional(maxMemory),
            "diskBytes": .optional(disk), "image": isPath ? nil : .optional(image), "pool": .optional(pool),
            "sshKeys": keys.isEmpty ? nil : .array(keys.map(JSONValue.string)), "network": .optional(network),
            "tenant": .optional(tenant), "host": .optional(host), "cluster": .optional(cluster),
            "affinity": .optional(affinity), "antiAffinity": .optional(antiAffinity),
            "pinnedHosts": pinnedHosts.isEmpty ? nil : .array(pinnedHosts.map(JSONValue.string)),
            "boot": boot == [:] ? nil : boot,
        ]
    }

    func view(of result: JSONValue) -> View { .outcome }

    /// The keys in a file in the form of `authorized_keys`. If somebody names the private key by mistake, it must not
    /// be sent.
    private static func keys(in path: String) throws -> [String] {
        let text = try FileText.read(
            NSString(string: path).expandingTildeInPath, failing: .badData,
            remedy: "give the file of a public key, whose name ends in .pub")
        let keys = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !keys.isEmpty, keys.allSatisfy(VMBoot.isPublicKey) else {
            throw ClientFailure(
                .badData, "\(path) does not hold public SSH keys; give the file whose name ends in .pub")
        }
        return keys
    }
}
