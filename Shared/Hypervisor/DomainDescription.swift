// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// A domain as it is defined.
package struct DomainDescription: Hashable, Sendable {
    package let domain: DomainID
    package let name: String
    package let state: DomainState
    /// From Ebb's own metadata in the definition; `nil` for a domain that Ebb did not create.
    package let tenant: TenantID?
    package let maximumVCPUs: VCPUCount
    package let maximumMemory: ByteCount
    package let disk: ByteCount?
    /// Which other manager manages it, by its definition, for instance `OpenStack Nova`: it is then only observed.
    /// `nil` if there is none that Ebb knows of.
    package let manager: String?
    /// Why its definition can't be understood; `nil` if it can.
    package let obstacle: String?

    package init(
        domain: DomainID, name: String, state: DomainState, tenant: TenantID?, maximumVCPUs: VCPUCount,
        maximumMemory: ByteCount, disk: ByteCount?, manager: String? = nil, obstacle: String? = nil
    ) {
        self.domain = domain
        self.name = name
        self.state = state
        self.tenant = tenant
        self.maximumVCPUs = maximumVCPUs
        self.maximumMemory = maximumMemory
        self.disk = disk
        self.manager = manager
        self.obstacle = obstacle
    }
}
