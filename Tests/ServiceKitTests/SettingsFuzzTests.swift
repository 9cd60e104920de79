// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Store
import TestSupport
import Testing

@testable import ServiceKit

@Suite("Whatever a settings file says, it is read or refused")
struct SettingsFuzzTests {
    @Test("values of every setting, and durations")
    func values() {
        let all = [ServiceKind.monitor, .scheduler, .billing, .logger, .usergateway].flatMap {
            SettingCatalog.settings(of: $0)
        }
        Fuzz.run("values of settings", rounds: 4_000) { fuzz in
            let setting = fuzz.pick(all)
            let text = fuzz.chance(50) ? fuzz.text() : "\(fuzz.int64())" + fuzz.pick(["", "ms", "s", "m", "h", "d"])
            let duration = Duration(humanText: text)
            guard setting.fault(in: text) == nil else { return }
            if case .duration = setting.kind { #expect(duration?.wholeNanoseconds ?? -1 >= 0) }
        }
    }

    @Test("files with any of their bytes changed")
    func files() async throws {
        let yaml = "database:\n  url: x\n  poolSize: 9\nmonitor:\n  pollInterval: 7s\nlog:\n  level: warning\n"
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "configuration.yaml")
        var texts: [String] = []
        Fuzz.run("settings files", rounds: 150) { texts.append($0.mutated(yaml)) }
        for text in texts {
            try Data(text.utf8).write(to: file)
            _ = try? await Settings.load(
                of: .monitor, file: file.path, assignments: [], environment: [:], secretsDirectory: folder.path)
        }
    }
}
