// SPDX-License-Identifier: Apache-2.0

import Contracts
import Messages
import ResourceModel
import ServiceKit
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's VMs")
struct VMMethodTests {
    /// What a call is to become: a command's verb and arguments, and the room that is asked for first.
    struct Expectation: CustomTestStringConvertible {
        let method: String
        var parameters: [String: JSONValue] = [:]
        let verb: String
        var arguments: JSONValue = [:]
        var room: JSONValue?
        var state = DomainState.running

        var testDescription: String { "\(method) \(JSONValue.object(parameters).line)" }

        static func room(
            _ purpose: String, vcpus: Int64, memory: Int64, host: String = "host-a",
            to target: (vcpus: Int64?, memory: Int64?) = (nil, nil)
        ) -> JSONValue {
            .object(omittingNil: [
                "cluster": "main", "purpose": .string(purpose), "vcpus": .integer(vcpus), "memory": .integer(memory),
                "host": .string(host), "targetVcpus": target.vcpus.map(JSONValue.integer),
                "targetMemory": target.memory.map(JSONValue.integer),
            ])
        }
    }

    static let expectations = [
        Expectation(method: "vm.start", verb: "start", room: Expectation.room("start", vcpus: 2, memory: 1 << 30)),
        Expectation(
            method: "vm.restore", verb: "restore", room: Expectation.room("restore", vcpus: 2, memory: 1 << 30)),
        Expectation(method: "vm.shutdown", verb: "shutdown", arguments: ["grace_seconds": 60]),
        Expectation(method: "vm.shutdown", parameters: ["force": true], verb: "destroy"),
        Expectation(
            method: "vm.shutdown", parameters: ["force": true, "graceSeconds": 5], verb: "shutdown",
            arguments: ["grace_seconds": 5, "then_destroy": true]),
        Expectation(method: "vm.reboot", verb: "reboot"), Expectation(method: "vm.suspend", verb: "suspend"),
        Expectation(method: "vm.resume", verb: "resume"), Expectation(method: "vm.save", verb: "save"),
        Expectation(
            method: "vm.cap", parameters: ["cpuCapPpm": 500_000], verb: "cap", arguments: ["cpu_cap_ppm": 500_000]),
        Expectation(
            method: "vm.networkcap", parameters: ["bytesPerSecond": 0], verb: "network-cap",
            arguments: ["bytes_per_second": 0]),
        Expectation(
            method: "vm.migrate", verb: "migrate", arguments: ["target": "host-b"],
            room: Expectation.room("migrate", vcpus: 2, memory: 512 << 20, host: "")),
        Expectation(
            method: "vm.migrate",
            parameters: [
                "host": "host-b", "bandwidthBytesPerSecond": 2_097_152, "maximumDowntimeMs": 300, "autoConverge": true,
            ], verb: "migrate",
            arguments: [
                "target": "host-b", "bandwidth_bytes_per_second": 2_097_152, "maximum_downtime_ms": 300,
                "auto_converge": true,
            ], room: Expectation.room("migrate", vcpus: 2, memory: 512 << 20, host: "host-b")),
        Expectation(method: "vm.abort", verb: "abort-migration"),
        Expectation(
            method: "vm.snapshot", parameters: ["name": "monday"], verb: "snapshot", arguments: ["name": "monday"]),
        // No Monitor is there to say how large the snapshot is; the one that comes back refuses what nobody promised.
        Expectation(
            method: "vm.revert", parameters: ["name": "monday"], verb: "revert", arguments: ["name": "monday"]),
        Expectation(
            method: "vm.snapshotdelete", parameters: ["name": "monday"], verb: "delete-snapshot",
            arguments: ["name": "monday"]),
        Expectation(method: "vm.delete", verb: "delete"),
        Expectation(
            method: "vm.delete", parameters: ["keepDisk": true], verb: "delete", arguments: ["keep_disk": true]),
        Expectation(method: "vm.release", verb: "release"),
    ]

