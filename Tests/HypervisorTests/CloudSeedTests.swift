// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

struct CloudSeedTests {
    private let domain = DomainID(UUID128(high: 1, low: 2))

    private func seed(_ userData: String? = nil) throws -> CloudSeed {
        try CloudSeed(
            domain: domain, name: "Web_1", .init(sshKeys: ["ssh-ed25519 AAAA a\"b\n- evil"], userData: userData))
    }

    @Test("the seed is one JSON value each, so that no key breaks out of its place")
    func documents() throws {
        struct MetaData: Decodable {
            let keys: [String]
            let host: String
            enum CodingKeys: String, CodingKey {
                case keys = "public-keys"
                case host = "local-hostname"
            }
        }
        let seed = try seed()
        let metaData = try JSONDecoder().decode(MetaData.self, from: Data(seed.metaData.utf8))
        #expect(metaData.keys == ["ssh-ed25519 AAAA a\"b\n- evil"])
        #expect(metaData.host == "web-1")
        #expect(seed.vendorData.hasPrefix("#cloud-config\n{"))
        #expect(seed.vendorData.contains("qemu-guest-agent"))
        #expect(seed.vendorData.contains("ATTR{online}"))
        #expect(try self.seed("#!/bin/sh\ntrue\n").userData == "#!/bin/sh\ntrue\n")
    }

    @Test("the image is whole sectors, and its Joliet volume has every file under its name with its content")
    func image() throws {
        let files = [
            SeedImage.File(name: "user-data", content: Array("#cloud-config\n".utf8)),
            SeedImage.File(name: "meta-data", content: [UInt8](repeating: 7, count: 5_000)),
            SeedImage.File(name: "empty", content: []),
        ]
        let image = SeedImage(label: "cidata", files: files).bytes
        #expect(image.count % SeedImage.sectorSize == 0)
        #expect(SeedImage(label: "cidata", files: files.reversed()).bytes == image)
        #expect(Array(image[32_769..<32_774]) == Array("CD001".utf8))
        #expect(String(decoding: image[32_808..<32_814], as: UTF8.self) == "cidata")
        let found = Self.jolietFiles(image)
        #expect(found == Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.content) }))
    }

    @Test("the tool that others read such images with finds the same", .enabled(if: isoinfo != nil))
    func foreignReader() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "ebb-\(UUID().uuidString).iso")
        defer { try? FileManager.default.removeItem(at: file) }
        let seed = try seed()
        try Data(seed.image.bytes).write(to: file)
        let listed = try Self.run("-J", "-f", "-i", file.path).split(separator: "\n").map(String.init)
        #expect(Set(listed) == ["/meta-data;1", "/user-data;1", "/vendor-data;1"])
        #expect(try Self.run("-J", "-x", "/vendor-data;1", "-i", file.path) == seed.vendorData)
        #expect(try Self.run("-d", "-i", file.path).contains("Volume id: cidata"))
    }

    private static let isoinfo = ["/usr/bin/isoinfo"].first { FileManager.default.isExecutableFile(atPath: $0) }

    private static func run(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: isoinfo ?? "")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    /// What an independent reader of the second volume descriptor finds.
    private static func jolietFiles(_ image: [UInt8]) -> [String: [UInt8]] {
        func number(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(image[offset + $1]) << (8 * $1) } }
        let root = 17 * SeedImage.sectorSize + 156
        var offset = number(root + 2) * SeedImage.sectorSize
        var files: [String: [UInt8]] = [:]
        while image[offset] != 0 {
            let (start, length) = (number(offset + 2) * SeedImage.sectorSize, number(offset + 10))
            let name = image[(offset + 33)..<(offset + 33 + Int(image[offset + 32]))]
            if name.count > 1 {
                let letters = stride(from: name.startIndex, to: name.endIndex, by: 2).map { name[$0 + 1] }
                files[String(decoding: letters.dropLast(2), as: UTF8.self)] = Array(image[start..<(start + length)])
            }
            offset += Int(image[offset])
        }
        return files
    }
}
