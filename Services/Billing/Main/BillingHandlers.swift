// SPDX-License-Identifier: Apache-2.0

import BillingCore
import Bus
import Contracts
import FoundationEssentials
import Logging
import Messages
import Metrics
import ResourceModel
import Store

/// Answers the commands that Billing takes. Any instance answers: it only reads, and the same snapshot gives the same
/// bytes.
struct BillingHandlers: Sendable {
    /// How many days a bill covers at most.
    static let longestPeriodDays: Int64 = 400
    /// A reply must fit into one frame of the bus.
    static let largestReplyBytes = BusConfiguration().maximumBodyBytes

    let store: Store
    let now: @Sendable () -> Timestamp
    let log: Logger
    private let metrics = BillingMetrics()

    init(store: Store, now: @escaping @Sendable () -> Timestamp, log: Logger) {
        self.store = store
        self.now = now
        self.log = log
    }

    func register(on server: any CommandServer) async {
        await server.handle(.bill) { body, context throws(CommandFailure) in
            try await answer(.bill, body, context, bill)
        }
        await server.handle(.usage) { body, context throws(CommandFailure) in
            try await answer(.usage, body, context, usage)
        }
        await server.handle(.showRates) { body, context throws(CommandFailure) in
            try await answer(.showRates, body, context, showRates)
        }
        await server.handle(.setRates) { body, context throws(CommandFailure) in
            try await answer(.setRates, body, context) { try await setRates($0, asker: context.source) }
        }
        await server.handle(.listRates) { body, context throws(CommandFailure) in
            try await answer(.listRates, body, context, listRates)
        }
        await server.handle(.withdrawRates) { body, context throws(CommandFailure) in
            try await answer(.withdrawRates, body, context) { try await withdrawRates($0, asker: context.source) }
        }
        await server.handle(.compareRules) { body, context throws(CommandFailure) in
            try await answer(.compareRules, body, context, compareRules)
        }
        await server.handle(.showFactors) { body, context throws(CommandFailure) in
            try await answer(.showFactors, body, context, showFactors)
        }
    }

    /// Answers a request within the client's deadline.
    func answer(
        _ type: MessageType, _ body: [UInt8], _ context: CommandContext,
        _ work: @escaping @Sendable ([UInt8]) async throws -> any JSONDocument
    ) async throws(CommandFailure) -> [UInt8] {
        let began = ContinuousClock.now
        defer { metrics.answering(type).record(duration: ContinuousClock.now - began) }
        do {
            let json = try await withDeadline(context.timeout) { try await work(body).json }
            guard json.utf8.count <= Self.largestReplyBytes else {
                throw CommandFailure.invalid(
                    "the answer has \(json.utf8.count) bytes, above the limit of \(Self.largestReplyBytes); ask for a "
                        + "shorter period")
            }
            var reply = WireJSONDocument()
            reply.json = Data(json.utf8)
            return MessageCodec.encoded(reply)
        } catch {
            throw failure(error, type)
        }
    }

