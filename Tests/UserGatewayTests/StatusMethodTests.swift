// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Gateway's view of Ebb itself")
struct StatusMethodTests {
    private func state(_ rig: GatewayRig, _ service: ServiceKind) async throws -> [JSONValue?] {
        let items = try await rig.call("service.list")["items"]?.items ?? []
        return items.filter { $0["service"] == .string(service.rawValue) }.map { $0["state"] }
    }

    @Test(
        "what has to be there and is not is listed as missing, and who ended without a word since it was last heard of")
    func services() async throws {
        try await GatewayRig.with { rig in
            #expect(try await state(rig, .monitor) == ["missing"])
            #expect(try await state(rig, .usergateway) == [], "who answers is there, and not listed yet")
            let monitor = try await rig.addPeer(.monitor, number: 1)
            let other = try await rig.addPeer(.monitor, number: 2)
            await rig.announce([monitor, other])
            #expect(try await state(rig, .monitor) == ["up", "up"])
            let instances = InstanceRepository(rig.administration)
            #expect(try await instances.renew(.test(monitor.record.id)) != nil)
            await rig.announce([other])
            let listed = try await rig.call("service.list")["items"]?.items ?? []
            let dead = try #require(listed.first { $0["id"] == .string(monitor.record.id.description) })
            #expect(dead["state"] == "missing" && dead["since"]?.text != nil)
            // Its row goes in time; that it is missing stays.
            try await instances.removeSilent([monitor.record.id], by: .test(other.record.id))
            #expect(try await state(rig, .monitor).sorted { $0?.text ?? "" < $1?.text ?? "" } == ["missing", "up"])
            let next = try await rig.addPeer(.monitor, number: 3)
            await rig.announce([other, next])
            #expect(try await state(rig, .monitor) == ["up", "up"], "the new one took its place")
        }
    }

    @Test("with a dead Monitor its hosts, their VMs and all their figures become unknown, and have an age")
    func ages() async throws {
        try await GatewayRig.with { rig in
            for host in ["host-a", "host-b"] as [HostID] { try await rig.addHost(host) }
            let old = try await rig.addDomain(1, "old", tenant: "acme")
            let new = try await rig.addDomain(2, "new", tenant: "acme", host: "host-b")
            try await rig.read("host-a", secondsAgo: 40, cpu: .full)
            try await rig.sample(old, on: "host-a", secondsAgo: 40, cpu: .full)
            try await rig.read("host-b", cpu: .full)
            try await rig.sample(new, on: "host-b", cpu: .full)
            let hosts = try await rig.call("host.list")["items"]?.items ?? []
            #expect(hosts.map { $0["state"] } == ["unknown", "up"])
            #expect(hosts.map { $0["cpuUtilizationPpm"] } == [.null, 1_000_000])
            for (field, value) in [("vcpus", 2), ("vms", 1), ("foreign", 0)] as [(String, JSONValue)] {
                #expect(hosts.map { $0[field] } == [.null, value], "\(field)")
            }
            #expect(hosts.allSatisfy { $0["ageNanoseconds"]?.integer ?? 0 > 0 })
            for person in [GatewayRig.root, GatewayRig.ada] {
                let dead = try await rig.call("vm.show", ["vm": "old"], as: person)
                #expect(dead["state"] == "unknown" && dead["vcpus"] == .null && dead["memoryBytes"] == .null)
                #expect(dead["cpuUtilizationPpm"] == .null && dead["ageNanoseconds"]?.integer ?? 0 >= 40_000_000_000)
                let alive = try await rig.call("vm.show", ["vm": "new"], as: person)
                #expect(alive["state"] == "running" && alive["vcpus"] == 2)
                #expect(alive["cpuUtilizationPpm"] == 1_000_000)
            }
            let samples = try await rig.call("sample.list", ["vm": "new"])
            #expect(samples["items"]?.items?.count == 1 && samples["ageNanoseconds"]?.integer ?? 0 > 0)
            let former = try await rig.call("sample.list", ["vm": "old"])
            #expect(former["ageNanoseconds"]?.integer ?? 0 >= 40_000_000_000)
            let shown = try await rig.call("host.show", ["host": "host-a"])
            #expect(shown["domains"]?.items?.first?["state"] == "unknown")
        }
    }

