// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct RepositoryTests {
    private func policy(_ upper: Int64) throws -> ScalingPolicy {
        try ScalingPolicy(
            lower: Utilization(percent: 20), upper: Utilization(percent: upper), ratio: Utilization(percent: 60),
            minimumVCPUs: 1, maximumVCPUs: 4)
    }

    @Test("policy versions have no holes and strictly later beginnings, also from many writers at one instant")
    func policies() async throws {
        try await withWorld(poolSize: 8) { world async throws in
            let policies = PolicyRepository(world.store)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for upper in 80..<88 {
                    let policy = try policy(Int64(upper))
                    group.addTask {
                        _ = try await policies.append(
                            policy, for: world.domain, windowLength: 5, at: at(10), under: world.cluster)
                    }
                }
                try await group.waitForAll()
            }
            let history = try await policies.history(world.domain)
            #expect(history.map(\.version) == Array(1...8))
            #expect(history.map(\.validFrom.nanoseconds) == (0..<8).map { at(10).nanoseconds + $0 })
            #expect(Set(history.compactMap { $0.policy?.upper.ppm }).count == 8)

            let cleared = try await policies.append(
                nil, for: world.domain, windowLength: 7, at: at(5), under: world.cluster)
            #expect(cleared.policy == nil)
            #expect(cleared.validFrom.nanoseconds == at(10).nanoseconds + 8)
            #expect(try await policies.current(world.domain) == cleared)
            #expect(try await policies.allCurrent() == [cleared])
            try await world.inventory.markDeleted(world.domain, at: at(20), under: world.claim)
            #expect(try await policies.allCurrent() == [])
        }
    }

    @Test("a decision and its command are stored both or neither, the record to the byte")
    func decisions() async throws {
        try await withWorld { world async throws in
            let decisions = DecisionRepository(world.store)
            let command = NewCommand.resize(world.domain, key: "d-1")
            let queued = try await decisions.insert(.grow(world.domain), command: command, under: world.cluster)
            #expect(queued?.id == command.id)
            let stored = try #require(try await decisions.fetch(UUID128(high: 4, low: 1)))
            #expect(stored.record == "{\"b\":1, \"a\":2}")
            #expect(stored.command == command.id)
            #expect(stored.epoch == world.cluster.epoch)

            let conflicting = NewCommand.resize(world.domain, to: 7, key: "d-1", number: 9)
            await #expect {
                try await decisions.insert(.grow(world.domain, number: 2), command: conflicting, under: world.cluster)
            } throws: { code($0) == .conflict }
            #expect(try await decisions.fetch(UUID128(high: 4, low: 2)) == nil)
        }
    }

    @Test("decisions are listed newest first by domain, tenant and period, and found for any instant")
    func decisionQueries() async throws {
        try await withWorld { world async throws in
            let decisions = DecisionRepository(world.store)
            let other = try await world.addDomain(2, on: world.claim)
            try await world.store.query("UPDATE inventory.domain_ownership SET from_ns = 0 WHERE domain = \(other)")
            for second in 1...4 {
                try await decisions.insert(
                    .grow(second == 3 ? other : world.domain, number: UInt64(second), seconds: Int64(second) * 10),
                    under: world.cluster)
            }
            func instants(_ filter: DecisionFilter) async throws -> [Int64] {
                try await decisions.list(filter).map { $0.at.nanoseconds / 1_000_000_000 }
            }
            #expect(try await instants(DecisionFilter(domain: world.domain)) == [40, 20, 10])
            #expect(try await instants(DecisionFilter(tenant: "t-1", limit: 2)) == [40, 30])
            #expect(try await instants(DecisionFilter(tenant: "t-2")) == [])
            #expect(try await instants(DecisionFilter(period: TimeRange(at(10), at(30)))) == [20, 10])
            #expect(try await decisions.decision(for: world.domain, at: at(9)) == nil)
            #expect(try await decisions.decision(for: world.domain, at: at(39))?.at == at(20))

            let id = UUID128(high: 4, low: 1)
            for outcome in ["started", "succeeded"] {
                try await decisions.addOutcome(
                    DecisionOutcome(
                        decision: id, at: at(outcome == "started" ? 11 : 12), outcome: Recognised(outcome), detail: ""),
                    under: world.cluster)
            }
            #expect(try await decisions.outcomes(of: id).map(\.outcome.text) == ["started", "succeeded"])
        }
    }

    @Test("a domain's revision rises at changes only, and a late report from its old host is ignored")
    func observation() async throws {
        try await withWorld { world async throws in
            let target = try await world.addHost("h-2")
            var seen = DomainObservation(
                state: .running, vcpus: VCPUSizes(maximum: 8, granted: 2, confirmed: 2),
                memory: DomainMemory(maximum: .gibibytes(8), allocated: .gibibytes(2)),
                incarnation: Incarnation(host: "h-1", hypervisorID: 3, start: at(1)))
            #expect(try await world.inventory.observe(world.domain, seen, under: world.claim) == 2)
            #expect(try await world.inventory.observe(world.domain, seen, under: world.claim) == 2)
            // Unknown values are no change.
            let unknown = DomainObservation(state: .running)
            #expect(try await world.inventory.observe(world.domain, unknown, under: world.claim) == 2)
            #expect(
                try await world.inventory.ask(world.domain, vcpus: 3, expectedRevision: 1, under: world.claim) == nil)
            #expect(try await world.inventory.ask(world.domain, vcpus: 3, expectedRevision: 2, under: world.claim) == 3)

            seen.incarnation = Incarnation(host: "h-2", hypervisorID: 9, start: at(5))
            #expect(try await world.inventory.observe(world.domain, seen, under: target) == nil)
            #expect(
                try await world.inventory.observe(
                    world.domain, seen, taking: DomainState.allCases, under: target) == 4)
            #expect(try await world.inventory.observe(world.domain, .init(state: .shutoff), under: world.claim) == nil)
            let record = try #require(try await world.inventory.domain(world.domain))
            #expect(record.host == "h-2")
            #expect(record.state == .running)
            #expect(record.askedVCPUs == 3)
            #expect(record.incarnation == seen.incarnation)
            #expect(try await world.inventory.domains(.host("h-2")) == [record])
            #expect(try await world.inventory.domains(.host("h-1")).isEmpty)
            #expect(try await world.inventory.domain(tenant: "t-1", name: "vm-1") == record)
        }
    }

    @Test("a deleted domain's name is free again, while it lives it is not")
    func names() async throws {
        try await withWorld { world async throws in
            let second = DomainID(UUID128(high: 1, low: 2))
            await #expect {
                try await world.inventory.insertDomain(.plain(second, "vm-1"), under: world.claim)
            } throws: { code($0) == .uniqueViolation }
            try await world.inventory.markDeleted(world.domain, at: at(3), under: world.claim)
            try await world.inventory.insertDomain(.plain(second, "vm-1"), under: world.claim)
            #expect(try await world.inventory.domain(tenant: "t-1", name: "vm-1")?.id == second)
            #expect(try await world.inventory.domains(.all).map(\.id) == [second])
            #expect(try await world.inventory.domain(world.domain)?.deletedAt == at(3))
        }
    }

    @Test("proof of a host never goes back nor comes from a lost claim, and open segments carry it")
    func proof() async throws {
        try await withWorld { world async throws in
            try await world.inventory.observeSize(.running(world.domain, at(1), 1), under: world.claim)
            try await world.inventory.prove([(world.claim, at(9))])
            try await world.inventory.prove([(world.claim, at(4))])
            try await world.inventory.prove([(ShardClaim.host("h-1", epoch: world.claim.epoch + 1), at(20))])
            #expect(try await world.inventory.host("h-1")?.provedUntil == at(9))
            let segments = try await world.inventory.segments(of: world.domain, in: #require(TimeRange(at(0), at(99))))
            #expect(segments.map(\.hostProvedUntil) == [at(9)])
            #expect(try await world.inventory.hosts(in: "c-1").map(\.id) == ["h-1"])
            #expect(try await world.inventory.hosts(in: "c-2").isEmpty)
        }
    }

    @Test("readings are kept once, and a period is covered with the reading before and after it")
    func readings() async throws {
        try await withWorld { world async throws in
            let all = (0..<10).map { index in
                StoredReading(
                    domain: world.domain, host: "h-1", incarnationStart: at(index < 5 ? 0 : 50), at: at(index * 10),
                    counters: DomainCounters(cpuTimeNanoseconds: index == 3 ? nil : index))
            }
            try await world.inventory.insertReadings(all, under: world.claim)
            try await world.inventory.insertReadings(all, under: world.claim)
            let period = try #require(TimeRange(at(25), at(45)))
            #expect(try await world.inventory.readings(of: world.domain, covering: period) == Array(all[2...5]))
            var foreign = all[0]
            foreign.host = "h-2"
            let refused = [foreign]
            await #expect { try await world.inventory.insertReadings(refused, under: world.claim) } throws: {
                code($0) == .invalidValue
            }
        }
    }

    @Test("a token names its principal until it expires or is revoked")
    func tokens() async throws {
        try await withStore { store async throws in
            let accounts = AccountRepository(store)
            #expect(try await accounts.addTenant("t-1"))
            #expect(try await !accounts.addTenant("t-1"))
            let member = StoredPrincipal(id: UUID128(high: 5, low: 1), name: "mia", tenant: "t-1", role: .member)
            try await accounts.addPrincipal(member)
            let hash = AccountRepository.hash(ofToken: "secret")
            let id = try await accounts.addToken(hash: hash, for: member.id, createdAt: at(0), expiresAt: at(100))
            let token = try #require(try await accounts.token(withHash: hash))
            #expect(token.principal == member)
            #expect(token.state(at: at(99)) == .valid && token.state(at: at(100)) == .expired)
            #expect(try await accounts.token(withHash: AccountRepository.hash(ofToken: "x")) == nil)
            #expect(try await accounts.revokeToken(id, at: at(50)))
            #expect(try await !accounts.revokeToken(id, at: at(60)))
            #expect(try await accounts.token(withHash: hash)?.state(at: at(50)) == .revoked)
            #expect(try await accounts.principals(of: "t-1") == [member])
            #expect(try await accounts.principals(of: nil) == [])
            let misplaced = StoredPrincipal(
                id: UUID128(high: 5, low: 2), name: "eve", tenant: "t-1", role: .administrator)
            await #expect { try await accounts.addPrincipal(misplaced) } throws: { code($0) == .checkViolation }
        }
    }

    @Test("rate cards hold from their instant until the next one")
    func rateCards() async throws {
        try await withStore { store async throws in
            let cards = RateCardRepository(store)
            let second = try await cards.add(currency: "EUR", card: "{\"vcpu\": 2}", validFrom: at(20))
            let first = try await cards.add(currency: "EUR", card: "{\"vcpu\": 1}", validFrom: at(10))
            #expect(try await cards.list() == [first, second])
            #expect(try await cards.current(at: at(9)) == nil)
            #expect(try await cards.current(at: at(19)) == first)
            #expect(try await cards.current(at: at(20)) == second)
            await #expect { try await cards.add(currency: "EUR", card: "{}", validFrom: at(20)) } throws: {
                code($0) == .uniqueViolation
            }
            // Far ahead of the database's own clock: only such a card can be withdrawn.
            let later = try await cards.add(currency: "EUR", card: "{}", validFrom: Timestamp(nanoseconds: .max))
            #expect(try await cards.withdraw(version: first.version, by: "root") == first)
            let withdrawn = try #require(try await cards.withdraw(version: later.version, by: "root"))
            #expect(withdrawn.withdrawal?.principal == "root")
            #expect(try await cards.withdraw(version: later.version, by: "eve") == withdrawn)
            #expect(try await cards.withdraw(version: 99, by: "root") == nil)
            #expect(try await cards.list() == [first, second])
            #expect(try await cards.all() == [second, first, withdrawn])
            let again = try await cards.add(currency: "EUR", card: "{}", validFrom: later.validFrom)
            #expect(again.version == later.version + 1)
            await #expect { try await cards.add(currency: "euro", card: "{}", validFrom: at(30)) } throws: {
                code($0) == .checkViolation
            }
        }
    }

    @Test("sealed audit entries have no holes, and their hashes chain over what is listed")
    func audit() async throws {
        try await withWorld { world async throws in
            let audit = AuditRepository(world.store)
            let claim = try await seizeShard(.audit, "main", by: world.owner, in: world.store)
            for number in 1...5 {
                try await world.store.transaction { transaction in
                    let event = AuditEvent(
                        at: at(Int64(number)), actor: "a", action: "policy.set", subject: "s",
                        detail: "{\"n\": \(number)}")
                    try await AuditRepository.append(event, in: transaction)
                }
            }
            #expect(try await audit.seal(under: claim, limit: 3) == 3)
            #expect(try await audit.seal(under: claim) == 2)
            #expect(try await audit.seal(under: claim) == 0)
            let entries = try await audit.list(after: 0)
            #expect(entries.map(\.sequence) == Array(1...5))
            var previous = SHA256.hash("ebb audit")
            for entry in entries {
                previous = SHA256.hash(previous + Array(entry.canonical.utf8))
                #expect(entry.hash == previous, "entry \(entry.sequence)")
            }
            #expect(
                entries.first?.canonical == "[1, 1000000000, \"a\", \"policy.set\", \"s\", {\"n\": 1}, \"postgres\"]")
            _ = try await world.takeOver(.audit, "main")
            await #expect { _ = try await audit.seal(under: claim) } throws: { code($0) == .fenced }
        }
    }
}
