// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// One Swift file of ours, its lines without their comments and string contents.
private struct SourceFile: CustomTestStringConvertible {
    let path: String
    let lines: [String]

    var testDescription: String { path }

    /// A core, or a library of pure functions that a core may import.
    var isPure: Bool { path.contains("/Core/") || path.hasPrefix("Shared/Cryptography/") }

    /// The lines as code: comments and what stands between quotes are blanked.
    let code: [String]

    init(path: String, lines: [String]) {
        self.path = path
        self.lines = lines
        code = lines.map(Self.code)
    }

    private static func code(_ line: String) -> String {
        var result: [UInt8] = []
        var isInString = false
        var previous: UInt8 = 0
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\""), previous != UInt8(ascii: "\\") {
                isInString.toggle()
                result.append(byte)
            } else if !isInString {
                if byte == UInt8(ascii: "/"), result.last == byte {
                    return String(decoding: result.dropLast(), as: UTF8.self)
                }
                result.append(byte)
            }
            previous = byte
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let all: [SourceFile] = ["Services", "Shared", "Tests"].flatMap { folder -> [SourceFile] in
        guard
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
        else { return [] }
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .filter { !$0.lastPathComponent.hasSuffix(".pb.swift") }
            .compactMap { url in
                guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
                return SourceFile(
                    path: String(url.path.dropFirst(root.path.count + 1)),
                    lines: text.components(separatedBy: "\n"))
            }
            .sorted { $0.path < $1.path }
    }
}

