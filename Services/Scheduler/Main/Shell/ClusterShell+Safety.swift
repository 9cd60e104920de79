// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Logging
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

// Freezes that Ebb imposes by itself, and moves whose outcome nobody knows.
extension ClusterShell {
    /// Stores a freeze and tells every Monitor, so that it holds at once and without us.
    func impose(_ freeze: Freeze) async {
        log.error(
            "automatic actions are frozen; 'ebb unfreeze' lets them go on", metadata: ["reason": "\(freeze.reason)"])
        let (scope, id) = freeze.scope.stored(of: cluster)
        let record = FreezeRecord(
            scope: scope, id: id, reason: freeze.reason, principal: "scheduler", isAutomatic: freeze.isAutomatic,
            createdAt: freeze.since)
        do {
            try await runtime.store.fenced(shard.claim) { transaction in
                try await FreezeRepository(runtime.store).freeze(record, in: transaction)
            }
        } catch {
            log.error("the freeze can't be stored; Monitors are told of it", metadata: ["error": "\(error)"])
        }
        await tellMonitors(FreezeNotice(scope: scope.rawValue, id: id, frozen: true, reason: freeze.reason))
    }

    private func tellMonitors(_ notice: FreezeNotice) async {
        guard let body = try? document(notice) else { return }
        await withTaskGroup { group in
            for monitor in await runtime.peers.instances(of: .monitor) {
                group.addTask { [client = runtime.client, log] in
                    do {
                        _ = try await client.request(
                            body, type: .freezeSet, to: monitor.peer, idempotencyKey: nil, timeout: .seconds(2))
                    } catch {
                        log.warning(
                            "a Monitor was not told of the freeze; it reads it itself",
                            metadata: ["instance": "\(monitor.id)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    /// Looks for a domain whose move has an unknown outcome: in the command's journal, which its host's owner may
    /// complete later, and in both hosts' own reports of after it. Tells the core, also when it is nowhere to be found.
    func locate(_ question: LocateDirective) {
        let asked = runtime.clock.now()
        follow(question.decision) { [self] in
            let deadline = asked.advanced(byNanoseconds: configuration.core.settleAfterUnknown)
            var place: HostID?
            while !Task.isCancelled {
                place = await seen(question, since: asked)
                if place != nil || runtime.clock.now() >= deadline { break }
                try? await Task.sleep(for: .milliseconds(200))
            }
            guard !Task.isCancelled else { return }
            let now = runtime.clock.now()
            log.notice(
                "a move's outcome was looked up",
                metadata: ["decision.id": "\(question.decision)", "host": "\(place.map { "\($0)" } ?? "unknown")"])
            await located(question, on: place, at: now)
        }
    }

    private func located(_ question: LocateDirective, on host: HostID?, at now: Timestamp) {
        report { $0.located(question.decision, of: question.domain, on: host, at: now) }
    }

    /// Where exactly one of the hosts says that the domain is.
    private func seen(_ question: LocateDirective, since instant: Timestamp) async -> HostID? {
        let commands = try? await CommandRepository(runtime.store).commands(of: question.decision)
        if let outcome = commands?.last?.outcome, outcome.code != "outcome-unknown" {
            return outcome.succeeded ? CommandResult(outcome.result).host : question.hosts.first
        }
        let holders = question.hosts.filter { host in
            guard let sample = latest[host], sample.sampledAt > instant else { return false }
            return sample.domains.contains { $0.domain == question.domain && $0.state.isActive }
        }
        return holders.count == 1 ? holders.first : nil
    }

    /// What stands in the database: who froze what.
    func freezes() async throws -> [Freeze] { known(try await FreezeRepository(runtime.store).list()) }

    /// What stood there at a past instant.
    func freezes(at instant: Timestamp) async throws -> [Freeze] {
        known(try await FreezeRepository(runtime.store).list(at: instant))
    }

    private func known(_ records: [FreezeRecord]) -> [Freeze] {
        records.compactMap { record in
            Freeze.Scope(record.scope, record.id, of: cluster).map { scope in
                Freeze(
                    scope: scope, reason: record.reason, isAutomatic: record.isAutomatic, since: record.createdAt)
            }
        }
    }
}

/// What Monitors are told of a freeze.
private struct FreezeNotice: Encodable {
    let scope: String
    let id: String
    let frozen: Bool
    let reason: String
    let principal = "scheduler"
}

extension Freeze.Scope {
    /// As `cluster.freeze` names it.
    fileprivate func stored(of cluster: ClusterID) -> (scope: FreezeScope, id: String) {
        switch self {
        case .cluster: (.cluster, cluster.name)
        case .tenant(let tenant): (.tenant, tenant.name)
        case .domain(let domain): (.vm, domain.description)
        }
    }

    /// `nil`: another cluster's, or nothing that we know.
    fileprivate init?(_ scope: FreezeScope, _ id: String, of cluster: ClusterID) {
        switch scope {
        case .cluster:
            guard id == cluster.name else { return nil }
            self = .cluster
        case .tenant: self = .tenant(TenantID(trusted: id))
        case .vm:
            guard let domain = DomainID(id) else { return nil }
            self = .domain(domain)
        }
    }
}
