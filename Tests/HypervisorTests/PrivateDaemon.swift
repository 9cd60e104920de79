// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A libvirt daemon of this test's own, without privileges and with all of its state in one folder. It serves libvirt's
/// test driver over its socket: real calls to a real daemon, which can be stopped, killed and started again.
final class PrivateDaemon {
    static let executable = ["/usr/sbin/libvirtd", "/usr/bin/libvirtd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let directory: URL
    private var process: Process?

    init() throws {
        // A socket's path is short.
        directory = URL(filePath: "/tmp/ebb-\(UUID().uuidString.prefix(8))")
        for folder in ["run", "home"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: folder), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o777])
        }
        let configuration = """
            unix_sock_dir = "\(directory.path)/run"
            unix_sock_rw_perms = "0777"
            auth_unix_rw = "none"
            auth_unix_ro = "none"
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "libvirtd.conf"))
    }

    var uri: String { "test+unix:///default?socket=\(directory.path)/run/libvirt-sock" }

    func start() throws {
        let daemon = Process()
        let command = [
            Self.executable ?? "", "--config", "\(directory.path)/libvirtd.conf", "--pid-file",
            "\(directory.path)/run/pid",
        ]
        // The superuser's daemon would use the machine's own folders.
        let unprivileged = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let words = geteuid() == 0 ? unprivileged + command : command
        daemon.executableURL = URL(filePath: words[0])
        daemon.arguments = Array(words.dropFirst())
        let home = "\(directory.path)/home"
        daemon.environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
            "XDG_RUNTIME_DIR": "\(directory.path)/run",
        ]
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        process = daemon
    }

    func signal(_ number: Int32) {
        if let process { kill(process.processIdentifier, number) }
    }

    /// Ends it without a word, and waits until it is gone.
    func end() {
        signal(SIGKILL)
        process?.waitUntilExit()
        process = nil
    }

    func remove() {
        end()
        try? FileManager.default.removeItem(at: directory)
    }
}

/// What this process holds of the kernel's.
struct Holdings {
    let threads: Int
    let descriptors: Int
    let residentBytes: Int

    static func now() throws -> Holdings {
        let files = FileManager.default
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return Holdings(
            threads: try files.contentsOfDirectory(atPath: "/proc/self/task").count,
            descriptors: try files.contentsOfDirectory(atPath: "/proc/self/fd").count,
            residentBytes: (Int(pages[1]) ?? 0) * 4_096)
    }
}
