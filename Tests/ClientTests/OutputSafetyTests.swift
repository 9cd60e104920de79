// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import TestSupport
internal import Testing
internal import UserGatewayCore

@testable internal import Client

/// What a hostile text may do to whom it is shown.
private func steers(_ text: String, besides allowed: Set<Unicode.Scalar> = ["\n"]) -> Bool {
    text.unicodeScalars.contains { $0.isSteering && !allowed.contains($0) }
}

@Suite("What comes from outside can't steer the reader's terminal or spreadsheet")
struct OutputSafetyTests {
    private static let lines =
        ClientCommandTests.lines + [
            "vm list", "vm samples web-1", "policy show web-1", "policy replay web-1 --from 7d", "decision why web-1",
            "decision outcomes", "decision verify --all", "queue", "assess --host host-a", "cluster show main",
            "host check", "unfreeze --cluster main", "rate show", "tenant set acme --weight 2",
        ]

    @Test("no text of any answer does, in any format", .serialized, arguments: lines)
    func disarmsAnswers(line: String) async throws {
        try await withGateway { gateway in
            gateway.methods.becomeHostile()
            for format in OutputFormat.allCases {
                let outcome = await ebb(
                    gateway, "\(line) -o \(format.rawValue)", token: FakeMethods.administratorToken)
                let allowed: Set<Unicode.Scalar> = format == .csv ? ["\n", "\r"] : ["\n", "\t"]
                #expect(!steers(outcome.output, besides: allowed), "\(format): \(outcome.output.debugDescription)")
                #expect(!steers(outcome.errors), "\(format): \(outcome.errors.debugDescription)")
                guard format == .csv else { continue }
                for row in outcome.output.split(separator: "\r\n") {
                    #expect(!steers(String(row), besides: []))
                    #expect(cells(String(row)).allSatisfy { !isFormula($0) }, "\(row)")
                }
            }
        }
    }

    @Test("an error is one line without anything that steers, also where it tells of a hypervisor's")
    func disarmsErrors() async throws {
        try await withGateway { gateway in
            for line in ["vm show hostile", "vm save web-1 hostile --timeout 10s"] {
                let outcome = await ebb(gateway, line)
                #expect(outcome.code == 1)
                #expect(!steers(outcome.errors), "\(outcome.errors.debugDescription)")
                #expect(outcome.errors.hasPrefix("ebb: [2J ebb: all is well; [8mnot seen\n"), "\(outcome.errors)")
            }
        }
    }

    @Test("what was typed and what stands in files is disarmed too")
    func disarmsArguments() async throws {
        try await withTemporaryDirectory { directory in
            let hostile = "\u{1B}]0;owned\u{7}\u{202E}"
            let figure = #"{"title": "a\u001b[2Jb", "vm": "\u009b1m", "vmLoadPercent": [1, 2]}"#
            try Data(figure.utf8).write(to: URL(filePath: directory + "/figure.json"))
            try Data("a: \(hostile)\nb: [".utf8).write(to: URL(filePath: directory + "/card.yaml"))
            for arguments in [
                ["plot", "--figure", directory + "/figure.json"], ["plot", "--figure", directory + "/" + hostile],
                ["rate", "set", directory + "/card.yaml"], ["vm", hostile], ["vm", "list", "--endpoint", hostile],
                ["vm", "list", "--limit", hostile], ["decision", "list", "--since", hostile],
                ["vm", "list", "--\(hostile)"],
            ] {
                let outcome = await ebb(arguments, environment: ["EBB_TOKEN": FakeMethods.ownerToken])
                #expect(!steers(outcome.output) && !steers(outcome.errors), "\(arguments) \(outcome)")
            }
        }
    }

    @Test("JSON and YAML keep the value that they disarm")
    func keepsValues() throws {
        let hostile: JSONValue = ["a\u{9B}": "\u{1B}[2J\u{202E}x\r\n\u{E0001}\ty\u{85}", "b": ["-1", 1, .null, "é"]]
        let json = SafeText(json: hostile).text
        #expect(try JSONValue(parsing: json.utf8) == hostile && !steers(json))
        let yaml = try SafeText(yaml: hostile).text
        #expect(!steers(yaml))
        let path = FileManager.default.temporaryDirectory.path + "/ebb-\(UUID().uuidString).yaml"
        try Data(yaml.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try JSONValue(yamlFile: path) == hostile, "\(yaml)")
    }

    @Test(
        "a text of CSV that a spreadsheet would calculate begins with an apostrophe",
        arguments: [
            ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"), ("\r=1", "' =1"), ("\u{200B}=1", "'=1"), ("＝1", "'＝1"), ("=1,2", "\"'=1,2\""),
            ("a;=1", "\"a;=1\""), ("a\n=1", "a =1"), ("a\"b", "\"a\"\"b\""), ("web-1", "web-1"), ("", ""), ("-", "'-"),
        ])
    func disarmsFormulas(text: String, cell: String) {
        #expect(SafeText(csv: [.string(text)]).text == cell + "\r\n")
    }

    @Test("a number of CSV stays one, also a negative one, and digits in a string")
    func keepsNumbers() {
        let row: [JSONValue] = [-5, 1, .number(-0.5), "-1500000000", "+7", "-0.25", true, .null, ["a": -1]]
        #expect(SafeText(csv: row).text == "-5,1,-0.5,-1500000000,+7,-0.25,true,,\"{\"\"a\"\":-1}\"\r\n")
    }

    @Test("interpolated text is a line, and what stands in the sources is kept")
    func interpolates() {
        let text: SafeText = "\u{1B}[1m\("a\u{1B}\nb")\u{1B}[0m\n\(7)"
        #expect(text.text == "\u{1B}[1ma b\u{1B}[0m\n7")
    }

    private func cells(_ row: String) -> [String] {
        row.replacing("\"\"", with: "").split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: ["\""]) }
    }

    private func isFormula(_ cell: String) -> Bool {
        let text = cell.trimmingCharacters(in: .whitespaces)
        guard let first = text.first, "=+-@＝＋－＠".contains(first) else { return false }
        return Double(text) == nil
    }
}
