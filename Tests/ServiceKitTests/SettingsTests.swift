// SPDX-License-Identifier: Apache-2.0

import Foundation
import Store
import Testing

@testable import ServiceKit

@Suite("Settings")
struct SettingsTests {
    private func load(
        _ assignments: [String] = [], environment: [String: String] = [:], yaml: String? = nil,
        secrets: [String: String] = [:]
    ) async throws -> Settings {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in secrets {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        var file: String?
        if let yaml {
            let path = folder.appending(path: "configuration.yaml").path
            try Data(yaml.utf8).write(to: URL(filePath: path))
            file = path
        }
        return try await Settings.load(
            of: .monitor, file: file, assignments: assignments, environment: environment,
            secretsDirectory: folder.path)
    }

    @Test("flags win over environment, environment over secrets, secrets over the file, the file over defaults")
    func precedence() async throws {
        let yaml = "database:\n  url: from-file\n  poolSize: 9\nmonitor:\n  pollInterval: 7s\nlog:\n  level: warning\n"
        let settings = try await load(
            ["monitor.pollInterval=1s"],
            environment: ["EBB_MONITOR_POLL_INTERVAL": "2s", "EBB_LOG_LEVEL": "error"],
            yaml: yaml, secrets: ["database-url": "from-secret\n", "log-level": "debug"])
        #expect(settings.duration("monitor.pollInterval") == .seconds(1))
        #expect(settings.text("log.level") == "error")
        #expect(settings.text("database.url") == "from-secret")
        #expect(settings.integer("database.poolSize") == 9)
        #expect(settings.duration("monitor.callTimeout") == .seconds(5))
    }

    @Test(
        "an unknown key is refused with its name and the nearest known one",
        arguments: [
            (["monitor.polInterval=1s"], [:], nil, "monitor.pollInterval"),
            ([], ["EBB_DATABASE_URLL": "x"], nil, "EBB_DATABASE_URL"),
            ([], [:], "monitor:\n  pollIntervall: 5s\n", "monitor.pollInterval"),
        ] as [([String], [String: String], String?, String)])
    func unknownKey(_ assignments: [String], _ environment: [String: String], _ yaml: String?, _ hint: String)
        async throws
    {
        let error = await #expect(throws: StartupError.self) {
            try await load(assignments + ["database.url=x"], environment: environment, yaml: yaml)
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("did you mean \(hint)?") == true)
    }

    @Test("a key of another service is accepted, since one file may configure all five")
    func otherServicesKeys() async throws {
        let settings = try await load(["database.url=x", "scheduler.windowLength=10"])
        #expect(settings.text("database.url") == "x")
    }

    @Test(
        "an invalid value is refused with its key",
        arguments: [
            "monitor.pollInterval=5", "monitor.pollInterval=1ms", "database.poolSize=0", "database.poolSize=four",
            "log.level=loud", "database.url=",
        ])
    func invalidValue(_ assignment: String) async throws {
        let error = await #expect(throws: StartupError.self) { try await load(["database.url=x", assignment]) }
        #expect(error?.message.hasPrefix(String(assignment.prefix { $0 != "=" })) == true)
    }

    @Test("a value of yes and no is true or false")
    func booleans() {
        let setting = Setting("gateway.allowPlain", .boolean, default: "false", "whether")
        #expect(setting.fault(in: "yes") != nil)
        #expect(setting.fault(in: "true") == nil)
    }

    @Test("nothing switches the bus's keys off")
    func noPlainBus() async throws {
        let error = await #expect(throws: StartupError.self) {
            try await load(["database.url=x", "bus.allowPlain=true"])
        }
        #expect(error?.message.contains("bus.allowPlain") == true)
    }

    @Test("a missing value without default says how to give it")
    func missingValue() async throws {
        let error = await #expect(throws: StartupError.self) { try await load() }
        #expect(error?.message.contains("EBB_DATABASE_URL") == true)
    }

    @Test("secrets are masked where settings are shown")
    func maskedSecrets() async throws {
        let text = try await load(["database.url=postgresql://a:hunter2@b/c"]).describe(.monitor)
        #expect(!text.contains("hunter2"))
        #expect(text.contains("database.url = ********"))
    }

    @Test("every default of the catalog is valid for its own kind")
    func defaultsAreValid() {
        for setting in SettingCatalog.all {
            guard let fallback = setting.fallback, !fallback.isEmpty else { continue }
            #expect(setting.fault(in: fallback) == nil, "\(setting.key)")
        }
    }
}
