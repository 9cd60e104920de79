// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

/// The platform's choice for a managed policy, as stored beside the policy: for people and for the next choice.
struct StoredChoice: Codable, Hashable, Sendable {
    /// In plain words.
    let text: String
    /// The tenant's own sizes: this choice lies within them, and so will the next one.
    let minimumVCPUs: VCPUCount
    let maximumVCPUs: VCPUCount
    /// The length of the history behind the choice, in nanoseconds.
    let spanNanoseconds: Int64
    let expected: ManagedChoice.Expectation?
    /// f of the policy before and of this one; `nil`: Billing was not asked.
    let factorBefore: Utilization?
    let factor: Utilization?
}

// Managed policies: the platform chooses bounds for a goal from each domain's own past, again as the past grows, and
// later daily. A choice never has a higher f than the present policy.
extension ClusterShell {
    /// Looks at every managed policy whose choice is due.
    func keepManagedPolicies() async throws {
        let now = runtime.clock.now()
        let repository = PolicyRepository(runtime.store)
        for version in try await repository.allCurrent() {
            guard !Task.isCancelled else { return }
            guard let goal = version.options.goal, version.policy != nil, knows(version.domain),
                chosenAgainAt[version.domain].map({ now >= $0 }) ?? true
            else { continue }
            let stored = try await repository.choice(version.domain, version: version.version)
                .flatMap { try? JSONDecoder().decode(StoredChoice.self, from: Data($0.utf8)) }
            if chosenAgainAt[version.domain] == nil, let stored {
                // After a restart: the present choice is as old as its version.
                let due = version.validFrom.advanced(
                    byNanoseconds: ManagedPolicy.nextChoice(after: stored.spanNanoseconds))
                chosenAgainAt[version.domain] = due
                guard now >= due else { continue }
            }
            try await choose(version, goal: goal, stored: stored, at: now)
        }
    }

    private func choose(
        _ version: PolicyVersion, goal: ManagedGoal, stored: StoredChoice?, at now: Timestamp
    ) async throws {
        guard let present = version.policy,
            let period = TimeRange(now.advanced(byNanoseconds: -Self.managedHistory), now)
        else { return }
        let reader = DemandReader(store: runtime.store, samplingInterval: state.settings.samplingInterval)
        let owner = try await InventoryRepository(runtime.store).domain(version.domain)?.tenant
        let history = try await reader.history(of: version.domain, ownedBy: owner, in: period)
        chosenAgainAt[version.domain] = now.advanced(
            byNanoseconds: ManagedPolicy.nextChoice(after: history.spanNanoseconds))
        let question = ManagedPolicy.Question(
            goal: goal, minimumVCPUs: stored?.minimumVCPUs ?? present.minimumVCPUs,
            maximumVCPUs: stored?.maximumVCPUs ?? present.maximumVCPUs,
            terms: ReplayTerms(state.settings, windowLength: version.windowLength, options: version.options),
            present: stored?.expected == nil ? nil : present.cpuOnly)
        let candidates = ManagedPolicy.grid(question)
        let factors = try await factors(of: [present] + candidates)
        let before = factors.first
        let dear = Set(zip(candidates, factors.dropFirst()).filter { $0.1 > before ?? .full }.map(\.0))
        let choice = try ManagedPolicy.choose(question, from: history) { !dear.contains($0) }
        try await take(choice, question: question, over: version, factorBefore: before)
    }

    /// Stores a choice if it differs from the present policy.
    private func take(
        _ choice: ManagedChoice, question: ManagedPolicy.Question, over version: PolicyVersion,
        factorBefore: Utilization?
    ) async throws {
        // Without a past the subscribed policy stays: at first the balanced preset.
        guard let present = version.policy, choice.expected != nil, choice.policy != present.cpuOnly else { return }
        // If all have a higher f, the preset would be chosen; it may have a higher f too.
        guard let factorBefore, let factor = try await factors(of: [choice.policy]).first, factor <= factorBefore
        else { return }
        let document = StoredChoice(
            text: choice.why, minimumVCPUs: question.minimumVCPUs, maximumVCPUs: question.maximumVCPUs,
            spanNanoseconds: choice.expected?.spanNanoseconds ?? 0, expected: choice.expected,
            factorBefore: factorBefore, factor: factor)
        let requested = RequestedPolicy(
            policy: try choice.policy.with(memory: present.memory, network: present.network),
            options: version.options, windowLength: version.windowLength)
        let next = try await subscribe(
            requested, for: version.domain, choice: String(decoding: try canonicalJSON(document), as: UTF8.self))
        log.info(
            "a managed policy was chosen",
            metadata: [
                "domain.id": "\(version.domain)", "policy.version": "\(next.version)", "why": "\(choice.why)",
            ])
    }

    /// f of policies, by Billing's own formula; throws while no Billing answers, since a choice can wait.
    private func factors(of policies: [ScalingPolicy]) async throws -> [Utilization] {
        guard let billing = await runtime.peers.instances(of: .billing).first else {
            throw PolicyRefusal("no Billing is running to price policies by; a choice waits for one")
        }
        let reply = try await runtime.client.request(
            document(FactorsRequest(policies)), type: .showFactors, to: billing.peer, idempotencyKey: nil,
            timeout: .seconds(10))
        let json = try MessageCodec.decoded(WireJSONDocument.self, from: reply).json
        let answer = try JSONDecoder().decode(FactorAnswer.self, from: json)
        guard answer.factorsPpm.count == policies.count else {
            throw PolicyRefusal("Billing priced \(answer.factorsPpm.count) of \(policies.count) policies")
        }
        return answer.factorsPpm.map { Utilization(ppm: $0) }
    }

    /// How far back a history goes: as long as raw samples are kept.
    private static let managedHistory: Int64 = 7 * 86_400_000_000_000
}

extension ScalingPolicy {
    /// The policy without rules for memory and network.
    fileprivate var cpuOnly: ScalingPolicy { (try? with(memory: nil, network: nil)) ?? self }

    fileprivate func with(memory: ResourceRule?, network: ResourceRule?) throws(Fault) -> ScalingPolicy {
        try ScalingPolicy(
            lower: lower, upper: upper, ratio: ratio, grid: grid, memory: memory, network: network)
    }
}
