// SPDX-License-Identifier: Apache-2.0

import Contracts
import Testing
internal import UserGatewayCore

private let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhowZVdO0wQq3yX ada@example"

@Suite("A VM that somebody wants")
struct VMSizeTests {
    @Test("a flavor gives what is not said, and what is said wins")
    func takesFlavor() throws {
        let plain = try VMSize(["flavor": "small"])
        let small = try #require(Flavor.named("small"))
        #expect(plain.vcpus == small.vcpus && plain.maximumVCPUs == small.maximumVCPUs)
        #expect(plain.memoryBytes == small.memoryBytes && plain.diskBytes == small.diskBytes)
        let larger = try VMSize(["flavor": "small", "vcpus": 6, "diskBytes": 7, "maxMemoryBytes": 4_294_967_296])
        #expect(larger.vcpus == 6 && larger.maximumVCPUs == 6 && larger.diskBytes == 7)
        #expect(larger.memoryBytes == small.memoryBytes && larger.maximumMemoryBytes == 4_294_967_296)
    }

    @Test("without a flavor the ceiling is twice the size, at most what a VM may have")
    func defaultsCeiling() throws {
        let sizes: JSONValue = ["vcpus": 2, "memoryBytes": 5, "diskBytes": 0]
        #expect(try VMSize(sizes).maximumVCPUs == 4)
        #expect(try VMSize(["vcpus": 400, "memoryBytes": 5, "diskBytes": 0]).maximumVCPUs == 512)
    }

    @Test(
        "what is missing or contradicts is named",
        arguments: [
            (["vcpus": 2, "diskBytes": 0], "memoryBytes"), (["memoryBytes": 2, "diskBytes": 0], "vcpus"),
            (["memoryBytes": 2, "vcpus": 1], "diskBytes"), (["flavor": "small", "vcpus": 5, "maxVcpus": 4], "ceiling"),
            (["flavor": "small", "maxMemoryBytes": 4_194_304], "ceiling"),
        ] as [(JSONValue, String)])
    func refusesSizes(values: JSONValue, culprit: String) {
        let error = #expect(throws: MethodError.self) { try VMSize(values) }
        #expect(error?.reason == .invalid && error?.message.contains(culprit) == true)
    }