    @Test(
        "the status says what is wrong since when: services, hosts, freezes by Scheduler; and nothing where all is well"
    )
    func status() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.read("host-a")
            var peers: [GatewayRig.Peer] = []
            for (number, service) in [ServiceKind.monitor, .scheduler, .billing, .logger].enumerated() {
                peers.append(try await rig.addPeer(service, number: UInt64(number + 1)))
            }
            await rig.announce(peers)
            let well = try await rig.call("status.show")
            #expect(well["healthy"] == true && well["problems"] == [], "\(well)")
            #expect(well["hosts"]?["up"] == 1 && well["oldestHost"] == "host-a")
            try await rig.call("freeze.set", ["cluster": "main", "reason": "repairs"])
            #expect(try await rig.call("status.show")["healthy"] == true, "people froze it, who know why")

            await rig.announce(Array(peers.dropFirst()))
            try await rig.addHost("host-b")
            try await rig.administration.query("UPDATE cluster.freeze SET is_automatic = true")
            let ill = try await rig.call("status.show")
            let problems = ill["problems"]?.items?.compactMap(\.text) ?? []
            #expect(ill["healthy"] == false && problems.count == 3, "\(problems)")
            #expect(problems[0].hasPrefix("no monitor is running since 2"))
            #expect(problems[1].hasPrefix("cluster main was frozen by Scheduler"))
            #expect(problems[2] == "host host-b was never read")
            #expect(ill["oldestHost"] == "host-b" && ill["oldestAgeNanoseconds"] == .null)
            #expect(ill["services"]?.items?.first?["missing"] == 1)
        }
    }

    @Test("an entry of the audit that nobody has sealed for a minute is a problem")
    func unsealed() async throws {
        try await GatewayRig.with { rig in
            func problems() async throws -> Bool {
                try await rig.call("status.show")["problems"]?.items?.contains {
                    $0.text?.hasPrefix("the audit is not sealed: an entry waits since") == true
                } == true
            }
            #expect(try await !problems())
            let now = rig.backend.runtime.clock.now()
            for (age, isProblem) in [(30, false), (90, true)] {
                try await AuditRepository.append(
                    AuditEvent(
                        at: now.advanced(by: .seconds(-age)), actor: "root", action: "vm.start", subject: "web-1"),
                    in: rig.administration)
                // The oldest is the first that was written.
                if isProblem { try await rig.administration.query("DELETE FROM audit.outbox WHERE id = 1") }
                #expect(try await problems() == isProblem)
            }
        }
    }

    @Test("a command whose Monitor is away says so, and until when it waits; a question says who was waited for")
    func away() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            try await rig.addDomain(1, "web-1", tenant: "acme")
            let parameters: [String: JSONValue] = ["vm": "web-1", "wait": false]
            for person in [GatewayRig.root, GatewayRig.ada] {
                let begun = try await rig.call("vm.reboot", parameters, as: person)
                let message = begun["message"]?.text ?? ""
                #expect(message.contains("no monitor is running") && message.contains("it waits for one until 2"))
                let shown = try await rig.call("operation.show", ["id": begun["command"] ?? ""], as: person)
                #expect(shown["message"]?.text?.contains("it waits for one until") == true)
                let waited = try await rig.failure("vm.reboot", ["vm": "web-1"], as: person, within: .milliseconds(300))
                #expect(waited.reason == .outcomeUnknown && waited.message.contains("was not begun: no monitor"))
                let asked = try await rig.failure("vm.check", ["vm": "web-1"], as: person, within: .milliseconds(300))
                #expect(asked.reason == .unavailable && asked.message.contains("monitor"))
                #expect(asked.message.contains("it was waited for until 2"))
            }
        }
    }
}