    private func failure(_ error: any Error, _ type: MessageType) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: return failure
        case let fault as BillingFault:
            switch fault {
            case .noRateCard: return .notFound(fault.description)
            case .invalidRateCard, .overflow: return .invalid(fault.description)
            case .mixedCurrencies: return .conflict(fault.description)
            case .overlappingSegments: return .internal(fault.description)
            }
        case let error as MessageError: return .invalid(error.message)
        case let error as StoreError:
            log.warning("the store refused", metadata: ["type": "\(type)", "error": "\(error)"])
            return error.code == .conflict
                ? .conflict(error.message) : .unavailable("the database can't be read now; try again")
        default:
            log.error("a request failed", metadata: ["type": "\(type)", "error": "\(error)"])
            return .internal("\(type) failed: see the log of ebb-billing")
        }
    }

    // MARK: - The commands

    func bill(_ body: [UInt8]) async throws -> any JSONDocument {
        let (tenant, period) = try request(body)
        let snapshot = try await BillingReader(store).snapshot(of: tenant, in: period)
        let (bill, fixed) = (try Rating.bill(snapshot.inputs), try snapshot.fixedSizeTotals())
        let whole = BillDocument(bill, fixed: fixed)
        // A bill must always be possible, however often sizes and policies changed.
        guard whole.json.utf8.count > Self.largestReplyBytes else { return whole }
        return BillDocument(bill, fixed: fixed, isBrief: true)
    }

    func usage(_ body: [UInt8]) async throws -> any JSONDocument {
        let (tenant, period) = try request(body)
        let snapshot = try await BillingReader(store).snapshot(of: tenant, in: period, priced: false)
        return UsageDocument(try Rating.usage(snapshot.inputs))
    }

    /// What the former rules make of the same use. There are no invoices by them.
    func compareRules(_ body: [UInt8]) async throws -> any JSONDocument {
        let (tenant, period) = try request(body)
        let snapshot = try await BillingReader(store).snapshot(of: tenant, in: period)
        return RulesComparisonDocument(try Rating.comparison(snapshot.inputs))
    }

    func showRates(_ body: [UInt8]) async throws -> any JSONDocument {
        let request = try Documents.decoded(RatesRequest.self, from: body)
        let instant = try request.atNs.map { try Timestamp($0, field: "atNs") } ?? now()
        guard let row = try await RateCards(store).row(at: instant) else {
            throw CommandFailure.notFound("no rate card holds at \(instant); set one with a validity from then")
        }
        return RatesDocument(row)
    }

    func setRates(_ body: [UInt8], asker: InstanceID) async throws -> any JSONDocument {
        let request = try Documents.decoded(SetRatesRequest<RateCardDocument>.self, from: body)
        let now = now()
        let validFrom = try request.validFromNs.map { try Timestamp($0, field: "validFromNs") } ?? now
        guard validFrom >= now else {
            throw CommandFailure.invalid("a rate card can't hold from \(validFrom): that is past, now is \(now)")
        }
        let row = try await RateCards(store).append(
            request.card, validFrom: validFrom, asker: RateCardRepository.Asker(asker, at: now))
        return RatesDocument(row)
    }

    func listRates(_ body: [UInt8]) async throws -> any JSONDocument {
        RateListDocument(items: try await RateCards(store).rows().map { RatesDocument($0) })
    }

    func withdrawRates(_ body: [UInt8], asker: InstanceID) async throws -> any JSONDocument {
        let request = try Documents.decoded(WithdrawRatesRequest.self, from: body)
        return RatesDocument(
            try await RateCards(store).withdraw(
                version: request.version, by: request.principal,
                asker: RateCardRepository.Asker(asker, at: now())))
    }

    /// The f that policies would have now: Scheduler, which chooses policies for tenants, must not raise it. Without a
    /// rate card f is 1 for all.
    func showFactors(_ body: [UInt8]) async throws -> any JSONDocument {
        let request = try Documents.decoded(FactorsRequest.self, from: body)
        guard request.policies.count <= FactorsRequest.limit else {
            throw CommandFailure.invalid("at most \(FactorsRequest.limit) policies can be priced at once")
        }
        let card = try await RateCards(store).row(at: now()).map(RateCards.card)
        return FactorAnswer(
            factorsPpm: try request.policies.map { bounds in
                do throws(ScalingPolicy.Fault) {
                    return (card?.factor ?? .one).value(for: try bounds.policy).ppm
                } catch {
                    throw CommandFailure.invalid(error.description)
                }
            })
    }

    private func request(_ body: [UInt8]) throws -> (TenantID, TimeRange) {
        let request = try MessageCodec.decoded(WireBillRequest.self, from: body)
        guard let tenant = TenantID(request.tenantID) else {
            throw CommandFailure.invalid("'\(request.tenantID.prefix(63))' is not a tenant's name")
        }
        let from = try Timestamp(request.fromNs, field: "from_ns")
        let to = try Timestamp(request.toNs, field: "to_ns")
        let now = now()
        guard from <= now else {
            throw CommandFailure.invalid("the period begins at \(from), which is still to come: now is \(now)")
        }
        guard let period = TimeRange(from, to), !period.isEmpty else {
            throw CommandFailure.invalid("the period must begin before it ends, not at \(from) until \(to)")
        }
        let days = Self.longestPeriodDays
        guard Int128(request.toNs) - Int128(request.fromNs) <= Int128(days) * 86_400_000_000_000 else {
            throw CommandFailure.invalid("a period may have at most \(days) days; ask for a shorter one")
        }
        return (tenant, period)
    }
}

/// Runs `work` as long as the client waits; then cancels it and fails.
private func withDeadline<R: Sendable>(
    _ timeout: Duration, _ work: @escaping @Sendable () async throws -> R
) async throws -> R {
    try await withThrowingTaskGroup(of: R.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: timeout)
            throw CommandFailure.unavailable("the answer was not ready within \(timeout); ask for a shorter period")
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
