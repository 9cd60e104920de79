// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel

/// Everything that a command takes from its process: read once here, replaced in tests.
package struct Surroundings: Sendable {
    package var environment: [String: String]
    /// Whether standard output is a terminal, so that colour and its width make sense.
    package var isTerminal: Bool
    /// Whether a person is there who can be asked.
    package var isInteractive: Bool
    /// Columns of the terminal.
    package var width: Int
    /// A line from standard input without its line break; `nil` at its end.
    package var readLine: @Sendable () -> String?
    /// Nanoseconds since 1970, for `--since 2h`.
    package var now: @Sendable () -> Int64
    /// What Ctrl-C prints at this moment.
    let interruption = Interruption()

    private let output: @Sendable (String) throws -> Void
    private let errorOutput: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isInteractive: whether standard input and standard error are a terminal.
    ///   - write: writes to standard output; with an empty text it only checks whether somebody still reads.
    ///   - writeError: writes to standard error; a failure there is ignored, since nobody could read a message.
    package init(
        environment: [String: String], isTerminal: Bool, isInteractive: Bool, width: Int,
        write: @escaping @Sendable (String) throws -> Void, writeError: @escaping @Sendable (String) -> Void,
        readLine: @escaping @Sendable () -> String?, now: @escaping @Sendable () -> Int64
    ) {
        self.environment = environment
        self.isTerminal = isTerminal
        self.isInteractive = isInteractive
        self.width = width
        output = write
        errorOutput = writeError
        self.readLine = readLine
        self.now = now
    }

    /// Writes to standard output; throws a `ClientFailure` if it can't be written, quiet if nobody reads it any more.
    func write(_ text: SafeText) throws { try output(text.text) }

    /// Writes to standard error.
    func writeError(_ text: SafeText) { errorOutput(text.text) }

    @TaskLocal package static var current = Surroundings.process

    private static let process = Surroundings(
        environment: ProcessInfo.processInfo.environment, isTerminal: isatty(STDOUT_FILENO) == 1,
        isInteractive: isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1, width: terminalWidth(),
        write: { try ProcessStream.output.write($0) }, writeError: { try? ProcessStream.error.write($0) },
        readLine: { Swift.readLine() },
        now: { Int64(Date().timeIntervalSince1970 * 1_000_000_000) })

    private static func terminalWidth() -> Int {
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 {
            return columns
        }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    /// Whether to use colour: on a terminal, unless it is switched off (https://no-color.org).
    func usesColour(unless isRefused: Bool) -> Bool {
        isTerminal && !isRefused && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}
