// SPDX-License-Identifier: Apache-2.0

internal import Configuration
internal import Foundation
package import Store
internal import SystemPackage
internal import Yams

/// The resolved configuration of one service: validated as a whole before anything starts.
package struct Settings: Sendable {
    private let values: [String: String]

    /// Takes values as they are; for tests and for `load`.
    package init(values: [String: String], of service: ServiceKind) throws(StartupError) {
        var resolved: [String: String] = [:]
        for setting in SettingCatalog.settings(of: service) {
            guard let text = values[setting.key] ?? setting.fallback else {
                throw .configuration(
                    "\(setting.key) is not set: give it in the configuration file, as --set \(setting.key)=… or as "
                        + "\(setting.environmentName) (\(setting.summary))")
            }
            // An empty fallback means "not used" and is exempt from the kind's rules.
            if text != setting.fallback, let fault = setting.fault(in: text) {
                throw .configuration("\(setting.key) \(fault) (\(setting.summary))")
            }
            resolved[setting.key] = text
        }
        self.values = resolved
    }

    package func text(_ key: String) -> String { value(key) }
    package func integer(_ key: String) -> Int { Int(value(key)) ?? 0 }
    package func boolean(_ key: String) -> Bool { value(key) == "true" }
    package func duration(_ key: String) -> Duration { Duration(humanText: value(key)) ?? .zero }

    /// `nil` where the setting is empty: not used.
    package func optionalText(_ key: String) -> String? {
        let text = value(key)
        return text.isEmpty ? nil : text
    }

    private func value(_ key: String) -> String {
        guard let text = values[key] else { preconditionFailure("'\(key)' is not a setting of this service") }
        return text
    }

    /// Effective values with secrets masked, one `key = value` a line, in the catalog's order.
    package func describe(_ service: ServiceKind) -> String {
        SettingCatalog.settings(of: service).map { setting in
            let text = value(setting.key)
            return "\(setting.key) = \(setting.kind == .secret && !text.isEmpty ? "********" : text)"
        }.joined(separator: "\n")
    }
}

extension Settings {
    /// Resolves flags over environment over secret files over the configuration file over defaults.
    ///
    /// - Throws: `StartupError` that names the unknown key, the invalid value or the file that can't be read.
    package static func load(
        of service: ServiceKind, file: String?, assignments: [String], environment: [String: String],
        secretsDirectory: String = "/run/secrets"
    ) async throws -> Settings {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw StartupError.usage("--set takes key=value, not '\(assignment)'")
            }
            let key = String(parts[0])
            try refuseUnknown(key, from: "--set")
            flags[AbsoluteConfigKey(key.split(separator: ".").map(String.init), context: [:])] =
                ConfigValue(.string(String(parts[1])), isSecret: true)
        }
        try refuseUnknownEnvironment(environment)
        let prefixed = environment.filter { $0.key.hasPrefix("EBB_") }
            .map { (String($0.key.dropFirst(4)), $0.value) }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(values: flags),
            EnvironmentVariablesProvider(
                environmentVariables: Dictionary(prefixed) { first, _ in first }, secretsSpecifier: .all),
            try await DirectoryFilesProvider(directoryPath: FilePath(secretsDirectory), allowMissing: true),
        ]
        if let file { providers.append(try await yaml(file)) }
        let reader = ConfigReader(providers: providers)
        var values: [String: String] = [:]
        for setting in SettingCatalog.settings(of: service) {
            let text = try await reader.fetchString(forKey: ConfigKey(setting.key), isSecret: true)
            values[setting.key] = text.map { $0.trimmingCharacters(in: .newlines) }
        }
        return try Settings(values: values, of: service)
    }

    private static func yaml(_ file: String) async throws -> FileProvider<YAMLSnapshot> {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw StartupError.configuration("the configuration file \(file) can't be read")
        }
        do {
            for key in flatten(try Yams.load(yaml: text) ?? [String: Any](), prefix: "") {
                try refuseUnknown(key, from: file)
            }
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))
        } catch let error as StartupError {
            throw error
        } catch {
            throw StartupError.configuration("the configuration file \(file) is not valid YAML: \(error)")
        }
    }

    private static func flatten(_ node: Any, prefix: String) -> [String] {
        guard let mapping = node as? [String: Any] else { return [prefix] }
        return mapping.keys.sorted().flatMap { key in
            flatten(mapping[key] ?? "", prefix: prefix.isEmpty ? key : "\(prefix).\(key)")
        }
    }

    private static func refuseUnknown(_ key: String, from source: String) throws(StartupError) {
        let known = SettingCatalog.all.map(\.key)
        guard !known.contains(key) else { return }
        let hint = nearest(key, among: known).map { "; did you mean \($0)?" } ?? ""
        throw .configuration("'\(key)' in \(source) is not a setting of Ebb\(hint)")
    }

    private static func refuseUnknownEnvironment(_ environment: [String: String]) throws(StartupError) {
        let known = SettingCatalog.all.map(\.environmentName)
        for name in environment.keys.sorted() where name.hasPrefix("EBB_") {
            if known.contains(name) || SettingCatalog.foreignEnvironmentPrefixes.contains(where: name.hasPrefix) {
                continue
            }
            let hint = nearest(name, among: known).map { "; did you mean \($0)?" } ?? ""
            throw .configuration("\(name) in the environment is not a setting of Ebb\(hint)")
        }
    }

    /// The candidate within a third of its length in single-character edits, if any.
    static func nearest(_ text: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { (distance: editDistance(Array(text.utf8), Array($0.utf8)), name: $0) }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        return best.distance * 3 <= best.name.utf8.count ? best.name : nil
    }

    /// Levenshtein's distance, one row at a time.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substitution = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
