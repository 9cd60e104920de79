// SPDX-License-Identifier: Apache-2.0

/// Where a host's hypervisor is: `driver[+transport]://[user@][host][:port]/path[?parameters]` of libvirt, or
/// `fleet://host:port/name` of the simulated fleet.
///
/// An operator types it, and libvirt would do what it says: run a program (`?command=`), open any file (`test:///file`),
/// hand options to ssh (`ssh://-o…`). So it is an allow-list: what is not named here is refused, on the way in and again
/// where it is opened.
package struct HypervisorURI: Hashable, Sendable, CustomStringConvertible {
    package enum Driver: String, Hashable, Sendable, CaseIterable { case qemu, xen, test, fleet }

    package enum Transport: String, Hashable, Sendable, CaseIterable {
        case tls, tcp, ssh, libssh, libssh2, unix

        /// The port on which the daemon listens unless the URI names another one.
        var standardPort: UInt16 {
            switch self {
            case .tls: 16_514
            case .tcp: 16_509
            case .ssh, .libssh, .libssh2: 22
            case .unix: 0
            }
        }

        var isSecureShell: Bool { self == .ssh || self == .libssh || self == .libssh2 }
    }

    package let driver: Driver
    /// If the URI names none: TLS to another machine, a socket on this one; `nil` within this process.
    package let transport: Transport?
    /// `nil` for a hypervisor on Monitor's own machine.
    package let host: HostAddress?
    package let port: UInt16?
    /// From the first `/`.
    package let path: String
    /// As it was typed.
    package let description: String
    /// Files, folders and sockets of Monitor's own machine that libvirt would open for it.
    package let localPaths: [String]

    /// - Throws: what is wrong with it, naming the part that was typed.
    package init(_ text: String) throws(HypervisorURIError) {
        guard text.utf8.count <= Self.longest else {
            throw HypervisorURIError("a URI of a hypervisor has at most \(Self.longest) bytes")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw HypervisorURIError("'\(Self.shown(text))' is not of the form driver[+transport]://[host][:port]/path")
        }
        let named: Transport?
        (driver, named) = try Self.scheme(text[..<separator.lowerBound])
        var rest = text[separator.upperBound...]
        let query = try Self.cut(&rest, after: "?")
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<slash])
        path = String(rest[slash...])
        transport = try Self.transport(of: driver, named: named, host: host)
        let parameters = try HypervisorURIParameters(query, transport: transport, isLocal: host == nil)
        var paths = parameters.localPaths
        if try Self.isFile(path, of: driver, isLocal: host == nil, port: port) { paths.append(path) }
        localPaths = paths
        description = text
    }

    /// Where the hypervisor's daemon listens; `nil` for one on this machine, and for the fleet.
    package var endpoint: (host: String, port: UInt16)? {
        guard let host, let transport, transport != .unix else { return nil }
        return (host.text, port ?? transport.standardPort)
    }

    /// Whether nobody on the way can read the connection.
    package var isEncrypted: Bool { host != nil && (transport == .tls || transport?.isSecureShell == true) }

    /// Where a live migration sends the guest's memory: the same address by which the host is managed.
    package var transferURI: String? { host.map { "tcp://\($0.authority)" } }

    /// Longer than any that is meant.
    package static let longest = 512
}

