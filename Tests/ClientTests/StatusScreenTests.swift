// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("Status on one screen")
struct StatusScreenTests {
    private func ill(problems: Int, freezes: Int) -> JSONValue {
        var status = MethodRegistry.ebb["status.show"]?.example.result.members ?? [:]
        status["healthy"] = false
        status["services"] = .array(
            ["monitor", "scheduler", "billing", "logger", "usergateway"].map { name in
                ["service": .string(name), "up": 0, "missing": 1, "since": "2026-03-01T11:58:20Z"]
            })
        status["problems"] = .array(
            (0..<problems).map { .string("problem \($0) " + String(repeating: "long ", count: 30)) })
        status["freezes"] = .array(
            (0..<freezes).map { number in
                [
                    "scope": "cluster", "name": .string("main-\(number)"), "reason": "a\nb \u{1B}[31m",
                    "automatic": true,
                    "createdAt": "2026-03-01T11:00:00Z",
                ]
            })
        return .object(status)
    }

    @Test("however much is wrong, it fits into 80 columns and 24 lines, and says how much has no place")
    func fits() {
        for problems in [0, 1, 5, 6, 7, 500] {
            for freezes in [0, 1, 4, 5, 200] {
                let text = StatusScreen(ill(problems: problems, freezes: freezes)).text(isColoured: false).text
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                #expect(lines.count < 24 && lines.allSatisfy { $0.count <= 80 }, "\(problems), \(freezes):\n\(text)")
                #expect(!text.contains("\u{1B}"))
                #expect(problems < 100 || text.contains("more: ebb service list"))
                #expect(problems == 0 || text.contains("problem 0"))
            }
        }
    }

    @Test("what is wrong is told whole, on as many lines as it takes")
    func wraps() {
        var status = ill(problems: 1, freezes: 0).members ?? [:]
        let problem = "usergateway 6f1f0e5e-0000-4000-8000-000000000006 is missing since 2026-11-30T15:00:20.123456789Z"
        status["problems"] = [.string(problem)]
        let text = StatusScreen(.object(status)).text(isColoured: false).text
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.hasSuffix("WRONG \(problem)"), "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("it shows services, hosts, freezes, and the oldest figure; a script reads the exit code")
    func shows() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "status", token: FakeMethods.administratorToken)
            #expect(
                outcome.output == """
                    Ebb is well at 2026-03-01 12:00:00Z

                    SERVICE  UP  MISSING  MISSING SINCE
                    monitor   1        0  -

                    HOSTS  2 of 2 up, 0 unknown; 1 observed, 0 draining
                    OLDEST FIGURE  4.1 s old, of host-b
                    FROZEN  1
                      vm web-1 since 2026-03-01 11:00:00Z: load test

                    """)
            #expect(outcome.code == 0)
            let json = await ebb(gateway, "status --json", token: FakeMethods.administratorToken)
            let shown = try JSONValue(parsing: json.output.utf8)
            #expect(shown == MethodRegistry.ebb["status.show"]?.example.result)
        }
        #expect(StatusCommand().failure(of: ill(problems: 1, freezes: 0))?.code == .failed)
    }
}
