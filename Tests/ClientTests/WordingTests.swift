// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import Testing
internal import UserGatewayCore

@testable internal import Client

/// All commands of the client, each with the words by which it is called.
private let calls: [(path: [String], command: any ParsableCommand.Type)] = {
    var pending: [(path: [String], command: any ParsableCommand.Type)] = [([], Ebb.self)]
    var found: [(path: [String], command: any ParsableCommand.Type)] = []
    while let call = pending.popLast() {
        found.append(call)
        pending += call.command.configuration.subcommands.map { (call.path + [$0._commandName], $0) }
    }
    return found
}()

private let commands = calls.map(\.command)

/// Which methods a command calls.
private func methods(of command: any ParsableCommand.Type) -> [String] {
    switch command {
    case let command as any GatewayCommand.Type: [command.method]
    case let command as any VMActionCommand.Type: [command.method]
    case is VMCap.Type: ["vm.cap", "vm.networkcap"]
    case is VMPrepare.Type: ["vm.prepare", "vm.preview"]
    case is VMMigrate.Type: ["vm.migrate", "vm.abort"]
    case is VMConsole.Type: [VMConsole.method]
    default: []
    }
}

@Suite("Words of the command line")
struct WordingTests {
    @Test("a word that is no command gets the list of those that there are, and a wrong value the help of its command")
    func teaches() async {
        let unknown = await ebb(["vm", "lst"])
        #expect(unknown.code == 64 && unknown.output.isEmpty)
        #expect(
            unknown.errors.contains("'ebb vm' has no command 'lst'; it has list, show, create"), "\(unknown.errors)")
        #expect(unknown.errors.contains("See 'ebb vm --help'"))
        let none = await ebb(["vmm", "list"])
        #expect(none.errors.contains("'ebb' has no command 'vmm'; it has login, logout, vm,"), "\(none.errors)")
        let value = await ebb(["bill", "show", "--from", "2026-13-01"])
        #expect(value.code == 64 && value.errors.contains("'2026-13-01' is not an instant"))
        #expect(value.errors.contains("See 'ebb bill show --help'"), "\(value.errors)")
        #expect(await ebb(["vm", "--help"]).code == 0)
        let negative = await ebb(["vm", "samples", "web-1", "--since", "-1h"])
        #expect(negative.code == 64 && negative.errors.contains("'-1h' is not an instant"), "\(negative.errors)")
    }

    @Test("every parameter of every method has the name by which its command takes it")
    func namesFlags() {
        var seen: Set<String> = []
        for command in commands {
            for method in methods(of: command) {
                seen.insert(method)
                let help = command.helpMessage(columns: 300)
                for field in MethodRegistry.ebb[method]?.parameters ?? [] where field.name != "wait" {
                    var names = [field.name]
                    if field.name == "boot", case .object(let members) = field.schema {
                        names = members.map { "boot.\($0.name)" }
                    }
                    for name in names {
                        let word = FlagNames.word(for: name, of: method)
                        #expect(help.contains(word), "\(method) \(name): \(word) is not in the help of \(command)")
                    }
                }
            }
        }
        let registered = MethodRegistry.ebb.methods.map(\.name)
            .filter { !$0.hasPrefix("session.") && !$0.hasPrefix("rpc.") }
        #expect(Set(registered).subtracting(seen).isEmpty, "\(Set(registered).subtracting(seen))")
    }

    @Test(
        "what does not fit is named as it was typed, with its unit",
        arguments: [
            ("vm list --limit 0", "--limit must be an integer from 1 to 10000, not 0"),
            ("vm resize web-1 --memory 1M", "--memory must be from 4 MiB to 64 TiB, not 1 MiB"),
            ("vm resize web-1 --vcpus 0.02", "--vcpus must be from 0.05 to 512, not 0.02"),
            ("vm resize web-1 --vcpus 513", "--vcpus must be an integer from 1 to 512, not 513"),
            (
                "vm migrate web-1 --to UPPER",
                "--to must be a name of 1 to 63 characters of a-z 0-9 . _ -, the first a letter or digit, not 'UPPER'"
            ),
            ("vm migrate web-1 --downtime 2h", "--downtime must be from 1 ms to 60000 ms, not 7200000 ms"),
            ("operation show 7", "<id> must be a UUID, not '7'"),
            (
                "host label host-a A=b",
                "<label> must be named with 1 to 63 characters of a-z 0-9 . _ - /, "
                    + "the first a letter or digit"
            ),
        ])
    func namesFaults(line: String, message: String) async throws {
        try await withGateway { gateway in
            let outcome = await ebb(gateway, line, token: FakeMethods.administratorToken)
            #expect(outcome == CommandOutcome(code: 65, output: "", errors: "ebb: \(message)\n"))
            #expect(gateway.methods.calls.isEmpty)
        }
    }

    @Test(
        "what the gateway or a host says of parameters names what was typed, and other words stay",
        arguments: [
            (
                "vm.resize", #"resize needs "vcpus" of at least 1 or "memory_bytes" above 0"#, nil,
                "resize needs --vcpus of at least 1 or --memory above 0"
            ),
            (
                "vm.migrate", #"migrate takes "bandwidth_bytes_per_second" and "maximum_downtime_ms" above 0"#, nil,
                "migrate takes --bandwidth and --downtime above 0"
            ),
            (
                "vm.migrate", #"migrate needs "target", the name of a host"#, nil,
                "migrate needs --to, the name of a host"
            ),
            (
                "vm.shutdown", #"shutdown needs "grace_seconds" with "then_destroy""#, nil,
                "shutdown needs --grace with --force"
            ),
            (
                "vm.prepare", #"prepare needs "maximum_vcpus" of at least 1 or "maximum_memory_bytes" above 0"#, nil,
                "prepare needs --max-vcpus of at least 1 or --max-memory above 0"
            ),
            (
                "vm.create", #"create takes "disk_bytes" of at most 9, not 10"#, nil,
                "create takes --disk of at most 9, not 10"
            ),
            ("vm.cap", #"cap needs "cpu_cap_ppm", parts per million"#, nil, "cap needs --cpu, parts per million"),
            ("vm.snapshot", #"snapshot needs "name" of 1 to 63"#, nil, "snapshot needs <name> of 1 to 63"),
            (
                "vm.resize", "parameter 'vcpus' of vm.resize must be an integer from 1 to 512, not 0", nil,
                "--vcpus must be an integer from 1 to 512, not 0"
            ),
            (
                "vm.resize", "no size was given for 'vcpus'", "give 'vcpus', 'memoryBytes' or both",
                "no size was given for 'vcpus'; give --vcpus, --memory or both"
            ),
            (
                "host.set", "nothing was given", "give for instance 'cpuOvercommitPpm'",
                "nothing was given; give for instance --cpu-overcommit"
            ),
            (
                "vm.resize", "it went away", "look, or repeat it with its idempotencyKey",
                "it went away; look, or repeat it with its --idempotency-key"
            ),
            (
                "vm.snapshot", #"the hypervisor refused it: element "name" is odd"#, nil,
                #"the hypervisor refused it: element "name" is odd"#
            ),
        ] as [(String, String, String?, String)])
    func namesParameters(method: String, message: String, hint: String?, text: String) throws {
        let definition = try #require(MethodRegistry.ebb[method])
        let error = MethodError(.invalid, message, hint: hint).rpcError
        #expect(ClientFailure(error, of: definition).message == text)
    }

    @Test("help fits into 80 columns, and no example of it is broken")
    func fitsTerminal() async {
        for (path, command) in calls {
            let outcome = await ebb(path + ["--help"])
            let help = outcome.output
            #expect(outcome.code == 0 && help.contains("USAGE: ebb \(path.first ?? "")"))
            for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(command): \(line)") }
            for example in examples(of: command) {
                #expect(help.contains("  " + example + "\n"), "\(command): \(example) is broken")
            }
        }
    }

    @Test(
        "every example of the help can be run, and is when it needs no file of its reader",
        arguments: Set(calls.map { $0.path.first ?? "" }).sorted())
    func runsExamples(of noun: String) async throws {
        let ofNoun = calls.filter { ($0.path.first ?? "") == noun }.map(\.command)
        try await withGateway { gateway in
            for example in Set(ofNoun.flatMap(examples)) where !example.hasPrefix("ssh ") {
                let words = Self.words(String(example.prefix { $0 != ">" }))
                #expect(throws: Never.self, "\(example)") { _ = try Ebb.parseAsRoot(Array(words.dropFirst())) }
                let needsFile = words.contains {
                    $0.hasSuffix(".pub") || $0.hasSuffix(".json") || $0.hasSuffix(".yaml")
                }
                guard !needsFile, words.dropFirst().first != "login", !words.contains("--follow") else { continue }
                let isFinal = words.contains("--yes")
                let outcome = await ebb(
                    Array(words.dropFirst()),
                    environment: ["EBB_ENDPOINT": gateway.endpoint, "EBB_TOKEN": FakeMethods.administratorToken],
                    isInteractive: !isFinal, input: ["y"])
                let isReport = example.hasPrefix("ebb host check") || example.hasPrefix("ebb unfreeze")
                #expect(outcome.code == (isReport ? 1 : 0), "\(example): \(outcome.errors)")
            }
        }
    }

    @Test("exit codes are told in one page, and the help has the same")
    func documentsCodes() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/exit-codes.md"), encoding: .utf8)
        var told: [String] = []
        for row in page.split(separator: "\n") where row.hasPrefix("| ") {
            let cells = row.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if Int32(cells[1]) != nil { told.append("\(cells[1]) \(cells[2])") }
        }
        #expect(told == ["0 done"] + ClientFailure.Code.allCases.map { "\($0.rawValue) \($0.meaning)" })
        #expect(Ebb.configuration.discussion.contains("Exit codes: \(ClientFailure.Code.list)."))
    }

    private func examples(of command: any ParsableCommand.Type) -> [String] {
        command.configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            .map { String($0.dropFirst(2)) }
    }

    /// The words of a line as a shell takes them apart.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        for (position, part) in line.components(separatedBy: "\"").enumerated() {
            if position.isMultiple(of: 2) {
                words += part.components(separatedBy: " ").filter { !$0.isEmpty }
            } else {
                words.append(part)
            }
        }
        return words
    }
}

