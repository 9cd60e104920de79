// SPDX-License-Identifier: Apache-2.0

import Messages
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's hosts")
struct HostMethodTests {
    @Test("a host joins in observe with its labels, and is found by them")
    func addsHosts() async throws {
        try await GatewayRig.with { rig in
            let host = try await rig.call(
                "host.add",
                [
                    "host": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system",
                    "labels": ["rack": "7", "zone": "north"], "reservedVcpus": 2,
                ])
            #expect(host["mode"] == "observe" && host["labels"] == ["rack": "7", "zone": "north"])
            #expect(host["reservedVcpus"] == 2 && host["cpuOvercommitPpm"] == 2_000_000)
            try await rig.addHost("host-b")
            let found = try await rig.call("host.list", ["labels": ["rack": "7"]])
            #expect(found["items"]?.items?.map { $0["name"] } == ["host-a"])
            #expect(try await rig.call("host.list", ["labels": ["rack": "8"]])["items"] == [])
            #expect(try await rig.audited() == ["root host.add host-a"])
        }
    }

    @Test("a name or URI that is taken, and what is no hypervisor's URI, are refused by name")
    func refusesHosts() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let parameters: [String: JSONValue] = [
                "host": "host-a", "cluster": "main", "uri": "qemu+tls://10.0.0.1/system",
            ]
            #expect(try await rig.failure("host.add", parameters).reason == .conflict)
            let sameURI = parameters.merging(["host": "host-b", "uri": "fleet://127.0.0.1:1/host-a"]) { _, new in new }
            #expect(try await rig.failure("host.add", sameURI).reason == .conflict)
            let wrong = parameters.merging(["host": "host-b", "uri": "quemu://10.0.0.1/system"]) { _, new in new }
            let error = try await rig.failure("host.add", wrong)
            #expect(
                error.reason == .invalid && error.message.contains("quemu") && error.hint?.contains("qemu+tls") == true)
            #expect(try await rig.audited() == [])
        }
    }

    @Test("one machine under two names is enabled under one of them, for its room would be given away twice")
    func refusesTwins() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            let uuid = UUID128(high: 3, low: 3)
            try await rig.administration.query("UPDATE inventory.host SET uuid = \(uuid), mode = 'observe'")
            try await rig.call("host.enable", ["host": "host-a"])
            let refusal = try await rig.failure("host.enable", ["host": "host-b"])
            #expect(refusal.reason == .conflict && refusal.message.contains("the same machine as 'host-a'"))
            try await rig.call("host.observe", ["host": "host-a"])
            #expect(try await rig.call("host.enable", ["host": "host-b"])["mode"] == "enabled")
        }
    }

    @Test("labels are set and removed, limits changed one at a time, modes switched, each in the audit")
    func changesHosts() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.call("host.label", ["host": "host-a", "set": ["rack": "7", "spare": "yes"]])
            let labelled = try await rig.call(
                "host.label", ["host": "host-a", "set": ["rack": "8"], "remove": ["spare", "nothing"]])
            #expect(labelled["labels"] == ["rack": "8"])
            try await rig.call("host.set", ["host": "host-a", "cpuOvercommitPpm": 3_000_000])
            let limited = try await rig.call("host.set", ["host": "host-a", "reservedMemoryBytes": 1_073_741_824])
            #expect(limited["cpuOvercommitPpm"] == 3_000_000 && limited["reservedMemoryBytes"] == 1_073_741_824)
            #expect(try await rig.failure("host.set", ["host": "host-a"]).reason == .invalid)
            for (verb, mode) in [("drain", "draining"), ("observe", "observe"), ("enable", "enabled")] {
                #expect(try await rig.call("host.\(verb)", ["host": "host-a"])["mode"] == .string(mode))
            }
            let actions = try await rig.audited().map { $0.split(separator: " ")[1] }
            #expect(
                actions == [
                    "host.label", "host.label", "host.set", "host.set", "host.drain", "host.observe", "host.enable",
                ])
        }
    }

    @Test("a host with managed VMs is not removed and names them; foreign ones don't hold it; it may come back")
    func removesHosts() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let vm = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "instance-1", tenant: nil)
            let refusal = try await rig.failure("host.remove", ["host": "host-a"])
            #expect(refusal.reason == .conflict && refusal.message.contains("web-1"))
            #expect(refusal.hint?.contains("ebb host drain host-a") == true)
            try await rig.administration.query("UPDATE inventory.domain SET deleted_ns = 1 WHERE id = \(vm)")
            try await rig.read("host-a")
            #expect(try await rig.call("host.remove", ["host": "host-a"])["foreign"] == 1)
            #expect(try await rig.call("host.list")["items"] == [])
            #expect(try await rig.failure("host.show", ["host": "host-a"]) == .notFound("host", "host-a"))
            #expect(try await rig.failure("host.enable", ["host": "host-a"]).reason == .notFound)
            #expect(try await rig.call("vm.list")["items"] == [])
            let back = try await rig.call(
                "host.add", ["host": "host-a", "cluster": "other", "uri": "xen+tls://10.0.0.1/system"])
            #expect(back["cluster"] == "other" && back["mode"] == "observe" && back["labels"] == [:])
            #expect(try await rig.audited() == ["root host.remove host-a", "root host.add host-a"])
        }
    }

    @Test("a host is shown with what was found out about it, its twins, and its domains")
    func showsHosts() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let twin = try await rig.addDomain(2, "instance-1", tenant: nil, manager: "nova")
            let unread = try await rig.call("host.show", ["host": "host-a"])
            #expect(
                unread["driver"] == .null && unread["sampling"] == .null && unread["responseLossPpm"] == .null
                    && unread["duplicates"] == [])
            try await rig.administration.query(
                """
                UPDATE inventory.host SET uuid = \(UUID128(high: 1, low: 1)),
                    capabilities = '{"driver": "QEMU", "version": "7.2.0", "hasBulkStatistics": true}'
                """)
            try await rig.administration.query("INSERT INTO inventory.duplicate VALUES ('host-a', \(twin), 1)")
            let now = try await rig.administration.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
            let day = try #require(TimeRange(now, now.advanced(by: .seconds(1))))
            try await LogRepository(rig.administration).ensurePartitions(for: day)
            try await rig.administration.query(
                """
                INSERT INTO log.host_sample (sampled_ns, host, stream_epoch, sequence, cpu_count, memory_bytes,
                    response_method, response_loss_ppm)
                VALUES (\(now), 'host-a', 1, 1, 4, 1024, 'tcp-connect', 300000)
                """)
            let host = try await rig.call("host.show", ["host": "host-a"])
            #expect(host["responseLossPpm"] == 300_000)
            #expect(host["driver"] == "QEMU" && host["sampling"] == "bulk" && host["duplicates"] == ["host-b"])
            #expect(host["duplicateDomains"] == [.string(twin.description)])
            #expect(host["vms"] == 2 && host["foreign"] == 1)
            #expect(host["domains"]?.items?.map { $0["manager"] } == ["nova", .null])
        }
    }

    @Test("a script for a host that is known names its peers; one for a new machine what was given")
    func preparesHosts() async throws {
        try await GatewayRig.with { rig in
            for (host, address) in [("host-a", "10.0.0.1"), ("host-b", "10.0.0.2")] {
                try await rig.call(
                    "host.add",
                    ["host": .string(host), "cluster": "main", "uri": .string("xen+tls://\(address)/system")])
            }
            let known = try await rig.call("host.prepare", ["address": "host-a"])
            #expect(known["uri"] == "xen+tls://10.0.0.1/system")
            #expect(known["text"]?.text?.contains("PEERS='10.0.0.2'\n") == true)
            let new = try await rig.call(
                "host.prepare", ["address": "host-c.example", "peers": ["10.0.0.1"], "monitors": ["10.0.0.9"]])
            #expect(new["uri"] == "qemu+tls://host-c.example/system")
            #expect(new["text"]?.text?.contains("MONITORS='10.0.0.9'\n") == true)
            let wrong = try await rig.failure("host.prepare", ["address": "a; reboot"])
            #expect(wrong.reason == .invalid && wrong.message.contains("a; reboot"))
        }
    }

    @Test("every host's owner is asked for its checks; one that hangs is unknown and hides no other")
    func checksHosts() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            try await rig.addHost("host-x", cluster: "xen")
            let questions = Questions()
            let monitor = try await rig.addPeer(
                .monitor, number: 1, owning: [ShardKey(kind: .host, id: "host-a"), ShardKey(kind: .host, id: "host-x")])
            await monitor.answer(
                .checkHost,
                with: [
                    "items": [
                        ["check": "clock", "result": "fine"],
                        ["target": "host-b", "check": "port", "result": "missing"],
                    ]
                ],
                keeping: questions)
            let hung = try await rig.addPeer(.monitor, number: 2, owning: [ShardKey(kind: .host, id: "host-b")])
            await hung.hang(.checkHost)
            await rig.announce([monitor, hung])
            let answer = try await rig.call("host.check", ["host": "host-a"], within: .seconds(2))
            #expect(questions.all == [["host": "host-a"]])
            #expect(answer["items"]?.items?.map { $0["result"] } == ["fine", "missing"])
            let all = try await rig.call("host.check", within: .seconds(2))
            #expect(all["missing"] == 2 && all["unknown"] == 1)
            #expect(all["items"]?.items?.first { $0["result"] == "unknown" }?["host"] == "host-b")
            #expect(try await rig.failure("host.check", ["host": "host-z"]) == .notFound("host", "host-z"))
        }
    }
}
