// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The folders of this machine whose files an operator may name in a URI.
struct AllowedFolders: Sendable {
    private let folders: [String]

    init(_ folders: [String]) { self.folders = folders }

    /// Whether the file exists and, with links followed, lies in one of the folders. Only somebody who may write to the
    /// folders could replace it afterwards, and whoever configured them trusts those people.
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
