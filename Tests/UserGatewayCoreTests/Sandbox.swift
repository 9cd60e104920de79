// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing

/// A folder in which a script runs: the shell's tools and GnuTLS are real, what would change this machine is recorded.
struct Sandbox {
    static let distribution = "# of the distribution\n#host_uuid = \"\"\n"

    let folder: URL

    static func with(_ body: (Sandbox) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-prepare-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(Sandbox(folder: folder))
    }

    func write(_ text: String, to path: String, isExecutable: Bool = false) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        if isExecutable {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
    }

    func read(_ path: String) -> String {
        (try? String(contentsOf: folder.appending(path: path), encoding: .utf8)) ?? ""
    }

    struct Result {
        let status: Int32
        let output: String
    }

    /// Runs a command in the folder.
    func run(_ command: [String], environment: [String: String] = [:]) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try handle.close()
        return Result(status: process.terminationStatus, output: read("log"))
    }

    /// What a machine with systemd and installed packages looks like to the script.
    func makeSystem() throws {
        try write(Self.distribution, to: "root/etc/libvirt/libvirtd.conf")
        let record = "#!/bin/sh\nhere=${0%/bin/*}\necho \"${0##*/} $*\" >>\"$here/calls\"\n"
        try write(
            record
                + """
                case "$*" in
                *is-enabled* | *firewalld*) exit 1 ;;
                *is-active*tls.socket*) [ -e "$here/listens" ] || exit 1 ;;
                *"enable --now"*tls*) touch "$here/listens" ;;
                esac
                """, to: "bin/systemctl", isExecutable: true)
        try write(
            record
                + """
                case "$*" in
                *pool-info*) [ -e "$here/pool" ] || exit 1 ;;
                *pool-define*) touch "$here/pool" ;;
                *pool-list*) [ ! -e "$here/pool" ] || echo ' ebb ' ;;
                esac
                """, to: "bin/virsh", isExecutable: true)
        try write("#!/bin/sh\nprintf installed\n", to: "bin/dpkg-query", isExecutable: true)
        try write("#!/bin/sh\necho 0\n", to: "bin/id", isExecutable: true)
        try write("#!/bin/sh\nexit 1\n", to: "bin/ufw", isExecutable: true)
    }

    /// Runs the script there.
    func prepare() throws -> Result {
        try write("", to: "calls")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try run(
            ["sh", "prepare.sh"],
            environment: ["PATH": "\(folder.path)/bin:\(path)", "ROOT": "\(folder.path)/root", "LC_ALL": "C"])
    }

    /// What the last run asked of the system.
    var calls: String { read("calls") }

    func makeAuthority() throws {
        try write("cn = \"Ebb\"\nca\ncert_signing_key\nexpiration_days = 10\n", to: "ca.template")
        try certtool("--generate-privkey", "--key-type", "ecdsa", "--outfile", "cakey.pem")
        try certtool(
            "--generate-self-signed", "--load-privkey", "cakey.pem", "--template", "ca.template", "--outfile",
            "cacert.pem")
    }

    /// Does what the script says about the signature, word for word.
    func sign(_ address: String) throws {
        try makeAuthority()
        let request = "root/etc/pki/libvirt/ebb-\(address)"
        try certtool(
            "--generate-certificate", "--load-request", "\(request).csr", "--template", "\(request).template",
            "--load-ca-certificate", "cacert.pem", "--load-ca-privkey", "cakey.pem", "--outfile",
            "root/etc/pki/libvirt/servercert.pem")
        _ = try run(["cp", "cacert.pem", "root/etc/pki/CA/cacert.pem"])
    }

    /// Every file below the root with its content.
    func state() throws -> [String: Data] {
        let root = folder.appending(path: "root").path
        var state: [String: Data] = [:]
        for path in FileManager.default.enumerator(atPath: root)?.compactMap({ $0 as? String }) ?? [] {
            state[path] = FileManager.default.contents(atPath: "\(root)/\(path)")
        }
        return state
    }

    private func certtool(_ arguments: String...) throws {
        let result = try run(["certtool"] + arguments)
        try #require(result.status == 0, "certtool (package gnutls-bin): \(result.output)")
    }
}
