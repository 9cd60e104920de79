// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct CommandTests {
    @Test("among eight claimers at once exactly one gets the command, and it is never queued again")
    func claimedOnce() async throws {
        try await withWorld(poolSize: 8) { world async throws in
            let command = try await world.commands.enqueue(.resize(world.domain, key: "k"))
            for round in 0..<2 {
                let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            try await world.commands.claim(
                                command.id, under: world.claim, by: World.instance(UInt64(number)), at: at(1))
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(wins == (round == 0 ? 1 : 0))
            }
            let open = try await world.commands.open(for: world.host, at: at(1))
            #expect(open.isEmpty)
        }
    }

    @Test("a repeated key gets the stored command with its reply; another request under it is a conflict")
    func idempotency() async throws {
        try await withWorld { world async throws in
            let first = try await world.commands.enqueue(.resize(world.domain, to: 2, key: "k"))
            let claimed = try await world.commands.claim(first.id, under: world.claim, by: world.owner, at: at(1))
            #expect(claimed)
            try await world.commands.finish(
                first.id, under: world.claim, .succeeded(result: "{\"granted\": 2}"), at: at(2))

            let again = try await world.commands.enqueue(.resize(world.domain, to: 2, key: "k", number: 2))
            #expect(again.id == first.id)
            #expect(again.state == .succeeded)
            #expect(again.outcome == .succeeded(result: "{\"granted\": 2}"))

            await #expect {
                try await world.commands.enqueue(.resize(world.domain, to: 3, key: "k", number: 3))
            } throws: {
                code($0) == .conflict
            }
            var otherRevision = NewCommand.resize(world.domain, to: 2, key: "k", number: 4)
            otherRevision.expectedRevision = 9
            let refused = otherRevision
            await #expect { try await world.commands.enqueue(refused) } throws: { code($0) == .conflict }
            var other = NewCommand.resize(world.domain, to: 3, key: "k", number: 5)
            other.principal = "somebody else"
            #expect(try await world.commands.enqueue(other).id == other.id)
        }
    }

    @Test("eight equal requests at once queue one command")
    func concurrentKeys() async throws {
        try await withWorld(poolSize: 8) { world async throws in
            let ids = try await withThrowingTaskGroup(of: UUID128.self) { group in
                for number in 1...8 {
                    group.addTask {
                        try await world.commands.enqueue(.resize(world.domain, key: "k", number: UInt64(number))).id
                    }
                }
                return try await group.reduce(into: Set<UUID128>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test("a command past its deadline is neither open nor claimed, and expires as failed")
    func deadline() async throws {
        try await withWorld { world async throws in
            let command = try await world.commands.enqueue(.resize(world.domain, key: "k", deadline: 10))
            #expect(try await world.commands.open(for: world.host, at: at(9)).map(\.id) == [command.id])
            #expect(try await world.commands.open(for: world.host, at: at(10)).isEmpty)
            #expect(try await !world.commands.claim(command.id, under: world.claim, by: world.owner, at: at(10)))
            #expect(try await world.commands.expire(at: at(9)).isEmpty)
            let expired = try await world.commands.expire(at: at(10))
            #expect(expired.map(\.outcome?.code?.word) == [.deadline])
            #expect(try await world.commands.fetch(command.id)?.state == .failed)
        }
    }

    @Test("what an earlier epoch claimed is found by the successor, which ends it once")
    func abandoned() async throws {
        try await withWorld { world async throws in
            let command = try await world.commands.enqueue(.resize(world.domain, key: "k"))
            _ = try await world.commands.claim(
                command.id, under: world.claim, by: world.owner, at: at(1), mark: #"{"boot":1}"#)
            #expect(try await world.commands.abandoned(before: world.claim).isEmpty)
            let successor = try await world.takeOver()
            let found = try await world.commands.abandoned(before: successor)
            #expect(found.map(\.id) == [command.id] && found.map(\.mark) == [#"{"boot": 1}"#])
            let outcome = CommandOutcome.failed(code: .outcomeUnknown, message: "the owner vanished")
            #expect(try await world.commands.finish(command.id, under: successor, outcome, at: at(5)))
            #expect(try await !world.commands.finish(command.id, under: successor, .succeeded(), at: at(6)))
            #expect(try await world.commands.fetch(command.id)?.outcome == outcome)
            #expect(try await world.commands.abandoned(before: successor).isEmpty)
        }
    }

    @Test("the owner of another host can neither claim nor end a command")
    func otherHost() async throws {
        try await withWorld { world async throws in
            let other = try await world.addHost("h-2")
            let command = try await world.commands.enqueue(.resize(world.domain, key: "k"))
            #expect(try await !world.commands.claim(command.id, under: other, by: world.owner, at: at(1)))
            #expect(try await world.commands.claim(command.id, under: world.claim, by: world.owner, at: at(1)))
            #expect(try await !world.commands.finish(command.id, under: other, .succeeded(), at: at(2)))
        }
    }
}
