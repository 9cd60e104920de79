// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The folders of this machine whose files an operator may name in a URI.
struct AllowedFolders: Sendable {
    private let folders: [String]

    init(_ folders: [String]) { self.folders = folders }

    /// Whether the file is there and, links followed, lies in one of the folders. It may be exchanged afterwards only by
    /// who may write there, and that is who configured them.
    func contains(_ path: String) -> Bool {
        guard let real = Self.resolved(path) else { return false }
        return folders.compactMap { Self.resolved($0) }.contains { real.hasPrefix($0 == "/" ? "/" : $0 + "/") }
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(pointer) }
        return unsafe String(cString: pointer)
    }
}
