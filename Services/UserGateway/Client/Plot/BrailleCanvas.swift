// SPDX-License-Identifier: Apache-2.0

/// A grid of dots, two wide and four high per character (Unicode braille). Each cell has one ink: the last drawn.
struct BrailleCanvas<Ink: Hashable> {
    let columns: Int
    let rows: Int
    private var masks: [UInt8]
    private var inks: [Ink?]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        masks = Array(repeating: 0, count: columns * rows)
        inks = Array(repeating: nil, count: columns * rows)
    }

    var width: Int { columns * 2 }
    var height: Int { rows * 4 }

    /// Sets a dot; outside of the grid nothing happens. `y` counts downwards.
    mutating func set(_ x: Int, _ y: Int, _ ink: Ink) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
        let cell = y / 4 * columns + x / 2
        masks[cell] |= bits[y % 4][x % 2]
        inks[cell] = ink
    }

    /// A straight line (Bresenham). `stride` 2 leaves every other dot out.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ ink: Ink, stride: Int = 1) {
        let (dx, dy) = (abs(end.x - start.x), -abs(end.y - start.y))
        let (stepX, stepY) = (start.x < end.x ? 1 : -1, start.y < end.y ? 1 : -1)
        var (x, y, error, position) = (start.x, start.y, dx + dy, 0)
        while true {
            if (x + y) % stride == 0 || position == 0 { set(x, y, ink) }
            if x == end.x, y == end.y { return }
            let doubled = 2 * error
            if doubled >= dy {
                error += dy
                x += stepX
            }
            if doubled <= dx {
                error += dx
                y += stepY
            }
            position += 1
        }
    }

    /// The character of a cell and its ink; `nil` if it is empty.
    func cell(column: Int, row: Int) -> (character: Character, ink: Ink)? {
        let index = row * columns + column
        guard masks[index] != 0, let ink = inks[index], let scalar = Unicode.Scalar(0x2800 + UInt32(masks[index]))
        else {
            return nil
        }
        return (Character(scalar), ink)
    }
}
