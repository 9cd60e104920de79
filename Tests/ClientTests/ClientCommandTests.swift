// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("Client against a gateway")
struct ClientCommandTests {
    /// A command line of every verb.
    static let lines = [
        "vm show web-1", "vm create web-2 --vcpus 2 --memory 512M --disk 20G", "vm start web-1", "vm stop web-1",
        "vm create web-2 --flavor small --image debian-13 --network private --pool fast",
        "vm shutdown web-1 --grace 2m --force --yes", "vm reboot web-1", "vm suspend web-1",
        "vm pause web-1", "vm resume web-1", "vm save web-1", "vm restore web-1", "vm resize web-1 --vcpus 3",
        "vm resize web-1 --vcpus 0.25",
        "vm resize web-1 --memory 2G", "vm cap web-1 --cpu 50% --network 10MB/s", "vm cap web-1 --cpu none",
        "vm migrate web-1 --to host-b --bandwidth 100MB/s --downtime 300ms --auto-converge",
        "vm migrate web-1 --abort", "vm snapshot web-1 before-upgrade", "vm snapshots web-1",
        "vm snapshot take web-1 before-upgrade", "vm snapshot delete web-1 before-upgrade --yes",
        "vm revert web-1 before-upgrade --yes", "vm delete web-1 --keep-disk --yes",
        "vm adopt old-db --tenant acme",
        "vm release web-1 --yes", "vm check web-1", "vm prepare web-1 --max-vcpus 8 --dry-run",
        "vm prepare web-1 --max-vcpus 8 --max-memory 8G", "vm console web-1", "vm addresses web-1",
        "vm list --foreign", "vm list --no-foreign", "flavor list", "policy clear web-1", "decision list",
        "decision show 6f1f0e5e-0000-4000-8000-000000000004",
        "usage show", "rate show --at 2026-03-01", "host list", "host show host-a",
        "host add test:///default --name host-a --cluster main --cpu-overcommit 2.0 --reserve-memory 1G --label a=b",
        "host enable host-a", "host observe host-a", "host drain host-a", "host remove host-a --yes",
        "host label host-a rack=7 spare-", "host set host-a --cpu-bound 80%", "host prepare host-a.example",
        "host list --label rack=7", "freeze --cluster main --reason maintenance", "freeze list", "service list",
        "status", "tenant set acme --cluster main --cluster edge", "tenant set acme --every-cluster",
        "tenant list", "tenant create acme",
        "token create ada --role owner --tenant acme --expires-in 30d", "operation list --since 1d",
        "operation list --running", "operation show 6f1f0e5e-0000-4000-8000-000000000003",
        "bill show --tenant acme", "bill compare-rules --tenant acme --to 20260301", "rate list", "rate withdraw 2",
    ]

