// SPDX-License-Identifier: Apache-2.0

/// Another cloud's manager to which a domain may belong. Ebb only observes such domains.
enum ForeignManager: String, Hashable, Sendable, CaseIterable {
    case nova = "OpenStack Nova"
    case openNebula = "OpenNebula"
    case oVirt = "oVirt"
    case cloudStack = "Apache CloudStack"
    case proxmox = "Proxmox VE"
    // Before KubeVirt, which it is built on.
    case harvester = "Harvester"
    case kubeVirt = "KubeVirt"

    /// The manager to which the marks in a domain's definition point; `nil` if there is none. Marks that a manager
    /// writes on purpose count before names that only look like its names.
    init?(_ marks: DomainMarks) {
        let found =
            Self.allCases.first { manager in marks.namespaces.contains { manager.owns(namespace: $0) } }
            ?? Self.allCases.first { manager in marks.machine.contains { manager.owns(machine: $0) } }
            ?? Self.allCases.first { manager in marks.diskPaths.contains { manager.owns(diskPath: $0) } }
            ?? Self.allCases.first { $0.owns(name: marks.name) }
        guard let found else { return nil }
        self = found
    }

    /// Whether a namespace of metadata is this manager's, whatever its prefix and version.
    private func owns(namespace: String) -> Bool {
        switch self {
        case .nova: namespace.contains("openstack.org/xmlns/libvirt/nova")
        case .openNebula: namespace.contains("opennebula.org/")
        case .oVirt: namespace.contains("ovirt.org/")
        case .cloudStack: namespace.contains("cloudstack.")
        case .proxmox: namespace.contains("proxmox.com")
        case .harvester: namespace.contains("harvesterhci.io")
        case .kubeVirt: namespace.contains("kubevirt.io")
        }
    }

    /// Whether it writes this text into the machine's SMBIOS, as manufacturer, product or family.
    private func owns(machine text: String) -> Bool {
        let text = text.lowercased()
        return switch self {
        case .nova: text.contains("openstack")
        case .openNebula: text.contains("opennebula")
        case .oVirt: text.contains("ovirt") || text.contains("rhev")
        case .cloudStack: text.contains("cloudstack")
        case .proxmox: text.contains("proxmox")
        case .harvester: text.contains("harvester")
        case .kubeVirt: text.contains("kubevirt")
        }
    }

    /// Whether it gives disks such paths, if they have a form that only it uses.
    private func owns(diskPath path: String) -> Bool {
        switch self {
        case .proxmox: path.wholeMatch(of: /.*vm-[0-9]+-disk-[0-9]+(\..*)?/) != nil
        case .openNebula: path.contains("/one/datastores/")
        case .nova: path.contains("/nova/instances/")
        case .kubeVirt: path.hasPrefix("/var/run/kubevirt")
        case .oVirt: path.contains("/rhev/data-center/")
        case .cloudStack, .harvester: false
        }
    }

    /// Whether it gives domains such names, if they have a form that only it uses.
    private func owns(name: String) -> Bool {
        switch self {
        case .nova: name.wholeMatch(of: /instance-[0-9a-f]{8}/) != nil
        case .openNebula: name.wholeMatch(of: /one-[0-9]+/) != nil
        // Guests, then routers, storage and console machines.
        case .cloudStack: name.wholeMatch(of: /(i-[0-9]+-[0-9]+|[rsv]-[0-9]+)-VM/) != nil
        case .oVirt, .proxmox, .harvester, .kubeVirt: false
        }
    }
}
