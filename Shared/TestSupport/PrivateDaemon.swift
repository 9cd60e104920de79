// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// A libvirt daemon of this test's own, without privileges and with all of its state in one folder. It serves libvirt's
/// test driver over its socket, and over TLS once it has a certificate: real calls to a real daemon, which can be
/// stopped, killed and started again.
package final class PrivateDaemon {
    /// `nil` where libvirt's daemon is not installed.
    package static let executable = ["/usr/sbin/libvirtd", "/usr/bin/libvirtd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let directory: URL
    private let port: Int
    private var process: Process?
    private var isCertified = false

    /// Makes its folder; nothing runs yet.
    package init() throws {
        // The path of a socket must be short.
        directory = URL(filePath: "/tmp/ebb-\(UUID().uuidString.prefix(8))")
        port = try PostgresCluster.freePort()
        for folder in ["run", "home", "pki"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: folder), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o777])
        }
        try configure([])
    }

    private func configure(_ more: [String]) throws {
        let lines = [
            #"unix_sock_dir = "\#(directory.path)/run""#, #"unix_sock_rw_perms = "0777""#, #"auth_unix_rw = "none""#,
            #"auth_unix_ro = "none""#,
        ]
        try write((lines + more).joined(separator: "\n"), to: "libvirtd.conf")
    }

    private func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: directory.appending(path: file))
    }

    /// Gives it a certificate of an authority of its own, with which it serves TLS from its next start on.
    ///
    /// - Parameter isValid: otherwise it expired long ago.
    package func certify(isValid: Bool) async throws {
        try write("cn = \"Test\"\nca\ncert_signing_key\nexpiration_days = 10\n", to: "ca.template")
        let validity =
            isValid
            ? "expiration_days = 10"
            : #"""
            activation_date = "2020-01-01 00:00:00"
            expiration_date = "2020-02-01 00:00:00"
            """#
        let names = "cn = \"localhost\"\nip_address = \"127.0.0.1\"\ntls_www_server\nencryption_key\nsigning_key"
        try write("\(names)\n\(validity)\n", to: "template")
        for key in ["cakey.pem", "key.pem"] {
            try await certtool("--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", key)
        }
        try await certtool(
            "--generate-self-signed", "--load-privkey", "cakey.pem", "--template", "ca.template", "--outfile",
            "pki/cacert.pem")
        try await certtool(
            "--generate-certificate", "--load-privkey", "key.pem", "--load-ca-certificate", "pki/cacert.pem",
            "--load-ca-privkey", "cakey.pem", "--template", "template", "--outfile", "certificate.pem")
        // The daemon runs as another user.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: directory.appending(path: "key.pem").path)
        // With its own checks it would not start with a certificate that has expired.
        try configure([
            "listen_tls = 1", "listen_tcp = 0", #"listen_addr = "127.0.0.1""#, #"tls_port = "\#(port)""#,
            #"auth_tls = "none""#, #"key_file = "\#(directory.path)/key.pem""#,
            #"cert_file = "\#(directory.path)/certificate.pem""#, #"ca_file = "\#(directory.path)/pki/cacert.pem""#,
            "tls_no_sanity_certificate = 1", "tls_no_verify_certificate = 1",
        ])
        isCertified = true
    }

    private func certtool(_ arguments: String...) async throws {
        let files: Set = ["cakey.pem", "key.pem", "pki/cacert.pem", "certificate.pem", "ca.template", "template"]
        let result = try await run(
            "certtool", arguments.map { files.contains($0) ? directory.appending(path: $0).path : $0 })
        guard result.status == 0 else {
            throw ProcessFailure(description: "certtool (package gnutls-bin): \(result.errors)")
        }
    }

    /// Its address over TLS; callers trust its authority alone.
    package var tlsURI: String { "test+tls://127.0.0.1:\(port)/default?pkipath=\(directory.path)/pki" }

    /// Its address on this machine.
    package var uri: String { address("test+unix:///default") }

    /// The same, of its real storage.
    package var storageURI: String { address("storage+unix:///session") }

    private func address(_ uri: String) -> String { "\(uri)?socket=\(socket)" }

    /// Where it listens on this machine.
    package var socket: String { "\(directory.path)/run/libvirt-sock" }

    /// Where a proxy before it is to listen, and its address there.
    package var farSocket: String { "\(directory.path)/run/far-sock" }
    package var farURI: String { "test+unix:///default?socket=\(farSocket)" }

    /// A folder of its own that it may write to.
    package var home: String { "\(directory.path)/home" }

    /// Starts it; it answers a little later.
    package func start() throws {
        let daemon = Process()
        let command =
            [
                Self.executable ?? "", "--config", "\(directory.path)/libvirtd.conf", "--pid-file",
                "\(directory.path)/run/pid",
            ] + (isCertified ? ["--listen"] : [])
        // The superuser's daemon would use the machine's own folders.
        let unprivileged = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let words = geteuid() == 0 ? unprivileged + command : command
        daemon.executableURL = URL(filePath: words[0])
        daemon.arguments = Array(words.dropFirst())
        daemon.environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
            "XDG_RUNTIME_DIR": "\(directory.path)/run",
        ]
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        process = daemon
    }

    /// Sends its process a signal.
    package func signal(_ number: Int32) {
        if let process { kill(process.processIdentifier, number) }
    }

    /// Kills it, and waits until it is gone.
    package func end() {
        signal(SIGKILL)
        process?.waitUntilExit()
        process = nil
    }

    /// Ends it and removes what it wrote.
    package func remove() {
        end()
        try? FileManager.default.removeItem(at: directory)
    }
}
