// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

extension GatewayBackend {
    func listDecisions(_ request: Request) async throws(MethodError) -> JSONValue {
        let filter = try await decisionFilter(request)
        let shown = filter.limit - 1
        let rows = try await reading { try await DecisionRepository(store).list(filter) }
        let tenantRecords = try await tenantRecords(rows, request, within: .seconds(5), isNeeded: false)
        var items: [JSONValue] = []
        let context = try await decisionContext(Array(rows.prefix(shown)), tenantRecords, request)
        for row in rows.prefix(shown) { items.append(.object(omittingNil: describe(row, context))) }
        return ["items": .array(items), "truncated": .bool(rows.count > shown)]
    }

    /// Decisions about VMs while they were the tenant's, also about ended VMs. It reads one more than is shown, to know
    /// whether there are more.
    private func decisionFilter(_ request: Request) async throws(MethodError) -> DecisionFilter {
        let chosen = request.text("vm") == nil ? nil : try await subject(request)
        return DecisionFilter(
            domain: chosen?.id, tenant: try await tenantMeant(request),
            period: request.instant("since").flatMap { TimeRange($0, .distantFuture) },
            limit: Int(request.integer("limit") ?? 50) + 1)
    }

    func showDecision(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("id") ?? ""
        let tenant = request.principal.tenant
        guard let id = UUID128(text),
            let row = try await reading({ try await DecisionRepository(store).fetch(id, ownedBy: tenant) })
        else { throw .notFound("decision", text) }
        let tenantRecords = try await tenantRecords([row], request, within: .seconds(15), isNeeded: true)
        var members = describe(row, try await decisionContext([row], tenantRecords, request))
        if tenant == nil {
            members["text"] = .string(row.summary)
            members["record"] = try JSONValue.decoded(row.record.utf8)
        } else {
            members["text"] = tenantRecords[row.id]?["text"]
            members["record"] = tenantRecords[row.id]?["record"]
        }
        return .object(omittingNil: members)
    }

    /// The data from other tables that is shown beside decisions, read at once for all of them.
    private struct DecisionContext {
        let outcomes: [UUID128: DecisionOutcome]
        let names: [DomainID: String]
        let tenantRecords: [UUID128: JSONValue]
        let isTenant: Bool
    }

    private func decisionContext(
        _ rows: [DecisionRow], _ tenantRecords: [UUID128: JSONValue], _ request: Request
    ) async throws(MethodError) -> DecisionContext {
        DecisionContext(
            outcomes: try await reading { try await DecisionRepository(store).outcomes(of: rows.map(\.id)) },
            names: try await names(of: rows.map(\.domain), for: request), tenantRecords: tenantRecords,
            isTenant: request.principal.tenant != nil)
    }

    private func describe(_ row: DecisionRow, _ context: DecisionContext) -> [String: JSONValue?] {
        [
            "id": .string(row.id.description), "at": .instant(row.at), "atNanoseconds": .integer(row.at.nanoseconds),
            "vm": .string(context.names[row.domain] ?? row.domain.description), "verdict": .string(row.verdict.text),
            "summary": context.isTenant
                ? context.tenantRecords[row.id]?["summary"]
                    ?? .string("\(row.verdict): see 'ebb decision show \(row.id)'")
                : .string(row.summary),
            "outcome": context.outcomes[row.id].map { .string($0.outcome.text) } ?? .null,
            "rulesVersion": .integer(Int64(row.rulesVersion)),
        ]
    }

    /// Decisions as their tenant may read them, by id. Scheduler, which knows the form of a record, makes them; for the
    /// provider's people it is not asked.
    ///
    /// - Parameter isNeeded: whether the answer is useless without them.
    private func tenantRecords(
        _ rows: [DecisionRow], _ request: Request, within limit: Duration, isNeeded: Bool
    ) async throws(MethodError) -> [UUID128: JSONValue] {
        guard request.principal.tenant != nil, !rows.isEmpty else { return [:] }
        let isThere = await !runtime.peers.instances(of: .scheduler).isEmpty
        guard isNeeded || isThere else { return [:] }
        let answer: JSONValue
        do throws(MethodError) {
            answer = try await askScheduler(
                .disguiseDecision, DecisionQuestion(ids: rows.map(\.id)), shard: nil, request, within: limit)
        } catch {
            guard isNeeded else { return [:] }
            throw error
        }
        let items = (answer["items"]?.items ?? []).compactMap { item in
            item["id"]?.text.flatMap { UUID128($0) }.map { ($0, item) }
        }
        return Dictionary(items) { first, _ in first }
    }

