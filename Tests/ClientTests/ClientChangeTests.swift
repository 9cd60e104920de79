// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing
internal import UserGatewayCore

@testable internal import Client
@testable internal import UserGatewayMain

@Suite("Client that follows changes")
struct ClientChangeTests {
    @Test("a change that takes its time is followed to its end, with a line that goes away on a terminal")
    func followsChanges() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(
                gateway, "vm migrate moving --to host-b", token: FakeMethods.administratorToken, isTerminal: true)
            #expect(outcome.output.hasSuffix("moving: migrate succeeded (2 vCPUs on host-b)\n"), "\(outcome)")
            #expect(outcome.errors.contains("\r\u{1B}[Kmoving: migrate (waits for its host)"))
            #expect(outcome.errors.contains("\r\u{1B}[Kmoving: migrate 42 % (copied 215 of 512 MiB)"))
            #expect(outcome.errors.hasSuffix("\r\u{1B}[K") && outcome.code == 0)
            #expect(gateway.methods.calls.first?.params["wait"] == false)
        }
    }

    @Test("off a terminal nothing but the end is printed, as the data that was asked for")
    func isQuietInScripts() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm migrate moving -o json", token: FakeMethods.administratorToken)
            let result = try JSONValue(parsing: outcome.output.utf8)
            #expect(result["state"] == "succeeded" && result["host"] == "host-b" && result["action"] == "migrate")
            #expect(outcome.errors.isEmpty && outcome.code == 0)
        }
    }

    @Test("--no-wait prints how far it is and how to follow it")
    func doesNotWait() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm start moving --no-wait")
            #expect(
                outcome.output
                    == "moving: migrate queued (on host-a)\nfollow it with: ebb operation show \(FakeMethods.moving)\n")
            #expect(gateway.methods.calls.map(\.method) == ["vm.start"] && outcome.code == 0)
        }
    }

    @Test("a change that fails later ends with its reason's code, as one that fails at once")
    func failsLater() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm save doomed")
            #expect(outcome == CommandOutcome(code: 75, output: "", errors: "ebb: host-b has no room any more\n"))
        }
    }

    @Test("a change that outlasts the waiting goes on, and the client says how to follow it")
    func outlasts() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm save endless --timeout 5s")
            #expect(outcome.code == 124 && outcome.errors.contains("goes on"), "\(outcome.errors)")
            #expect(outcome.errors.contains("ebb operation show \(FakeMethods.endless)"))
        }
    }

    @Test("a change that nobody is there to take is waited for no longer than ten seconds, and says why")
    func isNotTaken() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm save untaken --timeout 60s")
            let why = "it was not begun: no monitor is running; see 'ebb operation show \(FakeMethods.untaken)'"
            #expect(outcome == CommandOutcome(code: 75, output: "", errors: "ebb: \(why)\n"))
        }
    }

    @Test("both caps are two changes with keys of their own")
    func setsCaps() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(
                gateway, "vm cap web-1 --cpu 50% --network 10MB/s --idempotency-key k",
                token: FakeMethods.administratorToken)
            #expect(outcome.code == 0)
            #expect(gateway.methods.calls.map(\.method) == ["vm.cap", "vm.networkcap"])
            #expect(gateway.methods.calls.map { $0.params["idempotencyKey"] } == ["k/cpu", "k/network"])
            #expect(gateway.methods.calls[0].params["cpuCapPpm"] == 500_000)
            #expect(gateway.methods.calls[1].params["bytesPerSecond"] == 10_485_760)
        }
    }

    @Test("vm prepare shows the change with its outcome; --dry-run shows it and changes nothing")
    func showsChanges() async throws {
        try await withGateway { gateway in
            let preview = await ebb(gateway, "vm prepare web-1 --max-vcpus 8 --dry-run")
            #expect(
                preview.output == """
                    WHAT           BEFORE  AFTER
                    maximum vCPUs  4       8

                    """)
            #expect(await ebb(gateway, "vm prepare web-1 --max-vcpus 8").code == 0)
            #expect(gateway.methods.calls.map(\.method) == ["vm.preview", "vm.prepare"])
        }
    }

    @Test("a file with public keys is sent, one with a private key is not")
    func sendsKeys() async throws {
        try await withTemporaryDirectory { folder in
            let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhowZVdO0wQq3yX ada@example"
            try Data("# mine\n\(key)\n".utf8).write(to: URL(filePath: "\(folder)/a.pub"))
            try Data("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n".utf8).write(to: URL(filePath: "\(folder)/a"))
            try await withGateway { gateway in
                let line = "vm create web-2 --flavor tiny --image debian-13 --ssh-key \(folder)"
                #expect(await ebb(gateway, line + "/a.pub").code == 0)
                #expect(gateway.methods.calls.first?.params["sshKeys"] == [.string(key)])
                let refused = await ebb(gateway, line + "/a")
                #expect(refused.code == 65 && refused.errors.contains(".pub") && !refused.errors.contains("BEGIN"))
                #expect(gateway.methods.calls.count == 1)
            }
        }
    }

    @Test("the groups and hosts that a VM is created with are sent as they were named")
    func sendsTies() async throws {
        try await withGateway { gateway in
            let line = "vm create web-2 --flavor tiny --image debian-13 --affinity db --anti-affinity web"
            let pinned = line + " --pin-host host-b --pin-host host-a"
            #expect(await ebb(gateway, pinned, token: FakeMethods.administratorToken).code == 0)
            #expect(await ebb(gateway, "vm create web-3 --flavor tiny --image debian-13").code == 0)
            let calls = gateway.methods.calls.map(\.params)
            #expect(calls.map { $0["affinity"] } == ["db", nil] && calls.map { $0["antiAffinity"] } == ["web", nil])
            #expect(calls.map { $0["pinnedHosts"] } == [["host-b", "host-a"], nil])
        }
    }

    @Test("an image is a name of the pool, or for operators a path on the host")
    func tellsImages() async throws {
        try await withGateway { gateway in
            let token = FakeMethods.administratorToken
            _ = await ebb(gateway, "vm create a --flavor tiny --image debian-13", token: token)
            _ = await ebb(gateway, "vm create a --flavor tiny --image /srv/a.img", token: token)
            #expect(gateway.methods.calls.map { $0.params["image"] } == ["debian-13", nil])
            #expect(gateway.methods.calls.map { $0.params["boot"] } == [nil, ["imagePath": "/srv/a.img"]])
        }
    }
}