@Suite("Instants of the command line")
struct InstantFlagTests {
    /// Every flag that takes an instant, by method and parameter.
    private static let flags: [(method: String, parameter: String, line: String)] = [
        ("sample.list", "since", "vm samples web-1 --since"), ("decision.list", "since", "decision list --since"),
        ("decision.outcomes", "since", "decision outcomes --since"), ("decision.why", "at", "decision why web-1 --at"),
        ("operation.list", "since", "operation list --since"), ("rate.show", "at", "rate show --at"),
        ("usage.show", "from", "usage show --from"), ("usage.show", "to", "usage show --to"),
        ("bill.show", "from", "bill show --from"), ("bill.show", "to", "bill show --to"),
        ("bill.comparerules", "from", "bill compare-rules --from"),
        ("bill.comparerules", "to", "bill compare-rules --to"), ("assess.show", "from", "assess --from"),
        ("assess.show", "to", "assess --to"), ("policy.replay", "from", "policy replay web-1 --from"),
        ("policy.replay", "to", "policy replay web-1 --from 7d --to"), ("rate.set", "validFrom", ""),
    ]

    @Test("there is a flag here for every instant of the registry")
    func knowsAll() {
        let fields = MethodRegistry.ebb.methods.flatMap { method in
            method.parameters.filter { $0.schema == .instant }.map { "\(method.name).\($0.name)" }
        }
        #expect(Set(fields) == Set(Self.flags.map { "\($0.method).\($0.parameter)" }))
    }

