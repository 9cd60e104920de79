// SPDX-License-Identifier: Apache-2.0

package import Logging
package import ResourceModel

/// Makes the hypervisor of one kind of URI. Whoever composes a service lists the kinds it wants.
package struct HypervisorConnector: Sendable {
    /// The part of a URI before `://` and before any `+transport`, for instance `qemu`, `fleet`.
    package let drivers: Set<String>
    /// Makes the hypervisor; opens no connection and does not block.
    package let open: @Sendable (_ uri: String, _ host: HostID, _ log: Logger) throws(HypervisorError) -> any Hypervisor

    package init(
        drivers: Set<String>,
        open:
            @escaping @Sendable (_ uri: String, _ host: HostID, _ log: Logger) throws(HypervisorError) ->
            any Hypervisor
    ) {
        self.drivers = drivers
        self.open = open
    }

    /// `xen`, `qemu` and `test` hosts, by libvirt.
    package static func libvirt(limits: LibvirtLimits = LibvirtLimits()) -> HypervisorConnector {
        HypervisorConnector(drivers: ["xen", "qemu", "test"]) { uri, host, log in
            LibvirtHypervisor(uri: uri, host: host, log: log, limits: limits)
        }
    }
}

/// The hypervisor behind a URI, by whichever connector knows its driver. Opens no connection yet.
/// - Throws: `.invalid` for text that is no URI, `.unsupported` for a driver that no connector knows.
package func openHypervisor(
    uri: String, host: HostID, log: Logger, connectors: [HypervisorConnector] = [.libvirt()]
) throws(HypervisorError) -> any Hypervisor {
    guard let parsed = ConnectionURI(uri) else {
        throw HypervisorError(
            .invalid, operation: "open",
            message: "'\(uri)' of host \(host) is not a URI of the form driver[+transport]://[host][:port]/path")
    }
    guard let connector = connectors.first(where: { $0.drivers.contains(parsed.driver) }) else {
        let known = connectors.flatMap(\.drivers).sorted().joined(separator: ", ")
        throw HypervisorError(
            .unsupported, operation: "open",
            message: "host \(host) has driver '\(parsed.driver)'; known are \(known)")
    }
    return try connector.open(uri, host, log)
}
