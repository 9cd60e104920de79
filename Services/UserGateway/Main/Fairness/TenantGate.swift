// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization
internal import UserGatewayCore

/// `FairQueue` and `Budgets` behind a lock and with a clock: all connections pass here before work is done for them.
final class TenantGate: Sendable {
    private struct State {
        var queues: [MethodDefinition.Weight: FairQueue]
        var budgets: Budgets
        /// Bytes of answers that the clients have not read yet, by lane.
        var owed: [String: Int] = [:]
        var waiting: [Int: CheckedContinuation<MethodError?, Never>] = [:]
        var lastTicket = 0
    }

    private enum Turn {
        case begin, wait
        case refuse(MethodError)
    }

    private let state: Mutex<State>
    private let maximumOwed: Int
    private let longestWait: Duration
    private let start = ContinuousClock.now

    init(_ configuration: GatewayServerConfiguration) {
        state = Mutex(
            State(
                queues: [
                    .ordinary: FairQueue(configuration.ordinaryWork), .costly: FairQueue(configuration.costlyWork),
                    .urgent: FairQueue(configuration.urgentWork),
                    .elsewhere(.billing): FairQueue(configuration.billingWork),
                    .elsewhere(.scheduler): FairQueue(configuration.schedulerWork),
                ],
                budgets: Budgets(principals: configuration.principalRates, tenants: configuration.tenantRates)))
        maximumOwed = configuration.maximumOwedPerTenant
        longestWait = configuration.turnTimeout
    }

    // MARK: Budgets

    /// A byte that the gateway reads costs as much as this many that it writes.
    private static let weightOfReadByte: Int64 = 4

    /// Counts a line's requests and bytes; or throws `BUSY` that says when to come back, and counts nothing.
    ///
    /// - Parameter patience: a party that is beyond its limits for at most this time waits here and is not refused.
    func charge(
        _ party: Party, requests: Int, bytes: Int, patience: Duration = .zero
    ) async throws(MethodError) {
        do throws(MethodError) {
            return try spend(party, requests: requests, bytes: bytes)
        } catch {
            guard let wait = error.retryAfterMilliseconds, .milliseconds(wait) <= patience else { throw error }
            try? await Task.sleep(for: .milliseconds(wait))
        }
        try spend(party, requests: requests, bytes: bytes)
    }

    /// Counts a long line's bytes as soon as its party's budget has room for them.
    func admit(_ party: Party, bytes: Int) async throws {
        while true {
            do throws(MethodError) {
                return try spend(party, requests: 0, bytes: bytes)
            } catch {
                try await Task.sleep(for: .milliseconds(max(10, error.retryAfterMilliseconds ?? 1_000)))
            }
        }
    }

    /// Counts the requests of a line that is admitted already.
    func count(_ party: Party, requests: Int) {
        let now = now
        state.withLock { $0.budgets.spend(Spending(requests: Int64(requests)), by: party, now: now) }
    }

    private func spend(_ party: Party, requests: Int, bytes: Int) throws(MethodError) {
        let now = now
        let outcome = state.withLock { state -> Result<Void, MethodError> in
            let owed = state.owed[party.lane, default: 0]
            guard owed < maximumOwed else {
                return .failure(
                    MethodError(
                        .busy, "\(owed) bytes of answers to \(party.lane) were not read yet",
                        hint: "read the answers before asking for more", retryAfterMilliseconds: 1_000))
            }
            do throws(MethodError) {
                try state.budgets.check(party, now: now)
            } catch {
                return .failure(error)
            }
            let spending = Spending(
                requests: Int64(requests), bytes: Int64(bytes) * Self.weightOfReadByte)
            state.budgets.spend(spending, by: party, now: now)
            return .success(())
        }
        try outcome.get()
    }

    /// An answer is ready: its bytes count as unread until `settle`.
    func owe(_ bytes: Int, to party: Party) {
        let now = now
        state.withLock { state in
            state.owed[party.lane, default: 0] += bytes
            state.budgets.spend(Spending(bytes: Int64(bytes)), by: party, now: now)
        }
    }

    /// The connection has taken an answer, or has ended.
    func settle(_ bytes: Int, to party: Party) {
        state.withLock { state in
            let left = state.owed[party.lane, default: 0] - bytes
            state.owed[party.lane] = left > 0 ? left : nil
        }
    }

    /// Bytes of answers to a party's lane that were not read yet.
    func owed(to party: Party) -> Int { state.withLock { $0.owed[party.lane, default: 0] } }

    // MARK: Turns

    /// Waits for the party's turn and returns the place, which must be ended.
    ///
    /// - Parameter bytes: the size of the request, which is kept meanwhile.
    /// - Throws: `BUSY` if too much waits already, or the turn did not come in time.
    func place(for party: Party, _ weight: MethodDefinition.Weight, bytes: Int) async throws(MethodError) -> WorkPlace {
        let ticket = newTicket()
        let refusal = await turn(ticket, party, weight) { queue throws(MethodError) in
            try queue.enter(ticket, lane: party.lane, bytes: bytes)
        }
        if let refusal { throw refusal }
        return WorkPlace(self, party, weight)
    }

