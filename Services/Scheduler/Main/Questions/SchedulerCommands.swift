// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

/// The requests that other services send to Scheduler: room, policies, explanations.
struct SchedulerCommands: Sendable {
    let service: SchedulerService
    let runtime: ServiceRuntime
    let configuration: SchedulerConfiguration

    func serve() async {
        await runtime.server.handle(.permitRequest) { body, context async throws(CommandFailure) in
            try await answering {
                try await self.permit(
                    MessageCodec.decoded(WirePermitRequest.self, from: body), asker: context.source)
            }
        }
        await runtime.server.handle(.setPolicy) { body, context async throws(CommandFailure) in
            try await answering {
                try await self.setPolicy(
                    MessageCodec.decoded(WireSetPolicy.self, from: body), asker: context.source)
            }
        }
        await runtime.server.handle(.why) { body, _ async throws(CommandFailure) in
            try await answering { try await self.why(MessageCodec.decoded(WireWhyRequest.self, from: body)) }
        }
        await runtime.server.handle(.verifyDecisions) { body, _ async throws(CommandFailure) in
            try await answering { try await self.verify(try question(VerifyQuestion.self, in: body)) }
        }
        await runtime.server.handle(.disguiseDecision) { body, _ async throws(CommandFailure) in
            try await answering { try await self.disguise(try question(DecisionQuestion.self, in: body)) }
        }
        await runtime.server.handle(.replayPolicy) { body, _ async throws(CommandFailure) in
            try await answering { try await self.replay(body) }
        }
        await runtime.server.handle(.assess) { body, _ async throws(CommandFailure) in
            try await answering { try await self.assess(body) }
        }
    }

    // MARK: - Why

    /// Without an instant: what the rule says now. With an instant: what the rule says about the samples and the policy
    /// of that time.
    private func why(_ request: WireWhyRequest) async throws -> [UInt8] {
        let (record, shell) = try await managed(request.domainUuid)
        let instant = request.atNs == 0 ? runtime.clock.now() : try Timestamp(request.atNs, field: "at_ns")
        let explanation = try await shell.explain(
            record.id, at: instant, isPast: request.atNs != 0, isDisguised: request.isDisguised)
        guard let explanation else {
            throw CommandFailure.notFound("nothing is known of domain \(record.id) at \(instant)")
        }
        return MessageCodec.encoded(WireJSONDocument.with { $0.json = explanation })
    }

    /// Decisions as their tenants may see them; decisions that can't be read are left out.
    private func disguise(_ question: DecisionQuestion) async throws -> [UInt8] {
        let ids = (question.ids ?? []) + [question.id].compactMap(\.self)
        guard (1...DecisionQuestion.limit).contains(ids.count) else {
            throw CommandFailure.invalid("ask for 1 to \(DecisionQuestion.limit) decisions, not for \(ids.count)")
        }
        let rows = try await DecisionRepository(runtime.store).fetch(ids)
        var readable: [TenantsDecision] = []
        for row in rows {
            if let record = try? SchedulerCore.DecisionRecord(json: row.record) { readable.append(record.forTenant()) }
            // Others who ask for one decision meanwhile do not wait for a thousand.
            await Task.yield()
        }
        return try document(DisguisedDecisions(items: readable))
    }

    /// Whether stored decisions still follow from their inputs.
    private func verify(_ question: VerifyQuestion) async throws -> [UInt8] {
        let verifier = DecisionVerifier(store: runtime.store)
        if let id = question.id {
            guard let answer = try await verifier.verify(id) else {
                throw CommandFailure.notFound("there is no decision \(id)")
            }
            return try document(answer)
        }
        guard let cluster = question.cluster else {
            throw CommandFailure.invalid("say which decision or which cluster's decisions to verify")
        }
        return try document(try await verifier.verifyAll(of: cluster))
    }

    // MARK: -

    func shell(of cluster: ClusterID) async throws -> ClusterShell {
        guard let shell = await service.shell(of: cluster) else {
            throw CommandFailure.notOwner("cluster \(cluster) is decided for by another instance; ask that one")
        }
        return shell
    }

    func managed(_ uuid: Data) async throws -> (StoredDomain, ClusterShell) {
        guard let id = DomainID(bytes: uuid), let record = try await InventoryRepository(runtime.store).domain(id),
            let host = try await InventoryRepository(runtime.store).host(record.host)
        else { throw CommandFailure.notFound("there is no such domain") }
        return (record, try await shell(of: host.cluster))
    }
}

/// Decisions as their tenants may read them.
private struct DisguisedDecisions: Encodable {
    let items: [TenantsDecision]
}

/// A question as a JSON document; throws `invalid` where it is not one.
func question<Question: Decodable>(_ type: Question.Type, in body: [UInt8]) throws -> Question {
    let document = try MessageCodec.decoded(WireJSONDocument.self, from: body)
    do {
        return try JSONDecoder().decode(type, from: document.json)
    } catch {
        throw CommandFailure.invalid("the question can't be read: \(error)")
    }
}

/// An answer as a JSON document.
func document(_ answer: some Encodable) throws -> [UInt8] {
    let json = try canonicalJSON(answer)
    return MessageCodec.encoded(WireJSONDocument.with { $0.json = json })
}

/// Turns what a handler throws into an answer: a failure as it is, everything else as `unavailable` or `internal`.
func answering(_ body: () async throws -> [UInt8]) async throws(CommandFailure) -> [UInt8] {
    do {
        return try await body()
    } catch let failure as CommandFailure {
        throw failure
    } catch let error as StoreError {
        throw error.code == .fenced
            ? .notOwner("the cluster was taken over by another instance; ask that one")
            : .unavailable("the database can't be used: \(error.message)")
    } catch let error as MessageError {
        throw .invalid(error.message)
    } catch {
        throw .internal("\(error)")
    }
}

/// JSON with sorted keys: the same bytes for the same value.
func canonicalJSON(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
}

extension DomainID {
    init?(bytes: Data) {
        guard let uuid = UUID128(bytes: bytes) else { return nil }
        self.init(uuid)
    }
}
