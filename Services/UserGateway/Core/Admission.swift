// SPDX-License-Identifier: Apache-2.0

/// Counts the connections, and the *strangers* among them, in all and from each address: connections on which nobody
/// has logged in. Strangers never get all the places. When their places are full, the one that has waited longest makes
/// room for the next.
///
/// Many people may share an address, so connections with a login are not counted by address.
package struct ConnectionAdmission: Sendable {
    private struct Connection: Sendable {
        let address: String
        /// The party that has logged in on it; `nil`: nobody has.
        var party: Party?
        var isStranger: Bool { party == nil }
    }

    /// The result of an admission.
    package struct Entry: Hashable, Sendable {
        package let number: Int
        /// The connection that makes room: it is not counted any more and must be closed.
        package let evicted: Int?
    }

    private let maximumTotal: Int
    private let maximumStrangers: Int
    private let maximumStrangersPerAddress: Int
    private var connections: [Int: Connection] = [:]
    private var strangersByAddress: [String: Int] = [:]
    /// Numbers of connections in the order in which they came; those that are not strangers any more are removed later.
    private var arrivals: [Int] = []
    private var sessionsByName: [String: Int] = [:]
    /// The number of sessions of all tenants' people.
    private var tenantSessions = 0
    private var lastNumber = 0
    package private(set) var strangers = 0

    package var total: Int { connections.count }

    /// - Parameters:
    ///   - maximumStrangers: the most connections without a login; `nil`: `maximumTotal`.
    ///   - maximumStrangersPerAddress: the most of these from one address; `nil`: `maximumTotal`.
    package init(
        maximumTotal: Int, maximumStrangers: Int? = nil, maximumStrangersPerAddress: Int? = nil
    ) {
        self.maximumTotal = maximumTotal
        self.maximumStrangers = maximumStrangers ?? maximumTotal
        self.maximumStrangersPerAddress = maximumStrangersPerAddress ?? maximumTotal
    }

    /// Whether an address does not distinguish its users: everybody on this machine has the same ones.
    package static func isShared(_ address: String) -> Bool { address.hasPrefix("127.") || address == "::1" }

    /// Counts a connection; or throws `BUSY` that names the limit, and counts nothing.
    @discardableResult
    package mutating func admit(_ address: String) throws(MethodError) -> Entry {
        var evicted: Int?
        if strangersByAddress[address, default: 0] >= maximumStrangersPerAddress, !Self.isShared(address) {
            // A connection that waits makes room for a new one.
            evicted = oldestStranger(of: address)
        } else if strangers >= maximumStrangers || total >= maximumTotal {
            evicted = oldestStranger()
        }
        guard total < maximumTotal || evicted != nil else {
            throw MethodError(
                .busy, "the gateway has \(maximumTotal) connections, its limit", retryAfterMilliseconds: 1_000)
        }
        if let evicted { leave(evicted) }
        lastNumber += 1
        connections[lastNumber] = Connection(address: address)
        strangersByAddress[address, default: 0] += 1
        strangers += 1
        arrivals.append(lastNumber)
        if arrivals.count > 2 * strangers + 64 { arrivals.removeAll { connections[$0]?.isStranger != true } }
        return Entry(number: lastNumber, evicted: evicted)
    }

    /// Somebody has logged in on a connection: new connections can't evict it any more.
    ///
    /// A tenant gets at most half of all places, each of its people a quarter, and all tenants together seven eighths,
    /// so that the provider's people always find one.
    /// - Throws: `BUSY` that names the party whose limit is reached; the connection stays a stranger.
    package mutating func loggedIn(_ number: Int, as party: Party) throws(MethodError) {
        guard var connection = connections[number], connection.isStranger else { return }
        if party.tenant != nil {
            let names = Self.names(of: party)
            let limits = [maximumTotal / 4, maximumTotal / 2].map { max(1, $0) }
            for (name, limit) in zip(names, limits) where sessionsByName[name, default: 0] >= limit {
                throw Self.tooManySessions(name, limit)
            }
            let limit = max(1, maximumTotal - max(1, maximumTotal / 8))
            guard tenantSessions < limit else { throw Self.tooManySessions("all tenants together", limit) }
            tenantSessions += 1
            for name in names { sessionsByName[name, default: 0] += 1 }
        }
        connection.party = party
        connections[number] = connection
        removeStranger(of: connection.address)
    }

    /// The names under which its sessions are counted: the person's, and the tenant's.
    private static func names(of party: Party) -> [String] { [party.principalName, party.lane] }

    private static func tooManySessions(_ name: String, _ limit: Int) -> MethodError {
        MethodError(
            .busy, "\(limit) sessions of \(name) are open, the limit",
            hint: "log out of one, or reuse one: many requests fit on a connection", retryAfterMilliseconds: 1_000)
    }

    /// Stops counting a connection; one that was evicted is not counted any more.
    package mutating func leave(_ number: Int) {
        guard let connection = connections.removeValue(forKey: number) else { return }
        guard let party = connection.party else { return removeStranger(of: connection.address) }
        guard party.tenant != nil else { return }
        tenantSessions -= 1
        for name in Self.names(of: party) {
            let count = sessionsByName[name, default: 1]
            sessionsByName[name] = count > 1 ? count - 1 : nil
        }
    }

    private func oldestStranger(of address: String? = nil) -> Int? {
        arrivals.first { number in
            guard let connection = connections[number], connection.isStranger else { return false }
            return address == nil || connection.address == address
        }
    }

    private mutating func removeStranger(of address: String) {
        strangers -= 1
        let count = strangersByAddress[address, default: 1]
        strangersByAddress[address] = count > 1 ? count - 1 : nil
    }
}

