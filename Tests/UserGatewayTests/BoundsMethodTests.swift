// SPDX-License-Identifier: Apache-2.0

import Contracts
import Messages
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's bounds")
struct BoundsMethodTests {
    static let calls =
        ["9223372036854775807", "9223372036854775808", "-1", "1e30"].map { number in
            (
                field: "maxMemoryBytes",
                line: """
                {"jsonrpc":"2.0","id":1,"method":"vm.create","params":{"name":"web-1","tenant":"acme","vcpus":1,
                "memoryBytes":536870912,"diskBytes":1073741824,"maxMemoryBytes":\(number)}}
                """
            )
        } + [
            (
                field: "reservedMemoryBytes",
                line: """
                {"jsonrpc":"2.0","id":1,"method":"host.add","params":{"host":"host-b","cluster":"main",
                "uri":"fleet://127.0.0.1:1/host-b","reservedMemoryBytes":9223372036854775807}}
                """
            )
        ]

    @Test(
        "a size that can't be is refused by its field's name, as it came over the wire, and leads to nothing",
        arguments: calls)
    func refused(field: String, line: String) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let wire = line.utf8.filter { $0 != UInt8(ascii: "\n") }
            switch try #require(RPCCodec.decode(wire).elements.first) {
            case .request(let request):
                await #expect { try await rig.call(request.method, request.parameters) } throws: {
                    ($0 as? RPCError)?.message.contains("'\(field)'") == true
                }
            case .unreadable(let response): #expect(response.json.line.contains("'\(field)'"))
            }
            #expect(rooms.all.isEmpty)
            #expect(try await InventoryRepository(rig.administration).hosts().map(\.id) == ["host-a"])
            #expect(try await InventoryRepository(rig.administration).domains(.all).isEmpty)
            #expect(try await rig.administration.query("SELECT id FROM cluster.command").isEmpty)
        }
    }

    @Test("rows that a service can't read are listed with it and the reason, until it reads them again")
    func setAside() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            let scheduler = try await rig.addPeer(.scheduler, number: 1)
            func lines() async throws -> [JSONValue] {
                // What the instance's heartbeat does, after it read what it goes by.
                _ = try await InventoryRepository(rig.administration).domains(.all)
                _ = try await InstanceRepository(rig.administration).renew(.test(scheduler.record.id))
                let services = try await rig.call("service.list")["items"]?.items ?? []
                return services.first { $0["service"] == "scheduler" }?["setAside"]?.items ?? []
            }
            #expect(try await lines().isEmpty)
            try await rig.administration.query("ALTER TABLE inventory.domain DROP CONSTRAINT domain_bounds")
            try await rig.administration.query("UPDATE inventory.domain SET maximum_memory_bytes = 9223372036854775807")
            let listed = try await lines()
            let line = try #require(listed.first?.text)
            #expect(
                listed.count == 1 && line.contains("inventory.domain, id \(domain)")
                    && line.contains("9223372036854775807"), "\(line)")
            try await rig.administration.query("UPDATE inventory.domain SET maximum_memory_bytes = 7")
            #expect(try await lines().isEmpty)
        }
    }

    @Test("a VM whose row can't be read is named by its number, and every list goes on")
    func unreadableRow() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "web-2", tenant: "acme")
            try await rig.administration.query(
                """
                INSERT INTO scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record)
                VALUES (\(UUID128(high: 8, low: 1)), 'main', 1, \(domain), cluster.now_ns(), 'nothing', 1, 'x', '{}')
                """)
            try await rig.administration.query("UPDATE inventory.domain SET state = 'flying' WHERE id = \(domain)")
            let lists = MethodRegistry.ebb.methods.filter { $0.name.hasSuffix(".list") && $0.allows(.operator) }
            for method in lists where GatewayBackend.answered.contains(method.name) {
                do throws(MethodError) {
                    _ = try await rig.backend.call(
                        method.name, params: [:], principal: GatewayRig.root,
                        context: CallContext(remoteAddress: "127.0.0.1", deadline: .now + .seconds(1)))
                } catch {
                    #expect(
                        error.reason != .internal && !error.message.contains("DomainState"), "\(method.name): \(error)")
                }
            }
            #expect(try await rig.call("vm.list")["items"]?.items?.map { $0["name"] } == ["web-2"])
            let error = try await rig.failure("vm.show", ["vm": "web-1", "tenant": "acme"])
            #expect(error.message.contains("DomainState") && error.hint?.contains("service list -o wide") == true)
        }
    }

    @Test("where a VM's copies are, and in which state, is shown; a tenant reads no host's name in it")
    func copies() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b", "host-c"] as [HostID] {
                try await rig.addHost(host)
                try await rig.read(host)
            }
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            #expect(try await rig.call("vm.show", ["vm": "web-1"])["copies"] == .null)
            try await rig.administration.query(
                """
                INSERT INTO inventory.duplicate (host, domain, noticed_ns, state)
                VALUES ('host-b', \(domain), 1, 'paused'), ('host-c', \(domain), 1, 'running')
                """)
            try await rig.administration.query("UPDATE inventory.host SET state = 'unknown' WHERE id = 'host-c'")
            #expect(
                try await rig.call("vm.show", ["vm": "web-1"])["copies"] == "paused on host-b, unknown on host-c")
            let shown = try await rig.call("vm.show", ["vm": "web-1"], as: GatewayRig.ada)["copies"]?.text ?? ""
            #expect(shown.hasPrefix("paused on host-") && !shown.contains("host-b"), "\(shown)")
        }
    }
}
