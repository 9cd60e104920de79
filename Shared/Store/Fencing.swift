// SPDX-License-Identifier: Apache-2.0

extension Store {
    /// Runs `body` in one transaction that holds `claim`, or within `transaction` if the caller has one already.
    ///
    /// Throws `fenced` before `body` if the shard was taken over; while it runs, a take-over waits.
    @discardableResult
    package func fenced<R: Sendable>(
        _ claim: ShardClaim, in transaction: Transaction? = nil, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        if let transaction {
            try await transaction.require(claim)
            return try await body(transaction)
        }
        return try await self.transaction { transaction in
            try await transaction.require(claim)
            return try await body(transaction)
        }
    }
}

/// Texts bound as one array: `WHERE id = ANY(\(TextArray(ids))::text[])`.
package struct TextArray: Bindable {
    private let elements: [String]
    package init(_ elements: [String]) { self.elements = elements }

    package var bound: BoundValue {
        let quoted = elements.map { element in
            "\"" + element.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
        }
        return "{\(quoted.joined(separator: ","))}".bound
    }
}

extension Query {
    /// Joins queries by a separator, such as the rows of VALUES.
    static func joined(_ queries: [Query], by separator: String) -> Query {
        var result = Query(unsafeSQL: "")
        for (index, query) in queries.enumerated() {
            if index > 0 { result += Query(unsafeSQL: separator) }
            result += query
        }
        return result
    }
}
