// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import FoundationEssentials
package import ResourceModel

/// Whether a host answers.
package enum HostState: String, Hashable, Sendable, Codable, CaseIterable {
    case unknown, up
}

/// How much of a host may be promised.
package struct HostLimits: Hashable, Sendable, Codable {
    /// vCPUs per core that may be promised: 2 000 000 ppm is two.
    package var cpuOvercommit: Utilization
    package var memoryOvercommit: Utilization
    package var reservedVCPUs: VCPUCount
    package var reservedMemory: ByteCount
    /// A permit is refused if the projected measured use is above it.
    package var cpuBound: Utilization

    package init(
        cpuOvercommit: Utilization = Utilization(percent: 200), memoryOvercommit: Utilization = .full,
        reservedVCPUs: VCPUCount = 0, reservedMemory: ByteCount = .zero,
        cpuBound: Utilization = Utilization(percent: 90)
    ) {
        self.cpuOvercommit = cpuOvercommit
        self.memoryOvercommit = memoryOvercommit
        self.reservedVCPUs = reservedVCPUs
        self.reservedMemory = reservedMemory
        self.cpuBound = cpuBound
    }
}

/// What a host says of itself.
package struct HostAnswer: Hashable, Sendable, Codable {
    package var state: HostState
    /// `nil`: unknown, what was known stays.
    package var cpuCount: Int?
    package var memory: ByteCount?
    /// A JSON object.
    package var capabilities: String?
    /// The UUID that its hypervisor shows; cloned machines may share one.
    package var uuid: UUID128?

    package init(
        state: HostState, cpuCount: Int? = nil, memory: ByteCount? = nil, capabilities: String? = nil,
        uuid: UUID128? = nil
    ) {
        self.state = state
        self.cpuCount = cpuCount
        self.memory = memory
        self.capabilities = capabilities
        self.uuid = uuid
    }
}

/// A row of `inventory.host`.
package struct StoredHost: Hashable, Sendable {
    package let id: HostID
    package let cluster: ClusterID
    /// Such as `xen:///system` or `fleet://127.0.0.1:7400/h-1`.
    package let uri: String
    package let mode: HostMode
    package let limits: HostLimits
    package let facts: HostAnswer
    /// Every domain on it is known up to here.
    package let provedUntil: Timestamp?
    /// Names and values that people gave it.
    package let labels: [String: String]
    /// When it was removed from Ebb.
    package let removedAt: Timestamp?

    init(_ row: Row) throws(StoreError) {
        id = try row.host("id")
        cluster = ClusterID(trusted: try row.string("cluster"))
        uri = try row.string("uri")
        mode = try row.value("mode")
        limits = HostLimits(
            cpuOvercommit: try row.utilization("cpu_overcommit_ppm"),
            memoryOvercommit: try row.utilization("memory_overcommit_ppm"),
            reservedVCPUs: try row.vcpus("reserved_vcpus"), reservedMemory: try row.byteCount("reserved_memory_bytes"),
            cpuBound: try row.utilization("cpu_bound_ppm"))
        facts = HostAnswer(
            state: try row.value("state"), cpuCount: try row.vcpusOrNil("cpu_count")?.count,
            memory: try row.byteCountOrNil("memory_bytes"), capabilities: try row.stringOrNil("capabilities"),
            uuid: try row.uuidOrNil("uuid"))
        provedUntil = try row.timestampOrNil("proved_until_ns")
        labels = try row.labels("labels")
        removedAt = try row.timestampOrNil("removed_ns")
    }
}

extension Row {
    /// The labels in a JSON object of texts. An object that holds anything else counts as without labels, so that the
    /// host can still be used.
    fileprivate func labels(_ name: String) throws(StoreError) -> [String: String] {
        let text = try string(name)
        guard text != "{}" else { return [:] }
        return (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
    }
}
