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

// Freezes that Ebb imposes by itself, and moves with an unknown outcome.
extension ClusterShell {
    /// Stores a freeze and sends it to every Monitor, so that it holds at once and without us.
    func impose(_ freeze: Freeze) async {
        log.error(
            "automatic actions are frozen; 'ebb unfreeze' lets them go on", metadata: ["reason": "\(freeze.reason)"])
        let subject = FreezeSubject(freeze.scope, of: cluster)
        let record = FreezeRecord(
            subject, reason: freeze.reason, principal: "scheduler", isAutomatic: freeze.isAutomatic,
            createdAt: freeze.since)
        do {
            try await runtime.store.fenced(shard.claim) { transaction in
                try await FreezeRepository(runtime.store).freeze(record, in: transaction)
            }
        } catch {
            log.error("the freeze can't be stored; it is sent to the Monitors", metadata: ["error": "\(error)"])
        }
        await tellMonitors(
            FreezeNotice(
                subject, frozen: true, reason: freeze.reason, principal: record.principal, isTenants: record.isTenants))
    }

    private func tellMonitors(_ notice: FreezeNotice) async {
        let body = MessageCodec.encoded(notice)
        await withTaskGroup { group in
            for monitor in await runtime.peers.instances(of: .monitor) {
                group.addTask { [client = runtime.client, log] in
                    do {
                        _ = try await client.request(
                            body, type: .freezeSet, to: monitor.peer, idempotencyKey: nil, timeout: .seconds(2))
                    } catch {
                        log.warning(
                            "a Monitor did not confirm the freeze; it will read it from the database",
                            metadata: ["instance": "\(monitor.id)", "error": "\(error)"])
                    }
                }
            }
        }
    }

    /// Looks for a domain whose move has an unknown outcome: in the command's row, which its host's owner may complete
    /// later, and in both hosts' own later reports. Reports to the core, also if the domain can't be found.
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

    /// The host that says it has the domain; `nil` unless exactly one does.
    private func seen(_ question: LocateDirective, since instant: Timestamp) async -> HostID? {
        let commands = try? await CommandRepository(runtime.store).commands(of: question.decision)
        if let outcome = commands?.last?.outcome, !outcome.isUnknown {
            return outcome.succeeded ? CommandResult(outcome.result).host : question.hosts.first
        }
        let holders = question.hosts.filter { host in
            guard let sample = latest[host], sample.sampledAt > instant else { return false }
            return sample.domains.contains { $0.domain == question.domain && $0.state.isActive }
        }
        return holders.count == 1 ? holders.first : nil
    }

    /// The freezes in the database.
    func freezes() async throws -> [Freeze] { known(try await FreezeRepository(runtime.store).list()) }

    /// The freezes that held at a past instant.
    func freezes(at instant: Timestamp) async throws -> [Freeze] {
        known(try await FreezeRepository(runtime.store).list(at: instant))
    }

    private func known(_ records: [FreezeRecord]) -> [Freeze] {
        records.compactMap { record in
            Freeze.Scope(record.subject, of: cluster).map { scope in
                Freeze(
                    scope: scope, reason: record.reason, isAutomatic: record.isAutomatic, since: record.createdAt)
            }
        }
    }
}

// The core knows only its own cluster; rows and Monitors name any cluster.
extension FreezeSubject {
    fileprivate init(_ scope: Freeze.Scope, of cluster: ClusterID) {
        self =
            switch scope {
            case .cluster: .cluster(cluster)
            case .tenant(let tenant): .tenant(tenant)
            case .domain(let domain): .domain(domain)
            }
    }
}

extension Freeze.Scope {
    /// `nil` for another cluster's freeze, and for a scope that is not known here.
    fileprivate init?(_ subject: FreezeSubject, of cluster: ClusterID) {
        switch subject {
        case .cluster(let frozen):
            guard frozen == cluster else { return nil }
            self = .cluster
        case .tenant(let tenant): self = .tenant(tenant)
        case .domain(let domain): self = .domain(domain)
        case .unrecognised: return nil
        }
    }
}