    @Test("vm list aligns numbers to the right and uses human units")
    func listsVMs() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm list")
            #expect(
                outcome.output == """
                    NAME   STATE    VCPUS  MAX     CPU   MEMORY    DISK  HOST       POLICY            TENANT
                    web-1  running      2    4  41.3 %  512 MiB  20 GiB  host-7c41  15 %..80 %, 7/10  acme

                    """)
            #expect(outcome.code == 0 && outcome.errors.isEmpty)
        }
    }

    @Test("the same list as csv, name, json and yaml keeps raw values")
    func formats() async throws {
        try await withGateway { gateway in
            let csv = await ebb(gateway, "vm list -o csv").output
            #expect(csv.hasPrefix("name,state,vcpus,maxVcpus,cpuUtilizationPpm,memoryBytes,"))
            #expect(csv.contains("web-1,running,2,4,412500,536870912,21474836480,host-7c41,\"15 %..80 %, 7/10\",acme,"))
            #expect(await ebb(gateway, "vm list -o name").output == "web-1\n")
            let json = await ebb(gateway, "vm list -o json").output
            let value = try JSONValue(parsing: json.utf8)
            #expect(value == MethodRegistry.ebb["vm.list"]?.example.result)
            let yaml = await ebb(gateway, "vm show web-1 -o yaml").output
            #expect(yaml.contains("memoryBytes: 536870912\n") && yaml.contains("name: web-1\n"))
        }
    }

    @Test("a record is a line for each member; colour only on a terminal that wants it")
    func showsRecords() async throws {
        try await withGateway { gateway in
            let plain = await ebb(gateway, "policy show web-1")
            #expect(
                plain.output == """
                    VM          web-1
                    VERSION     3
                    VALID FROM  2026-03-01 12:00:00Z
                    MANAGED     false
                    LOWER U1    15 %
                    UPPER U2    80 %
                    RATIO M/N   70 %
                    MIN VCPUS   1
                    MAX VCPUS   4
                    WINDOW N    10
                    BREACHES M  7
                    OPT-OUT     false
                    DRY-RUN     false

                    """)
            #expect(await ebb(gateway, "vm list", isTerminal: true).output.contains("\u{1B}[32mrunning\u{1B}[0m"))
            #expect(await !ebb(gateway, "vm list --no-color", isTerminal: true).output.contains("\u{1B}"))
        }
    }

    @Test("decision why prints the explanation as it is; bill show is a table of terms without one")
    func printsProse() async throws {
        try await withGateway { gateway in
            let why = await ebb(gateway, "decision why web-1")
            #expect(
                why.output == "web-1 grew from 2 to 3 vCPUs: 7 of its last 10 samples were above 80 % (7 needed).\n")
            #expect(
                await ebb(gateway, "bill show --from 2026-03-01").output == """
                    VM     RESOURCE  HOST               X_IJ  PART          C_I  PER           F     AMOUNT
                    web-1  vcpu      host-7c41  2.000 vCPU-h  elastic  0.02 EUR  vCPU·hour  90 %  0.036 EUR

                    """)
        }
    }

    @Test("as csv each quantity of a bill and of usage has its unit, in the last column")
    func quantitiesAsCSV() async throws {
        try await withGateway { gateway in
            let bill = await ebb(gateway, "bill show --from 2026-03-01 -o csv").output
            #expect(
                bill == "vm,resource,host,quantity,part,unitPriceNano,pricingUnit,factorPpm,amountNano,unit\r\n"
                    + "web-1,vcpu,host-7c41,7200000000000,elastic,20000000,vCPU·hour,900000,36000000,vCPU·ns\r\n")
            let usage = await ebb(gateway, "usage show --from 2026-03-01 -o csv").output
            #expect(usage == "vm,resource,host,quantity,unit\r\nweb-1,vcpu,host-7c41,7200000000000,vCPU·ns\r\n")
        }
    }

    @Test("policy set sends shares as parts per million, with a key")
    func setsPolicy() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(
                gateway,
                "policy set web-1 --lower 15% --upper 0.8 --ratio 7/10 --min-vcpus 1 --max-vcpus 4 --idempotency-key k")
            #expect(outcome.code == 0)
            let expected: JSONValue = [
                "vm": "web-1", "lowerPpm": 150_000, "upperPpm": 800_000, "ratioPpm": 700_000, "minVcpus": 1,
                "maxVcpus": 4, "idempotencyKey": "k",
            ]
            #expect(gateway.methods.calls.map(\.method) == ["policy.set"])
            #expect(gateway.methods.calls.map(\.params) == [expected])
        }
    }

    @Test("policy set sends only what is given, also what switches something off")
    func setsPartOfPolicy() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(
                gateway,
                "policy set web-1 --managed --goal 0.5% --no-memory --cooldown-up 0s --opt-out --pin-host host-a "
                    + "--idempotency-key k", token: FakeMethods.administratorToken)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let expected: JSONValue = [
                "vm": "web-1", "managed": true, "goalPpm": 5_000, "memory": false, "cooldownUpNanoseconds": 0,
                "optOut": true, "pinnedHosts": ["host-a"], "idempotencyKey": "k",
            ]
            #expect(gateway.methods.calls.map(\.params) == [expected])
        }
    }

    @Test("cluster set sends windows by day and second")
    func setsCluster() async throws {
        try await withGateway { gateway in
            let line =
                "cluster set main --no-dry-run --blackout mon,fri@08:30+1h --blackout 23:00+90m --idempotency-key k"
            #expect(await ebb(gateway, line, token: FakeMethods.administratorToken).code == 0)
            let expected: JSONValue = [
                "cluster": "main", "dryRun": false, "idempotencyKey": "k",
                "blackouts": [
                    ["startSecond": 30_600, "lengthSeconds": 3_600, "weekdays": [0, 4]],
                    ["startSecond": 82_800, "lengthSeconds": 5_400, "weekdays": []],
                ],
            ]
            #expect(gateway.methods.calls.map(\.params) == [expected])
        }
    }

    @Test("an action on several VMs goes on after a failure and says which failed")
    func actsOnSeveral() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm stop web-1 ghost web-2 --force --yes")
            #expect(outcome.output == String(repeating: "web-1: shutdown succeeded (2 vCPUs on host-7c41)\n", count: 2))
            #expect(outcome.errors == "ebb: there is no VM 'ghost'\nebb: 1 of 3 VMs failed\n")
            #expect(outcome.code == 3)
            #expect(gateway.methods.calls.map { $0.params["force"] } == [true, true, true])
            #expect(Set(gateway.methods.calls.map { $0.params["idempotencyKey"] }).count == 3)
        }
    }

    @Test("deleting asks on a terminal, and is refused without one")
    func confirmsDeletion() async throws {
        try await withGateway { gateway in
            let refused = await ebb(gateway, "vm delete web-1", isInteractive: true, input: ["n"])
            #expect(refused.code == 1 && refused.errors.contains("nothing was deleted"))
            #expect(gateway.methods.calls.isEmpty)
            #expect(await ebb(gateway, "vm delete web-1", isInteractive: true, input: ["y"]).code == 0)
            #expect(await ebb(gateway, "vm delete web-1 --yes", isInteractive: true).code == 0)
            let unasked = await ebb(gateway, "vm delete web-1")
            #expect(unasked.code == 64 && unasked.errors.contains("--yes"), "\(unasked)")
            #expect(await ebb(gateway, "vm delete web-1 --yes").code == 0)
            #expect(gateway.methods.calls.count == 3)
        }
    }

    @Test("--since takes how long ago, and the gateway gets an instant")
    func sendsInstants() async throws {
        try await withGateway { gateway in
            #expect(await ebb(gateway, "decision list --since 2h").code == 0)
            #expect(gateway.methods.calls.first?.params["since"] == "2026-03-01T10:00:00.000000000Z")
        }
    }

    @Test("every verb works against its method", .serialized, arguments: lines)
    func covers(line: String) async throws {
        try await withGateway { gateway in
            for format in ["table", "wide", "json", "yaml", "csv", "name"] {
                let outcome = await ebb(gateway, line + " -o \(format)", token: FakeMethods.administratorToken)
                #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(format): \(outcome.errors)")
            }
        }
    }

    @Test(
        "a failure's reason is the exit code",
        arguments: [
            ("vm show ghost", Int32(3), "there is no VM 'ghost'"), ("vm start full", 75, "no host has room"),
            ("vm show broken", 70, "an invariant does not hold"),
            (
                "host list", 77,
                "the role owner may not run 'ebb host list'; it is for: administrator, auditor, operator"
            ),
            ("vm list --tenant acme", 77, "the role owner may not give --tenant; leave it out"),
            (
                "vm show \(String(repeating: "x", count: 64))", 65,
                "<vm> must be a string of 1 to 63 bytes"
            ),
        ])
    func exits(line: String, code: Int32, message: String) async throws {
        try await withGateway { gateway in
            #expect(await ebb(gateway, line) == CommandOutcome(code: code, output: "", errors: "ebb: \(message)\n"))
        }
    }

    @Test("an answer that does not come in time is 124")
    func timesOut() async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, "vm show stuck --timeout 100ms")
            #expect(outcome.code == 124 && outcome.errors.contains("did not answer within"))
        }
    }

    @Test("a gateway that is not there is 69, and a wrong token 77")
    func refusesConnections() async throws {
        let outcome = await ebb(
            ["vm", "list", "--endpoint", "tcp://127.0.0.1:1"], environment: ["EBB_TOKEN": FakeMethods.ownerToken])
        #expect(outcome.code == 69 && outcome.errors.contains("can't reach the gateway at tcp://127.0.0.1:1"))
        try await withGateway { gateway in
            let wrong = await ebb(gateway, "vm list", token: "ebb_" + String(repeating: "Z", count: 43))
            #expect(
                wrong == CommandOutcome(code: 77, output: "", errors: "ebb: the token is not valid; create a new one\n")
            )
        }
    }

    @Test(
        "wrong usage is 64",
        arguments: [
            "vm", "vm explode", "vm show", "vm list --nope", "vm create a --vcpus 2 --memory 5X --disk 1G",
            "policy set a --lower 80% --upper 15% --ratio 7/10", "policy set a --lower 15 --upper 80% --ratio 7/10",
            "decision verify", "cluster set main --blackout 25:00+1h", "cluster set main --blackout 24:00+1h",
            "cluster set main --blackout fun@08:00+1h",
            "vm list -o xml", "decision list --since yesterday", "vm resize web-1", "vm cap web-1",
            "vm resize web-1 --vcpus 0", "vm resize web-1 --vcpus 0.0001", "vm resize web-1 --vcpus half",
            "vm cap web-1 --cpu 0", "vm cap web-1 --network fast", "vm prepare web-1", "vm shutdown web-1 --grace 2h",
            "vm migrate web-1 --abort --to host-b", "host set host-a", "host label host-a rack",
            "host add test:///default --name a --cluster b --label =7", "freeze --cluster main",
            "plot --figure x --width 7",
        ])
    func refusesUsage(line: String) async {
        let outcome = await ebb(
            line.split(separator: " ").map(String.init), environment: ["EBB_TOKEN": FakeMethods.ownerToken])
        // A noun alone shows its help.
        #expect(outcome.code == (line == "vm" ? 0 : 64), "\(outcome.errors)")
    }

    @Test("every command explains itself with an example")
    func explainsItself() {
        var pending: [any ParsableCommand.Type] = [Ebb.self]
        var count = 0
        while let command = pending.popLast() {
            count += 1
            pending += command.configuration.subcommands
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
            #expect(command.configuration.discussion.contains("Examples:\n  ebb "), "\(command)")
            #expect(command.helpMessage().contains("USAGE"), "\(command)")
        }
        #expect(count > 40)
    }
}
