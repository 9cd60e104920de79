// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

@Suite("A change of a policy")
struct PolicyChangeTests {
    private static let subject = PolicySubject(
        maximumVCPUs: 8, memory: .gibibytes(2), maximumMemory: .gibibytes(4), windowLength: 10, longestWindow: 36)

    private func applied(_ json: String, to current: PolicyVersion? = nil) throws -> RequestedPolicy {
        try JSONDecoder().decode(PolicyChange.self, from: Data(json.utf8)).applied(to: current, of: Self.subject)
    }

    /// As it stands after a change.
    private func version(_ json: String, over current: PolicyVersion? = nil) throws -> PolicyVersion {
        let requested = try applied(json, to: current)
        return PolicyVersion(
            domain: DomainID(UUID128(high: 1, low: 1)), version: (current?.version ?? 0) + 1, validFrom: .zero,
            policy: requested.policy, windowLength: requested.windowLength, options: requested.options)
    }

    private static let paper = #"{"lowerPpm": 150000, "upperPpm": 800000, "ratioPpm": 700000}"#

    @Test("whatever is asked for, it is a policy whose numbers can be, or refused")
    func extremes() {
        let names = Mirror(reflecting: PolicyChange()).children.compactMap(\.label)
        Fuzz.run("changes of policies", rounds: 10_000) { fuzz in
            let chosen = fuzz.chance(30) ? names : (0..<4).map { _ in fuzz.pick(names) }
            guard let requested = try? applied(fuzz.object(chosen)), let policy = requested.policy else { return }
            #expect(policy.minimumVCPUs <= policy.maximumVCPUs && policy.lower < policy.upper)
            #expect((1...36).contains(requested.windowLength))
        }
    }

    @Test("bounds of the tenant's own go with the platform's N, a preset brings its own")
    func bounds() throws {
        let own = try applied(Self.paper)
        #expect(own.policy?.lower == Utilization(percent: 15) && own.policy?.maximumVCPUs == 8)
        #expect(own.windowLength == 10 && own.options == PolicyOptions())
        let preset = try applied(#"{"preset": "conservative", "maxVcpus": 4}"#)
        #expect(preset.policy?.ratio == .full && preset.policy?.maximumVCPUs == 4 && preset.windowLength == 12)
        #expect(preset.options.preset == .conservative)
    }

    @Test("a tenant's own N stays through other changes, ends a preset, and goes back to the platform's by 0")
    func window() throws {
        let first = try version(#"{"preset": "aggressive"}"#)
        let own = try version(#"{"windowLength": 20}"#, over: first)
        #expect(own.windowLength == 20 && own.options.preset == nil && own.policy == first.policy)
        let later = try version(#"{"minVcpus": 2}"#, over: own)
        #expect(later.windowLength == 20 && later.options.windowLength == 20)
        let back = try version(#"{"windowLength": 0}"#, over: later)
        #expect(back.windowLength == 10 && back.options.windowLength == nil)
        let preset = try version(#"{"preset": "balanced"}"#, over: own)
        #expect(preset.windowLength == 12 && preset.options.windowLength == nil)
    }

    @Test(
        "an N beyond the platform's limit, or beside a preset, is refused",
        arguments: [
            (#"{"windowLength": 37}"#, "from 1 to 36"), (#"{"windowLength": -1}"#, "from 1 to 36"),
            (#"{"windowLength": 5, "preset": "balanced"}"#, "own window"),
        ])
    func refusedWindow(json: String, part: String) throws {
        let first = try version(Self.paper)
        let refusal = #expect(throws: PolicyRefusal.self) { try version(json, over: first) }
        #expect(refusal?.description.contains(part) == true)
    }

    @Test("what is not given stays: sizes over a new preset, bounds over a new size, rules over an option")
    func stays() throws {
        let first = try version(
            #"{"preset": "aggressive", "minVcpus": 2, "maxVcpus": 4, "maxMemoryBytes": 3221225472}"#)
        #expect(first.policy?.memory?.minimum == ByteCount.gibibytes(1).bytes, "half of what it has")
        let second = try version(#"{"preset": "balanced"}"#, over: first)
        #expect(second.policy?.minimumVCPUs == 2 && second.policy?.memory == first.policy?.memory)
        let third = try version(#"{"dryRun": true, "antiAffinity": "db"}"#, over: second)
        #expect(third.policy == second.policy && third.options.preset == .balanced && third.options.isDryRun)
        let fourth = try version(Self.paper, over: third)
        #expect(fourth.options.preset == nil && fourth.options.antiAffinityGroup == "db" && fourth.options.isDryRun)
        let fifth = try version(#"{"memory": false, "antiAffinity": ""}"#, over: fourth)
        #expect(fifth.policy?.memory == nil && fifth.options.antiAffinityGroup == nil)
        #expect(fifth.policy?.upper == fourth.policy?.upper)
    }

    @Test("a managed policy begins balanced, keeps its goal through other changes, and is pinned as it stands")
    func managed() throws {
        let first = try version(#"{"managed": true, "goalPpm": 2000, "maxVcpus": 6}"#)
        #expect(first.options.goal?.overloadedShare == Utilization(ppm: 2_000))
        #expect(first.policy == (try PolicyPreset.balanced.policy(maximumVCPUs: 6)))
        let second = try version(#"{"dryRun": true}"#, over: first)
        #expect(second.options.goal == first.options.goal && second.policy == first.policy)
        let pinned = try version(#"{"managed": false}"#, over: second)
        #expect(pinned.options.goal == nil && pinned.policy == first.policy)
        #expect(try version(#"{"preset": "balanced"}"#, over: first).options.goal == nil)
    }

    @Test("an option without a rule is subscribed without a rule")
    func optionsOnly() throws {
        let requested = try applied(#"{"optOut": true}"#)
        #expect(requested.policy == nil && requested.options.isOptedOut)
    }

    @Test(
        "what can't be is refused with the reason",
        arguments: [
            ("{}", "say what to change"), (#"{"lowerPpm": 150000}"#, "a first policy needs"),
            (#"{"minVcpus": 2}"#, "a first policy needs"),
            (#"{"preset": "balanced", "lowerPpm": 1}"#, "a preset has its own bounds"),
            (#"{"managed": true, "preset": "balanced"}"#, "a managed policy chooses"),
            (#"{"preset": "balanced", "maxVcpus": 9}"#, "ceiling of 8"),
            (#"{"preset": "balanced", "minVcpus": 5, "maxVcpus": 4}"#, "minimum size"),
            (#"{"preset": "balanced", "maxMemoryBytes": 8589934592}"#, "ceiling of 4"),
            (#"{"preset": "balanced", "network": true}"#, "largest cap"),
            (#"{"preset": "balanced", "affinity": "a", "antiAffinity": "a"}"#, "can't share a host and not share"),
            (#"{"preset": "greedy"}"#, "preset 'greedy' is none that this version knows"),
            (#"{"lowerPpm": 800000, "upperPpm": 800000, "ratioPpm": 1}"#, "lower bound U1 must be below"),
        ])
    func refused(json: String, reason: String) {
        #expect {
            try applied(json)
        } throws: { ($0 as? PolicyRefusal)?.description.contains(reason) == true }
    }
}
