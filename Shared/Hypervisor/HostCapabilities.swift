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
                @Attribute var policy: String?
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
        struct Topology: Decodable, Hashable {
            struct Cells: Decodable, Hashable {
                struct Cell: Decodable, Hashable {
                    struct Pages: Decodable, Hashable {
                        /// In KiB.
                        @Attribute var size: Int64
                        let count: Int64
                        enum CodingKeys: String, CodingKey {
                            case size
                            case count = ""
                        }
                    }
                    let pages: [Pages]?
                }
                let cell: [Cell]?
            }
            let cells: Cells?
        }
        let uuid: String?
        let topology: Topology?
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

    /// Whether the driver lists KVM among the ways to run a guest.
    var offersKVM: Bool { (guest ?? []).contains { ($0.arch?.domain ?? []).contains { $0.type == "kvm" } } }

    /// Whether the CPU has the extensions that KVM needs, by its own features or by those of its model. Only x86 names
    /// them; other CPUs have them if the driver offers KVM.
    func hasVirtualizationExtensions(beside modelFeatures: Set<String>) -> Bool {
        guard let cpu = host.cpu, cpu.arch == nil || cpu.arch == "x86_64" || cpu.arch == "i686" else { return true }
        let features = modelFeatures.union((cpu.feature ?? []).map(\.name))
        return !features.isDisjoint(with: ["vmx", "svm"])
    }

    /// The features that a CPU's description spells out.
    static func features(ofCPU xml: String) -> Set<String> {
        let cpu = try? XMLDecoder().decode(Host.CPU.self, from: Data(xml.utf8))
        return Set((cpu?.feature ?? []).filter { $0.policy == nil || $0.policy == "require" }.map(\.name))
    }

    /// Sizes, in KiB, of the huge pages for which the host has a pool; its guests' ordinary memory can't come from
    /// there.
    var hugePageSizes: [UInt32] {
        let pools = (host.topology?.cells?.cell ?? []).flatMap { $0.pages ?? [] }
        return Set(pools.filter { $0.size > 4 && $0.count > 0 }.compactMap { UInt32(exactly: $0.size) }).sorted()
    }

    /// Ways to send a running domain to another host. Xen's driver says that it can and names none: it knows only TCP.
    var migrationTransports: [String] {
        guard let features = host.migration_features else { return [] }
        return features.uri_transports?.uri_transport ?? (features.live == nil ? [] : ["tcp"])
    }
    /// Whether the driver has at least one such way.
    var canMigrateLive: Bool { !migrationTransports.isEmpty }

    var uuid: UUID128? { host.uuid.flatMap { UUID128($0) } }
    var cpuModel: String? { host.cpu?.model }
    /// This host's CPU, which another host compares with its own.
    var comparedCPU: ComparedCPU? {
        guard let cpu = host.cpu, let architecture = cpu.arch, let model = cpu.model else { return nil }
        return ComparedCPU(
            arch: architecture, model: model, vendor: cpu.vendor,
            feature: (cpu.feature ?? []).map { .init(name: $0.name) })
    }
}
