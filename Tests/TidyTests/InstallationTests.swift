// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("What the targets install")
struct InstallationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(
        "every word is a package's name: a comment in a list would hide all that follow",
        arguments: ["demo", "lab-demo", "lab-xen", "test", "soak", "bench-monitor", "bench-scheduler", "compose-test"])
    func namesOnly(target: String) async throws {
        let recipe = try await run("make", ["-n", "-C", Self.root.path, target]).output
        let lines = recipe.split(separator: "\n").filter { $0.hasPrefix("scripts/install.sh ") }
        let words = lines.flatMap { $0.split(separator: " ").dropFirst() }
        #expect(words.count > 5, "\(recipe)")
        let strange = words.filter { $0.wholeMatch(of: /[a-z0-9][a-z0-9.+-]+/) == nil }
        #expect(strange.isEmpty, "make \(target) would install \(strange)")
    }
}
