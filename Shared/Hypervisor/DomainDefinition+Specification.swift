// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel

extension DomainDefinition {
    /// How a guest of one kind of hypervisor is put together.
    enum Machine: String, CaseIterable, Sendable {
        case emulated = "qemu"
        case hardware = "kvm"
        case xen, test

        var isQEMU: Bool { self == .emulated || self == .hardware }
    }

    /// The definition of what `specification` asks for: its ceiling, started at the chosen size.
    /// - Parameter seed: path of the volume that cloud-init reads, if there is one.
    init(_ specification: DomainSpecification, machine: Machine, disk: DiskFile?, seed: String? = nil) {
        let boot = specification.boot
        type = machine.rawValue
        // libvirt wants names unique per host, tenants choose theirs freely.
        name = "\(specification.tenant).\(specification.name)"
        uuid = specification.domain.description
        metadata = Metadata(
            ebb: EbbMetadata(
                name: specification.name, tenant: specification.tenant, flavor: specification.flavor),
            nova: NovaMetadata(specification))
        memory = Memory(unit: "KiB", value: specification.maximumMemory.bytes / 1_024)
        currentMemory = Memory(unit: "KiB", value: specification.memory.bytes / 1_024)
        vcpu = VCPU(
            placement: "static", current: specification.vcpus.count, maximum: specification.maximumVCPUs.count)
        vcpus = machine.isQEMU ? Self.hotpluggableVCPUs(specification) : nil
        os = OperatingSystem(
            type: Self.kind(machine), kernel: boot.kernelPath, initrd: boot.initrdPath,
            cmdline: boot.kernelCommandLine,
            boot: boot.kernelPath == nil ? .init(dev: "hd") : nil)
        features = machine.isQEMU ? Features(acpi: .init()) : nil
        cpu =
            switch machine {
            // The model that emulation provides completely on any host.
            case .emulated: CPU(mode: "custom", model: "qemu64")
            case .hardware: CPU(mode: "host-model", model: nil)
            case .xen, .test: nil
            }
        clock = Clock(offset: "utc")
        devices = Devices(specification, machine: machine, disk: disk, seed: seed)
    }

    /// Every vCPU but the first can be unplugged, also those that it starts with.
    private static func hotpluggableVCPUs(_ specification: DomainSpecification) -> VCPUs {
        VCPUs(
            vcpu: (0..<specification.maximumVCPUs.count).map { number in
                .init(
                    id: number, enabled: number < specification.vcpus.count ? "yes" : "no",
                    hotpluggable: number == 0 ? "no" : "yes")
            })
    }

    private static func kind(_ machine: Machine) -> OperatingSystem.Kind {
        switch machine {
        case .emulated, .hardware: .init(arch: "x86_64", machine: "q35", value: "hvm")
        case .xen: .init(arch: "x86_64", machine: "xenpv", value: "linux")
        case .test: .init(arch: nil, machine: nil, value: "hvm")
        }
    }
}

extension DomainDefinition.Devices {
    /// How often the guest's balloon driver reports, in seconds.
    private static let balloonPeriod = 2

    init(
        _ specification: DomainSpecification, machine: DomainDefinition.Machine, disk file: DiskFile?, seed: String?
    ) {
        let prefix = machine == .xen ? "xvd" : "vd"
        disk =
            [
                file.map { Disk($0, device: prefix + "a", isReadOnly: false) },
                seed.map { Disk(DiskFile(path: $0, format: "raw"), device: prefix + "b", isReadOnly: true) },
            ].compactMap(\.self)
        interface = Self.interfaces(specification, machine: machine)
        let log = "/var/log/libvirt/qemu/\(specification.domain)-serial.log"
        serial =
            machine.isQEMU
            ? [Character(type: "file", source: .init(path: log, append: "on"), target: .init(port: 0))]
            : []
        console = machine == .xen ? [Character(type: "pty", source: nil, target: .init(type: "xen", port: 0))] : []
        channel = machine.isQEMU ? [.agentChannel] : []
        memballoon =
            machine.isQEMU
            ? Balloon(model: "virtio", stats: .init(period: Self.balloonPeriod)) : nil
    }

    private static func interfaces(
        _ specification: DomainSpecification, machine: DomainDefinition.Machine
    ) -> [Interface] {
        let boot = specification.boot
        guard boot.bridge != nil || boot.network != nil else { return [] }
        return [
            Interface(
                type: boot.bridge == nil ? "network" : "bridge",
                mac: .init(address: macAddress(of: specification.domain)),
                source: .init(bridge: boot.bridge, network: boot.bridge == nil ? boot.network : nil),
                model: machine.isQEMU ? .init(type: "virtio") : nil)
        ]
    }

    /// A locally administered address that follows from the domain's UUID: the same on every host and after a restart.
    static func macAddress(of domain: DomainID) -> String {
        let octets = [0x02] + domain.uuid.bytes.suffix(5)
        let digits = Array("0123456789abcdef")
        return octets.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: ":")
    }
}

/// An image as a file of the host.
struct DiskFile: Hashable, Sendable {
    let path: String
    /// `raw` or `qcow2`.
    let format: String

    init(path: String, format: String) {
        self.path = path
        self.format = format
    }

    /// An image whose suffix says what it is.
    init(path: String) {
        self.init(path: path, format: path.hasSuffix(".qcow2") ? "qcow2" : "raw")
    }
}

extension DomainDefinition.Devices.Disk {
    fileprivate init(_ file: DiskFile, device: String, isReadOnly: Bool) {
        self.init(
            type: "file", device: "disk", driver: .init(name: "qemu", type: file.format, cache: "none"),
            source: .init(file: file.path),
            target: .init(dev: device, bus: device.hasPrefix("x") ? "xen" : "virtio"),
            readonly: isReadOnly ? Present() : nil)
    }
}
