// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite("Rows of domains that are gone")
struct PresenceTests {
    private func absent(_ world: World, _ domain: DomainID, at instant: Timestamp = at(5)) async throws -> StoredDomain
    {
        try await world.inventory.markAbsent(domain, at: instant, under: world.claim)
        return try #require(try await world.inventory.domain(domain))
    }

    @Test("what was only observed ends; what is managed is missing, holds no room, and is there when it is observed")
    func absence() async throws {
        try await withWorld { world async throws in
            try await world.inventory.setFacts(
                HostAnswer(state: .up, cpuCount: 8, memory: .gibibytes(8)), under: world.claim)
            let foreign = DomainID(UUID128(high: 3, low: 3))
            try await world.inventory.insertDomain(.foreign(foreign), under: world.claim)
            #expect(try await absent(world, foreign).deletedAt == at(5))

            let domain = try await world.addDomain(2, on: world.claim, vcpus: 2)
            let seen = DomainObservation(
                state: .running, vcpus: VCPUSizes(maximum: 8, granted: 2, confirmed: 2),
                incarnation: Incarnation(host: "h-1", hypervisorID: 1, start: at(1)))
            try await world.inventory.observe(domain, seen, under: world.claim)
            #expect(try await PermitRepository(world.store).room(of: "h-1", at: at(4))?.domainVCPUs == 2)
            let missing = try await absent(world, domain)
            #expect(missing.missingSince == at(5) && missing.deletedAt == nil && missing.holdsNoRoom)
            #expect(try await PermitRepository(world.store).room(of: "h-1", at: at(6))?.domainVCPUs == 0)
            #expect(try await absent(world, domain, at: at(9)) == missing, "it is missing since it was first")
            try await world.inventory.observe(domain, .init(state: .unknown), under: world.claim)
            #expect(try await world.inventory.domain(domain)?.missingSince == at(5), "unreachable shows nothing")
            try await world.inventory.observe(domain, seen, under: world.claim)
            #expect(try await world.inventory.domain(domain)?.missingSince == nil)
            #expect(try await PermitRepository(world.store).room(of: "h-1", at: at(6))?.domainVCPUs == 2)
        }
    }

    @Test("what was to be created and nobody ever saw ends, and its name is free; an adopted one does not")
    func neverSeen() async throws {
        try await withWorld { world async throws in
            #expect(try await absent(world, world.domain).deletedAt == at(5))
            let adopted = DomainID(UUID128(high: 1, low: 7))
            try await world.inventory.insertDomain(.plain(adopted, "vm-1"), under: world.claim)
            try await world.inventory.saveDefinition(of: adopted, "<domain/>", at: at(1), under: world.claim)
            let row = try await absent(world, adopted)
            #expect(row.deletedAt == nil && row.missingSince == at(5))
        }
    }

