// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

/// Tokens and people, as the gateway's role sees them.
@Suite struct AccountTests {
    private func withPeople(_ body: (AccountRepository, [StoredPrincipal]) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.withStore(role: "ebb_usergateway") { store in
                let accounts = AccountRepository(store)
                try await accounts.addTenant("t-1")
                let people = [
                    StoredPrincipal(id: UUID128(high: 1, low: 1), name: "ada", tenant: "t-1", role: .owner),
                    StoredPrincipal(id: UUID128(high: 1, low: 2), name: "root", tenant: nil, role: .administrator),
                ]
                for person in people { try await accounts.addPrincipal(person) }
                try await body(accounts, people)
            }
        }
    }

    private func add(_ secret: String, _ person: StoredPrincipal, until: Int64, _ accounts: AccountRepository)
        async throws
        -> UUID128
    {
        try await accounts.addToken(
            hash: AccountRepository.hash(ofToken: secret), for: person.id, createdAt: recent(0),
            expiresAt: recent(until))
    }

    @Test("a token is valid, revoked, expired or its principal disabled, and sessions are told which of it")
    func states() async throws {
        try await withPeople { accounts, people in
            let long = try await add("long", people[0], until: 100, accounts)
            let short = try await add("short", people[0], until: 10, accounts)
            let other = try await add("other", people[1], until: 100, accounts)
            let unknown = UUID128(high: 9, low: 9)
            let all = [long, short, other, unknown]
            #expect(try await accounts.ended(all, at: recent(5)) == [unknown: .revoked])
            #expect(try await accounts.ended(all, at: recent(10)) == [unknown: .revoked, short: .expired])
            #expect(try await accounts.revokeToken(other, at: recent(11)))
            #expect(try await accounts.disable(people[0].id, at: recent(12)))
            #expect(try await !accounts.disable(people[0].id, at: recent(13)))
            let ended: [UUID128: TokenState] = [
                unknown: .revoked, short: .expired, other: .revoked, long: .disabled,
            ]
            #expect(try await accounts.ended(all, at: recent(14)) == ended)
            let disabled = try await accounts.token(withHash: AccountRepository.hash(ofToken: "long"))
            #expect(disabled?.state(at: recent(14)) == .disabled)
            #expect(try await accounts.disable(people[0].id, at: nil))
            #expect(try await accounts.ended([long], at: recent(14)).isEmpty)
            #expect(try await accounts.ended([], at: recent(14)).isEmpty)
        }
    }

    @Test("tokens are listed by principal and tenant, those that ended only where they are asked for")
    func lists() async throws {
        try await withPeople { accounts, people in
            let long = try await add("long", people[0], until: 100, accounts)
            let short = try await add("short", people[0], until: 10, accounts)
            let other = try await add("other", people[1], until: 100, accounts)
            func ids(_ change: (inout TokenFilter) -> Void = { _ in }) async throws -> Set<UUID128> {
                var filter = TokenFilter()
                change(&filter)
                return Set(try await accounts.tokens(filter, at: recent(20)).map(\.id))
            }
            #expect(try await ids() == [long, other])
            #expect(try await ids { $0.includesEnded = true } == [long, short, other])
            #expect(try await ids { $0.tenant = "t-1" } == [long])
            #expect(try await ids { $0.principal = "root" } == [other])
            #expect(try await ids { $0.limit = 1 } == [long])
        }
    }
}
