// SPDX-License-Identifier: Apache-2.0

/// How much somebody may use per second, on average; each at least 1.
package struct Rates: Hashable, Sendable {
    package var requests: Int64
    /// Bytes of requests and answers.
    package var bytes: Int64
    /// Microseconds of work at the database.
    package var databaseMicroseconds: Int64

    package init(requests: Int64, bytes: Int64, databaseMicroseconds: Int64) {
        self.requests = max(1, requests)
        self.bytes = max(1, bytes)
        self.databaseMicroseconds = max(1, databaseMicroseconds)
    }
}

/// How much was used.
package struct Spending: Hashable, Sendable {
    package var requests: Int64 = 0
    package var bytes: Int64 = 0
    package var databaseMicroseconds: Int64 = 0

    package init(requests: Int64 = 0, bytes: Int64 = 0, databaseMicroseconds: Int64 = 0) {
        self.requests = requests
        self.bytes = bytes
        self.databaseMicroseconds = databaseMicroseconds
    }
}

/// How much each principal and each tenant may use. The cost of a request is known only when it is done: whoever used
/// more than was left waits until the debt is paid.
package struct Budgets: Sendable {
    /// How much of a rate may be used at once: 2 s of it.
    private static let burstNanoseconds: Int64 = 2_000_000_000
    /// The longest work that counts. A call that took longer has waited for a lock, or for a service that does not
    /// answer, and nobody must pay for that. The lane's places limit how many of its calls work at once.
    private static let longestWorkMicroseconds: Int64 = 1_000_000
    /// The longest time for which one request can shut somebody out.
    private static let longestDebtNanoseconds: Int64 = 60_000_000_000

    private enum Kind: CaseIterable {
        case requests, bytes, databaseTime

        func rate(_ rates: Rates) -> Int64 {
            switch self {
            case .requests: rates.requests
            case .bytes: rates.bytes
            case .databaseTime: rates.databaseMicroseconds
            }
        }

        func cost(_ spending: Spending) -> Int64 {
            switch self {
            case .requests: spending.requests
            case .bytes: spending.bytes
            case .databaseTime: min(spending.databaseMicroseconds, Budgets.longestWorkMicroseconds)
            }
        }

        /// The limit, in words.
        func describe(_ rate: Int64) -> String {
            switch self {
            case .requests: "\(rate) requests a second"
            case .bytes: "\(rate) bytes a second"
            case .databaseTime: "\(rate / 1_000) ms of the database's time a second"
            }
        }
    }

    private struct Bucket {
        /// For each kind, the instant up to which it is paid: at or before `now - burst` the budget is full, after
        /// `now` there is a debt.
        var paidUntil: [Int64]
    }

    private let principals: Rates
    private let tenants: Rates
    private let maximumBuckets: Int
    private var buckets: [String: Bucket] = [:]

    /// - Parameters:
    ///   - principals: the rates of each principal of a tenant.
    ///   - tenants: the rates of each tenant, and of each of the provider's own people.
    ///   - maximumBuckets: how many budgets are remembered before full ones are dropped.
    package init(principals: Rates, tenants: Rates, maximumBuckets: Int = 10_000) {
        self.principals = principals
        self.tenants = tenants
        self.maximumBuckets = maximumBuckets
    }

    /// Whether a party may go on now.
    ///
    /// - Parameter now: nanoseconds by a monotonic clock.
    /// - Throws: `BUSY` that names who has used up what, and when to come back.
    package func check(_ party: Party, now: Int64) throws(MethodError) {
        var longest: (wait: Int64, message: String)?
        for (name, rates) in names(of: party) {
            for (kind, paid) in zip(Kind.allCases, buckets[name]?.paidUntil ?? []) where paid > now {
                guard paid - now > longest?.wait ?? 0 else { continue }
                longest = (paid - now, "\(name) has used up its \(kind.describe(kind.rate(rates)))")
            }
        }
        guard let longest else { return }
        throw MethodError(
            .busy, longest.message, hint: "ask less often, or for less at once",
            retryAfterMilliseconds: longest.wait / 1_000_000 + 1)
    }

    /// Notes what a party used up.
    package mutating func spend(_ spending: Spending, by party: Party, now: Int64) {
        for (name, rates) in names(of: party) {
            let full = now - Self.burstNanoseconds
            var bucket = buckets[name] ?? Bucket(paidUntil: Kind.allCases.map { _ in full })
            for (index, kind) in Kind.allCases.enumerated() {
                let (scaled, overflows) = kind.cost(spending).multipliedReportingOverflow(by: 1_000_000_000)
                let time = overflows ? Self.longestDebtNanoseconds : scaled / kind.rate(rates)
                let paid = max(bucket.paidUntil[index], full) + min(time, Self.longestDebtNanoseconds * 2)
                bucket.paidUntil[index] = min(paid, now + Self.longestDebtNanoseconds)
            }
            buckets[name] = bucket
        }
        guard buckets.count > maximumBuckets else { return }
        buckets = buckets.filter { $0.value.paidUntil.contains { $0 > now - Self.burstNanoseconds } }
    }

    private func names(of party: Party) -> [(String, Rates)] {
        party.tenant == nil
            ? [(party.lane, tenants)] : [(party.principalName, principals), (party.lane, tenants)]
    }
}
