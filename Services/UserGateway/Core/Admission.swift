// SPDX-License-Identifier: Apache-2.0

/// How many connections there are, in all and from each address.
package struct ConnectionAdmission: Sendable {
    private let maximumTotal: Int
    private let maximumPerAddress: Int
    private var countByAddress: [String: Int] = [:]
    package private(set) var total = 0

    package init(maximumTotal: Int, maximumPerAddress: Int) {
        self.maximumTotal = maximumTotal
        self.maximumPerAddress = maximumPerAddress
    }

    /// Counts a connection; or throws `BUSY` that names the limit, and counts nothing.
    package mutating func admit(_ address: String) throws(MethodError) {
        guard total < maximumTotal else {
            throw MethodError(
                .busy, "the gateway has \(maximumTotal) connections, its limit", retryAfterMilliseconds: 1_000)
        }
        let count = countByAddress[address, default: 0]
        guard count < maximumPerAddress else {
            throw MethodError(
                .busy, "the address has \(maximumPerAddress) connections, its limit",
                hint: "close one, or reuse one: many requests fit on a connection", retryAfterMilliseconds: 1_000)
        }
        countByAddress[address] = count + 1
        total += 1
    }

    /// Uncounts an admitted connection.
    package mutating func leave(_ address: String) {
        guard let count = countByAddress[address] else {
            preconditionFailure("a connection of \(address) left that was never admitted")
        }
        countByAddress[address] = count > 1 ? count - 1 : nil
        total -= 1
    }
}

/// Bounds the attempts to log in from each address: a bucket of tokens that refills steadily.
package struct LoginLimiter: Sendable {
    private struct Bucket {
        var tokens: Int
        /// When the last token came, by the caller's monotonic clock.
        var refilledAt: Int64
    }

    private let capacity: Int
    private let refillNanoseconds: Int64
    private let maximumAddresses: Int
    private var buckets: [String: Bucket] = [:]

    /// - Parameters:
    ///   - capacity: attempts that may come at once.
    ///   - refillNanoseconds: one more is allowed each such time; above 0.
    ///   - maximumAddresses: addresses that are remembered; when there are more, everybody new waits.
    package init(capacity: Int = 10, refillNanoseconds: Int64 = 1_000_000_000, maximumAddresses: Int = 10_000) {
        precondition(capacity > 0 && refillNanoseconds > 0 && maximumAddresses > 0, "limits must be above 0")
        self.capacity = capacity
        self.refillNanoseconds = refillNanoseconds
        self.maximumAddresses = maximumAddresses
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

    /// Takes an attempt back that turned out to be no guess: who knows the token may come as often as it likes.
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
        MethodError(
            .busy, "too many attempts to log in from this address",
            retryAfterMilliseconds: max(1, nanoseconds / 1_000_000))
    }
}
