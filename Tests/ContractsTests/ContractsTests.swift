// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@Suite("What services say to each other")
struct ContractsTests {
    @Test(
        "a word that is not known is kept to the byte, and is none of those that are",
        arguments: ["", "Resize", "re size\u{0}ü", "explode"])
    func unknownWord(text: String) {
        let verb = Recognised<CommandVerb>(text)
        #expect(verb == .unrecognised(text) && verb.text == text && verb.word == nil && "\(verb)" == text)
        #expect(CommandVerb.allCases.allSatisfy { verb != $0 })
    }

    @Test("every word comes back as it was said")
    func everyWord() {
        for verb in CommandVerb.allCases { #expect(Recognised(verb.rawValue) == verb) }
        for code in OutcomeCode.allCases { #expect(Recognised(code.rawValue) == code) }
        for code in FailureCode.allCases { #expect(Recognised(code.rawValue) == code) }
        for role in Role.allCases { #expect(Recognised(role.rawValue) == role) }
        for end in ActionEnd.allCases { #expect(Recognised(end.rawValue) == end) }
    }

    @Test("a result is read although a later version says more, and a state that this one does not know")
    func laterResult() throws {
        let text = #"{"granted":3,"host":"h2","mood":"fine","state":"frozen-solid","vcpus":3}"#
        let result = CommandResult(text)
        #expect(result.host == "h2" && result.vcpus == 3 && result.state == .unrecognised("frozen-solid"))
        #expect(result.json == #"{"granted":3,"host":"h2","state":"frozen-solid","vcpus":3}"#)
    }

    @Test("a result that is none says nothing", arguments: [nil, "", "null", "[]", #"{"vcpus": "many"}"#])
    func noResult(text: String?) {
        #expect(CommandResult(text) == CommandResult())
    }

    @Test("arguments are written as they always were")
    func arguments() {
        let written: [(CommandArguments, String)] = [
            (.size(vcpus: 3), #"{"vcpus":3}"#), (.size(memory: .mebibytes(1)), #"{"memory_bytes":1048576}"#),
            (.size(vcpus: 1, cpuCapPPM: 250_000), #"{"cpu_cap_ppm":250000,"vcpus":1}"#),
            (.cap(ppm: 500_000), #"{"cpu_cap_ppm":500000}"#),
            (.networkCap(bytesPerSecond: 9), #"{"bytes_per_second":9}"#),
            (.snapshot(named: "monday"), #"{"name":"monday"}"#), (.deletion(keepsDisk: false), "{}"),
            (.deletion(keepsDisk: true), #"{"keep_disk":true}"#), (.adoption(for: "acme"), #"{"tenant":"acme"}"#),
            (.shutdown(graceSeconds: 60, thenDestroys: false), #"{"grace_seconds":60}"#),
            (.shutdown(graceSeconds: 5, thenDestroys: true), #"{"grace_seconds":5,"then_destroy":true}"#),
            (.ceiling(vcpus: 8, memoryBytes: nil), #"{"maximum_vcpus":8}"#),
            (.migration(to: "h2"), #"{"target":"h2"}"#),
            (
                .migration(
                    to: "h2", bandwidthBytesPerSecond: 1, maximumDowntimeMilliseconds: 2, autoConverges: true,
                    timeLimitSeconds: 3, forcedAlthough: "h2 is full"),
                #"{"auto_converge":true,"bandwidth_bytes_per_second":1,"forced_although":"h2 is full","#
                    + #""maximum_downtime_ms":2,"target":"h2","time_limit_seconds":3}"#
            ),
        ]
        for (arguments, text) in written {
            #expect(arguments.json == text)
            #expect(CommandArguments(json: text) == arguments)
        }
    }

    @Test("what a verb needs is named where it is missing, and what it has is taken")
    func faults() {
        let needs: [CommandVerb: CommandArguments] = [
            .resize: .size(vcpus: 1), .cap: .cap(ppm: 0), .networkCap: .networkCap(bytesPerSecond: 0),
            .migrate: .migration(to: "h2"), .snapshot: .snapshot(named: "a"), .revert: .snapshot(named: "a"),
            .deleteSnapshot: .snapshot(named: "a"), .adopt: .adoption(for: "acme"),
            .prepare: .ceiling(vcpus: 1, memoryBytes: nil),
        ]
        for verb in CommandVerb.allCases where verb != .create {
            #expect((CommandArguments().fault(for: verb) != nil) == (needs[verb] != nil), "\(verb)")
            #expect((needs[verb] ?? CommandArguments()).fault(for: verb) == nil, "\(verb)")
        }
        #expect(CommandArguments().fault(for: .create)?.contains(#""name""#) == true)
    }

    @Test("a freeze's two words name what it stops, whichever way they come")
    func freezes() {
        let domain = DomainID(UUID128(high: 1, low: 2))
        for subject in [FreezeSubject.cluster("c1"), .tenant("acme"), .domain(domain)] {
            let notice = FreezeNotice(subject, frozen: true, reason: "r", principal: "ada", isTenants: true)
            #expect(FreezeNotice(json: notice.json)?.order == FreezeOrder(subject, isTenants: true))
        }
        let later = FreezeNotice(json: #"{"scope": "rack", "id": "7", "frozen": true}"#)
        #expect(later?.subject == .unrecognised(scope: "rack", id: "7"))
        #expect(FreezeNotice(json: #"{"scope": "tenant", "id": "acme"}"#) == nil)
    }

    @Test("a question has the names that hosts' Monitors read")
    func questions() {
        var question = HostQuestion(host: "h1")
        question.maximumVCPUs = 8
        question.limit = 100
        #expect(question.json == #"{"host":"h1","limit":100,"maximum_vcpus":8}"#)
    }

    @Test("streams have the topics that are on the wire, and an order of topics, then epochs")
    func streams() {
        let streams = [
            StreamID(topic: .decision("c1"), epoch: 9), StreamID(topic: .event("h1"), epoch: 1),
            StreamID(topic: .host("h1"), epoch: 2), StreamID(topic: .host("h1"), epoch: 10),
        ]
        #expect(streams.map(\.description) == ["decision/c1/@9", "event/h1/@1", "host/h1/@2", "host/h1/@10"])
        #expect(streams.reversed().sorted() == streams)
        for stream in streams { #expect(Topic(stream.topic.text) == stream.topic) }
    }

    @Test("a topic of a kind that is not known is kept to the byte, and text that is none is refused")
    func topics() {
        #expect(Topic("rack/7/")?.text == "rack/7/")
        for text in ["", "/", "host/h1", String(repeating: "a", count: 200) + "/"] { #expect(Topic(text) == nil) }
    }
}
