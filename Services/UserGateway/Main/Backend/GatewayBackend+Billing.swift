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
    func showUsage(_ request: Request) async throws(MethodError) -> JSONValue { try await bill(.usage, request) }
    func showBill(_ request: Request) async throws(MethodError) -> JSONValue { try await bill(.bill, request) }

    private func bill(_ type: MessageType, _ request: Request) async throws(MethodError) -> JSONValue {
        guard let tenant = request.principal.tenant ?? request.text("tenant").flatMap({ TenantID($0) }) else {
            throw MethodError(.invalid, "a bill is a tenant's: say whose with --tenant")
        }
        let period = period(request)
        // Read before the rating: what is known may grow meanwhile, but never shrink.
        let horizon = try await reading { try await UsageRepository(store).horizon() }
        let document = try await rated(type, tenant, period, request)
        let shown = try await disguised(document, for: request.principal)
        return BillingAnswer.limited(shown, to: horizon ?? .zero, period.to)
    }

    private func period(_ request: Request) -> (from: Timestamp, to: Timestamp) {
        Self.period(from: request.instant("from"), to: request.instant("to"), now: runtime.clock.now())
    }

    /// The period of a request. Without an end it ends now; without a start it begins with the month that holds the
    /// last instant before the end: the end 2026-12-01 means November.
    static func period(from: Timestamp?, to: Timestamp?, now: Timestamp) -> (from: Timestamp, to: Timestamp) {
        let to = to ?? now
        return (from ?? beginningOfMonth(Timestamp(nanoseconds: max(0, to.nanoseconds - 1))), to)
    }

    private func rated(
        _ type: MessageType, _ tenant: TenantID, _ period: (from: Timestamp, to: Timestamp), _ request: Request
    ) async throws(MethodError) -> JSONValue {
        let body = WireBillRequest.with {
            $0.tenantID = tenant.name
            $0.fromNs = period.from.nanoseconds
            $0.toNs = period.to.nanoseconds
        }
        let answer = try await ask(
            .billing, type, MessageCodec.encoded(body), shard: ShardKey(kind: .tenant, id: tenant.name), request)
        return try Self.document(answer)
    }

    /// Compares the rules for one tenant, or for all: a few tenants at once; one that can't be rated says why and does
    /// not stop the others.
    func compareRules(_ request: Request) async throws(MethodError) -> JSONValue {
        let period = period(request)
        var items: [JSONValue] = []
        if let tenant = request.principal.tenant ?? request.text("tenant").flatMap({ TenantID($0) }) {
            items = [try await rated(.compareRules, tenant, period, request)]
        } else {
            var waiting = try await reading { try await AccountRepository(store).tenants() }[...]
            while !waiting.isEmpty {
                items += await comparisons(waiting.prefix(Self.comparisonsAtOnce), period, request)
                waiting = waiting.dropFirst(Self.comparisonsAtOnce)
            }
        }
        return ["from": .instant(period.from), "to": .instant(period.to), "items": .array(items)]
    }

    /// How many tenants are rated at once for one comparison.
    private static let comparisonsAtOnce = 4

    private func comparisons(
        _ tenants: ArraySlice<TenantID>, _ period: (from: Timestamp, to: Timestamp), _ request: Request
    ) async -> [JSONValue] {
        await withTaskGroup(of: (TenantID, JSONValue).self) { group in
            for tenant in tenants {
                group.addTask {
                    do throws(MethodError) {
                        return (tenant, try await rated(.compareRules, tenant, period, request))
                    } catch {
                        return (tenant, ["tenant": .string(tenant.name), "message": .string(error.message)])
                    }
                }
            }
            var found: [TenantID: JSONValue] = [:]
            for await (tenant, item) in group { found[tenant] = item }
            return tenants.compactMap { found[$0] }
        }
    }

    /// A tenant reads pseudonyms where a bill names hosts.
    private func disguised(
        _ document: JSONValue, for principal: Principal
    ) async throws(MethodError) -> JSONValue {
        guard principal.tenant != nil else { return document }
        let names = try await hostNames(BillingAnswer.hosts(in: document), to: principal)
        return BillingAnswer.renaming(names, in: document)
    }

    func showRates(_ request: Request) async throws(MethodError) -> JSONValue {
        let body = RatesRequest(at: request.instant("at"))
        return try Self.document(try await ask(.billing, .showRates, MessageCodec.encoded(body), request))
    }

    func setRates(_ request: Request) async throws(MethodError) -> JSONValue {
        let body = SetRatesRequest(card: request.values["card"] ?? .null, validFrom: request.instant("validFrom"))
        let answer = try Self.document(try await ask(.billing, .setRates, MessageCodec.encoded(body), request))
        try await reading { try await audit(request, on: "rate-card", request.values, in: store) }
        return answer
    }

    func listRates(_ request: Request) async throws(MethodError) -> JSONValue {
        try Self.document(try await ask(.billing, .listRates, Self.encoded([:]), request))
    }

    func withdrawRates(_ request: Request) async throws(MethodError) -> JSONValue {
        let body = WithdrawRatesRequest(version: request.integer("version") ?? 0, principal: request.principal.name)
        let answer = try Self.document(try await ask(.billing, .withdrawRates, MessageCodec.encoded(body), request))
        try await reading { try await audit(request, on: "rate-card", request.given, in: store) }
        return answer
    }

    /// A value in the form for other services.
    static func encoded(_ value: JSONValue) -> [UInt8] {
        MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(value.line.utf8) })
    }

    /// What another service answered.
    static func document(_ answer: [UInt8]) throws(MethodError) -> JSONValue {
        guard let document = try? MessageCodec.decoded(WireJSONDocument.self, from: answer) else {
            throw MethodError(.internal, "the answer of another service can't be read")
        }
        return try JSONValue.decoded(document.json)
    }

    /// The first instant of the UTC month that holds `instant`.
    private static func beginningOfMonth(_ instant: Timestamp) -> Timestamp {
        let text = instant.description
        return RFC3339.timestamp(text.prefix(7) + "-01T00:00:00Z") ?? .zero
    }
}
