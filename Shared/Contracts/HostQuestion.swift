// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What a host's Monitor is asked; the message's type says which question it is.
package struct HostQuestion: JSONDocument, Hashable {
    /// All questions but `host.check`: the domain that it is about.
    package var domain: DomainID?
    /// `host.check`: which host.
    package var host: HostID?
    /// `vm.console`: from which byte on; `nil`: the last bytes.
    package var offset: Int64?
    /// `vm.console`: how many bytes.
    package var limit: Int?
    /// `vm.prepare-preview`: the ceiling, as `prepare` takes it.
    package var maximumVCPUs: Int?
    package var maximumMemoryBytes: Int64?

    package init(domain: DomainID? = nil, host: HostID? = nil) {
        self.domain = domain
        self.host = host
    }

    package enum CodingKeys: String, CodingKey {
        case domain, host, offset, limit
        case maximumVCPUs = "maximum_vcpus"
        case maximumMemoryBytes = "maximum_memory_bytes"
    }
}
