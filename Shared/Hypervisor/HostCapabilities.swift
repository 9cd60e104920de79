// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import XMLCoder

/// The parts of libvirt's capabilities XML that decide what Ebb may ask of a host.
struct HostCapabilities: Decodable, Hashable, Sendable {
    private struct Empty: Decodable, Hashable {}

    private struct Host: Decodable, Hashable {
        struct CPU: Decodable, Hashable {
            let arch: String?
            let model: String?
            let vendor: String?
            struct Feature: Decodable, Hashable {
                @Attribute var name: String
            }
            let feature: [Feature]?
        }
        struct MigrationFeatures: Decodable, Hashable {
            struct Transports: Decodable, Hashable {
                let uri_transport: [String]?
            }
            let live: Empty?
            let uri_transports: Transports?
        }
        let uuid: String?
        let cpu: CPU?
        let migration_features: MigrationFeatures?
    }

    private struct Guest: Decodable, Hashable {
        struct Architecture: Decodable, Hashable {
            struct Domain: Decodable, Hashable {
                @Attribute var type: String
            }
            let domain: [Domain]?
        }
        let arch: Architecture?
    }

    private let host: Host
    private let guest: [Guest]?

    /// `nil` if the text is not a capabilities document.
    init?(xml: String) {
        guard let value = try? XMLDecoder().decode(Self.self, from: Data(xml.utf8)) else { return nil }
        self = value
    }

    /// The driver offers KVM and the CPU has the extensions for it.
    var hasHardwareVirtualization: Bool {
        let hasExtensions = (host.cpu?.feature ?? []).contains { ["vmx", "svm"].contains($0.name) }
        return hasExtensions && (guest ?? []).contains { ($0.arch?.domain ?? []).contains { $0.type == "kvm" } }
    }

    /// Ways to send a running domain to another host. Xen's driver says that it can and names none: it knows only TCP.
    var migrationTransports: [String] {
        guard let features = host.migration_features else { return [] }
        return features.uri_transports?.uri_transport ?? (features.live == nil ? [] : ["tcp"])
    }
    /// The driver has at least one such way.
    var canMigrateLive: Bool { !migrationTransports.isEmpty }

    var uuid: UUID128? { host.uuid.flatMap { UUID128($0) } }
    var cpuModel: String? { host.cpu?.model }
    /// For another host to compare its own with.
    var comparedCPU: ComparedCPU? {
        guard let cpu = host.cpu, let architecture = cpu.arch, let model = cpu.model else { return nil }
        return ComparedCPU(
            arch: architecture, model: model, vendor: cpu.vendor,
            feature: (cpu.feature ?? []).map { .init(name: $0.name) })
    }
}