@Suite("House rules")
struct TidyTests {
    @Test("there are files to look at")
    func findsFiles() { #expect(SourceFile.all.count > 100) }

    @Test("every file begins with its licence and has at most 400 lines")
    func headersAndLengths() {
        for file in SourceFile.all {
            #expect(file.lines.first == "// SPDX-License-Identifier: Apache-2.0", "\(file.path)")
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test("no function is longer than 70 lines")
    func functionLengths() {
        for file in SourceFile.all {
            for (name, length) in functionLengths(of: file) {
                #expect(length <= 70, "\(file.path): \(name) has \(length) lines")
            }
        }
    }

    @Test("nothing is forced, and nothing is left undone")
    func bannedText() {
        let banned = ["try!", "as!", "fatalError(", "DispatchQueue.global", "Task.detached"]
        let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in SourceFile.all where !file.path.hasPrefix("Tests/TidyTests") {
            for (number, line) in file.code.enumerated() {
                for word in banned { #expect(!line.contains(word), "\(file.path):\(number + 1) has \(word)") }
            }
            for (number, line) in file.lines.enumerated() {
                for word in unfinished { #expect(!line.contains(word), "\(file.path):\(number + 1) has \(word)") }
            }
        }
    }

    @Test("in the gateway a stored domain becomes one that somebody may see in one file alone")
    func oneGate() {
        let gate = "Services/UserGateway/Main/Backend/VMGate.swift"
        for file in SourceFile.all where file.path.hasPrefix("Services/UserGateway/") && file.path != gate {
            for (number, line) in file.code.enumerated() {
                for way in ["StoredDomain", "inventory.domain"] {
                    #expect(!line.contains(way), "\(file.path):\(number + 1) reads domains beside \(gate)")
                }
            }
        }
    }

    @Test("libraries print nothing")
    func prints() {
        for file in SourceFile.all where file.path.hasPrefix("Shared/") || file.path.contains("/Core/") {
            if file.path.contains("/Server/") || file.path.hasPrefix("Shared/Migrate") { continue }
            for (number, line) in file.code.enumerated() {
                #expect(!line.contains("print("), "\(file.path):\(number + 1) prints")
            }
        }
    }

    @Test("standard output and standard error are written in these places only, through what disarms text")
    func printers() {
        let ways =
            #"(^|[^A-Za-z.])(f?puts|f?print|fwrite|putchar|f?printf)\(|FileHandle\.standard|STD(OUT|ERR)_FILENO"#
        // What is written there is safe: text by its type, JSON by its writer, the rest by `terminalLine` beside it.
        let printers = [
            "Services/UserGateway/Client/Surroundings.swift": "SafeText",
            "Services/UserGateway/Client/Output/ProcessStream.swift": "ClientFailure",
            "Shared/ServiceKit/Observability/JSONLogHandler.swift": "isSteering",
            "Shared/ServiceKit/Lifecycle/ServiceLauncher.swift": "terminalProse",
            "Shared/Fleet/Server/EbbFleet.swift": "terminalJSON", "Shared/Migrate/EbbMigrate.swift": "terminalLine",
            "Shared/TestSupport/Fuzz.swift": "seed",
        ]
        for file in SourceFile.all where !file.path.hasPrefix("Tests/") {
            let lines = file.code.enumerated().filter { $1.range(of: ways, options: .regularExpression) != nil }
            guard let guardian = printers[file.path] else {
                for (number, _) in lines { Issue.record("\(file.path):\(number + 1) prints by itself") }
                continue
            }
            #expect(file.lines.contains { $0.contains(guardian) }, "\(file.path) does not disarm what it prints")
        }
        for file in SourceFile.all where file.path.hasPrefix("Services/UserGateway/Client/") {
            guard file.path != "Services/UserGateway/Client/Output/SafeText.swift" else { continue }
            for (number, line) in file.code.enumerated() {
                for way in ["ProcessStream.output", "ProcessStream.error", "Glibc.write"] where line.contains(way) {
                    let places = ["Surroundings.swift", "ProcessStream.swift"]
                    #expect(places.contains { file.path.hasSuffix($0) }, "\(file.path):\(number + 1) has \(way)")
                }
                #expect(!line.contains("extension SafeText"), "\(file.path):\(number + 1) makes a way of its own")
            }
        }
    }

    @Test("imports point one way")
    func imports() {
        let owned = [
            "CZeroMQ": "Shared/Bus/", "CLibPQ": "Shared/Store/", "CLibvirt": "Shared/Hypervisor/",
            "CSodium": "Shared/Cryptography/", "NIOSSL": "Shared/TLS/",
        ]
        let edges = ["Bus", "Store", "Hypervisor", "ServiceKit", "Messages", "NIOCore", "Logging"]
        for file in SourceFile.all where !file.path.hasPrefix("Tests/") {
            for line in file.code where line.contains("import ") {
                guard let module = line.split(separator: " ").last.map(String.init) else { continue }
                if let owner = owned[module] {
                    #expect(file.path.hasPrefix(owner), "\(file.path) imports \(module)")
                    #expect(
                        !line.hasPrefix("package") && !line.hasPrefix("public"), "\(file.path) re-exposes \(module)")
                }
                if file.isPure || file.path.hasPrefix("Shared/ResourceModel/") {
                    #expect(!edges.contains(module), "\(file.path), a pure library, imports \(module)")
                }
                let services = ["Monitor", "Scheduler", "Billing", "Logger", "UserGateway"]
                if file.path.hasPrefix("Services/"), let owner = services.first(where: { module == "\($0)Core" }) {
                    #expect(file.path.hasPrefix("Services/\(owner)/"), "\(file.path) imports \(module)")
                }
            }
        }
    }

    @Test("a core, and what it may import, reads no clock and throws no dice")
    func pureCores() {
        let impure = [
            "ContinuousClock", "SuspendingClock", "Date()", "SystemRandomNumberGenerator", ".random(in:", "await ",
            "randombytes",
        ]
        for file in SourceFile.all where file.isPure {
            for (number, line) in file.code.enumerated() {
                for word in impure { #expect(!line.contains(word), "\(file.path):\(number + 1) has \(word)") }
            }
        }
    }

    @Test("an unchecked claim has its proof beside it")
    func uncheckedClaims() {
        for file in SourceFile.all {
            for (number, line) in file.code.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let before = file.lines[max(0, number - 8)...number].joined()
                #expect(before.contains("//"), "\(file.path):\(number + 1) claims without a proof")
            }
        }
    }

    @Test("no path of a machine stands in the sources")
    func machinePaths() {
        let roots = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/la" + "nes/"]
        for file in SourceFile.all {
            for (number, line) in file.lines.enumerated() {
                for root in roots { #expect(!line.contains(root), "\(file.path):\(number + 1) has \(root)") }
            }
        }
    }

    /// Names and line counts, by the depth of braces from a line that declares a function to the one that closes it.
    private func functionLengths(of file: SourceFile) -> [(String, Int)] {
        var found: [(String, Int)] = []
        var open: [(name: String, start: Int, depth: Int)] = []
        var depth = 0
        var pending: (name: String, start: Int)?
        for (number, line) in file.code.enumerated() {
            if line.contains("func ") || line.contains("init"),
                let range = line.range(
                    of: #"^ *([a-z@][A-Za-z()]* +)*(func +[^ (<]+|init[?]?[(<])"#, options: .regularExpression)
            {
                pending = (String(line[range]).trimmingCharacters(in: .whitespaces), number)
            }
            for character in line.utf8 {
                if character == UInt8(ascii: "{") {
                    depth += 1
                    if let declared = pending {
                        open.append((declared.name, declared.start, depth))
                        pending = nil
                    }
                } else if character == UInt8(ascii: "}") {
                    // A protocol's requirement has no body.
                    pending = nil
                    if let last = open.last, last.depth == depth {
                        found.append((last.name, number - last.start + 1))
                        open.removeLast()
                    }
                    depth -= 1
                }
            }
        }
        return found
    }
}