    @Test("another host's listing says nothing of a domain, and a lost claim nothing at all")
    func elsewhere() async throws {
        try await withWorld { world async throws in
            let other = try await world.addHost("h-2")
            try await world.inventory.markAbsent(world.domain, at: at(5), under: other)
            let row = try #require(try await world.inventory.domain(world.domain))
            #expect(row.deletedAt == nil && row.missingSince == nil)
            _ = try await world.takeOver()
            await #expect {
                try await world.inventory.markAbsent(world.domain, at: at(5), under: world.claim)
            } throws: { code($0) == .fenced }
        }
    }

    @Test("a domain that was deleted and is found again begins anew as nobody's, and leaves its former name alone")
    func revived() async throws {
        try await withWorld { world async throws in
            try await world.inventory.saveDefinition(of: world.domain, "<old/>", at: at(1), under: world.claim)
            try await world.inventory.markDeleted(world.domain, at: at(3), under: world.claim)
            let successor = DomainID(UUID128(high: 1, low: 2))
            try await world.inventory.insertDomain(.plain(successor, "vm-1"), under: world.claim)
            var found = NewDomain.foreign(world.domain)
            found.name = "vm-1"
            found.maximumVCPUs = 3
            try await world.inventory.insertDomain(found, under: world.claim)
            let row = try #require(try await world.inventory.domain(world.domain))
            #expect(row.deletedAt == nil && !row.isManaged && row.tenant == nil && row.maximumVCPUs == 3)
            #expect(try await world.inventory.saved(of: world.domain) == nil)
            #expect(try await world.inventory.domain(tenant: "t-1", name: "vm-1")?.id == successor)
        }
    }

    @Test("a host takes a domain only from the states that its copy beats, and from one that does not have it any more")
    func taking() async throws {
        try await withWorld { world async throws in
            let other = try await world.addHost("h-2")
            let life = Incarnation(host: "h-1", hypervisorID: 1, start: at(1))
            try await world.inventory.observe(
                world.domain, DomainObservation(state: .running, incarnation: life), under: world.claim)
            let off: [DomainState] = [.shutoff, .crashed, .saved]
            let seen = DomainObservation(state: .paused)
            #expect(try await world.inventory.observe(world.domain, seen, taking: off, under: other) == nil)
            try await world.inventory.observe(world.domain, .init(state: .shutoff), under: world.claim)
            #expect(try await world.inventory.observe(world.domain, seen, taking: off, under: other) != nil)
            let row = try #require(try await world.inventory.domain(world.domain))
            #expect(row.host == "h-2" && row.state == .paused)
            #expect(row.incarnation == nil, "its life was the other host's")
            // The former host has a life that is newer, and has it no more.
            let newer = Incarnation(host: "h-1", hypervisorID: 2, start: at(9))
            #expect(
                try await world.inventory.observe(
                    world.domain, DomainObservation(state: .running, incarnation: newer), under: world.claim) == nil)
            try await world.inventory.saveDefinition(of: world.domain, "<x/>", at: at(1), under: other)
            try await world.inventory.markAbsent(world.domain, at: at(10), under: other)
            #expect(
                try await world.inventory.observe(
                    world.domain, DomainObservation(state: .shutoff), taking: [], under: world.claim) != nil)
            #expect(try await world.inventory.domain(world.domain)?.host == "h-1")
        }
    }

    @Test("of two hosts that take a domain at once one gets it, and the other only if its copy beats that one's")
    func takingAtOnce() async throws {
        try await withWorld { world async throws in
            let claims = [try await world.addHost("h-2"), try await world.addHost("h-3")]
            let off: [DomainState] = [.shutoff, .crashed, .saved, .unknown, .paused]
            let revisions = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for claim in claims {
                    group.addTask {
                        try await world.inventory.observe(
                            world.domain, DomainObservation(state: .running), taking: off, under: claim)
                    }
                }
                var revisions: [Int64?] = []
                for try await revision in group { revisions.append(revision) }
                return revisions
            }
            #expect(revisions.compactMap { $0 }.count == 1)
        }
    }

    @Test("a copy on another host is known with its state, which is unknown while that host does not answer")
    func copies() async throws {
        try await withWorld { world async throws in
            let other = try await world.addHost("h-2")
            try await world.inventory.setFacts(HostAnswer(state: .up), under: other)
            try await world.inventory.setDuplicate(world.domain, .shutoff, at: at(1), under: other)
            try await world.inventory.setDuplicate(world.domain, .running, at: at(2), under: other)
            let copies = try await world.inventory.copies(of: [world.domain])
            #expect(copies.map(\.host) == ["h-2"] && copies.map(\.state) == [.running])
            try await world.inventory.setFacts(HostAnswer(state: .unknown), under: other)
            #expect(try await world.inventory.copies(of: [world.domain]).map(\.state) == [.unknown])
        }
    }

    @Test(
        "hosts that answer and were not listed since are known, and those that are asked for though they don't answer")
    func listings() async throws {
        try await withWorld { world async throws in
            let inventory = world.inventory
            let (second, third) = (try await world.addHost("h-2"), try await world.addHost("h-3"))
            try await inventory.setFacts(HostAnswer(state: .up), under: second)
            func unlisted(_ since: Int64, and others: [HostID] = []) async throws -> [HostID] {
                try await inventory.hostsNotListed(since: at(since), beside: "h-1", and: others)
            }
            #expect(try await unlisted(5) == ["h-2"], "h-3 does not answer")
            #expect(try await unlisted(5, and: ["h-3", "h-1"]) == ["h-2", "h-3"])
            try await inventory.noteListed([(second, at(5)), (third, at(9))])
            #expect(try await unlisted(5).isEmpty)
            try await inventory.noteListed([(second, at(3)), (ShardClaim.host("h-2", epoch: second.epoch + 1), at(20))])
            #expect(try await unlisted(5).isEmpty, "it never goes back")
            #expect(try await unlisted(6) == ["h-2"], "a claim that is lost says nothing")
            try await inventory.removeHost("h-2", at: at(7))
            #expect(try await unlisted(6).isEmpty)
        }
    }

    @Test("a foreign domain's new name is written, a managed one's stays")
    func names() async throws {
        try await withWorld { world async throws in
            let foreign = DomainID(UUID128(high: 3, low: 3))
            try await world.inventory.insertDomain(.foreign(foreign), under: world.claim)
            for domain in [foreign, world.domain] {
                try await world.inventory.observe(
                    domain, DomainObservation(state: .running, name: "new"), under: world.claim)
            }
            #expect(try await world.inventory.domain(foreign)?.name == "new")
            #expect(try await world.inventory.domain(world.domain)?.name == "vm-1")
        }
    }
}

extension NewDomain {
    fileprivate static func foreign(_ id: DomainID) -> NewDomain {
        NewDomain(
            id: id, name: "old", tenant: nil, isManaged: false, state: .running, maximumVCPUs: 2,
            maximumMemory: .gibibytes(1))
    }
}