    @Test("each change becomes its command, after the room that it takes", arguments: expectations + resizes)
    func becomesCommand(expectation: Expectation) async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme", state: expectation.state)
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let parameters = expectation.parameters.merging(["vm": "web-1", "wait": false]) { own, _ in own }
            let outcome = try await rig.call(expectation.method, parameters)
            #expect(outcome["state"] == "queued" && outcome["action"] == .string(expectation.verb))
            let commands = try await CommandRepository(rig.administration).history(of: domain)
            let command = try #require(commands.first?.command)
            #expect(commands.count == 1 && command.verb.text == expectation.verb && command.host == "host-a")
            #expect(try JSONValue(parsing: command.arguments.utf8) == expectation.arguments)
            #expect(rooms.all == [expectation.room].compactMap { $0 })
            #expect((command.permit != nil) == (expectation.room != nil))
            #expect(try await rig.audited() == ["root \(expectation.method) web-1"])
            let shown = try await rig.call("operation.show", ["id": outcome["command"] ?? ""])
            #expect(shown["state"] == "queued" && shown["vm"] == "web-1")
        }
    }

    @Test("a VM is created from a flavor and an image, in the cluster that is named where there are several")
    func creates() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addHost("host-x", cluster: "xen")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1,
                owning: [ShardKey(kind: .cluster, id: "main"), ShardKey(kind: .cluster, id: "xen")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let parameters: [String: JSONValue] = [
                "name": "web-1", "tenant": "acme", "flavor": "tiny", "vcpus": 2, "image": "debian-13", "wait": false,
            ]
            let named = parameters.merging(["cluster": "main"]) { own, _ in own }
            let outcome = try await rig.call("vm.create", named)
            #expect(rooms.all == [Expectation.room("create", vcpus: 2, memory: 512 << 20, host: "")])
            let id = try #require(outcome["command"]?.text.flatMap { UUID128($0) })
            let command = try #require(try await CommandRepository(rig.administration).fetch(id)?.command)
            #expect(command.verb == .create && command.host == "host-b")
            let arguments = try JSONValue(parsing: command.arguments.utf8)
            #expect(arguments["flavor"] == "tiny" && arguments["vcpus"] == 2 && arguments["maximum_vcpus"] == 2)
            #expect(arguments["disk_bytes"] == .integer(5 << 30))
            #expect(
                arguments["boot"] == ["image": ["pool": "ebb", "volume": "debian-13"], "seed": ["sshKeys": []]])
            // The VM is not there yet: the operation is its tenant's all the same.
            let shown: [String: JSONValue] = ["id": .string(id.description)]
            #expect(try await rig.call("operation.show", shown, as: GatewayRig.ada)["vm"] == "web-1")
            #expect(
                try await rig.failure("operation.show", shown, as: GatewayRig.zoe)
                    == .notFound("operation", id.description))
        }
    }

    @Test("a new VM's groups and hosts are placed by, whether its end is waited for or not")
    func places() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let parameters: [String: JSONValue] = [
                "name": "web-1", "tenant": "acme", "flavor": "tiny", "antiAffinity": "web", "affinity": "db",
                "pinnedHosts": ["host-a"],
            ]
            let begun = try await rig.call("vm.create", parameters.merging(["wait": false]) { own, _ in own })
            #expect(begun["state"] == "queued", "the client never waits in one call: it follows what was begun")
            let elsewhere = parameters.merging(["pinnedHosts": ["host-x"]]) { _, new in new }
            #expect(try await rig.failure("vm.create", elsewhere) == .notFound("host", "host-x"))
            // Nobody carries it out here.
            let error = try await rig.failure("vm.create", parameters, within: .milliseconds(300))
            #expect(error.reason == .outcomeUnknown)
            #expect(rooms.all.count == 2)
            for room in rooms.all {
                #expect(room["antiAffinity"] == "web" && room["affinity"] == "db" && room["pinnedHosts"] == ["host-a"])
            }
        }
    }

    @Test("a move is forced only to a host that is named, and what it overrides is in the audit")
    func forces() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let rooms = Questions()
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.grantRoom(keeping: rooms)
            await rig.announce([scheduler])
            let parameters: [String: JSONValue] = ["vm": "web-1", "force": true, "wait": false]
            #expect(try await rig.failure("vm.migrate", parameters).reason == .invalid)
            #expect(rooms.all.isEmpty)
            _ = try await rig.call("vm.migrate", parameters.merging(["host": "host-b"]) { own, _ in own })
            #expect(rooms.all.map { $0["force"] } == [true])
            let detail = try await rig.administration.query(
                "SELECT detail->>'forced_although' AS why FROM audit.outbox WHERE action = 'vm.migrate'")
            #expect(try detail.map { try $0.string("why") } == ["its pin to host-a excludes it"])
        }
    }

    @Test("a pin or group that does not hold is shown, and a tenant reads no host's name in it")
    func showsBroken() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "web-2", tenant: "acme")
            for tie in ["its anti-affinity group 'db'", "its pin to host-a"] {
                try await rig.administration.query(
                    "INSERT INTO scheduling.broken_tie (domain, tie, cluster) VALUES (\(domain), \(tie), 'main')")
            }
            let shown = try await rig.call("vm.show", ["vm": "web-1"])
            #expect(shown["broken"] == "its anti-affinity group 'db'; its pin to host-a")
            #expect(try await rig.call("vm.show", ["vm": "web-2"])["broken"] == .null)
            let own = try await rig.call("vm.show", ["vm": "web-1"], as: GatewayRig.ada)
            #expect(own["broken"]?.text?.hasPrefix("its anti-affinity group 'db'; its pin to host-") == true)
            #expect(own["broken"]?.text?.contains("host-a") == false)
        }
    }

    @Test("who finds no room reads why; a tenant reads that there is none, and neither a host's name nor its room")
    func refusesRoom() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let scheduler = try await rig.addPeer(
                .scheduler, number: 1, owning: [ShardKey(kind: .cluster, id: "main")])
            await scheduler.refuseRoom()
            await rig.announce([scheduler, try await rig.addPeer(.monitor, number: 2)])
            let parameters: [String: JSONValue] = ["name": "web-1", "flavor": "tiny"]
            let own = try await rig.failure("vm.create", parameters, as: GatewayRig.ada)
            #expect(own.reason == .noRoom && own.message == "no host has room for it at present")
            let all = try await rig.failure("vm.create", parameters.merging(["tenant": "acme"]) { own, _ in own })
            #expect(all.message.contains("host-a") && all.message.contains("3 vCPUs are needed"))
            // Where nobody looks at the hosts, nobody knows their room.
            await rig.announce([scheduler])
            let blind = try await rig.failure("vm.create", parameters.merging(["tenant": "acme"]) { own, _ in own })
            #expect(blind.reason == .unavailable && blind.message.hasPrefix("no monitor"), "\(blind)")
        }
    }

    @Test("a size above the ceiling, a target elsewhere and a change of nothing are refused before anything is asked")
    func refusesChanges() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addHost("host-x", cluster: "xen")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let refusals: [(String, [String: JSONValue], ErrorReason, String)] = [
                ("vm.resize", ["vcpus": 9], .invalid, "ceiling"), ("vm.resize", [:], .invalid, "no size"),
                ("vm.resize", ["vcpus": 1, "capacityThousandths": 500], .invalid, "not both"),
                ("vm.resize", ["capacityThousandths": 8_500], .invalid, "ceiling"),
                ("vm.resize", ["memoryBytes": .integer(2 << 30)], .invalid, "ceiling"),
                ("vm.migrate", ["host": "host-x"], .invalid, "xen"),
                ("vm.migrate", ["host": "host-a"], .conflict, "already"),
                ("vm.migrate", ["host": "host-z"], .notFound, "host-z"), ("vm.prepare", [:], .invalid, "no ceiling"),
            ]
            for (method, parameters, reason, culprit) in refusals {
                let error = try await rig.failure(method, parameters.merging(["vm": "web-1"]) { own, _ in own })
                #expect(error.reason == reason && error.message.contains(culprit), "\(method): \(error.message)")
            }
            #expect(try await rig.audited() == [])
        }
    }

    @Test("what a service says of a VM by its UUID has its name when a person reads it")
    func namesInMessages() {
        let id = DomainID(UUID128(high: 7, low: 1))
        let message = "domain \(id) is deleted, but not its volume; see \(id)"
        #expect(
            GatewayBackend.naming(id, "web-1", in: message) == "'web-1' is deleted, but not its volume; see 'web-1'")
    }

    @Test("a VM that its host does not have any more is shown as missing, and its name says how it becomes free")
    func missing() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let id = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.administration.query(
                "UPDATE inventory.domain SET missing_ns = 1000000000, state = 'unknown' WHERE id = \(id)")
            let shown = try await rig.call("vm.show", ["vm": "web-1"], as: GatewayRig.ada)
            #expect(shown["state"] == "missing")
            try await rig.read("host-a")
            #expect(shown["missingSince"]?.text?.hasPrefix("1970-01-01T00:00:01") == true)
            let host = try await rig.call("host.show", ["host": "host-a"])
            #expect(host["vms"] == 0 && host["domains"]?.items?.first?["state"] == "missing")
            let parameters: [String: JSONValue] = ["name": "web-1", "flavor": "tiny", "tenant": "acme"]
            let error = try await rig.failure("vm.create", parameters)
            #expect(error.reason == .conflict && error.hint?.contains("ebb vm delete web-1") == true)
        }
    }

    @Test("foreign domains are the provider's to see, marked, untouched, and adopted for a tenant that exists")
    func adopts() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "old-db", tenant: nil)
            let other = try await rig.addDomain(3, "old-db", tenant: nil, host: "host-b")
            try await rig.addDomain(4, "instance-1", tenant: nil, manager: "nova")
            let names = { (answer: JSONValue) in answer["items"]?.items?.compactMap { $0["name"]?.text } }
            #expect(names(try await rig.call("vm.list", ["foreign": true])) == ["instance-1", "old-db", "old-db"])
            #expect(names(try await rig.call("vm.list", ["foreign": false])) == ["web-1"])
            #expect(names(try await rig.call("vm.list"))?.count == 4)
            #expect(names(try await rig.call("vm.list", as: GatewayRig.ada)) == ["web-1"])
            let hidden: [String: JSONValue] = ["vm": .string(other.description)]
            #expect(try await rig.failure("vm.show", hidden, as: GatewayRig.ada) == .notFound("VM", other.description))
            let untouched = try await rig.failure("vm.save", hidden)
            #expect(untouched.reason == .invalid && untouched.hint?.contains("ebb vm adopt") == true)

            let parameters: [String: JSONValue] = ["vm": "old-db", "tenant": "acme", "wait": false]
            #expect(try await rig.failure("vm.adopt", parameters).reason == .conflict)
            let named = parameters.merging(["host": "host-b"]) { own, _ in own }
            #expect(
                try await rig.failure("vm.adopt", named.merging(["tenant": "nobody"]) { _, new in new }).reason
                    == .notFound)
            #expect(try await rig.failure("vm.adopt", ["vm": "instance-1", "tenant": "acme"]).message.contains("nova"))
            #expect(try await rig.call("vm.adopt", named)["id"] == .string(other.description))
            let command = try #require(
                try await CommandRepository(rig.administration).history(of: other).first?.command)
            #expect(command.verb == .adopt && command.host == "host-b")
            #expect(try JSONValue(parsing: command.arguments.utf8) == ["tenant": "acme"])
        }
    }

    @Test("a change's progress and end are its tenant's to see, hosts under pseudonyms, and nobody else's")
    func showsProgress() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let begun = try await rig.call("vm.save", ["vm": "web-1", "wait": false], as: GatewayRig.ada)
            let id: [String: JSONValue] = ["id": begun["command"] ?? ""]
            try await rig.administration.query(
                """
                UPDATE cluster.command SET state = 'claimed', progress_ppm = 420000, progress_text = 'copies to host-b'
                """)
            let running = try await rig.call("operation.show", id, as: GatewayRig.ada)
            #expect(running["progressPpm"] == 420_000 && running["host"] != "host-a")
            #expect(running["progress"]?.text?.contains("host-b") == false)
            let listed = try await rig.call("operation.list", ["running": true], as: GatewayRig.ada)["items"]?.items
            #expect(listed?.map { $0["id"] } == [begun["command"]])
            #expect(try await rig.call("operation.list", ["running": true], as: GatewayRig.zoe)["items"] == [])
            #expect(try await rig.failure("operation.show", id, as: GatewayRig.zoe).reason == .notFound)
            try await rig.administration.query(
                """
                UPDATE cluster.command SET state = 'failed', code = 'state', message = 'host-a says no', finished_ns = 1
                """)
            let ended = try await rig.call("operation.show", id, as: GatewayRig.ada)
            #expect(ended["state"] == "failed" && ended["reason"] == "CONFLICT")
            #expect(ended["message"]?.text?.contains("host-a") == false)
            #expect(try await rig.call("operation.list", ["running": true])["items"] == [])
        }
    }

    @Test("who waits for a change whose end does not come is told how to follow it")
    func outlasts() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let error = try await rig.failure("vm.reboot", ["vm": "web-1"], within: .milliseconds(300))
            #expect(error.reason == .outcomeUnknown && error.hint?.contains("ebb operation show ") == true)
        }
    }

    @Test("the owner of a VM's host answers what only it knows; a tenant reads no host's name in it")
    func asksOwners() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let domain = try await rig.addDomain(1, "web-1", tenant: "acme")
            let questions = Questions()
            let monitor = try await rig.addPeer(.monitor, number: 1, owning: [ShardKey(kind: .host, id: "host-a")])
            let answers: [(MessageType, JSONValue)] = [
                (.checkVM, ["movesLive": ["missing": ["host-a keeps its disk for itself"]]]),
                (.previewVM, [["what": "maximum vCPUs", "before": "8", "after": "16"]]),
                (.listSnapshots, [["name": "monday", "createdAt": 1_000_000_000, "state": "running"]]),
                (.listAddresses, [["interface": "eth0", "address": "10.0.1.7", "source": "agent"]]),
                (.readConsole, ["offset": 4, "nextOffset": 9, "text": "login"]),
            ]
            for (type, answer) in answers { await monitor.answer(type, with: answer, keeping: questions) }
            await rig.announce([monitor])
            let vm: [String: JSONValue] = ["vm": "web-1"]
            let check = try await rig.call("vm.check", vm, as: GatewayRig.ada)["items"]?.items ?? []
            let missing = check.first { $0["result"] == "missing" }?["detail"]?.text
            #expect(missing?.hasSuffix("keeps its disk for itself") == true && missing?.contains("host-a") == false)
            #expect(
                try await rig.call("vm.preview", ["vm": "web-1", "maxVcpus": 16])["items"]
                    == [["what": "maximum vCPUs", "before": "8", "after": "16"]])
            #expect(try await rig.call("vm.snapshots", vm)["items"]?.items?.map { $0["name"] } == ["monday"])
            #expect(try await rig.call("vm.addresses", vm)["items"]?.items?.map { $0["address"] } == ["10.0.1.7"])
            #expect(try await rig.call("vm.console", ["vm": "web-1", "offset": 4, "limit": 5])["next"] == 9)
            let asked = JSONValue.string(domain.description)
            #expect(questions.all.allSatisfy { $0["domain"] == asked } && questions.all.count == 5)
            #expect(questions.all[1]["maximum_vcpus"] == 16 && questions.all.last?["offset"] == 4)
            let prepared = try await rig.call("vm.prepare", ["vm": "web-1", "maxVcpus": 16, "wait": false])
            #expect(prepared["change"] == "maximum vCPUs: 8 -> 16\n")
        }
    }

    @Test("a question to a host whose owner is away ends, and says so")
    func boundsQuestions() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let error = try await rig.failure("vm.check", ["vm": "web-1"], within: .milliseconds(300))
            #expect(error.reason == .unavailable && error.message.contains("monitor"))
        }
    }
}