    /// Waits for a place again. Returns whether it got one; not if the task was cancelled.
    fileprivate func placeAgain(for party: Party, _ weight: MethodDefinition.Weight) async -> Bool {
        let ticket = newTicket()
        let refusal = await turn(ticket, party, weight) { queue throws(MethodError) in
            queue.enterAgain(ticket, lane: party.lane)
        }
        return refusal == nil
    }

    /// Gives a place back, after this much work in it.
    fileprivate func leave(_ party: Party, _ weight: MethodDefinition.Weight, after work: Duration) {
        let now = now
        let begun = state.withLock { state in
            state.budgets.spend(
                Spending(databaseMicroseconds: work.wholeNanoseconds / 1_000), by: party, now: now)
            let tickets = state.queues[weight]?.leave(lane: party.lane) ?? []
            return tickets.compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in begun { continuation.resume(returning: nil) }
    }

    private func turn(
        _ ticket: Int, _ party: Party, _ weight: MethodDefinition.Weight,
        _ enter: (inout FairQueue) throws(MethodError) -> Bool
    ) async -> MethodError? {
        let late = MethodError(
            .busy, "the turn of \(party.lane) did not come within \(longestWait)",
            hint: "await answers before sending more", retryAfterMilliseconds: 1_000)
        let timer = Task {
            try await Task.sleep(for: longestWait)
            giveUp(ticket, party, weight, late)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                switch begin(ticket, weight, continuation, enter) {
                case .begin: continuation.resume(returning: nil)
                case .wait: break
                case .refuse(let error): continuation.resume(returning: error)
                }
            }
        } onCancel: {
            giveUp(ticket, party, weight, .cancelled)
        }
    }

    private func begin(
        _ ticket: Int, _ weight: MethodDefinition.Weight, _ continuation: CheckedContinuation<MethodError?, Never>,
        _ enter: (inout FairQueue) throws(MethodError) -> Bool
    ) -> Turn {
        state.withLock { state in
            guard !Task.isCancelled, var queue = state.queues[weight] else { return .refuse(.cancelled) }
            do throws(MethodError) {
                let hasPlace = try enter(&queue)
                state.queues[weight] = queue
                if hasPlace { return .begin }
                state.waiting[ticket] = continuation
                return .wait
            } catch {
                return .refuse(error)
            }
        }
    }

    private func giveUp(_ ticket: Int, _ party: Party, _ weight: MethodDefinition.Weight, _ error: MethodError) {
        let continuation = state.withLock { state in
            guard state.queues[weight]?.abandon(ticket, lane: party.lane) == true else {
                return CheckedContinuation<MethodError?, Never>?.none
            }
            return state.waiting.removeValue(forKey: ticket)
        }
        continuation?.resume(returning: error)
    }

    private func newTicket() -> Int {
        state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
    }

    private var now: Int64 { start.duration(to: .now).wholeNanoseconds }
}

/// A place in which a call does its work. While the call only waits for others, somebody else gets the place.
final class WorkPlace: Sendable {
    private struct State {
        var hasPlace = true
        var isReturning = false
        var isOver = false
        /// How many parts of the call wait for others now.
        var outside = 0
        var since = ContinuousClock.now
    }

    private let gate: TenantGate
    private let party: Party
    private let weight: MethodDefinition.Weight
    private let state = Mutex(State())

    fileprivate init(_ gate: TenantGate, _ party: Party, _ weight: MethodDefinition.Weight) {
        self.gate = gate
        self.party = party
        self.weight = weight
    }

    /// Waits for another service: in this place if the method makes that service work, else outside.
    func asking<Value, Failure: Error>(
        _ wait: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if case .elsewhere = weight { try await wait() } else { try await outside(wait) }
    }

    /// Gives up the place, waits, and gets a place again.
    func outside<Value, Failure: Error>(
        _ wait: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        stepOut()
        do throws(Failure) {
            let value = try await wait()
            await stepIn()
            return value
        } catch {
            await stepIn()
            throw error
        }
    }

    /// The call is over.
    func end() {
        leave { state in
            defer { state.isOver = true }
            return !state.isOver
        }
    }

    private func stepOut() {
        leave { state in
            state.outside += 1
            return state.outside == 1
        }
    }

    private func stepIn() async {
        let mustWait = state.withLock { state in
            state.outside -= 1
            guard state.outside == 0, !state.hasPlace, !state.isReturning, !state.isOver else { return false }
            state.isReturning = true
            return true
        }
        guard mustWait else { return }
        let hasPlace = await gate.placeAgain(for: party, weight)
        let isTooLate = state.withLock { state in
            state.isReturning = false
            guard hasPlace, !state.isOver else { return hasPlace }
            state.hasPlace = true
            state.since = .now
            return false
        }
        if isTooLate { gate.leave(party, weight, after: .zero) }
    }

    /// Gives the place back if there is one and `condition` says so.
    private func leave(_ condition: (inout State) -> Bool) {
        let work = state.withLock { state -> Duration? in
            guard condition(&state), state.hasPlace else { return nil }
            state.hasPlace = false
            return ContinuousClock.now - state.since
        }
        if let work { gate.leave(party, weight, after: work) }
    }
}

extension MethodError {
    /// Nobody waits for the answer any more.
    fileprivate static let cancelled = MethodError(.busy, "the connection ended", retryAfterMilliseconds: 1_000)
}
