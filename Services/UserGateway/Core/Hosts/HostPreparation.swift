// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A shell script that makes a machine ready to be a host, to be read and then run there as root; it may be run
/// repeatedly.
package struct HostPreparation: Hashable, Sendable {
    package enum Hypervisor: String, Hashable, Sendable, CaseIterable {
        case qemu, xen
    }

    package static let defaultPool = "/var/lib/ebb/disks"

    package let address: HostAddress
    package let hypervisor: Hypervisor
    /// Hosts that it exchanges VMs with.
    package let peers: [HostAddress]
    /// The addresses from which Monitor connects.
    package let monitors: [HostAddress]
    /// The folder for disks and images.
    package let pool: String

    /// - Throws: `INVALID` for a folder that is not valid, or whose name would need quoting.
    package init(
        address: HostAddress, hypervisor: Hypervisor = .qemu, peers: [HostAddress] = [], monitors: [HostAddress] = [],
        pool: String = defaultPool
    ) throws(MethodError) {
        guard Self.isFolder(pool) else {
            throw MethodError(
                .invalid, "'\(pool.prefix(64))' can't be the folder for disks",
                hint: "give an absolute path of letters, digits and . _ - such as \(Self.defaultPool)")
        }
        self.address = address
        self.hypervisor = hypervisor
        self.peers = Set(peers).subtracting([address]).sorted()
        self.monitors = Set(monitors).sorted()
        self.pool = pool
    }

    /// The URI with which the host is added once the script has run.
    package var uri: String { "\(hypervisor.rawValue)+tls://\(address.authority)/system" }

    /// The script. All values in it consist of characters that mean nothing to a shell.
    package var script: String {
        let values = [
            "ADDRESS": address.text, "KIND": address.isNumeric ? "ip_address" : "dns_name",
            "HYPERVISOR": hypervisor.rawValue, "URI": uri, "POOL": pool,
            "PEERS": peers.map(\.text).joined(separator: " "), "MONITORS": monitors.map(\.text).joined(separator: " "),
        ]
        let template = String(decoding: PackageResources.prepare_sh, as: UTF8.self)
        return values.sorted { $0.key < $1.key }
            .reduce(template) { script, value in script.replacing("@\(value.key)@", with: value.value) }
    }

    private static func isFolder(_ path: String) -> Bool {
        guard path.hasPrefix("/"), path.utf8.count <= 255, path != "/" else { return false }
        return path.split(separator: "/").allSatisfy { part in
            part != ".." && part != "."
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || "._-".utf8.contains(byte)
                }
        }
    }
}
