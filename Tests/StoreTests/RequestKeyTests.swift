// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

/// Keys of requests that change something, under the gateway's role.
@Suite struct RequestKeyTests {
    private static let people = [UUID128(high: 1, low: 1), UUID128(high: 1, low: 2)]

    private func withKeys(_ body: (RequestKeyRepository, Store) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.withStore(role: "ebb_usergateway", poolSize: 8) { store in
                for (number, id) in Self.people.enumerated() {
                    try await AccountRepository(store).addPrincipal(
                        StoredPrincipal(id: id, name: "p-\(number)", tenant: nil, role: .administrator))
                }
                try await body(RequestKeyRepository(store), store)
            }
        }
    }

    private func attempt(
        _ secret: UInt8, key: String = "k", body: UInt8 = 1, by person: Int = 0, until held: Int64 = 10,
        expires: Int64 = 100
    ) -> RequestAttempt {
        RequestAttempt(
            principal: Self.people[person], key: key, body: bytes(body), secret: bytes(secret), heldUntil: at(held),
            expiresAt: at(expires))
    }

    private func bytes(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: 32) }

    @Test("the same key and body gets the kept answer, another body is told, and each principal has its own keys")
    func keeps() async throws {
        try await withKeys { keys, _ in
            #expect(try await keys.claim(attempt(1), at: at(1)) == .begun)
            #expect(try await keys.claim(attempt(2), at: at(2)) == .underWay)
            #expect(try await keys.claim(attempt(2, body: 2), at: at(2)) == .other)
            #expect(try await keys.claim(attempt(2, body: 2, by: 1), at: at(2)) == .begun)
            try await keys.keep("{}", of: attempt(1))
            #expect(try await keys.claim(attempt(3), at: at(50)) == .answered("{}", secret: bytes(1)))
            #expect(try await keys.claim(attempt(3, body: 2), at: at(50)) == .other)
        }
    }

    @Test("of ten attempts at once one acts")
    func races() async throws {
        try await withKeys { keys, _ in
            let begun = try await withThrowingTaskGroup(of: RequestKeyState.self) { group in
                for number in UInt8(1)...10 {
                    group.addTask { try await keys.claim(attempt(number), at: at(1)) }
                }
                var begun = 0
                for try await state in group where state == .begun { begun += 1 }
                return begun
            }
            #expect(begun == 1)
        }
    }

    @Test("an attempt that ended without a word leaves its key to the next, unless it has acted")
    func abandoned() async throws {
        try await withKeys { keys, store in
            #expect(try await keys.claim(attempt(1), at: at(1)) == .begun)
            #expect(try await keys.claim(attempt(2, until: 20), at: at(10)) == .begun)
            // The first one wakes up after all: the key is not its any more.
            #expect(try await !RequestKeyRepository.act(attempt(1), in: store))
            try await keys.keep("late", of: attempt(1))
            #expect(try await RequestKeyRepository.act(attempt(2), in: store))
            #expect(try await keys.claim(attempt(3), at: at(15)) == .acted(isHeld: true))
            #expect(try await keys.claim(attempt(3), at: at(21)) == .acted(isHeld: false))
        }
    }

    @Test("a key that is given back is free if nothing was done, and says so if something was")
    func releases() async throws {
        try await withKeys { keys, store in
            #expect(try await keys.claim(attempt(1), at: at(1)) == .begun)
            try await keys.release(attempt(1))
            #expect(try await keys.claim(attempt(2), at: at(2)) == .begun)
            #expect(try await RequestKeyRepository.act(attempt(2), in: store))
            try await keys.release(attempt(2))
            #expect(try await keys.claim(attempt(3), at: at(3)) == .acted(isHeld: false))
        }
    }

    @Test("what is rolled back has not acted")
    func rollsBack() async throws {
        struct Stop: Error {}
        try await withKeys { keys, store in
            #expect(try await keys.claim(attempt(1), at: at(1)) == .begun)
            await #expect(throws: Stop.self) {
                try await store.transaction { transaction in
                    #expect(try await RequestKeyRepository.act(attempt(1), in: transaction))
                    throw Stop()
                }
            }
            try await keys.release(attempt(1))
            #expect(try await keys.claim(attempt(2, body: 2), at: at(2)) == .begun)
        }
    }

    @Test("keys end at their time, and are forgotten in steps")
    func expires() async throws {
        try await withKeys { keys, store in
            for number in UInt8(1)...5 {
                _ = try await keys.claim(attempt(number, key: "k-\(number)", expires: Int64(number) * 10), at: at(1))
                try await keys.keep("{}", of: attempt(number, key: "k-\(number)"))
            }
            #expect(try await keys.claim(attempt(9, key: "k-1", body: 2), at: at(10)) == .begun)
            #expect(try await keys.forgetExpired(at: at(40), limit: 2) == 2)
            #expect(try await keys.forgetExpired(at: at(40), limit: 2) == 1)
            #expect(try await keys.forgetExpired(at: at(40), limit: 2) == 0)
            let left = try await store.query("SELECT key FROM account.request_key ORDER BY key")
            #expect(try left.map { try $0.string("key") } == ["k-1", "k-5"])
        }
    }
}
