// SPDX-License-Identifier: Apache-2.0

/// A small read-only ISO 9660 image with Joliet names, as cloud-init's NoCloud source reads it. Pure: the same files
/// give the same bytes.
///
/// ECMA-119 (ISO 9660), level 1, one folder without subfolders; the second volume descriptor has the same files under
/// their real names in UCS-2 (Joliet). No time is recorded.
struct SeedImage: Hashable, Sendable {
    struct File: Hashable, Sendable {
        /// ASCII; in the first volume descriptor it is shortened to 8.3 characters.
        let name: String
        let content: [UInt8]
    }

    static let sectorSize = 2_048

    /// Where things lie, by sector. The first 16 are left to other systems.
    private enum Sector {
        static let primary = 16
        static let joliet = 17
        static let terminator = 18
        /// Each table in both byte orders, for the primary and for the Joliet volume.
        static let pathTables = 19
        static let primaryFolder = 23
        static let jolietFolder = 24
        static let files = 25
    }

    private let label: String
    private let files: [File]

    /// - Parameter label: of the volume, at most 16 of A-Z a-z 0-9 _.
    init(label: String, files: [File]) {
        self.label = label
        self.files = files.sorted { $0.name < $1.name }
    }

    /// The whole image, a multiple of the sector's size.
    var bytes: [UInt8] {
        var image = [UInt8](repeating: 0, count: Sector.primary * Self.sectorSize)
        image += descriptor(isJoliet: false)
        image += descriptor(isJoliet: true)
        image += Self.padded([255] + Array("CD001".utf8) + [1])
        for folder in [Sector.primaryFolder, Sector.jolietFolder] {
            image += Self.padded(Self.pathTable(folder: folder, Self.little32))
            image += Self.padded(Self.pathTable(folder: folder, Self.big32))
        }
        image += Self.padded(folder(isJoliet: false))
        image += Self.padded(folder(isJoliet: true))
        for file in files { image += Self.padded(file.content) }
        return image
    }

    private var sectorCount: Int { files.reduce(Sector.files) { $0 + Self.sectors($1.content.count) } }

    // MARK: Structures

    private func descriptor(isJoliet: Bool) -> [UInt8] {
        let folder = isJoliet ? Sector.jolietFolder : Sector.primaryFolder
        let tables = Sector.pathTables + (isJoliet ? 2 : 0)
        func text(_ value: String, _ length: Int) -> [UInt8] { Self.text(value, length, isJoliet: isJoliet) }
        var bytes: [UInt8] = [isJoliet ? 2 : 1] + Array("CD001".utf8) + [1, 0]
        bytes += text("", 32) + text(label, 32) + Self.zeros(8) + Self.both32(sectorCount)
        // Joliet's escape sequence for UCS-2, level 3.
        bytes += isJoliet ? Array("%/E".utf8) + Self.zeros(29) : Self.zeros(32)
        bytes += Self.both16(1) + Self.both16(1) + Self.both16(Self.sectorSize)
        bytes += Self.both32(Self.pathTable(folder: folder, Self.little32).count)
        bytes += Self.little32(tables) + Self.zeros(4) + Self.big32(tables + 1) + Self.zeros(4)
        bytes += Self.record(identifier: [0], sector: folder, length: Self.sectorSize, isFolder: true)
        // Set, publisher, preparer, application; then three file names, four dates.
        for length in [128, 128, 128, 128, 37, 37, 37] { bytes += text("", length) }
        for _ in 0..<4 { bytes += [UInt8](repeating: UInt8(ascii: "0"), count: 16) + [0] }
        bytes += [1]
        return Self.padded(bytes)
    }

    private func folder(isJoliet: Bool) -> [UInt8] {
        let own = isJoliet ? Sector.jolietFolder : Sector.primaryFolder
        var bytes = Self.record(identifier: [0], sector: own, length: Self.sectorSize, isFolder: true)
        bytes += Self.record(identifier: [1], sector: own, length: Self.sectorSize, isFolder: true)
        var sector = Sector.files
        for file in files {
            let identifier = isJoliet ? Self.wide(file.name + ";1") : Array(Self.shortName(file.name).utf8)
            bytes += Self.record(
                identifier: identifier, sector: sector, length: file.content.count, isFolder: false)
            sector += Self.sectors(file.content.count)
        }
        return bytes
    }

    private static func pathTable(folder: Int, _ number32: (Int) -> [UInt8]) -> [UInt8] {
        let isLittle = number32(1).first == 1
        return [1, 0] + number32(folder) + (isLittle ? [1, 0] : [0, 1]) + [0, 0]
    }

    private static func record(identifier: [UInt8], sector: Int, length: Int, isFolder: Bool) -> [UInt8] {
        let padding = identifier.count % 2 == 0 ? 1 : 0
        let size = 33 + identifier.count + padding
        return [UInt8(size), 0] + both32(sector) + both32(length) + zeros(7) + [isFolder ? 2 : 0, 0, 0] + both16(1)
            + [UInt8(identifier.count)] + identifier + zeros(padding)
    }

    /// `user-data` becomes `USER_DAT.;1`: the form that ISO 9660 allows at its strictest level.
    private static func shortName(_ name: String) -> String {
        let letters = name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return String(letters.prefix(8)) + ".;1"
    }

    // MARK: Numbers and text

    private static func text(_ value: String, _ length: Int, isJoliet: Bool) -> [UInt8] {
        guard isJoliet else {
            let bytes = Array(value.utf8.prefix(length))
            return bytes + [UInt8](repeating: UInt8(ascii: " "), count: length - bytes.count)
        }
        let bytes = wide(value).prefix(length & ~1)
        var filled = Array(bytes)
        while filled.count + 2 <= length { filled += [0, UInt8(ascii: " ")] }
        return filled + zeros(length - filled.count)
    }

    /// UCS-2, the most significant byte first.
    private static func wide(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static func little32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }

    private static func big32(_ value: Int) -> [UInt8] { little32(value).reversed() }

    private static func both32(_ value: Int) -> [UInt8] { little32(value) + big32(value) }

    private static func both16(_ value: Int) -> [UInt8] {
        let (low, high) = (UInt8(value & 255), UInt8(value >> 8 & 255))
        return [low, high, high, low]
    }

    private static func sectors(_ length: Int) -> Int { max(1, (length + sectorSize - 1) / sectorSize) }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + zeros(sectors(bytes.count) * sectorSize - bytes.count)
    }
}
