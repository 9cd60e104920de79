// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Foundation
internal import ResourceModel

/// What cloud-init's NoCloud source reads at a guest's first boot. All of it is JSON, which is YAML too, so that a
/// tenant's text can't break out of its place.
struct CloudSeed: Hashable, Sendable {
    /// The label by which cloud-init finds the volume.
    static let label = "cidata"

    private struct MetaData: Encodable {
        let instanceID: String
        let hostName: String
        let publicKeys: [String]
        enum CodingKeys: String, CodingKey {
            case instanceID = "instance-id"
            case hostName = "local-hostname"
            case publicKeys = "public-keys"
        }
    }

    private struct VendorData: Encodable {
        struct File: Encodable {
            let path: String
            let content: String
        }
        let packages: [String]
        let writeFiles: [File]
        let runCommands: [[String]]
        enum CodingKeys: String, CodingKey {
            case packages
            case writeFiles = "write_files"
            case runCommands = "runcmd"
        }
    }

    /// Brings a vCPU online as soon as it is plugged.
    static let rule = #"SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}=="0", ATTR{online}="1""#

    let metaData: String
    let userData: String
    let vendorData: String

    init(domain: DomainID, name: String, _ seed: BootSource.Seed) throws(HypervisorError) {
        metaData = try Self.json(
            MetaData(instanceID: domain.description, hostName: Self.hostName(name), publicKeys: seed.sshKeys))
        userData = seed.userData ?? "#cloud-config\n{}\n"
        vendorData =
            "#cloud-config\n"
            + (try Self.json(
                VendorData(
                    packages: ["qemu-guest-agent"],
                    writeFiles: [.init(path: "/etc/udev/rules.d/90-ebb-cpu-online.rules", content: Self.rule + "\n")],
                    runCommands: [
                        ["udevadm", "control", "--reload"],
                        ["systemctl", "enable", "--now", "qemu-guest-agent"],
                    ])))
    }

    var image: SeedImage {
        let texts = ["meta-data": metaData, "user-data": userData, "vendor-data": vendorData]
        return SeedImage(
            label: Self.label, files: texts.map { SeedImage.File(name: $0.key, content: Array($0.value.utf8)) })
    }

    /// A name as hosts may have it: letters, digits and hyphens.
    private static func hostName(_ name: String) -> String {
        let letters = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
        return trimmed.isEmpty ? "vm" : trimmed
    }

    private static func json(_ value: some Encodable) throws(HypervisorError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            throw HypervisorError(.invalid, operation: "create", message: "the seed can't be encoded: \(error)")
        }
    }
}
