// SPDX-License-Identifier: Apache-2.0

/// What a new domain boots from; every part may be absent.
package struct BootSource: JSONDocument, Hashable {
    /// A volume of a storage pool of the host.
    package struct Image: Hashable, Sendable, Codable {
        package var pool: String
        /// The image's name in the pool. It is never written to: the domain gets a qcow2 volume of its own over it, in
        /// the same pool.
        package var volume: String

        package init(pool: String, volume: String) {
            self.pool = pool
            self.volume = volume
        }
    }

    /// What cloud-init finds in the guest at its first boot, beside the guest agent and the rule that brings vCPUs
    /// online when they are plugged.
    package struct Seed: Hashable, Sendable, Codable {
        /// Public keys that may log in, each one line in OpenSSH's form.
        package var sshKeys: [String]
        /// Further directives in cloud-init's own form, for instance `#cloud-config` YAML.
        package var userData: String?

        package init(sshKeys: [String], userData: String? = nil) {
            self.sshKeys = sshKeys
            self.userData = userData
        }
    }

    package var kernelPath: String?
    package var initrdPath: String?
    package var kernelCommandLine: String?
    /// A raw or qcow2 image that all hosts of the cluster can read and write.
    package var diskPath: String?
    /// Instead of `diskPath`: a disk made for the domain.
    package var image: Image?
    /// Needs `image`: its volume lies beside the disk.
    package var seed: Seed?
    /// A bridge on the host.
    package var bridge: String?
    /// Instead of `bridge`: a virtual network that libvirt keeps on the host.
    package var network: String?

    package init(
        kernelPath: String? = nil, initrdPath: String? = nil, kernelCommandLine: String? = nil,
        diskPath: String? = nil, image: Image? = nil, seed: Seed? = nil, bridge: String? = nil, network: String? = nil
    ) {
        self.kernelPath = kernelPath
        self.initrdPath = initrdPath
        self.kernelCommandLine = kernelCommandLine
        self.diskPath = diskPath
        self.image = image
        self.seed = seed
        self.bridge = bridge
        self.network = network
    }
}
