// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct PseudonymTests {
    private func withPseudonyms(_ body: (Store, PseudonymRepository) async throws -> Void) async throws {
        try await withWorld { world async throws in
            try await AccountRepository(world.store).addTenant("t-2")
            try await world.database.withStore(role: "ebb_usergateway") { store async throws in
                try await body(world.store, PseudonymRepository(store))
            }
        }
    }

    @Test("a name keeps its pseudonym, which is another for another name, tenant and kind")
    func lasting() async throws {
        try await withPseudonyms { _, pseudonyms async throws in
            let first = try await pseudonyms.pseudonyms(for: ["h-1", "h-2"], kind: .host, tenant: "t-1")
            #expect(first.count == 2 && first["h-1"] != first["h-2"])
            #expect(try await pseudonyms.pseudonyms(for: ["h-2"], kind: .host, tenant: "t-1") == ["h-2": first["h-2"]])
            let other = try await pseudonyms.pseudonyms(for: ["h-1"], kind: .host, tenant: "t-2")
            let cluster = try await pseudonyms.pseudonyms(for: ["h-1"], kind: .cluster, tenant: "t-1")
            #expect(Set([first["h-1"], other["h-1"], cluster["h-1"]]).count == 3)
            #expect(cluster["h-1"]?.hasPrefix("cluster-") == true && first["h-1"]?.hasPrefix("host-") == true)
            #expect(try await pseudonyms.pseudonyms(for: [], kind: .host, tenant: "t-1") == [:])
        }
    }

    @Test("it is derived from nothing: two installations with the same names have none in common")
    func random() async throws {
        let names = Set((1...50).map { "h-\($0)" })
        var drawn: [Set<String>] = []
        for _ in 0..<2 {
            try await withPseudonyms { _, pseudonyms async throws in
                let made = try await pseudonyms.pseudonyms(for: names, kind: .host, tenant: "t-1")
                drawn.append(Set(made.values))
            }
        }
        #expect(drawn[0].count == 50 && drawn[0].isDisjoint(with: drawn[1]))
    }

    @Test("without its row a pseudonym means nothing: the next use draws another")
    func erased() async throws {
        try await withPseudonyms { store, pseudonyms async throws in
            let before = try await pseudonyms.pseudonyms(for: ["h-1"], kind: .host, tenant: "t-1")
            try await store.query("DELETE FROM account.pseudonym WHERE name = 'h-1'")
            #expect(try await pseudonyms.pseudonyms(for: ["h-1"], kind: .host, tenant: "t-1") != before)
        }
    }

    @Test("many gateways that show the same hosts for the first time agree")
    func race() async throws {
        try await withPseudonyms { _, pseudonyms async throws in
            let names = Set((1...20).map { "h-\($0)" })
            let drawn = try await withThrowingTaskGroup(of: [String: String].self) { group in
                for _ in 0..<8 {
                    group.addTask { try await pseudonyms.pseudonyms(for: names, kind: .host, tenant: "t-1") }
                }
                return try await group.reduce(into: Set<[String: String]>()) { $0.insert($1) }
            }
            #expect(drawn.count == 1 && drawn.first?.count == 20)
        }
    }
}

@Suite struct MissingInstanceTests {
    @Test("one that was silent is buried and remembered since it was last heard of; one that renewed meanwhile is not")
    func buried() async throws {
        try await withWorld { world async throws in
            let instances = InstanceRepository(world.store)
            let id = World.instance(50)
            try await instances.enroll(.plain(id))
            let living = World.instance(51)
            try await instances.register(.plain(living), by: .test(living), timeToLive: .seconds(600))
            _ = try #require(try await instances.renew(.test(id)))
            let before = try #require(try await instances.sightings().first { $0.id == id })
            #expect(before.isListed)
            try await instances.removeSilent([id, living], by: .test(World.instance(51)))
            #expect(try await instances.sightings().contains { $0.id == living && $0.isListed })
            #expect(try await instances.renew(.test(id)) == nil)
            let after = try #require(try await instances.sightings().first { $0.id == id })
            #expect(!after.isListed && after.renewedAt == before.renewedAt && after.service == before.service)
            try await instances.enroll(.plain(id))
            #expect(try await instances.sightings().filter { $0.id == id }.map(\.isListed) == [true])
        }
    }

    @Test("who takes its leave is not missing")
    func leaves() async throws {
        try await withWorld { world async throws in
            let instances = InstanceRepository(world.store)
            let id = World.instance(50)
            try await instances.enroll(.plain(id))
            try await instances.remove(.test(id))
            #expect(try await instances.sightings().allSatisfy { $0.id != id })
        }
    }
}
