// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct DecisionRecordTests {
    private func grown() throws -> DecisionRecord {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        _ = rig.perform(7, effectiveAt: at(7))
        return try #require(rig.records.last)
    }

    private func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(value)
    }

    @Test("a record verifies, also after it was stored and read, and keeps its bytes")
    func roundTrip() throws {
        let record = try grown()
        #expect(record.verify() == nil)
        let bytes = try encode(record)
        let read = try JSONDecoder().decode(DecisionRecord.self, from: bytes)
        #expect(read == record)
        #expect(read.verify() == nil)
        #expect(try encode(read) == bytes)
    }

    @Test("a record whose evidence was changed does not verify")
    func tampered() throws {
        let text = String(decoding: try encode(try grown()), as: UTF8.self)
        let changed = text.replacing("\"utilization\":900000", with: "\"utilization\":700000")
        #expect(changed != text)
        let record = try JSONDecoder().decode(DecisionRecord.self, from: Data(changed.utf8))
        #expect(record.verify() == .finding)
        let otherRules = text.replacing("\"rulesVersion\":2", with: "\"rulesVersion\":0")
        let old = try JSONDecoder().decode(DecisionRecord.self, from: Data(otherRules.utf8))
        #expect(old.verify() == .otherRules(recorded: 0, present: 2))
    }

    @Test("it says in plain words why")
    func words() throws {
        let record = try grown()
        #expect(
            record.summary
                == "grow from 2 to 3 vCPUs: 7 of the last 7 known samples were above 80 % and 7 are needed")
        let text = record.explain()
        #expect(text.contains("policy 1: U1 15 %, U2 80 %, M = 7 of N = 10 (ratio 70 %), 1 to 4 vCPUs"))
        #expect(text.contains("mean 90 %, projected 60 % at the next size"))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("sample ") } == 7)
    }

    @Test("it says why nothing happened, with the counts")
    func nothing() throws {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...10 { rig.observe(t, percent: t > 5 ? 90 : 50) }
        let explanation = try #require(rig.state.explain(rig.domain, at: at(10)))
        #expect(
            explanation.summary
                == "nothing: 5 of the last 10 known samples were above 80 % and 0 below 15 %; 7 are needed")
        #expect(rig.state.explain(domainID(99), at: at(10)) == nil)
    }

    @Test("it says what a refusal compared")
    func refusal() throws {
        let rig = Rig(policy: try policy(maximum: 2))
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        _ = rig.directives(7)
        #expect(
            rig.records.last?.summary
                == "not grown: 7 of the last 7 known samples were above 80 % and 7 are needed, but the policy's maximum is 2 vCPUs"
        )
    }

    @Test("a migration names both hosts, every candidate and the next best")
    func migration() throws {
        let rig = Rig(policy: try policy(), hosts: ["host-a", "host-b", "host-c", "host-d"])
        for (host, cpu) in [("host-b", 10), ("host-c", 30), ("host-d", 80)] as [(HostID, Int64)] {
            rig.observeEmpty(host, 7, cpu: cpu)
        }
        for t in Int64(1)...7 { rig.observe(t, percent: 90) }
        let own = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitDenied(own.decision, host: "host-a", reason: "0 vCPUs are free", at: at(7))
        let other = try #require(rig.directives(7).first?.permitRequest)
        rig.state.permitGranted(other.decision, permit: UUID128(high: 0, low: 5), at: at(7))
        _ = rig.directives(7)
        let record = try #require(rig.records.last)
        #expect(record.verify() == nil)
        #expect(record.summary.hasPrefix("migrate from host-a to host-b and grow from 2 to 3 vCPUs: 7 of the last 7"))
        let text = record.explain()
        #expect(text.contains("host host-a rejected: the domain is on it already"))
        #expect(text.contains("host host-d rejected: its CPU use would be 125 %, above its bound of 90 %"))
        #expect(text.contains("next best"))
        #expect(try JSONDecoder().decode(DecisionRecord.self, from: encode(record)) == record)
    }

    @Test("a state can be dumped and taken up again")
    func dump() throws {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...6 { rig.observe(t, percent: 90) }
        var copy = try JSONDecoder().decode(SchedulerState.self, from: encode(rig.state))
        #expect(copy == rig.state)
        let directives = copy.directives(at: at(6))
        #expect(directives == rig.allDirectives(6))
    }

    @Test("an id depends on what triggered, and on nothing else")
    func identity() {
        let position = SamplePosition(epoch: 1, sequence: 7)
        let make = { (domain: UInt64, version: Int64, t: Int64) in
            DecisionIdentity.make(domain: domainID(domain), position: position, policyVersion: version, at: at(t))
        }
        #expect(make(1, 1, 7) == make(1, 1, 7))
        #expect(Set([make(1, 1, 7), make(2, 1, 7), make(1, 2, 7), make(1, 1, 8)]).count == 4)
        #expect(make(1, 1, 7).description.utf8.dropFirst(14).first == UInt8(ascii: "8"))
    }

    @Test("decisions of one trigger about different things have ids of their own, by numbers that stay")
    func purposes() {
        #expect(DecisionIdentity.Purpose.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        let ids = DecisionIdentity.Purpose.allCases.map {
            DecisionIdentity.make(domain: domainID(1), position: nil, policyVersion: 1, at: at(7), purpose: $0)
        }
        #expect(Set(ids).count == ids.count)
        #expect(ids[0] == DecisionIdentity.make(domain: domainID(1), position: nil, policyVersion: 1, at: at(7)))
    }

    @Test("the cause of a move stands in a record under the word that others than Scheduler read")
    func moveCauses() throws {
        let causes: [MoveCause] = [.relief, .drain, .makeRoom(domainID(1)), .broken(.pin(["h1"]))]
        #expect(Set(causes.map(\.word)) == Set(MoveCauseWord.allCases))
        for cause in causes {
            let record = String(decoding: try JSONEncoder().encode(["move": ["cause": cause]]), as: UTF8.self)
            #expect(DecisionExcerpt(json: record)?.moveCause == cause.word)
        }
    }

    @Test("settings name the field that is wrong")
    func settings() throws {
        try SchedulerSettings.platform.validate()
        try SchedulerSettings.paper.validate()
        var settings = SchedulerSettings.platform
        settings.cooldownDown = -1
        #expect(throws: SchedulerSettings.Fault(description: "cooldownDown must not be negative")) {
            try settings.validate()
        }
        settings = .platform
        settings.weights.cpuPPM += 1
        #expect(throws: SchedulerSettings.Fault.self) { try settings.validate() }
    }

    @Test("an explanation names who gave no room, and the rules and the decision that it is of")
    func denialsInWords() throws {
        let cluster = smallCluster([guest(1)])
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        cluster.closedHosts = ["host-a", "host-b"]
        cluster.tick(3)
        let record = try #require(cluster.last(1))
        let text = record.explain()
        for host in ["host-a", "host-b"] { #expect(text.contains("host \(host) gave no room: it is closed")) }
        #expect(text.hasSuffix("rules version \(record.rulesVersion), decision \(record.id)"))
    }
}
