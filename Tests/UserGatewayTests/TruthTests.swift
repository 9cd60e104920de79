// SPDX-License-Identifier: Apache-2.0

import Contracts
import Messages
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway says what is so")
struct TruthTests {
    @Test("an operation that has ended has no progress")
    func endedOperation() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let begun = try await rig.call("vm.save", ["vm": "web-1", "wait": false], as: GatewayRig.ada)
            let id: [String: JSONValue] = ["id": begun["command"] ?? ""]
            for (state, isOver) in [("claimed", false), ("succeeded", true)] {
                try await rig.administration.query(
                    """
                    UPDATE cluster.command SET state = \(state), progress_ppm = 990000, progress_text = 'copies',
                        finished_ns = \(isOver ? 1 : nil as Int64?)
                    """)
                for person in [GatewayRig.ada, GatewayRig.root] {
                    let shown = try await rig.call("operation.show", id, as: person)
                    #expect((shown["progress"] == nil) == isOver && (shown["progressPpm"] == nil) == isOver, "\(shown)")
                }
            }
        }
    }

    @Test("on a host that is only observed no check of a VM is fine")
    func observedHost() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let monitor = try await rig.addPeer(.monitor, number: 1, owning: [ShardKey(kind: .host, id: "host-a")])
            let examined: JSONValue = [
                "growsVCPUs": ["missing": []], "movesLive": ["missing": ["its disk is its host's own"]],
            ]
            await monitor.answer(.checkVM, with: examined, keeping: Questions())
            await rig.announce([monitor])
            func checked(_ person: GatewayRig.Person) async throws -> [String: JSONValue] {
                let vm: [String: JSONValue] = person.tenant == nil ? ["tenant": "acme"] : [:]
                let items = try await rig.call("vm.check", vm.merging(["vm": "web-1"]) { $1 }, as: person)["items"]?
                    .items
                return Dictionary((items ?? []).map { ($0["check"]?.text ?? "", $0) }) { first, _ in first }
            }
            #expect(try await checked(GatewayRig.ada)["grow vCPUs"]?["result"] == "fine")
            try await rig.administration.query("UPDATE inventory.host SET mode = 'observe'")
            let own = try await checked(GatewayRig.ada)
            #expect(
                own["grow vCPUs"]
                    == ["check": "grow vCPUs", "result": "missing", "detail": .string(TenantText.observed)])
            #expect(own["move live"]?["detail"] == "its disk is its host's own")
            #expect(own["cap CPU"]?["result"] == "unknown")
            let providers = try await checked(GatewayRig.root)["grow vCPUs"]?["detail"]?.text
            #expect(providers?.contains("`ebb host enable host-a`") == true)
        }
    }

    @Test(
        "a CPU cap that is no limit for the VM's vCPUs is called so",
        arguments: [
            (50_000_000, "a CPU cap of 50 vCPUs is no limit for its 2 vCPUs"),
            (2_000_000, "a CPU cap of 2 vCPUs is no limit for its 2 vCPUs"), (1_500_000, nil), (0, nil),
        ] as [(Int64, String?)])
    func looseCap(ppm: Int64, remark: String?) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let monitor = try await rig.addPeer(.monitor, number: 1, owning: [ShardKey(kind: .host, id: "host-a")])
            await rig.announce([monitor])
            let outcome = try await rig.call("vm.cap", ["vm": "web-1", "cpuCapPpm": .integer(ppm), "wait": false])
            #expect(outcome["message"]?.text == remark, "\(outcome)")
        }
    }
}
