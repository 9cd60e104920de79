// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

/// Hosts that come and go, and freezes.
@Suite struct HostTests {
    @Test("labels and limits are set as a whole, and only on hosts that are there")
    func labels() async throws {
        try await withWorld { world async throws in
            let inventory = world.inventory
            try await inventory.setLabels(of: "h-1", to: ["rack": "a\"3", "zone": "ö"])
            #expect(try await inventory.host("h-1")?.labels == ["rack": "a\"3", "zone": "ö"])
            try await inventory.setLabels(of: "h-1", to: [:])
            #expect(try await inventory.host("h-1")?.labels.isEmpty == true)
            let limits = HostLimits(cpuOvercommit: Utilization(percent: 300), reservedVCPUs: 2)
            try await inventory.setLimits(of: "h-1", to: limits)
            #expect(try await inventory.host("h-1")?.limits == limits)
            await #expect { try await inventory.setLabels(of: "h-9", to: [:]) } throws: { code($0) == .notFound }
            await #expect { try await inventory.setLimits(of: "h-9", to: limits) } throws: { code($0) == .notFound }
        }
    }

    @Test("labels that are no texts are none, and their host is read all the same")
    func oddLabels() async throws {
        try await withWorld { world async throws in
            try await world.store.query(#"UPDATE inventory.host SET labels = '{"rack": 3, "zone": [{}]}'"#)
            #expect(try await world.inventory.host("h-1")?.labels.isEmpty == true)
            #expect(try await world.inventory.hosts().map(\.id) == ["h-1"])
            try await world.inventory.setLabels(of: "h-1", to: ["rack": "3"])
            #expect(try await world.inventory.host("h-1")?.labels == ["rack": "3"])
        }
    }

    @Test("a host with managed domains stays; without, it goes, and its name and URI are free again")
    func removal() async throws {
        try await withWorld { world async throws in
            let inventory = world.inventory
            await #expect { try await inventory.removeHost("h-1", at: at(5)) } throws: { code($0) == .conflict }
            await #expect { try await inventory.removeHost("h-9", at: at(5)) } throws: { code($0) == .notFound }
            let uri = try #require(try await inventory.host("h-1")?.uri)
            try await inventory.markDeleted(world.domain, at: at(4), under: world.claim)
            try await inventory.removeHost("h-1", at: at(5))
            #expect(try await inventory.host("h-1")?.removedAt == at(5))
            #expect(try await !inventory.hosts().contains { $0.id == "h-1" })
            #expect(try await inventory.hostURIs()["h-1"] == nil)
            await #expect { try await inventory.setMode(of: "h-1", to: .enabled) } throws: { code($0) == .notFound }
            try await inventory.addHost("h-7", cluster: "c-1", uri: uri)
            await #expect { try await inventory.addHost("h-1", cluster: "c-1", uri: uri) } throws: {
                code($0) == .uniqueViolation
            }
            try await inventory.addHost("h-1", cluster: "c-2", uri: "fleet://127.0.0.1:1/h-1")
            let back = try #require(try await inventory.host("h-1"))
            #expect(back.removedAt == nil && back.mode == .observe && back.cluster == "c-2")
            await #expect { try await inventory.addHost("h-1", cluster: "c-2", uri: "fleet://127.0.0.1:1/x") } throws: {
                code($0) == .uniqueViolation
            }
        }
    }

    @Test("a domain that was only observed is forgotten with its host, and there again when it is seen again")
    func observedDomains() async throws {
        try await withWorld { world async throws in
            let found = DomainID(UUID128(high: 3, low: 3))
            let domain = NewDomain(
                id: found, name: "old", tenant: nil, isManaged: false, state: .running, maximumVCPUs: 2,
                maximumMemory: .gibibytes(1), foreignManager: "nova")
            try await world.inventory.insertDomain(domain, under: world.claim)
            try await world.inventory.forgetObserved(at: at(7), under: world.claim)
            #expect(try await world.inventory.domain(found)?.deletedAt == at(7))
            #expect(try await world.inventory.domain(world.domain)?.deletedAt == nil, "a managed one is not forgotten")
            try await world.inventory.insertDomain(domain, under: world.claim)
            let row = try #require(try await world.inventory.domain(found))
            #expect(row.deletedAt == nil && row.foreignManager == "nova")
        }
    }

    @Test("two hosts of one UUID know of each other, and copies of domains are on record by host")
    func duplicates() async throws {
        try await withWorld { world async throws in
            let uuid = UUID128(high: 4, low: 4)
            try await world.inventory.setFacts(HostAnswer(state: .up, uuid: uuid), under: world.claim)
            try await world.inventory.addHost("h-8", cluster: "c-1", uri: "fleet://127.0.0.1:1/h-8")
            #expect(try await world.inventory.hosts(sharing: uuid, with: "h-8") == ["h-1"])
            #expect(try await world.inventory.hosts(sharing: uuid, with: "h-1").isEmpty)
            for _ in 0..<2 {
                try await world.inventory.setDuplicate(world.domain, .paused, at: at(1), under: world.claim)
            }
            #expect(try await world.inventory.duplicates(on: "h-1") == [world.domain])
            try await world.inventory.setDuplicate(world.domain, nil, at: at(2), under: world.claim)
            #expect(try await world.inventory.duplicates(on: "h-1").isEmpty)
        }
    }

    @Test("ceilings that wait for a cold boot are gone once the definition has them")
    func pending() async throws {
        try await withWorld { world async throws in
            try await world.inventory.setPending(
                of: world.domain, maximumVCPUs: 32, maximumMemory: .gibibytes(64), under: world.claim)
            try await world.inventory.observe(world.domain, DomainObservation(state: .running), under: world.claim)
            #expect(try await world.inventory.domain(world.domain)?.pendingMaximumVCPUs == 32)
            let booted = DomainObservation(
                state: .running, vcpus: VCPUSizes(maximum: 32, granted: 2),
                memory: DomainMemory(maximum: .gibibytes(64)))
            try await world.inventory.observe(world.domain, booted, under: world.claim)
            let row = try #require(try await world.inventory.domain(world.domain))
            #expect(row.pendingMaximumVCPUs == nil && row.pendingMaximumMemory == nil && row.maximumVCPUs == 32)
        }
    }

    @Test("a tenant's own freeze stands beside the provider's, now and in what is told of the past")
    func freezesOfBothSides() async throws {
        try await withWorld { world async throws in
            try await AccountRepository(world.store).addPrincipal(
                StoredPrincipal(id: UUID128(high: 5, low: 1), name: "ada", tenant: "t-1", role: .member))
            let freezes = FreezeRepository(world.store)
            let provider = FreezeRecord(
                .domain(world.domain), reason: "repairs", principal: "root", isAutomatic: false, createdAt: at(1))
            var own = provider
            (own.principal, own.reason, own.isTenants) = ("ada", "load test", true)
            try await freezes.freeze(own)
            try await freezes.freeze(provider)
            #expect(try await freezes.list() == [provider, own])
            var lied = own
            lied.isTenants = false
            #expect(try await !freezes.unfreeze(lied))
            #expect(try await freezes.unfreeze(provider))
            #expect(try await freezes.list() == [own])
            #expect(try await freezes.list(at: at(1)) == [provider, own])
        }
    }

    @Test("a freeze stands once, by whoever came first, until it is ended")
    func freezes() async throws {
        try await withWorld { world async throws in
            let freezes = FreezeRepository(world.store)
            let first = FreezeRecord(
                .tenant("t-1"), reason: "too much", principal: "root", isAutomatic: false, createdAt: at(1))
            try await freezes.freeze(first)
            var second = first
            second.reason = "later"
            try await freezes.freeze(second)
            #expect(try await freezes.list() == [first])
            var anothers = first
            anothers.principal = "ada"
            #expect(try await !freezes.unfreeze(anothers), "it is not the one that was looked at")
            #expect(try await freezes.unfreeze(first))
            #expect(try await !freezes.unfreeze(first))
            #expect(try await freezes.list().isEmpty)
            // What stood at an instant is still told: from when it was made until it was ended.
            #expect(try await freezes.list(at: at(0)).isEmpty)
            #expect(try await freezes.list(at: at(1)) == [first])
            #expect(try await freezes.list(at: .distantFuture).isEmpty)
            try await freezes.freeze(second)
            #expect(try await freezes.list(at: .distantFuture) == [second])
        }
    }
}