    /// Why a VM is as it is, now or at an instant. A tenant reads pseudonyms, and nothing about others.
    func why(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain: VisibleVM
        if let instant = request.instant("at") {
            guard instant <= runtime.clock.now() else {
                throw MethodError(.invalid, "nothing is decided yet for \(instant)", hint: "leave out --at for now")
            }
            domain = try await self.domain(request, at: instant)
        } else {
            domain = try await self.domain(request)
        }
        let body = WireWhyRequest.with {
            $0.domainUuid = Data(domain.id.uuid.bytes)
            $0.atNs = request.instant("at")?.nanoseconds ?? 0
            $0.isDisguised = request.principal.tenant != nil
        }
        let answer = try await ask(
            .scheduler, .why, MessageCodec.encoded(body), shard: try await shard(of: domain), request)
        guard let document = try? MessageCodec.decoded(WireJSONDocument.self, from: answer) else {
            throw MethodError(.internal, "the scheduler's answer can't be read")
        }
        let explanation = try JSONValue.decoded(document.json)
        let at = Timestamp(nanoseconds: explanation["at"]?.integer ?? 0)
        return .object(omittingNil: [
            "vm": .string(try await name(of: domain.id, for: request)), "at": .instant(at),
            "text": .string(explanation["text"]?.text ?? ""),
            "record": request.principal.role.isProvider ? explanation["record"] : nil,
        ])
    }

    /// Whether stored decisions still follow from their inputs; cluster by cluster, or one decision.
    func verifyDecisions(_ request: Request) async throws(MethodError) -> JSONValue {
        let questions = try await questions(ofVerification: request)
        var (checked, held, otherRules) = (Int64(0), Int64(0), Int64(0))
        var failures: [JSONValue] = []
        for question in questions {
            let json = try await askScheduler(.verifyDecisions, question, shard: nil, request)
            guard let answer = VerifyAnswer(json: json.line) else {
                throw MethodError(.internal, "the scheduler's answer can't be read")
            }
            checked = checked.addedOrClamped(Int64(answer.checked))
            held = held.addedOrClamped(Int64(answer.held))
            otherRules = otherRules.addedOrClamped(Int64(answer.otherRules))
            failures += answer.failures.map { failure in
                ["id": .string("\(failure.id)"), "at": .instant(failure.at), "fault": .string(failure.fault)]
            }
        }
        var lines = ["\(held) of \(checked) records hold"]
        if otherRules > 0 { lines.append("\(otherRules) were made by other rules and can't be run again here") }
        lines += failures.map { "\($0["id"]?.text ?? ""): \($0["fault"]?.text ?? "")" }
        return [
            "checked": .integer(checked), "held": .integer(held), "otherRules": .integer(otherRules),
            "failures": .array(failures), "text": .string(lines.joined(separator: "\n")),
        ]
    }

    /// One question for a decision, or one for each requested cluster.
    private func questions(ofVerification request: Request) async throws(MethodError) -> [VerifyQuestion] {
        if let text = request.text("id") {
            guard let id = UUID128(text) else {
                throw MethodError(.invalid, "'\(text.prefix(64))' is no decision's id")
            }
            return [VerifyQuestion(id: id)]
        }
        let known = Set(try await reading { try await inventory.hosts() }.map(\.cluster))
        guard let name = request.text("cluster") else { return known.sorted().map { VerifyQuestion(cluster: $0) } }
        guard let cluster = known.first(where: { $0.name == name }) else { throw .notFound("cluster", name) }
        return [VerifyQuestion(cluster: cluster)]
    }

    /// The outcomes of decisions, 1, 10 and 60 minutes after them.
    func listOutcomes(_ request: Request) async throws(MethodError) -> JSONValue {
        let filter = try await decisionFilter(request)
        let found = try await reading { try await DecisionRepository(store).measurements(filter) }
        var decisions: [UUID128] = []
        for measured in found where decisions.last != measured.decision { decisions.append(measured.decision) }
        let isTruncated = decisions.count == filter.limit
        let measurements = found.filter { !isTruncated || $0.decision != decisions.last }
        let rows = try await reading {
            try await DecisionRepository(store).fetch(Array(Set(measurements.map(\.decision))))
        }
        let called = try await names(of: rows.map(\.domain), for: request)
        let names = Dictionary(rows.map { ($0.id, called[$0.domain]) }) { first, _ in first }
        let items = measurements.map { measured -> JSONValue in
            [
                "decision": .string(measured.decision.description),
                "vm": .string((names[measured.decision] ?? nil) ?? "-"),
                "minutes": .integer(Int64(measured.minutes)), "at": .instant(measured.at),
                "resource": .string(measured.resource.rawValue), "predictedPpm": .nullable(measured.predicted?.ppm),
                "realPpm": .nullable(measured.real?.ppm), "samples": .integer(Int64(measured.samples)),
                "reversed": .bool(measured.isReversed),
            ]
        }
        return ["items": .array(items), "truncated": .bool(isTruncated)]
    }
}
