// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@testable import ServiceKit

private func instance(_ number: UInt64) -> InstanceID { InstanceID(UUID128(high: 1, low: number)) }

@Suite("Ownership")
struct OwnershipTests {
    private let shards = (0..<400).map { "host/h\($0)" }

    @Test("an instance that comes takes its share, and nothing moves between the others")
    func oneAdded() {
        let before = (1...4).map(instance)
        let after = before + [instance(5)]
        var moved = 0
        for shard in shards {
            let old = Rendezvous.owner(of: shard, among: before)
            let new = Rendezvous.owner(of: shard, among: after)
            if old != new {
                #expect(new == instance(5))
                moved += 1
            }
        }
        #expect((40...130).contains(moved), "a fifth of 400 is expected, \(moved) moved")
    }

    @Test("when an instance dies only its own shards move")
    func oneKilled() {
        let before = (1...5).map(instance)
        let after = Array(before.dropLast())
        for shard in shards {
            let old = Rendezvous.owner(of: shard, among: before)
            if old != instance(5) { #expect(Rendezvous.owner(of: shard, among: after) == old) }
        }
    }

    @Test("a claim goes only to free shards and to those of the dead; a live owner is waited for")
    func claims() {
        let core = OwnershipCore(instance: instance(1))
        let rows = [
            ShardRecord(kind: .host, id: "free", epoch: 3, owner: nil),
            ShardRecord(kind: .host, id: "dead", epoch: 4, owner: instance(8)),
            ShardRecord(kind: .host, id: "live", epoch: 5, owner: instance(9)),
        ]
        let directives = core.directives(shards: rows, alive: [instance(1)], dead: [instance(8)])
        #expect(directives == [.claim(rows[1], fromDead: true), .claim(rows[0], fromDead: false)])
    }

    @Test("who should no longer own a shard releases it, and learns at once of a take-over")
    func releases() {
        var core = OwnershipCore(instance: instance(1))
        let key = ShardKey(kind: .host, id: "h")
        core.claimed(key, epoch: 7, commandsFromBootNanoseconds: 0)
        let alive: Set = [instance(1), instance(2), instance(3), instance(4)]
        let wanted = Rendezvous.owner(of: "host/h", among: alive)
        let mine = ShardRecord(kind: .host, id: "h", epoch: 7, owner: instance(1))
        let expected: [OwnershipCore.Directive] = wanted == instance(1) ? [] : [.release(key, epoch: 7)]
        #expect(core.directives(shards: [mine], alive: alive, dead: []) == expected)
        let taken = ShardRecord(kind: .host, id: "h", epoch: 8, owner: instance(2))
        #expect(core.directives(shards: [taken], alive: alive, dead: []).first == .lost(key))
    }

    @Test("who does not renew for the TTL is dead, who renews is not")
    func liveness() {
        var tracker = LivenessTracker(timeToLive: .seconds(3))
        for second in 0...6 {
            tracker.observe(
                [instance(1): Int64(second), instance(2): 5], atMonotonicNanoseconds: Int64(second) * 1_000_000_000,
                elapsedLimitNanoseconds: 2_000_000_000)
        }
        #expect(tracker.alive == [instance(1)])
        #expect(tracker.dead == [instance(2)])
    }

    @Test("a database that was away for 30 s expires nobody")
    func databasePause() {
        var tracker = LivenessTracker(timeToLive: .seconds(5))
        let heartbeats = [instance(1): Int64(1), instance(2): 1]
        tracker.observe(heartbeats, atMonotonicNanoseconds: 0, elapsedLimitNanoseconds: 2_000_000_000)
        tracker.observe(
            heartbeats, atMonotonicNanoseconds: 30_000_000_000, elapsedLimitNanoseconds: 2_000_000_000)
        #expect(tracker.alive == [instance(1), instance(2)])
    }
}

@Suite("Cluster time")
struct ClusterClockTests {
    @Test("a later reading of the database is worked off at 500 ppm and time never goes back")
    func slews() {
        var clock = SlewedClock(cluster: 1_000_000_000_000, boot: 0)
        clock.discipline(cluster: 1_000_000_000_000 - 2_000_000, boot: 0)
        var last: Int64 = 0
        for second in 1...10 {
            let now = clock.read(boot: Int64(second) * 1_000_000_000)
            #expect(now > last)
            last = now
        }
        #expect(last == 1_000_000_000_000 + 10_000_000_000 - 2_000_000)
    }

    @Test(
        "time never goes back, however short the intervals and whatever is still to be corrected",
        arguments: [-5_000_000, -1, 0, 1, 5_000_000] as [Int64])
    func neverBack(_ offset: Int64) {
        for step in [1, 7, 499, 1_999, 333_333, 999_999, 1_000_000] as [Int64] {
            var clock = SlewedClock(cluster: 1_000_000_000_000, boot: 0)
            var last: Int64 = 0
            for round in 1...3_000 {
                let boot = Int64(round) * step
                // A correction that turns round in the middle of a millisecond.
                if round % 701 == 0 {
                    clock.discipline(cluster: last + (round % 1_402 == 0 ? -offset : offset), boot: boot)
                }
                let now = clock.read(boot: boot)
                #expect(now >= last, "step \(step), round \(round)")
                last = now
            }
        }
    }

    @Test("short intervals lose nothing of the correction's base", arguments: [1, 999_999, 1_000_000, 1_500_001])
    func shortReads(_ step: Int64) {
        var clock = SlewedClock(cluster: 0, boot: 0)
        var boot: Int64 = 0
        for _ in 0..<1_000 {
            boot += step
            #expect(clock.read(boot: boot) == boot)
        }
    }
}
