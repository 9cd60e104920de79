// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing

@testable internal import Client

@Suite("Plots")
struct PlotTests {
    private func figure(_ count: Int = 40) -> Figure {
        var figure = Figure(vmLoadPercent: (0..<count).map { $0 < count / 2 ? 90 : 60 })
        figure.hostLoadPercent = Array(repeating: 40, count: count)
        figure.lowerPercent = 15
        figure.upperPercent = 80
        figure.vcpus = (0..<count).map { $0 < count / 2 ? 2 : 3 }
        figure.actions = [.init(t: count / 2, label: "2 to 3 vCPUs")]
        return figure
    }

    private func terminal(_ figure: Figure, width: Int = 80, isColoured: Bool = false) -> String {
        TerminalPlot(figure, title: "A title", width: width, isColoured: isColoured).render().text
    }

    @Test("the picture has title, legend, bounds, axis, sizes and the action under its sample")
    func drawsAll() throws {
        let lines = terminal(figure()).split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        #expect(String(lines[0]) == "A title")
        #expect(String(lines[1]) == "━━ VM load   ┅┅ host load   ┄┄ upper 80 %   ┄┄ lower 15 %   ▲ action")
        #expect(lines.contains { String($0).hasPrefix(" 80 % ┤") && $0.contains("┄") })
        #expect(lines.contains { String($0).hasPrefix(" 15 % ┤") && $0.contains("┄") })
        let marker = try #require(lines.first { $0.contains("▲") && $0.first == " " })
        let step = try #require(lines.first { $0.contains("┛") })
        #expect(marker.firstIndex(of: "▲") == step.firstIndex(of: "┛"))
        #expect(String(marker).hasSuffix("▲ t = 20  2 to 3 vCPUs"))
    }

    @Test("no line is wider than asked and none ends in blanks", arguments: [40, 63, 80, 120, 200])
    func fits(width: Int) {
        for line in terminal(figure(), width: width).split(separator: "\n").dropFirst(2) {
            #expect(line.count <= width + 8 && line.last != " ")
        }
    }

    @Test("colour is only used when asked for")
    func colours() {
        #expect(!terminal(figure()).contains("\u{1B}"))
        #expect(terminal(figure(), isColoured: true).contains("\u{1B}[1;36m"))
    }

    @Test("unknown samples leave a gap instead of a line")
    func leavesGaps() {
        var figure = Figure(vmLoadPercent: Array(repeating: 50, count: 40))
        let whole = terminal(figure).unicodeScalars.count { (0x2801...0x28FF).contains($0.value) }
        figure.vmLoadPercent.replaceSubrange(10..<30, with: Array(repeating: nil, count: 20))
        let gapped = terminal(figure).unicodeScalars.count { (0x2801...0x28FF).contains($0.value) }
        #expect(gapped < whole * 2 / 3 && gapped > 0)
    }

    @Test("labels that would meet get rows of their own, in the terminal and in the picture")
    func separatesLabels() {
        var figure = figure()
        figure.actions = [.init(t: 20, label: "one"), .init(t: 21, label: "two"), .init(t: 39, label: "three")]
        let markers = terminal(figure).split(separator: "\n").filter { $0.contains("▲ t =") || $0.contains("three ▲") }
        #expect(markers.count == 2)
    }

    @Test("the SVG is well-formed, escapes its texts and has both loads, bounds, sizes and actions")
    func writesSVG() throws {
        let svg = SVGPlot(figure(), title: "<Figure> & \"5\"").render()
        let parser = XMLParserCheck(svg)
        #expect(parser.isWellFormed)
        #expect(svg.contains("&lt;Figure&gt; &amp; &quot;5&quot;"))
        #expect(svg.components(separatedBy: "<polyline").count == 3)
        for text in ["VM load", "host load", "upper bound", "lower bound", "vCPUs", "t = 20: 2 to 3 vCPUs", "sample"] {
            #expect(svg.contains(">\(text)</text>"), "\(text)")
        }
    }

    @Test(
        "a figure that can't be drawn is refused with the culprit",
        arguments: [
            ("{}", "'vmLoadPercent' is missing"), ("{\"vmLoadPercent\": [1]}", "1 samples"),
            ("{\"vmLoadPercent\": [1, 2], \"vcpus\": [1]}", "vcpus has 1 samples"),
            ("{\"vmLoadPercent\": [1, -2]}", "a load of -2.0 %"),
            ("{\"vmLoadPercent\": [1, 2], \"actions\": [{\"t\": 2, \"label\": \"x\"}]}", "t = 2 lies outside"),
            ("nonsense", "is not a figure"),
        ])
    func refuses(json: String, message: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/figure.json"
            try Data(json.utf8).write(to: URL(fileURLWithPath: path))
            let outcome = await ebb(["plot", "--figure", path])
            #expect(outcome.code == 65 && outcome.errors.contains(message), "\(outcome.errors)")
        }
    }

    @Test("the command draws both")
    func runs() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/figure.json"
            try JSONEncoder().encode(figure()).write(to: URL(fileURLWithPath: path))
            let outcome = await ebb(["plot", "--figure", path, "--title", "Five", "--svg", directory + "/out.svg"])
            #expect(outcome.code == 0 && outcome.output.hasPrefix("Five\n"))
            #expect(try String(contentsOfFile: directory + "/out.svg", encoding: .utf8).hasPrefix("<svg "))
        }
    }
}

/// Whether tags nest and close; enough to catch a broken writer without an XML library.
private struct XMLParserCheck {
    let isWellFormed: Bool

    init(_ text: String) {
        var open: [Substring] = []
        for match in text.matches(of: /<(\/?)([a-z]+)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)\s*(\/?)>/) {
            if match.1 == "/" {
                guard open.popLast() == match.2 else { isWellFormed = false; return }
            } else if match.4.isEmpty {
                open.append(match.2)
            }
        }
        let tags = text.matches(of: /<(\/?)([a-z]+)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)\s*(\/?)>/).count
        isWellFormed = open.isEmpty && tags == text.count { $0 == "<" }
    }
}
