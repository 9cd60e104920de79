// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// Draws a figure in the terminal, and as SVG if asked.
struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot", abstract: "Draw a VM's load, bounds, size and actions.",
        discussion: """
            The figure is a JSON file: {"vmLoadPercent": [41.5, null, …], "hostLoadPercent": […], "lowerPercent": 15, \
            "upperPercent": 80, "vcpus": [2, 2, 3, …], "actions": [{"t": 26, "label": "2 to 3 vCPUs"}]}, \
            optionally with title, firstSample (default 0), vm and host (names for the legend). \
            Only vmLoadPercent is needed; null is unknown.

            Examples:
              ebb plot --figure grow.json --title "Figure 5: growing"
              ebb plot --figure grow.json --svg grow.svg --width 120
            """)

    @Option(help: "The JSON file that holds the figure.") var figure: String
    @Option(help: "The title (default: the figure's own).") var title: String?
    @Option(help: "Also write the figure to this file as SVG.") var svg: String?
    @Option(help: "Characters across (default: the terminal's width, at most 120).") var width: Int?
    @Flag(help: "Don't colour (NO_COLOR).") var noColor = false

    func validate() throws {
        if let width, !(40...400).contains(width) { throw ValidationError("--width must be from 40 to 400") }
    }

    func run() throws {
        let surroundings = Surroundings.current
        let data = try Figure.load(figure)
        let heading = title ?? data.title ?? data.vmName
        if let svg {
            do {
                try Data(SVGPlot(data, title: heading).render().utf8).write(
                    to: URL(fileURLWithPath: svg), options: .atomic)
            } catch {
                throw ClientFailure(.output, "can't write \(svg)", error)
            }
        }
        let plot = TerminalPlot(
            data, title: heading, width: width ?? min(120, surroundings.width),
            isColoured: surroundings.usesColour(unless: noColor))
        try surroundings.write(plot.render())
    }
}
