// SPDX-License-Identifier: Apache-2.0

package import Logging
package import ResourceModel

/// Makes the hypervisor of one kind of URI. Whoever composes a service lists the kinds it wants.
package struct HypervisorConnector: Sendable {
    /// The drivers whose URIs it opens.
    package let drivers: Set<HypervisorURI.Driver>
    /// Makes the hypervisor; opens no connection and does not block.
    package let open:
        @Sendable (_ uri: HypervisorURI, _ host: HostID, _ log: Logger) throws(HypervisorError) -> any Hypervisor

    package init(
        drivers: Set<HypervisorURI.Driver>,
        open:
            @escaping @Sendable (_ uri: HypervisorURI, _ host: HostID, _ log: Logger) throws(HypervisorError) ->
            any Hypervisor
    ) {
        self.drivers = drivers
        self.open = open
    }

    /// `xen`, `qemu` and `test` hosts, by libvirt. Files of this machine that a URI names must lie in one of `folders`.
    package static func libvirt(
        limits: LibvirtLimits = LibvirtLimits(), folders: [String] = []
    ) -> HypervisorConnector {
        HypervisorConnector(drivers: [.xen, .qemu, .test]) { uri, host, log throws(HypervisorError) in
            let allowed = AllowedFolders(folders)
            if let path = uri.localPaths.first(where: { !allowed.contains($0) }) {
                throw HypervisorError(
                    .refused, operation: "open",
                    message: "the URI of host \(host) names '\(path)', which is in none of monitor.folders; "
                        + "add its folder to that setting, or take the path out of the URI")
            }
            return LibvirtHypervisor(uri: uri.description, host: host, log: log, limits: limits)
        }
    }
}

/// The hypervisor behind a URI, by whichever connector knows its driver. Opens no connection yet.
/// - Throws: `.invalid` for a URI that is not allowed, `.unsupported` for a driver that no connector knows, `.refused` for
///   a path that lies in no allowed folder.
package func openHypervisor(
    uri: String, host: HostID, log: Logger, connectors: [HypervisorConnector] = [.libvirt()]
) throws(HypervisorError) -> any Hypervisor {
    let parsed: HypervisorURI
    do throws(HypervisorURIError) {
        parsed = try HypervisorURI(uri)
    } catch {
        throw HypervisorError(.invalid, operation: "open", message: "the URI of host \(host) is refused: \(error)")
    }
    guard let connector = connectors.first(where: { $0.drivers.contains(parsed.driver) }) else {
        let known = connectors.flatMap(\.drivers).map(\.rawValue).sorted().joined(separator: ", ")
        throw HypervisorError(
            .unsupported, operation: "open",
            message: "host \(host) has driver '\(parsed.driver.rawValue)'; known are \(known)")
    }
    return try connector.open(parsed, host, log)
}
