// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

extension GatewayBackend {
    func showPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let version = try await reading { try await PolicyRepository(store).current(domain.id) }
        return Self.describe(version, of: domain)
    }

    func setPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let values = WirePolicyValues.with {
            $0.lowerPpm = request.integer("lowerPpm") ?? 0
            $0.upperPpm = request.integer("upperPpm") ?? 0
            $0.ratioPpm = request.integer("ratioPpm") ?? 0
            $0.minimumVcpus = UInt32(clamping: request.integer("minVcpus") ?? 1)
            $0.maximumVcpus = UInt32(clamping: request.integer("maxVcpus") ?? Int64(domain.maximumVCPUs.count))
        }
        return try await store(values, for: domain, request)
    }

    func clearPolicy(_ request: Request) async throws(MethodError) -> JSONValue {
        try await store(nil, for: try await domain(request), request)
    }

    private func store(
        _ values: WirePolicyValues?, for domain: DomainRecord, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        guard let host = try await reading({ try await inventory.host(domain.host) }) else {
            throw .notFound("VM", domain.name)
        }
        let wish = WireSetPolicy.with {
            $0.domainUuid = Data(domain.id.uuid.bytes)
            if let values { $0.policy = values }
        }
        _ = try await ask(
            .scheduler, .setPolicy, MessageCodec.encoded(wish),
            shard: ShardKey(kind: .cluster, id: host.cluster.name), request)
        try await reading { try await audit(request, on: domain.name, request.values, in: store) }
        let version = try await reading { try await PolicyRepository(store).current(domain.id) }
        return Self.describe(version, of: domain)
    }

    private static func describe(_ version: PolicyVersion?, of domain: DomainRecord) -> JSONValue {
        let policy = version?.policy
        return .object(omittingNil: [
            "vm": .string(domain.name), "version": .integer(version?.version ?? 0),
            "validFrom": version.map { .instant($0.validFrom) }, "lowerPpm": policy.map { .integer($0.lower.ppm) },
            "upperPpm": policy.map { .integer($0.upper.ppm) }, "ratioPpm": policy.map { .integer($0.ratio.ppm) },
            "minVcpus": policy.map { .integer(Int64($0.minimumVCPUs.count)) },
            "maxVcpus": policy.map { .integer(Int64($0.maximumVCPUs.count)) },
            "windowLength": version.map { .integer(Int64($0.windowLength)) },
            "breachesNeeded": version.flatMap { version in
                policy.map { .integer(Int64($0.breachesNeeded(windowLength: version.windowLength))) }
            },
        ])
    }

    // MARK: - Decisions

    func listDecisions(_ request: Request) async throws(MethodError) -> JSONValue {
        let chosen = request.text("vm") == nil ? nil : try await domain(request)
        let tenant = request.principal.tenant ?? request.text("tenant").flatMap { TenantID($0) }
        let filter = DecisionFilter(
            domain: chosen?.id, tenant: tenant,
            period: request.instant("since").flatMap { TimeRange($0, .distantFuture) },
            limit: Int(request.integer("limit") ?? 50))
        let rows = try await reading { try await DecisionRepository(store).list(filter) }
        var items: [JSONValue] = []
        for row in rows { items.append(try await describe(row, for: request, withRecord: false)) }
        return ["items": .array(items)]
    }

    func showDecision(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("id") ?? ""
        guard let id = UUID128(text), let row = try await reading({ try await DecisionRepository(store).fetch(id) }),
            let domain = try await reading({ try await inventory.domain(row.domain) }),
            request.principal.canSee(tenant: domain.tenant)
        else { throw .notFound("decision", text) }
        return try await describe(row, for: request, withRecord: true)
    }

    private func describe(
        _ row: DecisionRow, for request: Request, withRecord: Bool
    ) async throws(MethodError) -> JSONValue {
        let domain = try await reading { try await inventory.domain(row.domain) }
        let outcomes = try await reading { try await DecisionRepository(store).outcomes(of: row.id) }
        var members: [String: JSONValue?] = [
            "id": .string(row.id.description), "at": .instant(row.at), "atNanoseconds": .integer(row.at.nanoseconds),
            "vm": .string(domain?.name ?? row.domain.description), "verdict": .string(row.verdict),
            "summary": .string(try await discreet(row.summary, for: request.principal)),
            "outcome": outcomes.last.map { .string($0.outcome) } ?? .null,
            "rulesVersion": .integer(Int64(row.rulesVersion)),
        ]
        if withRecord {
            members["text"] = .string(try await discreet(row.summary, for: request.principal))
            if request.principal.role.isProvider { members["record"] = try JSONValue.decoded(row.record.utf8) }
        }
        return .object(omittingNil: members)
    }

    /// Why a VM is as it is, now or at an instant. A tenant reads pseudonyms and gets no record: it names neighbours.
    func why(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        guard let host = try await reading({ try await inventory.host(domain.host) }) else {
            throw .notFound("VM", domain.name)
        }
        let wish = WireWhyRequest.with {
            $0.domainUuid = Data(domain.id.uuid.bytes)
            $0.atNs = request.instant("at")?.nanoseconds ?? 0
        }
        let answer = try await ask(
            .scheduler, .why, MessageCodec.encoded(wish), shard: ShardKey(kind: .cluster, id: host.cluster.name),
            request)
        guard let document = try? MessageCodec.decoded(WireJSONDocument.self, from: answer) else {
            throw MethodError(.internal, "the scheduler's answer can't be read")
        }
        let explanation = try JSONValue.decoded(document.json)
        let at = Timestamp(nanoseconds: explanation["at"]?.integer ?? 0)
        return .object(omittingNil: [
            "vm": .string(domain.name), "at": .instant(at),
            "text": .string(try await discreet(explanation["text"]?.text ?? "", for: request.principal)),
            "record": request.principal.role.isProvider ? explanation["record"] : nil,
        ])
    }

    /// The text with every host's name replaced by the tenant's pseudonym for it.
    func discreet(_ text: String, for principal: UserGatewayCore.Principal) async throws(MethodError) -> String {
        guard principal.tenant != nil else { return text }
        let hosts = try await reading { try await inventory.hosts() }.map(\.id)
            .sorted { ($1.name.count, $1) < ($0.name.count, $0) }
        return hosts.reduce(text) { $0.replacingOccurrences(of: $1.name, with: visible($1, to: principal)) }
    }
}