    @Test(
        "each takes a date, an instant and how long ago, and refuses the rest with what was typed", .serialized,
        arguments: flags.filter { !$0.line.isEmpty }.map(\.line))
    func takesInstants(line: String) async throws {
        let flag = try #require(Self.flags.first { $0.line == line })
        try await withGateway { gateway in
            let forms = [
                ("20261201", "2026-12-01T00:00:00.000000000Z"), ("2026-12-01", "2026-12-01T00:00:00.000000000Z"),
                ("2026-12-01T00:30:00+01:00", "2026-11-30T23:30:00.000000000Z"),
                ("2h", "2026-03-01T10:00:00.000000000Z"),
            ]
            for (text, instant) in forms {
                #expect(await ebb(gateway, "\(line) \(text)", token: FakeMethods.administratorToken).code == 0)
                #expect(gateway.methods.calls.last?.params[flag.parameter] == .string(instant), "\(text)")
            }
            for text in ["20261301", "2026-02-30", "9999-12-31", "2026-03-01T24:00:00Z", "yesterday", "1700000000"] {
                let outcome = await ebb(gateway, "\(line) \(text)", token: FakeMethods.administratorToken)
                #expect(outcome.code == 64 && outcome.errors.contains("'\(text)'"), "\(outcome)")
            }
            #expect(gateway.methods.calls.count == forms.count)
        }
    }

    @Test(
        "a duration that is sent in whole seconds is not cut to them",
        arguments: [
            "token create ada --role owner --expires-in 500ms", "vm shutdown web-1 --grace 1500ms",
            "vm migrate web-1 --time-limit 1ms",
        ])
    func cutsNothing(line: String) async {
        let outcome = await ebb(line.split(separator: " ").map(String.init))
        #expect(outcome.code == 64 && outcome.errors.contains("no whole number of seconds"), "\(outcome)")
    }
}