/// Limits how often something is tried, for instance from each address: a bucket of tokens that refills steadily.
package struct AttemptLimiter: Sendable {
    private struct Bucket {
        var tokens: Int
        /// When the last token came, by the caller's monotonic clock.
        var refilledAt: Int64
    }

    private let capacity: Int
    private let refillNanoseconds: Int64
    private let maximumAddresses: Int
    private let refusal: String
    private var buckets: [String: Bucket] = [:]

    /// - Parameters:
    ///   - capacity: attempts that may come at once.
    ///   - refillNanoseconds: after each such time one more attempt is allowed; above 0.
    ///   - maximumAddresses: how many addresses are remembered; beyond that, new addresses wait.
    ///   - refusal: the message to those who try too often.
    package init(
        capacity: Int, refillNanoseconds: Int64, maximumAddresses: Int = 10_000,
        refusal: String = "too many attempts to log in from this address"
    ) {
        precondition(capacity > 0 && refillNanoseconds > 0 && maximumAddresses > 0, "limits must be above 0")
        self.capacity = capacity
        self.refillNanoseconds = refillNanoseconds
        self.maximumAddresses = maximumAddresses
        self.refusal = refusal
    }

    /// Counts an attempt; or throws `BUSY` with the time to wait.
    ///
    /// - Parameter now: nanoseconds by a monotonic clock.
    package mutating func attempt(_ address: String, now: Int64) throws(MethodError) {
        var bucket = refilled(buckets[address] ?? Bucket(tokens: capacity, refilledAt: now), now: now)
        if buckets[address] == nil, buckets.count >= maximumAddresses {
            buckets = buckets.filter { refilled($0.value, now: now).tokens < capacity }
            guard buckets.count < maximumAddresses else { throw busy(refillNanoseconds) }
        }
        guard bucket.tokens > 0 else { throw busy(bucket.refilledAt + refillNanoseconds - now) }
        bucket.tokens -= 1
        buckets[address] = bucket
    }

    /// Takes back an attempt that was not a guess: whoever knows the token may log in without limit.
    package mutating func succeeded(_ address: String) {
        guard var bucket = buckets[address] else { return }
        bucket.tokens = min(capacity, bucket.tokens + 1)
        buckets[address] = bucket
    }

    private func refilled(_ bucket: Bucket, now: Int64) -> Bucket {
        let earned = max(0, now - bucket.refilledAt) / refillNanoseconds
        let tokens = min(Int64(capacity), Int64(bucket.tokens) + min(earned, Int64(capacity)))
        let isFull = tokens == Int64(capacity)
        return Bucket(
            tokens: Int(tokens),
            refilledAt: isFull ? max(now, bucket.refilledAt) : bucket.refilledAt + earned * refillNanoseconds)
    }

    private func busy(_ nanoseconds: Int64) -> MethodError {
        MethodError(.busy, refusal, retryAfterMilliseconds: max(1, nanoseconds / 1_000_000))
    }
}
