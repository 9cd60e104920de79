// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@Suite("What Scheduler is asked and answers")
struct SchedulerContractsTests {
    private static let domain = DomainID(UUID128(high: 1, low: 2))

    @Test("a change of a policy says what it changes and nothing else")
    func change() {
        var change = PolicyChange()
        #expect(change.json == "{}" && PolicyChange(json: "{}") == change)
        change.preset = .known(.balanced)
        change.minMemoryBytes = 1
        change.pinnedHosts = ["h2"]
        #expect(change.json == #"{"minMemoryBytes":1,"pinnedHosts":["h2"],"preset":"balanced"}"#)
        #expect(PolicyChange(json: change.json) == change)
    }

    @Test("a preset that is not known is kept to the byte, and a member that is not known is passed over")
    func laterChange() {
        let change = PolicyChange(json: #"{"preset": "gre edy", "mood": "fine", "maxVcpus": 4}"#)
        #expect(change?.preset == .unrecognised("gre edy") && change?.maxVcpus == 4)
        #expect(change?.json == #"{"maxVcpus":4,"preset":"gre edy"}"#)
    }

    @Test("a question for a replay has the change's members beside its own")
    func replay() {
        var change = PolicyChange()
        change.lowerPpm = 150_000
        let question = ReplayQuestion(
            domain: Self.domain, from: Timestamp(nanoseconds: 3), to: Timestamp(nanoseconds: 4), change: change)
        #expect(question.json == #"{"domain":"\#(Self.domain)","from":3,"lowerPpm":150000,"to":4}"#)
        #expect(ReplayQuestion(json: question.json) == question)
        #expect(ReplayQuestion(json: #"{"from": 3, "to": 4}"#) == nil, "of no domain")
    }

    @Test("questions about decisions and hosts have the names that Scheduler reads")
    func questions() {
        let id = UUID128(high: 3, low: 4)
        #expect(DecisionQuestion(ids: [id]).json == #"{"ids":["\#(id)"]}"#)
        #expect(DecisionQuestion(json: #"{"id": "\#(id)", "later": 1}"#)?.id == id)
        #expect(VerifyQuestion(id: id).json == #"{"id":"\#(id)"}"#)
        #expect(VerifyQuestion(cluster: "c1").json == #"{"cluster":"c1"}"#)
        let question = AssessQuestion(hosts: ["h1"], from: Timestamp(nanoseconds: 1), to: Timestamp(nanoseconds: 2))
        #expect(question.json == #"{"from":1,"hosts":["h1"],"to":2}"#)
        #expect(AssessQuestion(json: question.json) == question)
    }

    @Test("what a Scheduler of another version does not count is none, and what it counts more is passed over")
    func verification() {
        let id = UUID128(high: 3, low: 4)
        let text = #"{"checked":2,"failures":[{"at":9,"fault":"finding","id":"\#(id)"}],"held":1,"skipped":7}"#
        let answer = VerifyAnswer(json: text)
        #expect(answer?.checked == 2 && answer?.held == 1 && answer?.otherRules == 0 && answer?.failed == 1)
        #expect(answer?.failures == [.init(id: id, at: Timestamp(nanoseconds: 9), fault: "finding")])
        #expect(answer.flatMap { VerifyAnswer(json: $0.json) } == answer)
    }

    @Test("the blackouts of a cluster are a list, read although a later version says more of one")
    func blackouts() {
        let list = [Blackout(startSecond: 28_800, lengthSeconds: 3_600, weekdays: [4, 0])]
        #expect(list.json == #"[{"lengthSeconds":3600,"startSecond":28800,"weekdays":[0,4]}]"#)
        #expect([Blackout](json: list.json) == list && [Blackout](json: "[]") == [])
        #expect(
            [Blackout](json: #"[{"lengthSeconds": 1, "startSecond": 2, "weekdays": [], "zone": "CET"}]"#)
                == [Blackout(startSecond: 2, lengthSeconds: 1)])
        #expect([Blackout](json: #"[{"lengthSeconds": 1}]"#) == nil)
    }

    @Test("a decision's cause of a move is read in its record whatever else that says, and kept if it is not known")
    func excerpt() {
        let drain = #"{"id":"1","move":{"cause":{"drain":{}},"source":"h1"},"summary":"\"relief\""}"#
        #expect(DecisionExcerpt(json: drain)?.moveCause == .drain)
        #expect(DecisionExcerpt(json: #"{"move":{"cause":{"broken":{"_0":{"x":1}}}}}"#)?.moveCause == .broken)
        #expect(DecisionExcerpt(json: #"{"move":{"cause":{"re bel":{}}}}"#)?.moveCause == .unrecognised("re bel"))
        let size = DecisionExcerpt(json: #"{"summary":"\"drain\""}"#)
        #expect(size != nil && size?.moveCause == nil)
        for cause in MoveCauseWord.allCases {
            let excerpt = DecisionExcerpt(moveCause: cause)
            #expect(DecisionExcerpt(json: excerpt.json) == excerpt && excerpt.json.contains(cause.rawValue))
        }
    }

    @Test("a verdict or reason of another version is kept to the byte")
    func decisionWords() {
        for verdict in Verdict.allCases { #expect(Recognised(verdict.rawValue) == verdict) }
        for reason in Reason.allCases { #expect(Recognised(reason.rawValue) == reason) }
        #expect(Recognised<Verdict>("Grow") == .unrecognised("Grow"))
        #expect(Recognised<Reason>("full moon").text == "full moon")
    }
}
