// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What one connection to a host can do: shown to operators, stored with the host, and the reason for falling back.
package struct HypervisorCapabilities: JSONDocument, Hashable {
    /// For instance `QEMU`, `Xen`, `Test`, `fleet`.
    package let driver: String
    package let version: String
    /// The host's own UUID; two hosts of a cluster that show the same one differ only by their names.
    package let hostUUID: UUID128?
    package let hasBulkStatistics: Bool
    package let hasHostCPUStatistics: Bool
    package let hasHostMemoryStatistics: Bool
    package let canMigrate: Bool
    /// Whether unplugging a vCPU completes; under emulation it does not, and the vCPU is only taken offline.
    package let canUnplugVCPUs: Bool
    /// `nil` while no domain runs that it could be tried with.
    package let canCapCPU: Bool?
    /// Whether disks can be made on the host's storage pools.
    package let hasStorage: Bool
    /// Kinds of events that the host reports, for instance `lifecycle`; what it does not report is seen by sampling.
    package let events: [String]

    package init(
        driver: String, version: String, hostUUID: UUID128? = nil, hasBulkStatistics: Bool,
        hasHostCPUStatistics: Bool, hasHostMemoryStatistics: Bool, canMigrate: Bool, canUnplugVCPUs: Bool,
        canCapCPU: Bool? = nil, hasStorage: Bool = false, events: [String] = []
    ) {
        self.driver = driver
        self.version = version
        self.hostUUID = hostUUID
        self.hasBulkStatistics = hasBulkStatistics
        self.hasHostCPUStatistics = hasHostCPUStatistics
        self.hasHostMemoryStatistics = hasHostMemoryStatistics
        self.canMigrate = canMigrate
        self.canUnplugVCPUs = canUnplugVCPUs
        self.canCapCPU = canCapCPU
        self.hasStorage = hasStorage
        self.events = events
    }

    /// A row that a Monitor of another version wrote may say less. The host does not have what the row does not say,
    /// with one exception: that it can't send a domain elsewhere, which binds its domains to it, counts only if the row
    /// says so.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let has = { (key: CodingKeys) in try container.decodeIfPresent(Bool.self, forKey: key) }
        driver = try container.decode(String.self, forKey: .driver)
        version = try container.decodeIfPresent(String.self, forKey: .version) ?? ""
        hostUUID = try container.decodeIfPresent(UUID128.self, forKey: .hostUUID)
        hasBulkStatistics = try has(.hasBulkStatistics) ?? false
        hasHostCPUStatistics = try has(.hasHostCPUStatistics) ?? false
        hasHostMemoryStatistics = try has(.hasHostMemoryStatistics) ?? false
        canMigrate = try has(.canMigrate) ?? true
        canUnplugVCPUs = try has(.canUnplugVCPUs) ?? false
        canCapCPU = try has(.canCapCPU)
        hasStorage = try has(.hasStorage) ?? false
        events = try container.decodeIfPresent([String].self, forKey: .events) ?? []
    }
}
