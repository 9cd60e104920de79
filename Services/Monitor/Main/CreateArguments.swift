// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import Store

extension CommandArguments {
    /// `nil` if the text is not such an object.
    init?(_ text: String) {
        guard let read = try? JSONText.decode(CommandArguments.self, from: text) else { return nil }
        self = read
    }
}

/// What of `create`'s arguments is the driver's.
private struct BootArguments: Codable {
    var boot: BootSource?
}

extension CommandOrder {
    init(_ command: NewCommand) throws(CommandRefusal) {
        guard let arguments = CommandArguments(command.arguments) else {
            throw CommandRefusal("invalid", "its arguments are not a JSON object of known types: \(command.arguments)")
        }
        try self.init(
            verb: command.verb, domain: command.domain, arguments: arguments,
            expectedRevision: command.expectedRevision, isAutomatic: command.decision != nil,
            deadline: command.deadline)
    }

    /// The domain that `create` makes; `text` are its arguments.
    func specification(_ text: String) throws(CommandRefusal) -> DomainSpecification? {
        guard verb == .create else { return nil }
        guard let name = arguments.name, let tenant = arguments.tenant.flatMap({ TenantID($0) }),
            let vcpus = arguments.vcpus, let memory = arguments.memoryBytes,
            let boot = try? JSONText.decode(BootArguments.self, from: text)
        else {
            throw CommandRefusal("invalid", "create needs \"boot\" to be an object of known types")
        }
        return DomainSpecification(
            domain: domain, name: name, tenant: tenant,
            maximumVCPUs: VCPUCount(clamping: arguments.maximumVCPUs ?? vcpus),
            vcpus: VCPUCount(clamping: vcpus), memory: ByteCount(clamping: memory),
            maximumMemory: arguments.maximumMemoryBytes.map { ByteCount(clamping: $0) },
            disk: ByteCount(clamping: arguments.diskBytes ?? 0), flavor: arguments.flavor,
            boot: boot.boot ?? BootSource())
    }
}

extension NewDomain {
    init(_ specification: DomainSpecification) {
        self.init(
            id: specification.domain, name: specification.name, tenant: specification.tenant, isManaged: true,
            state: .shutoff, maximumVCPUs: specification.maximumVCPUs, maximumMemory: specification.maximumMemory,
            disk: specification.disk, boot: JSONText.encode(specification.boot) ?? "{}")
    }
}
