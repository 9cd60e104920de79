// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@Suite("Text for terminals")
struct TerminalTextTests {
    private static let steering: [ClosedRange<UInt32>] = [
        0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2064,
        0x2066...0x206F, 0xFEFF...0xFEFF, 0xE0001...0xE0001, 0xE0020...0xE007F,
    ]

    @Test("controls, C1, bidirectional overrides, what can't be seen and separators of lines are known")
    func knowsSteering() {
        for range in Self.steering {
            for value in range {
                #expect(Unicode.Scalar(value)?.isSteering == true, "U+\(String(value, radix: 16))")
            }
        }
        #expect(!"web-1 ~äß東京😀–€\u{A0}".unicodeScalars.contains { $0.isSteering })
    }

    @Test("a line has no line breaks and no tabs, prose keeps them, and neither has anything that steers")
    func disarms() {
        let text = "a\u{1B}[2J\r\nb\tc\u{85}d\u{2028}e\u{202E}f\u{9B}1mg\u{0}\n"
        #expect(terminalLine(text) == "a[2J b c d ef1mg ")
        #expect(terminalProse(text) == "a[2J\nb\tcdef1mg\n")
        #expect(terminalLine("web-1") == "web-1" && terminalProse("a\n") == "a\n")
    }

    @Test("JSON keeps its value: what steers is escaped, beyond 16 bits as a pair")
    func escapes() throws {
        let json = #"{"# + "\n  \"a\": \"x\u{9B}\u{202E}\u{E0001}\u{7F}\"\n}"
        let escaped = terminalJSON(json)
        #expect(escaped == "{\n  \"a\": \"x\\u009b\\u202e\\udb40\\udc01\\u007f\"\n}")
        let decoder = JSONDecoder()
        #expect(
            try decoder.decode([String: String].self, from: Data(escaped.utf8))
                == decoder.decode([String: String].self, from: Data(json.utf8)))
    }

    @Test("whatever comes, nothing that steers is left")
    func leavesNothing() {
        let steering = Self.steering.flatMap { $0 }.compactMap(Unicode.Scalar.init)
        Fuzz.run("text for terminals", rounds: 2_000) { fuzz in
            var text = fuzz.text()
            for _ in 0..<4 { text.unicodeScalars.append(fuzz.pick(steering)) }
            text += fuzz.text()
            #expect(!terminalLine(text).unicodeScalars.contains { $0.isSteering })
            #expect(
                !terminalProse(text).unicodeScalars.contains { $0.isSteering && $0 != "\n" && $0 != "\t" })
        }
    }
}
