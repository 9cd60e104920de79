// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Draws a figure as SVG: loads above, vCPUs below on the same time axis, actions across both.
struct SVGPlot {
    private enum Paint {
        static let vm = "#0b65c2", host = "#c2780b", upper = "#c62828", lower = "#2e7d32", size = "#6a3fb5"
        static let action = "#b00020", ink = "#1f2933", faint = "#7b8794", grid = "#e4e7eb", band = "#f3f7f3"
    }

    /// A rectangle in user units, `y` downwards.
    private struct Area {
        let x: Double
        let y: Double
        let width: Double
        let height: Double
        var right: Double { x + width }
        var bottom: Double { y + height }
    }

    /// An action's text, centred at `middle`, in one of the lanes between the areas.
    private struct Label {
        let text: String
        let x: Double
        let middle: Double
        let lane: Int
    }

    let figure: Figure
    let title: String
    private let load: Area
    private let strip: Area
    private let width: Double
    private let height: Double
    private let labels: [Label]

    /// - Parameter width: user units (pixels at 100 %), from 480 to 4000.
    init(_ figure: Figure, title: String, width: Double = 960) {
        self.figure = figure
        self.title = title
        self.width = min(4_000, max(480, width))
        let hasStrip = figure.sizes != nil
        let load = Area(x: 72, y: 92, width: self.width - 72 - 32, height: 330)
        labels = Self.place(figure, in: load)
        let lanes = (labels.map(\.lane).max() ?? 0) + 1
        strip = Area(
            x: 72, y: load.bottom + 18 + Double(lanes) * 17, width: load.width, height: hasStrip ? 84 : 0)
        self.load = load
        height = (hasStrip ? strip.bottom : load.bottom + (labels.isEmpty ? 0 : 44)) + 56
    }

    func render() -> String {
        var parts = [header, frame()]
        parts += [band(), loadAxis(), bounds(), sizeStrip(), timeAxis(), actionLines()]
        if let host = figure.hostLoadPercent { parts.append(curve(host, Paint.host, width: 1.8, opacity: 0.9)) }
        parts += [curve(figure.vmLoadPercent, Paint.vm, width: 2.4, opacity: 1), actionLabels(), legend(), "</svg>"]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }

    // MARK: Parts

