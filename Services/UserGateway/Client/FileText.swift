// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Text of files that somebody names. A failure is one sentence with the file, the system's reason and the remedy.
enum FileText {
    /// Bytes that a file may have unless its reader allows more.
    static let usualLimit = 1 << 20

    /// The text of a file, or of what looks like one: a pipe such as `<(pass show ebb)`.
    ///
    /// - Parameters:
    ///   - limit: how many bytes it may have.
    ///   - code: the failure's code.
    ///   - remedy: what to do if it can't be used.
    static func read(
        _ path: String, atMost limit: Int = usualLimit, failing code: ClientFailure.Code, remedy: String
    ) throws(ClientFailure) -> String {
        func failure(_ why: String) -> ClientFailure { ClientFailure(code, "can't use \(path): \(why); \(remedy)") }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(reason(errno)) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(reason(errno)) }
            if count == 0 { break }
            bytes += part.prefix(count)
        }
        guard bytes.count <= limit else { throw failure("it has more than \(limit >> 20) MiB") }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("it is not text in UTF-8")
        }
        return text
    }

    private static func reason(_ code: Int32) -> String {
        code == EISDIR ? "it is a folder" : String(cString: strerror(code))
    }
}
