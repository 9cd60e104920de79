// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import MonitorCore
internal import ResourceModel
internal import Store

/// A command's arguments as their JSON has them; which ones a verb needs, `CommandOrder` and `specification` say.
///
///     resize   {"vcpus": 3}
///     migrate  {"target": "h2"}
///     create   {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
///               "disk_bytes": 21474836480, "boot": {"kernelPath": …, "initrdPath": …, "diskPath": …, "bridge": …}}
struct CommandArguments: Codable, Sendable {
    var vcpus: Int?
    var target: String?
    var name: String?
    var tenant: String?
    var maximumVCPUs: Int?
    var memoryBytes: Int64?
    var diskBytes: Int64?
    var boot: BootSource?

    enum CodingKeys: String, CodingKey {
        case vcpus, target, name, tenant
        case maximumVCPUs = "maximum_vcpus"
        case memoryBytes = "memory_bytes"
        case diskBytes = "disk_bytes"
        case boot
    }

    /// `nil` if the text is not such an object.
    init?(_ text: String) {
        guard let read = try? JSONText.decode(CommandArguments.self, from: text) else { return nil }
        self = read
    }

    /// The domain that `create` makes.
    func specification(of domain: DomainID) throws(CommandRefusal) -> DomainSpecification {
        guard let name, isValidName(name), let tenant = tenant.flatMap({ TenantID($0) }) else {
            throw CommandRefusal("invalid", "create needs \"name\" and \"tenant\", each 1 to 63 of a-z 0-9 . _ -")
        }
        guard let vcpus, let memoryBytes, vcpus >= 1, memoryBytes > 0, diskBytes ?? 0 >= 0 else {
            throw CommandRefusal("invalid", "create needs \"vcpus\" of at least 1 and \"memory_bytes\" above 0")
        }
        guard maximumVCPUs ?? vcpus >= vcpus else {
            throw CommandRefusal("invalid", "\"maximum_vcpus\" must be at least \"vcpus\"")
        }
        return DomainSpecification(
            domain: domain, name: name, tenant: tenant, maximumVCPUs: VCPUCount(maximumVCPUs ?? vcpus),
            vcpus: VCPUCount(vcpus), memory: ByteCount(memoryBytes), disk: ByteCount(diskBytes ?? 0),
            boot: boot ?? BootSource())
    }
}

extension CommandOrder {
    init(_ command: NewCommand, _ arguments: CommandArguments?) throws(CommandRefusal) {
        guard let arguments else {
            throw CommandRefusal("invalid", "its arguments are not a JSON object of known types: \(command.arguments)")
        }
        try self.init(
            verb: command.verb, domain: command.domain, vcpus: arguments.vcpus, target: arguments.target,
            expectedRevision: command.expectedRevision, isAutomatic: command.decision != nil,
            deadline: command.deadline)
    }
}