    private var header: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(n(width))" height="\(n(height))" \
        viewBox="0 0 \(n(width)) \(n(height))" font-family="Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif" \
        font-size="13" fill="\(Paint.ink)" role="img" aria-label="\(escape(title))">
        <rect width="100%" height="100%" fill="#ffffff"/>
        <text x="\(n(load.x))" y="38" font-size="19" font-weight="600">\(escape(title))</text>
        """
    }

    private func frame() -> String {
        [load, strip].filter { $0.height > 0 }.map { area in
            """
            <rect x="\(n(area.x))" y="\(n(area.y))" width="\(n(area.width))" height="\(n(area.height))" \
            fill="#fcfcfd" stroke="\(Paint.grid)"/>
            """
        }.joined(separator: "\n")
    }

    /// The band between the bounds, in which nothing is done.
    private func band() -> String {
        guard let lower = figure.lowerPercent, let upper = figure.upperPercent, lower < upper else { return "" }
        return """
            <rect x="\(n(load.x))" y="\(n(y(upper)))" width="\(n(load.width))" \
            height="\(n(y(lower) - y(upper)))" fill="\(Paint.band)"/>
            """
    }

    /// Each bound as a dashed line with its value.
    private func bounds() -> String {
        [(figure.upperPercent, Paint.upper), (figure.lowerPercent, Paint.lower)].compactMap { bound, colour in
            bound.map { bound in
                line(load.x, y(bound), load.right, y(bound), colour, width: 1.4, dash: "6 4") + "\n"
                    + text("\(number(bound)) %", load.x - 10, y(bound) + 4, colour, anchor: "end", weight: 600)
            }
        }.joined(separator: "\n")
    }

    private func loadAxis() -> String {
        let top = Int(figure.ceilingPercent)
        let bounds = [figure.lowerPercent, figure.upperPercent].compactMap { $0 }
        var parts = stride(from: 0, through: top, by: max(20, top / 100 * 20)).flatMap { mark -> [String] in
            let isNearBound = bounds.contains { abs(y($0) - y(Double(mark))) < 15 }
            return [line(load.x, y(Double(mark)), load.right, y(Double(mark)), Paint.grid, width: 1)]
                + (isNearBound ? [] : [text("\(mark) %", load.x - 10, y(Double(mark)) + 4, Paint.faint, anchor: "end")])
        }
        parts.append(axisTitle("load", load))
        return parts.joined(separator: "\n")
    }

    private func sizeStrip() -> String {
        guard let sizes = figure.sizes, let series = figure.vcpus else { return "" }
        // Half a size of air above and below.
        let low = Double(sizes.lowerBound) - 0.4
        let scale = strip.height / (Double(sizes.upperBound) + 0.4 - low)
        func height(_ size: Double) -> Double { strip.bottom - (size - low) * scale }
        let step = max(1, sizes.count / 6)
        var parts = stride(from: sizes.lowerBound, through: sizes.upperBound, by: step).flatMap { size in
            [
                line(strip.x, height(Double(size)), strip.right, height(Double(size)), Paint.grid, width: 1),
                text("\(size)", strip.x - 10, height(Double(size)) + 4, Paint.faint, anchor: "end"),
            ]
        }
        for run in runs(series.map { $0.map(Double.init) }) {
            let outline = steps(run, height)
            let (first, last) = (x(run.lowerBound), min(load.right, x(run.lowerBound + run.values.count)))
            parts.append(
                """
                <path d="\(outline) L\(n(last)) \(n(strip.bottom)) L\(n(first)) \(n(strip.bottom)) Z" \
                fill="\(Paint.size)" fill-opacity="0.12"/>
                """)
            parts.append("<path d=\"\(outline)\" fill=\"none\" stroke=\"\(Paint.size)\" stroke-width=\"2.2\"/>")
        }
        parts.append(axisTitle("vCPUs", strip))
        return parts.joined(separator: "\n")
    }

    private func timeAxis() -> String {
        let bottom = strip.height > 0 ? strip.bottom : load.bottom
        var parts = figure.ticks(about: Int(load.width / 70)).flatMap { tick -> [String] in
            let x = x(tick - figure.first)
            return [
                line(x, bottom, x, bottom + 5, Paint.faint, width: 1),
                text("\(tick)", x, bottom + 20, Paint.faint, anchor: "middle"),
            ]
        }
        parts.append(text("sample", load.x + load.width / 2, bottom + 40, Paint.faint, anchor: "middle"))
        return parts.joined(separator: "\n")
    }

    /// Within the areas only, so that the labels between them stay legible.
    private func actionLines() -> String {
        (figure.actions ?? []).flatMap { action -> [String] in
            let x = x(action.t - figure.first)
            return [load, strip].filter { $0.height > 0 }.map { area in
                line(x, area.y, x, area.bottom, Paint.action, width: 1.2, dash: "2 3")
            }
        }.joined(separator: "\n")
    }

    /// Triangles between the areas with their labels.
    private func actionLabels() -> String {
        labels.map { label in
            let baseline = load.bottom + 26 + Double(label.lane) * 17
            return """
                <path d="M\(n(label.x)) \(n(load.bottom + 2)) l6 11 h-12 Z" fill="\(Paint.action)"/>
                \(text(label.text, label.middle, baseline, Paint.action, anchor: "middle", weight: 600, size: 12))
                """
        }.joined(separator: "\n")
    }

    /// Keeps labels inside the picture and off each other: each goes to the first lane that is free.
    private static func place(_ figure: Figure, in load: Area) -> [Label] {
        var ends: [Double] = []
        return (figure.actions ?? []).sorted { $0.t < $1.t }.map { action in
            let x = load.x + load.width * Double(action.t - figure.first) / Double(max(1, figure.count - 1))
            let text = "t = \(action.t): \(action.label)"
            // Half of an estimated 7.6 units per character.
            let half = Double(text.count) * 3.8
            let middle = min(load.right - half, max(load.x + half, x))
            let lane = ends.firstIndex { $0 < middle - half - 8 } ?? ends.count
            if lane == ends.count { ends.append(0) }
            ends[lane] = middle + half
            return Label(text: text, x: x, middle: middle, lane: lane)
        }
    }

    private func legend() -> String {
        var entries = [("\(figure.vmName) load", Paint.vm, "")]
        if figure.hostLoadPercent != nil { entries.append(("\(figure.hostName) load", Paint.host, "")) }
        if figure.upperPercent != nil { entries.append(("upper bound", Paint.upper, "6 4")) }
        if figure.lowerPercent != nil { entries.append(("lower bound", Paint.lower, "6 4")) }
        if figure.sizes != nil { entries.append(("vCPUs", Paint.size, "")) }
        var left = load.x
        return entries.map { name, colour, dash in
            defer { left += 52 + Double(name.count) * 7.2 }
            return line(left, 66, left + 26, 66, colour, width: 2.6, dash: dash)
                + "\n" + text(name, left + 33, 70.5, Paint.ink)
        }.joined(separator: "\n")
    }

    // MARK: Curves

    /// A stretch of known values.
    private struct Run {
        let lowerBound: Int
        var values: [Double]
    }

    private func runs(_ series: [Double?]) -> [Run] {
        var runs: [Run] = []
        var isOpen = false
        for (index, value) in series.enumerated() {
            guard let value else {
                isOpen = false
                continue
            }
            if isOpen {
                runs[runs.count - 1].values.append(value)
            } else {
                runs.append(Run(lowerBound: index, values: [value]))
            }
            isOpen = true
        }
        return runs
    }

    private func curve(_ series: [Double?], _ colour: String, width: Double, opacity: Double) -> String {
        runs(series).map { run in
            let points = run.values.enumerated().map { "\(n(x(run.lowerBound + $0.offset))),\(n(y($0.element)))" }
            // A lone sample is a dot: a line needs two.
            let path = points.count == 1 ? [points[0], points[0]] : points
            return """
                <polyline points="\(path.joined(separator: " "))" fill="none" stroke="\(colour)" \
                stroke-width="\(n(width))" stroke-opacity="\(n(opacity))" stroke-linejoin="round" stroke-linecap="round"/>
                """
        }.joined(separator: "\n")
    }

    private func steps(_ run: Run, _ height: (Double) -> Double) -> String {
        var path = ""
        for (offset, value) in run.values.enumerated() {
            let left = x(run.lowerBound + offset)
            path += (offset == 0 ? "M" : " L") + "\(n(left)) \(n(height(value)))"
            path += " L\(n(min(load.right, x(run.lowerBound + offset + 1)))) \(n(height(value)))"
        }
        return path
    }

    // MARK: Primitives

    private func x(_ index: Int) -> Double { load.x + load.width * Double(index) / Double(max(1, figure.count - 1)) }

    private func y(_ percent: Double) -> Double { load.bottom - load.height * min(1, percent / figure.ceilingPercent) }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, width: Double, dash: String = ""
    ) -> String {
        """
        <line x1="\(n(x1))" y1="\(n(y1))" x2="\(n(x2))" y2="\(n(y2))" stroke="\(colour)" \
        stroke-width="\(n(width))"\(dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")/>
        """
    }

    private func text(
        _ text: String, _ x: Double, _ y: Double, _ colour: String, anchor: String = "start", weight: Int = 400,
        size: Double = 13
    ) -> String {
        """
        <text x="\(n(x))" y="\(n(y))" fill="\(colour)" text-anchor="\(anchor)" font-weight="\(weight)" \
        font-size="\(n(size))">\(escape(text))</text>
        """
    }

    private func axisTitle(_ name: String, _ area: Area) -> String {
        let middle = area.y + area.height / 2
        return """
            <text x="20" y="\(n(middle))" fill="\(Paint.faint)" text-anchor="middle" \
            transform="rotate(-90 20 \(n(middle)))">\(escape(name))</text>
            """
    }

    /// At most one decimal: nobody sees less than a tenth of a pixel.
    private func n(_ value: Double) -> String { number((value * 10).rounded() / 10) }

    private func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }

    private func escape(_ text: String) -> String {
        terminalLine(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
