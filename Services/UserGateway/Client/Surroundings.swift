// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel

/// All that a command takes from its process: read once here, replaced in tests.
package struct Surroundings: Sendable {
    package var environment: [String: String]
    /// Standard output is a terminal: colour and its width make sense.
    package var isTerminal: Bool
    /// Standard input is a terminal: somebody can be asked.
    package var isInteractive: Bool
    /// Columns of the terminal.
    package var width: Int
    package var write: @Sendable (String) -> Void
    package var writeError: @Sendable (String) -> Void
    /// A line from standard input without its line break; `nil` at its end.
    package var readLine: @Sendable () -> String?
    /// Nanoseconds since 1970, for `--since 2h`.
    package var now: @Sendable () -> Int64

    package init(
        environment: [String: String], isTerminal: Bool, isInteractive: Bool, width: Int,
        write: @escaping @Sendable (String) -> Void, writeError: @escaping @Sendable (String) -> Void,
        readLine: @escaping @Sendable () -> String?, now: @escaping @Sendable () -> Int64
    ) {
        self.environment = environment
        self.isTerminal = isTerminal
        self.isInteractive = isInteractive
        self.width = width
        self.write = write
        self.writeError = writeError
        self.readLine = readLine
        self.now = now
    }

    @TaskLocal package static var current = Surroundings.process

    private static let process = Surroundings(
        environment: ProcessInfo.processInfo.environment, isTerminal: isatty(STDOUT_FILENO) == 1,
        isInteractive: isatty(STDIN_FILENO) == 1, width: terminalWidth(),
        write: { FileHandle.standardOutput.write(Data($0.utf8)) },
        writeError: { FileHandle.standardError.write(Data($0.utf8)) }, readLine: { Swift.readLine() },
        now: { Int64(Date().timeIntervalSince1970 * 1_000_000_000) })

    private static func terminalWidth() -> Int {
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 {
            return columns
        }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    /// Whether to colour: a terminal, and nobody said no (https://no-color.org).
    func usesColour(unless isRefused: Bool) -> Bool {
        isTerminal && !isRefused && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}
