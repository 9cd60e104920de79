// SPDX-License-Identifier: Apache-2.0

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
    init(_ specification: DomainSpecification, machine: Machine) {
        let boot = specification.boot
        type = machine.rawValue
        // libvirt wants names unique per host, tenants choose theirs freely.
        name = "\(specification.tenant).\(specification.name)"
        uuid = specification.domain.description
        metadata = Metadata(
            ebb: EbbMetadata(name: specification.name, tenant: specification.tenant), nova: NovaMetadata(specification))
        memory = Memory(unit: "KiB", value: specification.memory.bytes / 1_024)
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
            // The model that emulation does in full on any host.
            case .emulated: CPU(mode: "custom", model: "qemu64")
            case .hardware: CPU(mode: "host-model", model: nil)
            case .xen, .test: nil
            }
        clock = Clock(offset: "utc")
        devices = Devices(specification, machine: machine)
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

    init(_ specification: DomainSpecification, machine: DomainDefinition.Machine) {
        let boot = specification.boot
        let bus = machine == .xen ? "xen" : "virtio"
        disk =
            boot.diskPath.map { path in
                [
                    Disk(
                        type: "file", device: "disk",
                        driver: .init(
                            name: "qemu", type: path.hasSuffix(".qcow2") ? "qcow2" : "raw", cache: "none"),
                        source: .init(file: path),
                        target: .init(dev: machine == .xen ? "xvda" : "vda", bus: bus))
                ]
            } ?? []
        interface =
            boot.bridge.map { bridge in
                [
                    Interface(
                        type: "bridge", mac: .init(address: Self.macAddress(of: specification.domain)),
                        source: .init(bridge: bridge), model: machine.isQEMU ? .init(type: "virtio") : nil)
                ]
            } ?? []
        let log = "/var/log/libvirt/qemu/\(specification.domain)-serial.log"
        serial =
            machine.isQEMU
            ? [Character(type: "file", source: .init(path: log, append: "on"), target: .init(port: 0))]
            : []
        console = machine == .xen ? [Character(type: "pty", source: nil, target: .init(type: "xen", port: 0))] : []
        channel =
            machine.isQEMU
            ? [Character(type: "unix", source: nil, target: .init(type: "virtio", name: agentChannelName))]
            : []
        memballoon =
            machine.isQEMU
            ? Balloon(model: "virtio", stats: .init(period: Self.balloonPeriod)) : nil
    }

    /// A locally administered address that follows from the domain's UUID: the same on every host and after a restart.
    static func macAddress(of domain: DomainID) -> String {
        let octets = [0x02] + domain.uuid.bytes.suffix(5)
        let digits = Array("0123456789abcdef")
        return octets.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: ":")
    }
}
