// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// The size of a new VM: its flavor's, unless the request gives others.
package struct VMSize: Hashable, Sendable {
    package let vcpus: Int64
    package let maximumVCPUs: Int64
    package let memoryBytes: Int64
    /// `nil`: the memory that it starts with.
    package let maximumMemoryBytes: Int64?
    package let diskBytes: Int64

    /// - Parameter values: the checked parameters of `vm.create`.
    /// - Throws: `INVALID` that names what is missing or contradictory.
    package init(_ values: JSONValue) throws(MethodError) {
        let flavor = values["flavor"]?.text.flatMap(Flavor.named)
        vcpus = try Self.required("vcpus", values, flavor?.vcpus)
        memoryBytes = try Self.required("memoryBytes", values, flavor?.memoryBytes)
        diskBytes = try Self.required("diskBytes", values, flavor?.diskBytes)
        maximumVCPUs =
            values["maxVcpus"]?.integer ?? max(vcpus, flavor?.maximumVCPUs ?? min(512, vcpus * 2))
        maximumMemoryBytes = values["maxMemoryBytes"]?.integer
        guard vcpus <= maximumVCPUs else {
            throw MethodError(.invalid, "\(vcpus) vCPUs are above the ceiling of \(maximumVCPUs)")
        }
        guard memoryBytes <= maximumMemoryBytes ?? memoryBytes else {
            throw MethodError(
                .invalid, "\(memoryBytes) bytes of memory are above the ceiling of \(maximumMemoryBytes ?? 0)")
        }
    }

    private static func required(
        _ name: String, _ values: JSONValue, _ ofFlavor: Int64?
    ) throws(MethodError) -> Int64 {
        guard let value = values[name]?.integer ?? ofFlavor else {
            throw MethodError(.invalid, "a VM without a flavor needs '\(name)'", hint: "see 'ebb flavor list'")
        }
        return value
    }
}

/// What a new VM boots from.
package enum VMBoot {
    package static let defaultPool = "ebb"

    /// The `boot` of the command that creates it.
    ///
    /// - Parameter values: the checked parameters of `vm.create`.
    /// - Throws: `INVALID` for parameters that exclude each other, and for a text that is not a public SSH key.
    package static func source(_ values: JSONValue) throws(MethodError) -> BootSource {
        let boot = values["boot"] ?? [:]
        let image = values["image"]?.text
        let keys = values["sshKeys"]?.items?.compactMap(\.text) ?? []
        if image != nil, boot["imagePath"] != nil {
            throw MethodError(.invalid, "a VM's disk begins as 'image' or is 'boot.imagePath', not both")
        }
        if values["network"] != nil, boot["bridge"] != nil {
            throw MethodError(.invalid, "a VM's card joins 'network' or 'boot.bridge', not both")
        }
        guard keys.isEmpty || image != nil else {
            throw MethodError(
                .invalid, "'sshKeys' reach a guest by its image's first boot, and no image was given",
                hint: "give 'image', or put the keys into the disk")
        }
        for key in keys where !isPublicKey(key) {
            throw MethodError(
                .invalid, "'\(key.prefix(32))' is not a public SSH key of one line",
                hint: "give the content of a .pub file")
        }
        let pool = values["pool"]?.text ?? defaultPool
        return BootSource(
            kernelPath: boot["kernelPath"]?.text, initrdPath: boot["initrdPath"]?.text,
            kernelCommandLine: boot["commandLine"]?.text, diskPath: boot["imagePath"]?.text,
            image: image.map { BootSource.Image(pool: pool, volume: $0) },
            seed: image == nil ? nil : BootSource.Seed(sshKeys: keys), bridge: boot["bridge"]?.text,
            network: values["network"]?.text)
    }

    /// Type, base64 and perhaps a comment, on one line.
    package static func isPublicKey(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return false }
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2 else { return false }
        let isType = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].contains { parts[0].hasPrefix($0) }
        return isType && parts[1].utf8.count >= 16
            && parts[1].utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "+/=".utf8.contains(byte)
            }
    }
}

extension CommandArguments {
    /// `create`.
    package static func creation(
        named name: String, for tenant: TenantID, _ size: VMSize, flavor: String?, boot: BootSource
    ) -> CommandArguments {
        var arguments = CommandArguments()
        arguments.name = name
        arguments.tenant = tenant.name
        arguments.vcpus = Int(size.vcpus)
        arguments.maximumVCPUs = Int(size.maximumVCPUs)
        arguments.memoryBytes = size.memoryBytes
        arguments.maximumMemoryBytes = size.maximumMemoryBytes
        arguments.diskBytes = size.diskBytes
        arguments.flavor = flavor
        arguments.boot = boot
        return arguments
    }
}
