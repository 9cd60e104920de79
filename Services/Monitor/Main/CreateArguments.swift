// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import Store

extension CommandOrder {
    init(_ command: NewCommand) throws(CommandRefusal) {
        guard let arguments = CommandArguments(json: command.arguments) else {
            throw CommandRefusal(.invalid, "its arguments are not a JSON object of known types: \(command.arguments)")
        }
        try self.init(
            verb: command.verb, domain: command.domain, arguments: arguments,
            expectedRevision: command.expectedRevision, isAutomatic: command.decision != nil,
            deadline: command.deadline)
    }

    /// The domain that `create` makes.
    var specification: DomainSpecification? {
        guard verb == .create, let name = arguments.name, let tenant = arguments.tenant.flatMap({ TenantID($0) }),
            let vcpus = arguments.vcpus, let memory = arguments.memoryBytes
        else { return nil }
        return DomainSpecification(
            domain: domain, name: name, tenant: tenant,
            maximumVCPUs: VCPUCount(clamping: arguments.maximumVCPUs ?? vcpus),
            vcpus: VCPUCount(clamping: vcpus), memory: ByteCount(clamping: memory),
            maximumMemory: arguments.maximumMemoryBytes.map { ByteCount(clamping: $0) },
            disk: ByteCount(clamping: arguments.diskBytes ?? 0), flavor: arguments.flavor,
            boot: arguments.boot ?? BootSource())
    }
}

extension NewDomain {
    init(_ specification: DomainSpecification) {
        self.init(
            id: specification.domain, name: specification.name, tenant: specification.tenant, isManaged: true,
            state: .shutoff, maximumVCPUs: specification.maximumVCPUs, maximumMemory: specification.maximumMemory,
            disk: specification.disk, boot: specification.boot.json)
    }
}
