// SPDX-License-Identifier: Apache-2.0

/// The parameters behind a URI's `?` that Ebb hands to libvirt, each with its form. libvirt knows more of them; those
/// that run a program (`command`, `netcat`), lead elsewhere (`name`, `proxy`) or accept any machine as the host
/// (`no_verify`) are not here.
struct HypervisorURIParameters: Hashable, Sendable {
    private enum Name: String, CaseIterable {
        case noTerminal = "no_tty"
        case certificates = "pkipath"
        case key = "keyfile"
        case knownHosts = "known_hosts"
        case authentication = "sshauth"
        case socket

        /// The transports that libvirt reads it for.
        var transports: Set<HypervisorURI.Transport> {
            switch self {
            case .noTerminal: [.ssh]
            case .certificates: [.tls]
            case .key: [.ssh, .libssh, .libssh2]
            case .knownHosts, .authentication: [.libssh, .libssh2]
            case .socket: [.unix, .ssh, .libssh, .libssh2]
            }
        }

        /// How its value is written.
        var form: String {
            switch self {
            case .noTerminal: "0 or 1"
            case .authentication: "agent, privkey or both with a comma"
            case .certificates, .key, .knownHosts, .socket: "an absolute path of letters, digits, '.', '_' and '-'"
            }
        }

        func accepts(_ value: Substring) -> Bool {
            switch self {
            case .noTerminal: value == "0" || value == "1"
            case .authentication: ["agent", "privkey", "agent,privkey", "privkey,agent"].contains(value)
            case .certificates, .key, .knownHosts, .socket: HypervisorURI.isPath(value)
            }
        }
    }

    /// Those that are paths on Monitor's own machine.
    let localPaths: [String]

    /// - Throws: which parameter is unknown, not of its form, given twice, or of another transport.
    init(
        _ query: Substring?, transport: HypervisorURI.Transport?, isLocal: Bool
    ) throws(HypervisorURIError) {
        var paths: [String] = []
        var seen: Set<Name> = []
        for part in query?.split(separator: "&") ?? [] {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Name(rawValue: String(pair[0])) else {
                throw HypervisorURIError(
                    "parameter '\(HypervisorURI.shown(pair[0]))' is not allowed; allowed are "
                        + Name.allCases.map(\.rawValue).joined(separator: ", "))
            }
            guard seen.insert(name).inserted else {
                throw HypervisorURIError("parameter '\(name.rawValue)' stands twice")
            }
            guard pair.count == 2, name.accepts(pair[1]) else {
                throw HypervisorURIError("parameter '\(name.rawValue)' is \(name.form)")
            }
            guard let transport, name.transports.contains(transport) else {
                throw HypervisorURIError(
                    "parameter '\(name.rawValue)' does not go with transport '\(transport?.rawValue ?? "none")'")
            }
            if Self.isLocalPath(name, isLocal: isLocal) { paths.append(String(pair[1])) }
        }
        localPaths = paths
    }

    /// A socket that is reached by ssh is the other machine's.
    private static func isLocalPath(_ name: Name, isLocal: Bool) -> Bool {
        switch name {
        case .certificates, .key, .knownHosts: true
        case .socket: isLocal
        case .noTerminal, .authentication: false
        }
    }
}