@Suite("Client for hosts and freezes")
struct ClientHostTests {
    @Test("host show lists what it can do and its domains, foreign ones marked with who manages them")
    func showsHosts() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "host show host-a", token: FakeMethods.administratorToken)
            #expect(outcome.output.contains("SAMPLING           bulk\n"), "\(outcome.output)")
            #expect(outcome.output.contains("LABELS             rack=7\n"))
            #expect(outcome.output.contains("RESPONSE LOSS      10 %\n"))
            #expect(
                outcome.output.hasSuffix(
                    """

                    DOMAIN            STATE    VCPUS   MEMORY  TENANT  ID
                    web-1             running      2  512 MiB  acme    6f1f0e5e-0000-4000-8000-000000000002
                    instance-00000a1  running      2  512 MiB  (nova)  6f1f0e5e-0000-4000-8000-000000000006

                    """), "\(outcome.output)")
        }
    }

    @Test("host check shows what is missing with its remedy and is a failure then")
    func checksHosts() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "host check host-a", token: FakeMethods.administratorToken)
            #expect(
                outcome.output == """
                    HOST    TARGET  CHECK           RESULT   DETAIL                  REMEDY
                    host-a  -       clock           fine     off by 3 ms             -
                    host-a  host-b  migration port  missing  10.0.0.2:49152 refuses  open TCP 49152-49215 on host-b

                    """)
            #expect(
                outcome.code == 1 && outcome.errors == "ebb: 1 checks found something missing, 0 could not be made\n")
        }
    }

    @Test("host prepare prints the script and nothing else")
    func printsScript() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(
                gateway, "host prepare host-a.example --peer 10.0.0.2 --monitor 10.0.0.9",
                token: FakeMethods.administratorToken)
            #expect(outcome.output == "#!/bin/sh\nset -eu\n" && outcome.errors.isEmpty)
            #expect(gateway.methods.calls.first?.params["peers"] == ["10.0.0.2"])
        }
    }

    @Test("host label sets and removes in one request")
    func labelsHosts() async throws {
        try await withGateway { gateway in
            let line = "host label host-a rack=7 note=a=b spare-"
            #expect(await ebb(gateway, line, token: FakeMethods.administratorToken).code == 0)
            #expect(gateway.methods.calls.first?.params["set"] == ["rack": "7", "note": "a=b"])
            #expect(gateway.methods.calls.first?.params["remove"] == ["spare"])
        }
    }

    @Test(
        "what can't be taken back asks on a terminal",
        arguments: ["host remove host-a", "vm revert web-1 monday", "vm snapshot delete web-1 monday"])
    func confirms(line: String) async throws {
        try await withGateway { gateway in
            let token = FakeMethods.administratorToken
            let refused = await ebb(gateway, line, token: token, isInteractive: true, input: ["no"])
            #expect(refused.code == 1 && refused.errors.contains("nothing was re"), "\(refused)")
            #expect(gateway.methods.calls.isEmpty)
            #expect(await ebb(gateway, line, token: token, isInteractive: true, input: ["y"]).code == 0)
            #expect(await ebb(gateway, line + " --yes", token: token, isInteractive: true).code == 0)
        }
    }

    @Test("a freeze says who confirmed it; a Monitor that did not is named and is a failure")
    func freezes() async throws {
        try await withGateway { gateway in
            let token = FakeMethods.administratorToken
            let frozen = await ebb(gateway, "freeze --cluster main --reason maintenance", token: token)
            #expect(frozen.code == 0 && frozen.output.contains("CONFIRMED BY  2\n"), "\(frozen)")
            let ended = await ebb(gateway, "unfreeze --cluster main", token: token)
            #expect(ended.code == 1 && ended.errors.contains("tcp://10.0.0.2:7401"), "\(ended)")
            #expect(gateway.methods.calls.map(\.method) == ["freeze.set", "freeze.clear"])
        }
    }

    @Test(
        "a freeze, or its end, that no Monitor was there to confirm says so, and how it comes to hold",
        arguments: ["freeze --vm nobody --reason test", "unfreeze --vm nobody", "freeze --vm web-1 --reason test"])
    func unconfirmedFreeze(line: String) async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, line, token: FakeMethods.administratorToken)
            #expect(outcome.code == 0, "\(outcome)")
            #expect(
                outcome.errors.contains("no Monitor is there to confirm it") == line.contains("nobody"), "\(outcome)")
            #expect(outcome.output.contains("CONFIRMED BY  0\n") == line.contains("nobody"), "\(outcome)")
        }
    }

    @Test("what a guest or a foreign host says can't steer the reader's terminal")
    func disarmsOutput() {
        #expect(SafeText(prose: "a\u{1B}]0;x\u{07}b\u{9B}2Jc\u{202E}d\te\n") == "a]0;xb2Jcd\te\n")
        let column = Column("NAME", "name")
        #expect(column.human(["name": "x\u{1B}[2J"]) == "x[2J")
    }

    @Test("every method of the registry is answered in one way: by its declaration or by a handler, which has a method")
    func answersEverything() {
        let registered = MethodRegistry.ebb.methods.map(\.name)
            .filter { !$0.hasPrefix("session.") && !$0.hasPrefix("rpc.") || $0 == "session.logout" }
        #expect(GatewayBackend.answered == Set(registered))
        let declared = MethodRegistry.ebb.methods.filter { $0.order != nil }.map(\.name)
        #expect(GatewayBackend.handledByHand.isDisjoint(with: declared))
    }
}
