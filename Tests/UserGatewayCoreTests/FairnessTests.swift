// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel
internal import Testing
internal import UserGatewayCore

@Suite("Turns of tenants")
struct FairQueueTests {
    private func queue(places: Int, waiting: Int = 1_000, bytes: Int = 1 << 20) -> FairQueue {
        FairQueue(FairQueue.Limits(places: places, waitingPerLane: waiting, waitingBytesPerLane: bytes))
    }

    @Test("a lane has half of the places, so that who comes next finds one at once, however much of the other waits")
    func leavesPlaces() throws {
        var queue = queue(places: 4)
        var begun = 0
        for ticket in 1...500 { begun += try queue.enter(ticket, lane: "loud") ? 1 : 0 }
        #expect(begun == 2 && queue.waiting(in: "loud") == 498)
        let quiet = [
            try queue.enter(501, lane: "quiet"), try queue.enter(502, lane: "quiet"),
            try queue.enter(503, lane: "quiet"),
        ]
        #expect(quiet == [true, true, false])
    }

    @Test("work of a lane waits behind its own, and lanes take turns")
    func takesTurns() throws {
        var queue = queue(places: 2)
        for (ticket, lane) in [(1, "a"), (2, "b"), (3, "a"), (4, "a"), (5, "a"), (6, "c"), (7, "c"), (8, "b")] {
            let hasPlace = try queue.enter(ticket, lane: lane)
            #expect(hasPlace == (ticket <= 2))
        }
        var order: [Int] = []
        var running = [(1, "a"), (2, "b")]
        let lanes = [3: "a", 4: "a", 5: "a", 6: "c", 7: "c", 8: "b"]
        while let first = running.first {
            running.removeFirst()
            let begun = queue.leave(lane: first.1)
            order += begun
            running += begun.compactMap { ticket in lanes[ticket].map { (ticket, $0) } }
        }
        #expect(order == [3, 6, 8, 4, 7, 5])
        #expect(queue.running == 0)
    }

    @Test("what waits of a lane is bounded by count and by bytes; others are not touched")
    func boundsWaiting() throws {
        var queue = queue(places: 1, waiting: 2, bytes: 100)
        let first = [try queue.enter(1, lane: "a"), try queue.enter(2, lane: "a", bytes: 90)]
        #expect(throws: MethodError.self) { try queue.enter(3, lane: "a", bytes: 20) }
        let fits = try queue.enter(4, lane: "a", bytes: 10)
        #expect(first == [true, false] && !fits)
        let error = #expect(throws: MethodError.self) { try queue.enter(5, lane: "a") }
        #expect(error?.reason == .busy && error?.message == "2 requests of a wait already, the limit")
        #expect(error?.retryAfterMilliseconds == 1_000)
        let other = try queue.enter(6, lane: "b")
        #expect(!other && queue.waiting(in: "b") == 1)
    }

    @Test("what comes back from waiting elsewhere goes before its lane's other work, and is never refused")
    func comesBack() throws {
        var queue = queue(places: 1, waiting: 1)
        var places = [try queue.enter(1, lane: "a"), try queue.enter(2, lane: "a")]
        var begun = queue.leave(lane: "a")
        places += [try queue.enter(3, lane: "a"), queue.enterAgain(4, lane: "a")]
        begun += queue.leave(lane: "a") + queue.leave(lane: "a")
        #expect(places == [true, false, false, false])
        #expect(begun == [2, 4, 3])
    }

    @Test("work that is given up leaves its lane and its turn")
    func abandons() throws {
        var queue = queue(places: 1)
        for (ticket, lane) in [(1, "a"), (2, "b"), (3, "c")] { _ = try queue.enter(ticket, lane: lane) }
        let abandoned = [queue.abandon(2, lane: "b"), queue.abandon(2, lane: "b"), queue.abandon(1, lane: "a")]
        #expect(abandoned == [true, false, false])
        let begun = queue.leave(lane: "a")
        #expect(begun == [3])
    }

