// SPDX-License-Identifier: Apache-2.0

/// The URI of a host's hypervisor.
package enum HostURI {
    private static let drivers: Set<Substring> = ["qemu", "xen", "test"]
    private static let transports: Set<Substring> = ["tls", "tcp", "ssh", "unix", "libssh", "libssh2"]

    /// Whether it is one that Ebb can try: `driver[+transport]://…` of libvirt, or `fleet://address/host`.
    package static func isPlausible(_ uri: String) -> Bool {
        guard let end = uri.firstRange(of: "://"), end.upperBound < uri.endIndex,
            uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return false }
        let scheme = uri[..<end.lowerBound].split(separator: "+", omittingEmptySubsequences: false)
        if scheme == ["fleet"] { return true }
        guard let driver = scheme.first, drivers.contains(driver), scheme.count <= 2 else { return false }
        return scheme.count == 1 || transports.contains(scheme[1])
    }
}
