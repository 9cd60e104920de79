// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import XMLCoder

/// An XML element that says which of its properties are attributes; the others are child elements, and the one with an
/// empty key is its text.
protocol XMLElement: Encodable, DynamicNodeEncoding {
    static var attributes: Set<String> { get }
}

extension XMLElement {
    static func nodeEncoding(for key: any CodingKey) -> XMLEncoder.NodeEncoding {
        attributes.contains(key.stringValue) ? .attribute : .element
    }
}

/// A new domain's definition, encoded as libvirt's domain XML.
struct DomainDefinition: XMLElement {
    static let attributes: Set = ["type"]

    struct Metadata: Encodable {
        let ebb: EbbMetadata
        let nova: NovaMetadata
        enum CodingKeys: String, CodingKey {
            case ebb = "ebb:domain"
            case nova = "nova:instance"
        }
    }

    struct Memory: XMLElement {
        static let attributes: Set = ["unit"]
        let unit: String
        let value: Int64
        enum CodingKeys: String, CodingKey {
            case unit
            case value = ""
        }
    }

    struct VCPU: XMLElement {
        static let attributes: Set = ["placement", "current"]
        let placement: String
        let current: Int
        let maximum: Int
        enum CodingKeys: String, CodingKey {
            case placement, current
            case maximum = ""
        }
    }

    struct VCPUs: Encodable {
        struct Item: XMLElement {
            static let attributes: Set = ["id", "enabled", "hotpluggable"]
            let id: Int
            let enabled: String
            let hotpluggable: String
        }
        let vcpu: [Item]
    }

    struct OperatingSystem: Encodable {
        struct Kind: XMLElement {
            static let attributes: Set = ["arch", "machine"]
            let arch: String?
            let machine: String?
            let value: String
            enum CodingKeys: String, CodingKey {
                case arch, machine
                case value = ""
            }
        }
        struct Boot: XMLElement {
            static let attributes: Set = ["dev"]
            let dev: String
        }
        let type: Kind
        let kernel: String?
        let initrd: String?
        let cmdline: String?
        let boot: Boot?
    }

    struct Features: Encodable {
        struct Present: Encodable {}
        let acpi: Present
    }

    struct CPU: XMLElement {
        static let attributes: Set = ["mode"]
        let mode: String
        let model: String?
    }

    struct Clock: XMLElement {
        static let attributes: Set = ["offset"]
        let offset: String
    }

    let type: String
    let name: String
    let uuid: String
    let metadata: Metadata
    let memory: Memory
    let currentMemory: Memory
    let vcpu: VCPU
    let vcpus: VCPUs?
    let os: OperatingSystem
    let features: Features?
    let cpu: CPU?
    let clock: Clock
    let devices: Devices
}

extension DomainDefinition {
    struct Devices: Encodable {
        struct Disk: XMLElement {
            static let attributes: Set = ["type", "device"]
            struct Present: Encodable {}
            struct Driver: XMLElement {
                static let attributes: Set = ["name", "type", "cache"]
                let name: String
                let type: String
                /// Without the host's page cache: the image must be the same from both ends of a migration.
                let cache: String
            }
            struct Source: XMLElement {
                static let attributes: Set = ["file"]
                let file: String
            }
            struct Target: XMLElement {
                static let attributes: Set = ["dev", "bus"]
                let dev: String
                let bus: String
            }
            let type: String
            let device: String
            let driver: Driver
            let source: Source
            let target: Target
            var readonly: Present?
        }

        struct Interface: XMLElement {
            static let attributes: Set = ["type"]
            struct Address: XMLElement {
                static let attributes: Set = ["address"]
                let address: String
            }
            struct Source: XMLElement {
                static let attributes: Set = ["bridge", "network"]
                var bridge: String?
                var network: String?
            }
            struct Model: XMLElement {
                static let attributes: Set = ["type"]
                let type: String
            }
            let type: String
            let mac: Address
            let source: Source
            let model: Model?
        }

        struct Character: XMLElement {
            static let attributes: Set = ["type"]
            struct Source: XMLElement {
                static let attributes: Set = ["path", "append"]
                let path: String
                let append: String
            }
            struct Target: XMLElement {
                static let attributes: Set = ["type", "name", "port"]
                var type: String?
                var name: String?
                var port: Int?
            }
            let type: String
            let source: Source?
            let target: Target
        }

        struct Balloon: XMLElement {
            static let attributes: Set = ["model"]
            struct Statistics: XMLElement {
                static let attributes: Set = ["period"]
                let period: Int
            }
            let model: String
            let stats: Statistics
        }

        let disk: [Disk]
        let interface: [Interface]
        let serial: [Character]
        let console: [Character]
        let channel: [Character]
        let memballoon: Balloon?
    }
}

/// The OpenStack form of a domain's labels: exporters that know it show tenant and size without knowing Ebb.
struct NovaMetadata: XMLElement {
    static let attributes: Set = ["xmlns:nova"]
    struct Flavor: XMLElement {
        static let attributes: Set = ["name"]
        let name: String
        let memory: Int64
        let disk: Int64
        let vcpus: Int
        enum CodingKeys: String, CodingKey {
            case name
            case memory = "nova:memory"
            case disk = "nova:disk"
            case vcpus = "nova:vcpus"
        }
    }

    struct Owner: Encodable {
        struct Party: XMLElement {
            static let attributes: Set = ["uuid"]
            let uuid: String
            let name: String
            enum CodingKeys: String, CodingKey {
                case uuid
                case name = ""
            }
        }
        let user: Party
        let project: Party
        enum CodingKeys: String, CodingKey {
            case user = "nova:user"
            case project = "nova:project"
        }
    }

    let xmlns: String
    let name: String
    let flavor: Flavor
    let owner: Owner

    enum CodingKeys: String, CodingKey {
        case xmlns = "xmlns:nova"
        case name = "nova:name"
        case flavor = "nova:flavor"
        case owner = "nova:owner"
    }

    /// The flavor is the ceiling of the definition: what the domain may grow to. Memory in MiB and disk in GiB, as
    /// that format has them.
    init(_ specification: DomainSpecification) {
        let mebibytes = specification.maximumMemory.bytes >> 20
        let gibibytes = specification.disk.bytes >> 30
        let tenant = specification.tenant.name
        xmlns = "http://openstack.org/xmlns/libvirt/nova/1.1"
        name = specification.name
        flavor = Flavor(
            name: specification.flavor ?? "ebb.\(specification.maximumVCPUs)vcpu.\(mebibytes)mib", memory: mebibytes,
            disk: gibibytes, vcpus: specification.maximumVCPUs.count)
        owner = Owner(
            user: .init(uuid: tenant, name: tenant), project: .init(uuid: tenant, name: tenant))
    }
}
