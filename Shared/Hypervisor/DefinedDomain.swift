// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import XMLCoder

/// What Ebb reads from a domain's XML, whoever wrote it.
struct DefinedDomain: Decodable, Hashable, Sendable {
    struct Metadata: Decodable, Hashable, Sendable {
        let ebb: EbbMetadata?
        enum CodingKeys: String, CodingKey { case ebb = "ebb:domain" }
    }

    struct Amount: Decodable, Hashable, Sendable {
        let value: Int64
        enum CodingKeys: String, CodingKey { case value = "" }
    }

    struct Devices: Decodable, Hashable, Sendable {
        struct Target: Decodable, Hashable, Sendable {
            @Attribute var dev: String?
            @Attribute var name: String?
            /// Of a channel: `connected` while something in the guest has it open.
            @Attribute var state: String?
        }
        struct Device: Decodable, Hashable, Sendable {
            /// Of a disk: `disk`, `cdrom`, …
            @Attribute var device: String?
            let driver: Driver?
            let target: Target?
        }
        struct Driver: Decodable, Hashable, Sendable {
            @Attribute var cache: String?
        }
        let disk: [Device]?
        let interface: [Device]?
        let channel: [Device]?
    }

    @Attribute var type: String
    let name: String
    /// In KiB: libvirt writes no other unit.
    let memory: Amount
    let vcpu: Amount
    let metadata: Metadata?
    let devices: Devices?

    /// `nil` if the text is not a domain's definition.
    init?(xml: String) {
        guard let value = try? XMLDecoder().decode(Self.self, from: Data(xml.utf8)) else { return nil }
        self = value
    }

    /// The name by which its tenant knows it.
    var displayName: String { metadata?.ebb?.name ?? name }
    /// Who it was created for; `nil` if Ebb did not create it.
    var tenant: TenantID? { metadata?.ebb.flatMap { TenantID($0.tenant) } }
    var maximumVCPUs: VCPUCount { VCPUCount(Int(clamping: vcpu.value)) }
    var maximumMemory: ByteCount { .kibibytes(memory.value) }
    /// Target names of the disks, without removable media.
    var disks: [String] {
        (devices?.disk ?? []).filter { ($0.device ?? "disk") == "disk" }.compactMap { $0.target?.dev }
    }
    /// Whether no disk that is written to goes through its host's page cache.
    var bypassesPageCache: Bool {
        (devices?.disk ?? []).filter { ($0.device ?? "disk") == "disk" }
            .allSatisfy { ["none", "directsync"].contains($0.driver?.cache) }
    }
    var interfaces: [String] { (devices?.interface ?? []).compactMap { $0.target?.dev } }
    /// The guest can be asked.
    var isAgentConnected: Bool {
        (devices?.channel ?? []).contains { $0.target?.name == agentChannelName && $0.target?.state == "connected" }
    }
}

/// The virtio port on which the guest agent listens by convention.
let agentChannelName = "org.qemu.guest_agent.0"

/// Ebb's own part of a definition.
struct EbbMetadata: XMLElement, Decodable, Hashable, Sendable {
    static let attributes: Set = ["xmlns:ebb"]
    static let namespace = "urn:ebb:domain:1"

    let xmlns: String?
    let name: String
    let tenant: String

    enum CodingKeys: String, CodingKey {
        case xmlns = "xmlns:ebb"
        case name = "ebb:name"
        case tenant = "ebb:tenant"
    }

    init(name: String, tenant: TenantID) {
        xmlns = Self.namespace
        self.name = name
        self.tenant = tenant.name
    }
}
