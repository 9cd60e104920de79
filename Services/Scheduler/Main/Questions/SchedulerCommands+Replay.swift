// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import ResourceModel
import SchedulerCore
import ServiceKit
import Store

/// The answer to `policy.replay`; Billing also uses it for quotes.
struct ReplayAnswer: Encodable, Sendable {
    let overloadedNanoseconds: Int64
    let idleNanoseconds: Int64
    /// The time in which the demand may have been larger than what was seen.
    let cappedNanoseconds: Int64
    let actions: Int
    let text: String
    let record: ReplayResult
}

// What a policy would have done: for one domain, or for all of a host that Ebb only watches.
extension SchedulerCommands {
    /// At most as long as raw samples are kept, and short enough for the memory.
    private static let longestPeriod: Int64 = 31 * 86_400_000_000_000
    /// How many domains one assessment may have.
    private static let mostDomains = 2_000
    private static let mostHosts = 10_000

    func replay(_ body: [UInt8]) async throws -> [UInt8] {
        let wanted = try question(ReplayQuestion.self, in: body)
        guard let record = try await InventoryRepository(runtime.store).domain(wanted.domain) else {
            throw CommandFailure.notFound("there is no such domain")
        }
        let period = try Self.period(wanted.from, wanted.to)
        let current = try await PolicyRepository(runtime.store).current(record.id)
        let requested: RequestedPolicy
        do throws(PolicyRefusal) {
            requested = try wanted.change.applied(to: current, of: subject(of: record))
        } catch {
            throw CommandFailure.invalid(error.description)
        }
        guard let policy = requested.policy else {
            throw CommandFailure.invalid(
                "the VM has no policy: say which to replay, by a preset or by bounds and ratio")
        }
        let past = try await reader.past(of: record.id, ownedBy: record.tenant, in: period)
        guard let plan = plan(policy, requested.options, requested.windowLength, past: past, of: record) else {
            throw CommandFailure.notFound("no sample of the VM is stored for that time")
        }
        let result = Replay.run(plan, over: past.samples)
        return try document(
            ReplayAnswer(
                overloadedNanoseconds: result.overloaded, idleNanoseconds: result.idle,
                cappedNanoseconds: result.capped, actions: result.actions.count,
                text: ReplayText.of(result, policy: policy, windowLength: requested.windowLength), record: result))
    }

    /// What Ebb would have done with every domain of these hosts.
    func assess(_ body: [UInt8]) async throws -> [UInt8] {
        let wanted = try question(AssessQuestion.self, in: body)
        let period = try Self.period(wanted.from, wanted.to)
        guard wanted.hosts.count <= Self.mostHosts else {
            throw CommandFailure.invalid("hosts may have at most \(Self.mostHosts) entries, not \(wanted.hosts.count)")
        }
        let hosts = Set(wanted.hosts)
        let records = try await InventoryRepository(runtime.store).domains(.all).filter { hosts.contains($0.host) }
            .sorted { ($0.tenant?.name ?? "", $0.name, $0.id) < ($1.tenant?.name ?? "", $1.name, $1.id) }
        guard records.count <= Self.mostDomains else {
            throw CommandFailure.invalid(
                "\(records.count) VMs are too many for one assessment of at most \(Self.mostDomains): ask host by host")
        }
        let policies = try await PolicyRepository(runtime.store).allCurrent()
        var answer = AssessAnswer(period: period)
        for record in records {
            let version = policies.first { $0.domain == record.id }
            guard
                let policy = try? version?.policy
                    ?? PolicyPreset.balanced.policy(maximumVCPUs: record.maximumVCPUs)
            else { continue }
            let length = version?.policy == nil ? PolicyPreset.balanced.windowLength : version?.windowLength
            let past = try await reader.past(of: record.id, ownedBy: record.tenant, in: period)
            let plan = plan(
                policy, version?.options ?? PolicyOptions(), length ?? configuration.windowLength, past: past,
                of: record)
            answer.add(record, plan.flatMap { Assessment($0, over: past.samples) })
        }
        return try document(answer.finished())
    }

    var reader: DemandReader {
        DemandReader(store: runtime.store, samplingInterval: configuration.core.samplingInterval)
    }

    func subject(of record: StoredDomain) -> PolicySubject {
        PolicySubject(
            maximumVCPUs: record.maximumVCPUs, memory: record.memory, maximumMemory: record.maximumMemory,
            windowLength: configuration.windowLength, longestWindow: configuration.longestWindow)
    }

    /// `nil` if nothing is known of the past.
    private func plan(
        _ policy: ScalingPolicy, _ options: PolicyOptions, _ windowLength: Int, past: DemandReader.Past,
        of record: StoredDomain
    ) -> ReplayPlan? {
        guard let first = past.first, let sizes = first.vcpus else { return nil }
        return ReplayPlan(
            domain: record.id, policy: policy, options: options, windowLength: windowLength,
            settings: configuration.core, vcpus: sizes.confirmed ?? sizes.granted,
            memory: first.memory?.allocated ?? record.maximumMemory, networkCap: first.networkCapBytesPerSecond,
            ceiling: record.maximumVCPUs)
    }

    private static func period(_ from: Timestamp, _ to: Timestamp) throws -> TimeRange {
        guard let period = TimeRange(from, to), !period.isEmpty else {
            throw CommandFailure.invalid("the period must begin before it ends")
        }
        guard from >= .zero else { throw CommandFailure.invalid("from must not be before 1970") }
        guard period.nanoseconds <= longestPeriod else {
            throw CommandFailure.invalid("a period may have at most 31 days; ask for a shorter one")
        }
        return period
    }
}
