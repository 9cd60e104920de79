// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Foundation
internal import ResourceModel
internal import XMLCoder

/// An XML document that libvirt takes.
protocol XMLDocumentRoot: Encodable {
    static var rootName: String { get }
}

extension XMLDocumentRoot {
    /// The document, indented, the same for the same value.
    func xml() throws(HypervisorError) -> String {
        let encoder = XMLEncoder()
        encoder.outputFormatting = .prettyPrinted
        do {
            return String(decoding: try encoder.encode(self, withRootKey: Self.rootName), as: UTF8.self)
        } catch {
            throw HypervisorError(
                .invalid, operation: "encode", message: "the <\(Self.rootName)> document can't be encoded: \(error)")
        }
    }
}

/// A new volume of a storage pool.
struct VolumeDefinition: XMLDocumentRoot {
    static let rootName = "volume"

    struct Capacity: XMLElement {
        static let attributes: Set = ["unit"]
        let unit: String
        let value: Int64
        enum CodingKeys: String, CodingKey {
            case unit
            case value = ""
        }
    }

    struct Format: XMLElement {
        static let attributes: Set = ["type"]
        let type: String
    }

    struct Target: Encodable {
        let format: Format
        /// The version of the format: without it libvirt makes qcow2 as QEMU 0.10 knew it, which can't hold
        /// checkpoints.
        let compat: String?
    }

    struct Backing: Encodable {
        let path: String
        let format: Format
    }

    let name: String
    let capacity: Capacity
    let target: Target
    let backingStore: Backing?

    /// - Parameter backing: path and format of the image that the volume lies over.
    init(name: String, bytes: Int64, format: String, backing: (path: String, format: String)? = nil) {
        self.name = name
        capacity = Capacity(unit: "bytes", value: bytes)
        target = Target(format: Format(type: format), compat: format == "qcow2" ? "1.1" : nil)
        backingStore = backing.map { Backing(path: $0.path, format: Format(type: $0.format)) }
    }
}

/// What Ebb reads of a volume.
struct DefinedVolume: Decodable, Hashable, Sendable {
    struct Target: Decodable, Hashable, Sendable {
        struct Format: Decodable, Hashable, Sendable {
            @Attribute var type: String
        }
        struct Timestamps: Decodable, Hashable, Sendable {
            /// Seconds since 1970, to the nanosecond where the file system keeps them.
            let mtime: String?
        }
        let format: Format?
        let compat: String?
        let timestamps: Timestamps?
    }
    let target: Target?

    init?(xml: String) {
        guard let value = try? XMLDecoder().decode(Self.self, from: Data(xml.utf8)) else { return nil }
        self = value
    }

    var format: String? { target?.format?.type }

    /// When it was last written to, by the clock of the machine that holds it; `nil` if the driver does not say.
    var modifiedAt: Timestamp? {
        guard let parts = target?.timestamps?.mtime?.split(separator: ".", omittingEmptySubsequences: false),
            (1...2).contains(parts.count), let seconds = Int64(parts[0]), seconds > 0,
            seconds < Int64.max / 1_000_000_000
        else { return nil }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard (1...9).contains(fraction.utf8.count), let digits = Int64(fraction), digits >= 0 else { return nil }
        let scale = (fraction.utf8.count..<9).reduce(Int64(1)) { scale, _ in scale * 10 }
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + digits * scale)
    }
}

/// What Ebb reads of a pool.
struct DefinedPool: Decodable, Hashable, Sendable {
    struct Target: Decodable, Hashable, Sendable {
        let path: String?
    }
    let target: Target?

    init?(xml: String) {
        guard let value = try? XMLDecoder().decode(Self.self, from: Data(xml.utf8)) else { return nil }
        self = value
    }
}

/// A pool over a folder of the host.
struct FolderPoolDefinition: XMLElement, XMLDocumentRoot {
    static let rootName = "pool"
    static let attributes: Set = ["type"]

    struct Target: Encodable {
        let path: String
    }

    /// The prefix of the names of such pools.
    static let prefix = "ebb-"

    let type: String
    let name: String
    let target: Target

    /// - Parameter folder: an absolute path.
    init(folder: String) {
        type = "dir"
        name = "ebb" + folder.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        target = Target(path: folder)
    }
}

struct SnapshotDefinition: XMLDocumentRoot {
    static let rootName = "domainsnapshot"
    let name: String
}

/// What Ebb reads of a snapshot.
struct DefinedSnapshot: Decodable, Hashable, Sendable {
    let name: String
    /// In seconds since 1970.
    let creationTime: Int64?
    let state: String?
    private var size: Size?

    /// The part of the domain's definition in it that says how large the domain was.
    private struct Size: Decodable, Hashable, Sendable {
        struct Domain: Decodable, Hashable, Sendable {
            let memory: DefinedDomain.Amount
            let currentMemory: DefinedDomain.Amount?
            let vcpu: DefinedDomain.VCPU
        }
        let domain: Domain

        var vcpus: VCPUCount { VCPUCount(clamping: domain.vcpu.current ?? Int(clamping: domain.vcpu.value)) }
        var memory: ByteCount { .kibibytes(domain.currentMemory?.value ?? domain.memory.value) }
    }

    private enum CodingKeys: String, CodingKey { case name, creationTime, state }

    init?(xml: String) {
        let (decoder, text) = (XMLDecoder(), Data(xml.utf8))
        guard let value = try? decoder.decode(Self.self, from: text) else { return nil }
        self = value
        // A snapshot is one without this part too: then its size is not known.
        size = try? decoder.decode(Size.self, from: text)
    }

    var snapshot: DomainSnapshot {
        let (nanoseconds, isTooLate) = (creationTime ?? 0).multipliedReportingOverflow(by: 1_000_000_000)
        let state: DomainState =
            switch state {
            case "running": .running
            case "blocked": .blocked
            case "paused": .paused
            case "shutdown": .shuttingDown
            case "shutoff", "disk-snapshot": .shutoff
            case "crashed": .crashed
            case "pmsuspended": .pmSuspended
            default: .unknown
            }
        return DomainSnapshot(
            name: name, createdAt: Timestamp(nanoseconds: isTooLate ? 0 : nanoseconds), state: state,
            vcpus: size?.vcpus, memory: size?.memory)
    }
}

/// Ebb's metadata as `virDomainSetMetadata` takes it: libvirt adds the namespace.
struct LabelDocument: XMLDocumentRoot {
    static let rootName = "domain"
    let name: String
    let tenant: String
    let flavor: String?

    init(_ label: DomainLabel) {
        name = label.name
        tenant = label.tenant.name
        flavor = label.flavor
    }
}

extension DomainDefinition.Devices.Character: XMLDocumentRoot {
    static let rootName = "channel"

    /// The channel on which a guest agent is reached.
    static let agentChannel = Self(
        type: "unix", source: nil, target: .init(type: "virtio", name: agentChannelName))
}

extension DomainDefinition: XMLDocumentRoot {
    static let rootName = "domain"
}

/// A host's CPU for `virConnectCompareCPU`.
struct ComparedCPU: XMLDocumentRoot {
    static let rootName = "cpu"
    struct Feature: XMLElement {
        static let attributes: Set = ["name"]
        let name: String
    }
    let arch: String
    let model: String
    let vendor: String?
    let feature: [Feature]
}
