// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Yams

/// `$XDG_CONFIG_HOME/ebb/config.yaml`: gateways by name, with their tokens; readable by its owner only.
struct ContextFile: Codable, Equatable {
    struct Context: Codable, Equatable {
        var endpoint: String
        var token: String?
        var caFile: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case endpoint, token, caFile = "ca-file"
        }
    }

    var currentContext: String?
    var contexts: [String: Context] = [:]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case currentContext = "current-context", contexts
    }

    /// By the XDG base directory specification; `nil` without a home.
    static func path(_ environment: [String: String]) -> String? {
        if let directory = environment["XDG_CONFIG_HOME"], directory.hasPrefix("/") {
            return directory + "/ebb/config.yaml"
        }
        return environment["HOME"].map { $0 + "/.config/ebb/config.yaml" }
    }

    /// Reads the file; empty if there is none. Refuses one that others can read, and unknown keys.
    static func load(_ path: String) throws -> ContextFile {
        guard FileManager.default.fileExists(atPath: path) else { return ContextFile() }
        let remedy = "correct it, or remove it and run ebb login anew"
        let text = try FileText.read(path, failing: .configuration, remedy: remedy)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if let mode = attributes?[.posixPermissions] as? NSNumber, mode.intValue & 0o077 != 0 {
            throw ClientFailure(.configuration, "\(path) holds tokens and others can read it; run: chmod 600 \(path)")
        }
        do {
            if text.allSatisfy(\.isWhitespace) { return ContextFile() }
            if let key = try unknownKey(text) {
                throw ClientFailure(.configuration, "\(path) has an unknown key '\(key)'; remove it")
            }
            return try YAMLDecoder().decode(ContextFile.self, from: text)
        } catch let failure as ClientFailure {
            throw failure
        } catch let error as DecodingError {
            throw ClientFailure(.configuration, "can't use \(path): \(error.sentence); \(remedy)")
        } catch {
            throw ClientFailure(.configuration, "can't use \(path): \(error); \(remedy)")
        }
    }

    /// Writes the file for its owner only, in one step.
    func save(_ path: String) throws {
        let directory = (path as NSString).deletingLastPathComponent
        let draft = path + ".\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let text = try YAMLEncoder().encode(self)
            guard
                FileManager.default.createFile(
                    atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
                rename(draft, path) == 0
            else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            throw ClientFailure(.configuration, "can't write \(path)", error)
        }
    }

    private static func unknownKey(_ text: String) throws -> String? {
        guard let root = try Yams.compose(yaml: text)?.mapping else { return nil }
        let known = CodingKeys.allCases.map(\.rawValue)
        if let key = root.keys.compactMap(\.string).first(where: { !known.contains($0) }) { return key }
        let members = Context.CodingKeys.allCases.map(\.rawValue)
        let contexts = root["contexts"]?.mapping?.values.compactMap(\.mapping) ?? []
        return contexts.lazy.flatMap { $0.keys.compactMap(\.string) }.first { !members.contains($0) }
    }
}