    @Test("flavors grow, and every ceiling holds its size")
    func ordersFlavors() {
        for (small, large) in zip(Flavor.all, Flavor.all.dropFirst()) {
            #expect((small.vcpus, small.memoryBytes) < (large.vcpus + 1, large.memoryBytes))
        }
        for flavor in Flavor.all { #expect(flavor.vcpus <= flavor.maximumVCPUs) }
    }

    @Test("an image brings a seed with the keys, in the pool that is named or the usual one")
    func boots() throws {
        #expect(
            try VMBoot.source(["image": "debian-13", "sshKeys": [.string(key)]]).json
                == #"{"image":{"pool":"ebb","volume":"debian-13"},"seed":{"sshKeys":["\#(key)"]}}"#)
        #expect(
            try VMBoot.source(["image": "debian-13", "pool": "fast", "network": "private"])
                == BootSource(
                    image: BootSource.Image(pool: "fast", volume: "debian-13"), seed: BootSource.Seed(sshKeys: []),
                    network: "private"))
        #expect(
            try VMBoot.source(["boot": ["kernelPath": "/k", "commandLine": "quiet", "imagePath": "/d"]])
                == BootSource(kernelPath: "/k", kernelCommandLine: "quiet", diskPath: "/d"))
        #expect(try VMBoot.source([:]) == BootSource())
    }

    @Test(
        "what can't go together is refused",
        arguments: [
            ["image": "a", "boot": ["imagePath": "/d"]], ["network": "a", "boot": ["bridge": "br0"]],
            ["sshKeys": [.string(key)]], ["image": "a", "sshKeys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]],
        ] as [JSONValue])
    func refusesBoots(values: JSONValue) {
        let error = #expect(throws: MethodError.self) { try VMBoot.source(values) }
        #expect(error?.reason == .invalid)
    }

    @Test(
        "a public key is a type and base64 on one line",
        arguments: [
            (key, true), ("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlz", true), ("ssh-rsa short", false),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1\nruncmd: [reboot]", false), ("AAAAC3NzaC1lZDI1NTE5AAAA", false),
            ("ssh-ed25519 \"AAAAC3NzaC1lZDI1NTE5\"", false), ("command=\"x\" ssh-ed25519 AAAAC3NzaC1lZDI1", false),
        ])
    func judgesKeys(text: String, isKey: Bool) { #expect(VMBoot.isPublicKey(text) == isKey) }
}

@Suite("Monitor's answers")
struct MonitorAnswerTests {
    @Test("what a VM lacks is an item each, what it can is fine, and what is not said is unknown")
    func readsAbilities() {
        let items = MonitorAnswer.abilities(
            DomainExamination(
                json:
                    #"{"growsVCPUs": {"missing": []}, "movesLive": {"missing": ["its disk is local", "its CPU is too new"]}}"#
            ))
        #expect(MonitorAnswer.abilities(nil).map { $0["result"] } == Array(repeating: "unknown", count: 7))
        #expect(items.first == ["check": "grow vCPUs", "result": "fine"])
        #expect(
            items.filter { $0["check"] == "move live" }.map { $0["detail"] } == [
                "its disk is local", "its CPU is too new",
            ])
        #expect(items.count { $0["result"] == "unknown" } == 5)
    }

    @Test("snapshots are listed from the oldest on, and one of unknown age is not of 1970")
    func readsSnapshots() throws {
        let answer = AnsweredList<DomainSnapshot>(
            json:
                #"[{"name": "b", "createdAt": 2000000000, "state": "running"}, {"name": "a", "createdAt": 1000000000}, "#
                + #"{"createdAt": 1}, {"name": "c"}]"#)
        let items = MonitorAnswer.snapshots(try #require(answer).elements)
        #expect(items.map { $0["name"] } == ["c", "a", "b"])
        #expect(
            items.map { $0["createdAt"] } == [
                .null, "1970-01-01T00:00:01.000000000Z", "1970-01-01T00:00:02.000000000Z",
            ])
    }

    @Test("addresses, changes and the console keep what they say, under the gateway's names")
    func readsTheRest() throws {
        let addresses = AnsweredList<GuestAddress>(
            json: #"{"items": [{"interface": "eth0", "macAddress": "52:54:00:00:00:01", "address": "10.0.1.7", "#
                + #""source": "agent"}]}"#)
        #expect(
            MonitorAnswer.addresses(try #require(addresses).elements) == [
                ["interface": "eth0", "hardwareAddress": "52:54:00:00:00:01", "address": "10.0.1.7", "source": "agent"]
            ])
        let changes = AnsweredList<DefinitionChange>(
            json: #"[{"what": "maximum vCPUs", "before": "4", "after": "8"}, {"before": "4"}]"#)
        #expect(
            MonitorAnswer.changes(try #require(changes).elements)
                == [["what": "maximum vCPUs", "before": "4", "after": "8"]])
        #expect(
            MonitorAnswer.console(
                try #require(ConsoleOutput(json: #"{"offset": 3, "nextOffset": 7, "text": "boot"}"#)), of: "web-1")
                == ["vm": "web-1", "text": "boot", "offset": 3, "next": 7])
        #expect(ConsoleOutput(json: #"{"text": "boot"}"#) == nil)
    }

    @Test("a host's finding that can't be read is unknown, never fine")
    func readsFindings() {
        let findings = HostFinding.findings(
            in: HostCheck(
                json: #"{"items": [{"check": "clock", "result": "fine"}, {"check": "x", "result": "splendid"}, {}]}"#),
            of: "h1")
        #expect(findings.map(\.result) == [.fine, .unknown, .unknown] && findings.allSatisfy { $0.host == "h1" })
        #expect(HostFinding.findings(in: HostCheck(json: "{}"), of: "h1").map(\.result) == [.unknown])
    }
}
