// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

/// What is remembered of definitions, and when they are read again.
struct DefinitionCacheTests {
    private func identity(_ number: UInt64, name: String? = nil, life: Int64? = nil) -> DomainIdentity {
        DomainIdentity(
            domain: DomainID(UUID128(high: 1, low: number)), name: name ?? "q\(number)", hypervisorID: life)
    }

    private func cache(of identities: [DomainIdentity]) throws -> DefinitionCache {
        let cache = DefinitionCache()
        for (index, identity) in identities.enumerated() {
            let definition = try #require(
                DefinedDomain(
                    xml: "<domain type='test'><name>\(identity.name)</name><memory>1</memory><vcpu>1</vcpu></domain>"))
            let known = DefinitionCache.Known(
                name: identity.name, hypervisorID: identity.hypervisorID, definition: definition, schedulerCap: nil)
            cache.remember(known, of: identity, now: Int64(index))
        }
        return cache
    }

    @Test("a domain that was renamed or began another life is read again; what was read of another one is not its own")
    func identities() throws {
        let cache = try cache(of: [identity(1), identity(2, life: 7)])
        #expect(cache.known(identity(1)) != nil && cache.known(identity(2, life: 7)) != nil)
        let changed = [identity(1, name: "new"), identity(2, life: 8), identity(3)]
        for identity in changed { #expect(cache.known(identity) == nil) }
        #expect(cache.due(of: changed, oldest: 0, few: 0) == changed)
    }

    @Test("what may have changed serves until it is read again; the oldest are read again, a few at a time")
    func doubts() throws {
        let all = (0..<10).map { identity(UInt64($0)) }
        let cache = try cache(of: all)
        #expect(cache.due(of: all, oldest: 0, few: 3).isEmpty)
        #expect(cache.due(of: all.reversed(), oldest: 8, few: 3) == Array(all[0..<3]))
        cache.markAllStale()
        #expect(cache.due(of: all + [identity(99)], oldest: 0, few: 0) == [identity(99)] + all)
        #expect(all.allSatisfy { cache.known($0) != nil })
        cache.forget(except: [all[0].domain])
        #expect(cache.known(all[0]) != nil && cache.known(all[1]) == nil)
    }

    @Test("a definition that can't be understood is not asked for with every sample")
    func notUnderstood() {
        let cache = DefinitionCache()
        cache.remember(nil, of: identity(1), now: 5)
        #expect(cache.known(identity(1)) == nil)
        #expect(cache.due(of: [identity(1)], oldest: 4, few: 8).isEmpty)
        #expect(cache.due(of: [identity(1)], oldest: 6, few: 8) == [identity(1)])
    }
}
