// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import XMLCoder

/// The parts of libvirt's capabilities XML that decide what Ebb may ask of a host.
struct HostCapabilities: Decodable, Hashable, Sendable {
    private struct Empty: Decodable, Hashable {}

    private struct Host: Decodable, Hashable {
        struct CPU: Decodable, Hashable {
            struct Feature: Decodable, Hashable {
                @Attribute var name: String
            }
            let feature: [Feature]?
        }
        struct MigrationFeatures: Decodable, Hashable {
            struct Transports: Decodable, Hashable {
                let uri_transport: [String]?
            }
            let uri_transports: Transports?
        }
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

    /// The driver names at least one way to send a running domain to another host.
    var canMigrateLive: Bool { !(host.migration_features?.uri_transports?.uri_transport ?? []).isEmpty }
}
