// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@testable import MonitorMain

/// A Monitor and a real daemon that it reaches over TLS.
@Suite(.serialized, .enabled(if: PrivateDaemon.executable != nil, "libvirtd is not installed"))
struct MonitorCertificateTests {
    @Test(
        "a host whose certificate expires is unknown with its domains, never off, and is back with a valid one",
        .timeLimit(.minutes(3)))
    func expires() async throws {
        let daemon = try PrivateDaemon()
        defer { daemon.remove() }
        try await daemon.certify(isValid: true)
        try daemon.start()
        try await withDatabase { database in
            try await database.withStore { store in
                try await InventoryRepository(store).addHost("h1", cluster: "c1", uri: daemon.tlsURI)
            }
            var configuration = MonitorConfiguration.quick
            configuration.callTimeout = .seconds(5)
            try await MonitorRig.with(database, configuration: configuration) { rig in
                try await rig.take("h1")
                try await expect(.up, .running, rig)
                daemon.end()
                try await daemon.certify(isValid: false)
                try daemon.start()
                try await expect(.unknown, .unknown, rig)
                daemon.end()
                try await daemon.certify(isValid: true)
                try daemon.start()
                try await expect(.up, .running, rig)
            }
        }
    }

    /// Waits until host and domains are in these states; no domain is ever seen shut off on the way.
    private func expect(_ state: HostState, _ domainState: DomainState, _ rig: MonitorRig) async throws {
        try await eventually(within: .seconds(60), "host \(state), domains \(domainState)") {
            let domains = try await rig.inventory.domains(.host("h1"))
            #expect(domains.allSatisfy { $0.state != .shutoff })
            return try await rig.inventory.host("h1")?.facts.state == state && !domains.isEmpty
                && domains.allSatisfy { $0.state == domainState }
        }
    }
}
