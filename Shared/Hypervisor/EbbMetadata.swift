// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Ebb's own part of a definition as it is found, whoever wrote it: all of it may be missing.
struct EbbLabel: Decodable, Hashable, Sendable {
    let name: String?
    let tenant: String?
    let flavor: String?
    /// What `prepare` changed, so that `release` can take that back.
    let prepared: EbbMetadata.Preparation?

    enum CodingKeys: String, CodingKey {
        case name = "ebb:name"
        case tenant = "ebb:tenant"
        case flavor = "ebb:flavor"
        case prepared = "ebb:prepared"
    }
}

/// Ebb's own part of a definition.
struct EbbMetadata: XMLElement, Hashable, Sendable {
    static let attributes: Set = ["xmlns:ebb"]
    static let namespace = "urn:ebb:domain:1"

    let xmlns: String?
    let name: String
    let tenant: String
    let flavor: String?

    enum CodingKeys: String, CodingKey {
        case xmlns = "xmlns:ebb"
        case name = "ebb:name"
        case tenant = "ebb:tenant"
        case flavor = "ebb:flavor"
    }

    init(name: String, tenant: TenantID, flavor: String? = nil) {
        xmlns = Self.namespace
        self.name = name
        self.tenant = tenant.name
        self.flavor = flavor
    }

    /// Parts of the definition as they were before Ebb changed them, and as Ebb left them, so that `release` does not
    /// touch what others changed since. Memory in KiB.
    struct Preparation: Decodable, Hashable, Sendable {
        var vcpusBefore: Int?
        var vcpusAfter: Int?
        var memoryBefore: Int64?
        var memoryAfter: Int64?
        /// Numbers of vCPUs, with commas between.
        var madeHotpluggable: String?
        /// "yes"
        var addedChannel: String?

        /// The same as attributes of the XML element.
        var attributes: [String: String] {
            [
                "vcpusBefore": vcpusBefore.map { "\($0)" }, "vcpusAfter": vcpusAfter.map { "\($0)" },
                "memoryBefore": memoryBefore.map { "\($0)" }, "memoryAfter": memoryAfter.map { "\($0)" },
                "madeHotpluggable": madeHotpluggable, "addedChannel": addedChannel,
            ].compactMapValues { $0 }
        }

        var hotpluggable: [Int] {
            get { (madeHotpluggable ?? "").split(separator: ",").compactMap { Int($0) } }
            set {
                madeHotpluggable = newValue.isEmpty ? nil : newValue.sorted().map(String.init).joined(separator: ",")
            }
        }
    }
}