    @Test("whatever comes and goes, no place is lost and nothing waits beside a place that it may have")
    func losesNothing() {
        var random = SeededGenerator(seed: 11)
        var queue = queue(places: 4)
        var running: [String] = []
        var lanes: [Int: String] = [:]
        for ticket in 1...5_000 {
            let lane = "lane \(Int.random(in: 0..<3, using: &random))"
            if Bool.random(using: &random) || running.isEmpty {
                lanes[ticket] = lane
                if (try? queue.enter(ticket, lane: lane)) == true { running.append(lane) }
            } else {
                let left = running.remove(at: Int.random(in: 0..<running.count, using: &random))
                running += queue.leave(lane: left).compactMap { lanes[$0] }
            }
            #expect(queue.running == running.count && running.count <= 4)
            for lane in Set(lanes.values) {
                let own = running.count { $0 == lane }
                #expect(own <= 2)
                if own < 2, running.count < 4 { #expect(queue.waiting(in: lane) == 0) }
            }
        }
    }
}

@Suite("What a tenant may use up")
struct BudgetTests {
    private static func party(_ name: String, _ tenant: TenantID?) throws -> Party {
        Party(
            try #require(
                Principal(
                    id: UUID128(high: 1, low: 1), name: name, role: tenant == nil ? .operator : .owner, tenant: tenant))
        )
    }

    private func budgets() -> Budgets {
        Budgets(
            principals: Rates(requests: 10, bytes: 1_000, databaseMicroseconds: 500_000),
            tenants: Rates(requests: 15, bytes: 2_000, databaseMicroseconds: 1_000_000))
    }

    @Test("two seconds of a rate may be used at once; then the error says who used up what, and when to come back")
    func boundsRequests() throws {
        let ada = try Self.party("ada", "acme")
        var budgets = budgets()
        for _ in 1...20 {
            try budgets.check(ada, now: 0)
            budgets.spend(Spending(requests: 1), by: ada, now: 0)
        }
        try budgets.check(ada, now: 0)
        budgets.spend(Spending(requests: 5), by: ada, now: 0)
        let error = #expect(throws: MethodError.self) { try budgets.check(ada, now: 0) }
        #expect(error?.message == "principal 'ada' has used up its 10 requests a second")
        #expect(error?.reason == .busy && error?.retryAfterMilliseconds == 501)
        #expect(throws: MethodError.self) { try budgets.check(ada, now: 499_000_000) }
        try budgets.check(ada, now: 500_000_000)
    }

    @Test("a tenant's people share what is the tenant's; another tenant's have their own")
    func boundsTenants() throws {
        let (ada, ben, zoe) = (
            try Self.party("ada", "acme"), try Self.party("ben", "acme"), try Self.party("zoe", "zeta")
        )
        var budgets = budgets()
        budgets.spend(Spending(requests: 100), by: ada, now: 0)
        budgets.spend(Spending(requests: 65), by: ben, now: 0)
        let error = #expect(throws: MethodError.self) { try budgets.check(ben, now: 0) }
        #expect(error?.message == "tenant 'acme' has used up its 15 requests a second")
        try budgets.check(zoe, now: 0)
    }

    @Test("bytes and the database's time count as requests do, and the provider's people have a tenant's rates")
    func boundsTheRest() throws {
        let root = try Self.party("root", nil)
        var budgets = budgets()
        budgets.spend(Spending(bytes: 5_000), by: root, now: 0)
        let bytes = #expect(throws: MethodError.self) { try budgets.check(root, now: 0) }
        #expect(bytes?.message == "principal 'root' has used up its 2000 bytes a second")
        for _ in 1...4 { budgets.spend(Spending(databaseMicroseconds: 1_000_000), by: root, now: 0) }
        let time = #expect(throws: MethodError.self) { try budgets.check(root, now: 0) }
        #expect(time?.message == "principal 'root' has used up its 1000 ms of the database's time a second")
        #expect(time?.retryAfterMilliseconds == 2_001)
        try budgets.check(root, now: 2_000_000_000)
    }

    @Test("a call that waited long for others owes a second at most")
    func boundsWaiting() throws {
        let root = try Self.party("root", nil)
        var budgets = budgets()
        for _ in 1...2 { budgets.spend(Spending(databaseMicroseconds: 30_000_000), by: root, now: 0) }
        try budgets.check(root, now: 0)
    }

    @Test("no request costs more than a minute, whatever its size")
    func boundsDebt() throws {
        let ada = try Self.party("ada", "acme")
        var budgets = budgets()
        budgets.spend(Spending(bytes: .max, databaseMicroseconds: .max), by: ada, now: 5)
        try budgets.check(ada, now: 5 + 60_000_000_000)
    }
}