/// Why a text is not the URI of a hypervisor that Ebb opens: one sentence that names the wrong part.
package struct HypervisorURIError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension HypervisorURI {
    private static func scheme(_ text: Substring) throws(HypervisorURIError) -> (Driver, Transport?) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard let driver = Driver(rawValue: String(parts[0])) else {
            throw HypervisorURIError("driver '\(shown(parts[0]))' is not one of \(names(Driver.allCases))")
        }
        guard parts.count > 1 else { return (driver, nil) }
        guard parts.count == 2, let transport = Transport(rawValue: String(parts[1])) else {
            throw HypervisorURIError(
                "transport '\(shown(parts.dropFirst().joined(separator: "+")))' is not one of "
                    + names(Transport.allCases))
        }
        return (driver, transport)
    }

    private static func authority(_ text: Substring) throws(HypervisorURIError) -> (HostAddress?, UInt16?) {
        var text = text
        if let at = text.firstIndex(of: "@") {
            let user = text[..<at]
            guard (1...64).contains(user.utf8.count), user.utf8.first != UInt8(ascii: "-"),
                user.utf8.allSatisfy({ isLetterOrDigit($0) || "._-".utf8.contains($0) })
            else { throw HypervisorURIError("user '\(shown(user))' has more than letters, digits, '.', '_' and '-'") }
            text = text[text.index(after: at)...]
            guard !text.isEmpty else { throw HypervisorURIError("there is a user and no host") }
        }
        guard !text.isEmpty else { return (nil, nil) }
        guard let found = HostAddress.split(text) else {
            throw HypervisorURIError("'\(shown(text))' is not a host's name or address, with or without a port")
        }
        return (found.address, found.port)
    }

    private static func transport(
        of driver: Driver, named: Transport?, host: HostAddress?
    ) throws(HypervisorURIError) -> Transport? {
        switch (driver, host) {
        case (.fleet, nil): throw HypervisorURIError("the fleet needs an address: fleet://127.0.0.1:7500/h1")
        case (.fleet, _):
            guard named == nil else { throw HypervisorURIError("the fleet has no transports") }
            return nil
        case (.test, nil): return named
        case (_, nil):
            guard named == nil || named == .unix else {
                throw HypervisorURIError("transport '\(named?.rawValue ?? "")' needs a host")
            }
            return .unix
        case (_, _):
            guard named != .unix else { throw HypervisorURIError("transport 'unix' reaches this machine alone") }
            return named ?? .tls
        }
    }

    /// Whether the path names a file; throws for a path that the driver doesn't have.
    private static func isFile(
        _ path: String, of driver: Driver, isLocal: Bool, port: UInt16?
    ) throws(HypervisorURIError) -> Bool {
        switch driver {
        case .qemu where path == "/system", .xen where ["", "/", "/system"].contains(path),
            .test where path == "/default":
            return false
        case .fleet where HostID(String(path.dropFirst())) != nil && path.hasPrefix("/"):
            guard port != nil else { throw HypervisorURIError("the fleet needs a port: fleet://127.0.0.1:7500/h1") }
            return false
        case .test where isLocal && isPath(path) && !path.hasSuffix("/"): return true
        case .qemu: throw HypervisorURIError("the path of a QEMU host is /system, not '\(shown(path))'")
        case .xen: throw HypervisorURIError("the path of a Xen host is / or /system, not '\(shown(path))'")
        case .test: throw HypervisorURIError("the path of a test host is /default or a file's, not '\(shown(path))'")
        case .fleet: throw HypervisorURIError("the path of a simulated host is / and its name, not '\(shown(path))'")
        }
    }

    /// Cuts off the first `mark` and what follows it, and returns what followed; `nil` if there is no `mark`.
    private static func cut(_ text: inout Substring, after mark: Character) throws(HypervisorURIError) -> Substring? {
        guard let place = text.firstIndex(of: mark) else { return nil }
        defer { text = text[..<place] }
        return text[text.index(after: place)...]
    }

    /// An absolute path without `..`, of characters that mean nothing to a URI or a shell.
    static func isPath(_ text: some StringProtocol) -> Bool {
        text.hasPrefix("/") && text.utf8.allSatisfy { isLetterOrDigit($0) || "/._-".utf8.contains($0) }
            && text.split(separator: "/").allSatisfy { $0 != ".." && $0 != "." }
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// What was typed, short enough for a sentence and without characters that steer a terminal.
    static func shown(_ text: some StringProtocol) -> String {
        String(text.prefix(64).map { $0.isASCII && $0 >= " " && $0 != "\u{7F}" ? $0 : "?" })
    }

    private static func names<Name: RawRepresentable<String>>(_ cases: [Name]) -> String {
        cases.map(\.rawValue).joined(separator: ", ")
    }
}
