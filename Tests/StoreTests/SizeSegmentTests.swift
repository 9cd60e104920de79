// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing

@Suite struct SizeSegmentTests {
    /// A segment in seconds, for comparing: start, end, vCPUs.
    private struct Span: Hashable, CustomStringConvertible {
        let start: Int64
        let end: Int64?
        let vcpus: Int
        var description: String { "[\(start), \(end.map(String.init) ?? "…")) \(vcpus)" }
        init(_ start: Int64, _ end: Int64?, _ vcpus: Int) { (self.start, self.end, self.vcpus) = (start, end, vcpus) }
    }

    private static let always = TimeRange(.zero, .distantFuture)

    private func spans(_ world: World) async throws -> [Span] {
        try await world.inventory.segments(of: world.domain, in: #require(Self.always)).map {
            Span($0.start.nanoseconds / 1_000_000_000, $0.end.map { $0.nanoseconds / 1_000_000_000 }, $0.vcpus.count)
        }
    }

    private func report(
        _ world: World, _ observed: Int64, _ vcpus: Int, since: Int64? = nil, until: Int64? = nil, life: Int64 = 0,
        disk: ByteCount = .zero, under claim: ShardClaim? = nil
    ) async throws -> SizeEffect {
        try await world.inventory.observeSize(
            SizeReport(
                domain: world.domain, incarnationStart: at(life), observedAt: at(observed), since: since.map(at),
                previousUntil: until.map(at), vcpus: VCPUCount(clamping: vcpus),
                memory: vcpus > 0 ? .gibibytes(1) : .zero, disk: disk), under: claim ?? world.claim)
    }

    @Test("grow and shrink split where they hold from; a shrink's request counts, not its proof")
    func growAndShrink() async throws {
        try await withWorld { world async throws in
            #expect(try await report(world, 10, 1) == .opened)
            #expect(try await report(world, 20, 1) == .unchanged)
            #expect(try await report(world, 30, 2) == .opened)
            #expect(try await report(world, 50, 1, since: 40) == .opened)
            #expect(try await spans(world) == [Span(10, 30, 1), Span(30, 40, 2), Span(40, nil, 1)])
        }
    }

    @Test("a cap that changes makes a new segment, and of no cap nothing is written")
    func capacity() async throws {
        try await withWorld { world async throws in
            func report(_ observed: Int64, _ capacity: Capacity?) async throws -> SizeEffect {
                try await world.inventory.observeSize(
                    SizeReport(
                        domain: world.domain, incarnationStart: at(0), observedAt: at(observed), vcpus: 2,
                        capacity: capacity, memory: .gibibytes(1), disk: .zero), under: world.claim)
            }
            #expect(try await report(10, nil) == .opened)
            #expect(try await report(20, Capacity(2)) == .unchanged)
            #expect(try await report(30, Capacity("0.25")) == .opened)
            #expect(try await report(40, Capacity("0.25")) == .unchanged)
            #expect(try await report(50, Capacity("1.5")) == .opened)
            #expect(try await report(60, nil) == .opened)
            let segments = try await world.inventory.segments(of: world.domain, in: #require(Self.always))
            #expect(segments.map(\.capacity.thousandths) == [2_000, 250, 1_500, 2_000])
            #expect(segments.map(\.vcpus) == [2, 2, 2, 2])
            let rows = try await world.store.query(
                "SELECT 1 FROM inventory.size_segment WHERE capacity_thousandths IS NULL")
            #expect(rows.count == 2)
        }
    }

    @Test("an instant before the previous boundary is moved to it: nothing overlaps and the report is not lost")
    func clamped() async throws {
        try await withWorld { world async throws in
            _ = try await report(world, 10, 1)
            _ = try await report(world, 30, 3)
            #expect(try await report(world, 40, 2, since: 20) == .opened)
            #expect(try await spans(world) == [Span(10, 30, 1), Span(30, nil, 2)])
        }
    }

    @Test("a duplicate and a report from before the newest observation change nothing")
    func stale() async throws {
        try await withWorld { world async throws in
            _ = try await report(world, 10, 1)
            _ = try await report(world, 30, 2)
            let before = try await spans(world)
            #expect(try await report(world, 30, 2) == .unchanged)
            #expect(try await report(world, 30, 3) == .stale)
            #expect(try await report(world, 20, 1) == .stale)
            _ = try await report(world, 50, 2)
            #expect(try await report(world, 40, 1) == .stale)
            #expect(try await spans(world) == before)
        }
    }

    @Test("a gap stays a gap: the old size ends where it was last proved")
    func gap() async throws {
        try await withWorld { world async throws in
            _ = try await report(world, 10, 1)
            #expect(try await report(world, 60, 2, until: 20) == .opened)
            #expect(try await spans(world) == [Span(10, 20, 1), Span(60, nil, 2)])
        }
    }

    @Test("while a domain moves, the newer life wins, whichever report comes first")
    func crossing() async throws {
        for targetFirst in [false, true] {
            try await withWorld { world async throws in
                let target = try await world.addHost("h-2")
                _ = try await report(world, 10, 2)
                if targetFirst {
                    #expect(try await report(world, 31, 2, since: 30, life: 30, under: target) == .opened)
                    #expect(try await report(world, 32, 1) == .stale)
                } else {
                    #expect(try await report(world, 32, 1) == .opened)
                    #expect(try await report(world, 33, 2, since: 30, life: 30, under: target) == .opened)
                }
                #expect(try await report(world, 40, 0) == .stale)
                let segments = try await world.inventory.segments(of: world.domain, in: #require(Self.always))
                #expect(segments.last?.host == "h-2")
                #expect(segments.last?.end == nil)
                #expect(segments.last?.start == at(targetFirst ? 30 : 32))
            }
        }
    }

    @Test("two hosts that report one life are told apart: the first stays")
    func sameLife() async throws {
        try await withWorld { world async throws in
            let other = try await world.addHost("h-2")
            _ = try await report(world, 10, 2)
            #expect(try await report(world, 20, 2, under: other) == .stale)
            #expect(try await spans(world) == [Span(10, nil, 2)])
        }
    }

    @Test("stopped, only the disk is billed; nothing left closes; an older report does not open it again")
    func stopAndStart() async throws {
        try await withWorld { world async throws in
            _ = try await report(world, 10, 2, disk: .gibibytes(1))
            #expect(try await report(world, 20, 0, disk: .gibibytes(1)) == .opened)
            #expect(try await report(world, 30, 0) == .closed)
            #expect(try await report(world, 35, 0) == .unchanged)
            #expect(try await report(world, 25, 2) == .stale)
            #expect(try await spans(world) == [Span(10, 20, 2), Span(20, 30, 0)])
            #expect(try await report(world, 40, 1, life: 40) == .opened)
            #expect(try await spans(world) == [Span(10, 20, 2), Span(20, 30, 0), Span(40, nil, 1)])
            let segments = try await world.inventory.segments(.tenant("t-1"), in: #require(TimeRange(at(20), at(30))))
            #expect(segments.map(\.disk) == [.gibibytes(1)])
        }
    }

    @Test("a deleted or unknown domain has no sizes")
    func deleted() async throws {
        try await withWorld { world async throws in
            try await world.inventory.markDeleted(world.domain, at: at(5), under: world.claim)
            #expect(try await report(world, 10, 1) == .stale)
        }
    }

    @Test("the exclusion constraint is the last guard against billing an instant twice")
    func exclusion() async throws {
        try await withWorld { world async throws in
            _ = try await report(world, 10, 1)
            await #expect {
                try await world.store.query(
                    """
                    INSERT INTO inventory.size_segment VALUES (\(world.domain), 'h-1', 0, \(at(20)), \(at(30)), 1, 1, 1,
                        NULL, NULL)
                    """)
            } throws: { code($0) == .exclusionViolation }
        }
    }

    /// What segments should be, computed apart from the database: a report counts if its life is newer, or the same
    /// on the same host and seen later.
    private struct Oracle {
        private(set) var closed: [Span] = []
        private(set) var open: (start: Int64, vcpus: Int)?
        private var newest: (host: Int, life: Int64, seen: Int64)?
        private var boundary: Int64 = .min

        var spans: [Span] { closed + (open.map { [Span($0.start, nil, $0.vcpus)] } ?? []) }

        mutating func apply(
            host: Int, life: Int64, observed: Int64, until: Int64, since: Int64, vcpus: Int
        ) -> SizeEffect {
            if let newest {
                if life < newest.life || life == newest.life && host != newest.host { return .stale }
                if life == newest.life, vcpus == open?.vcpus ?? 0 {
                    self.newest?.seen = max(newest.seen, observed)
                    return .unchanged
                }
                if life == newest.life, observed <= newest.seen { return .stale }
            }
            newest = (host, life, observed)
            let start = max(since, boundary)
            let wasOpen = open
            if let wasOpen {
                boundary = min(max(until, wasOpen.start), start)
                if boundary > wasOpen.start { closed.append(Span(wasOpen.start, boundary, wasOpen.vcpus)) }
                open = nil
            }
            guard vcpus > 0 else {
                if wasOpen == nil, boundary == .min { boundary = since }
                return wasOpen == nil ? .unchanged : .closed
            }
            (open, boundary) = ((start, vcpus), start)
            return .opened
        }
    }

    @Test("random reports, late, doubled and crossing: segments never overlap, coverage never shrinks, all as computed")
    func random() async throws {
        let seed: UInt64 = .random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<4 {
            var next = generator
            for _ in 0..<1_000 { _ = generator.next() }
            try await withWorld { world async throws in
                let claims = [world.claim, try await world.addHost("h-2")]
                var oracle = Oracle()
                var (now, lives): (Int64, [Int64]) = (10, [0, 0])
                for step in 0..<120 {
                    now += .random(in: 1...5, using: &next)
                    let host = Int.random(in: 0...1, using: &next)
                    if Int.random(in: 0..<10, using: &next) == 0 { lives[host] = now }
                    let observed = max(1, now - .random(in: 0...8, using: &next))
                    let since = max(1, observed - .random(in: 0...6, using: &next))
                    let until = max(1, since - (Bool.random(using: &next) ? 0 : .random(in: 0...9, using: &next)))
                    let vcpus = Int.random(in: 0...3, using: &next)
                    let covered = closedCoverage(oracle.spans)
                    let expected = oracle.apply(
                        host: host, life: lives[host], observed: observed, until: until, since: since, vcpus: vcpus)
                    let effect = try await report(
                        world, observed, vcpus, since: since, until: until, life: lives[host], under: claims[host])
                    #expect(effect == expected, "seed \(seed), step \(step)")
                    let found = try await spans(world)
                    #expect(found == oracle.spans, "seed \(seed), step \(step)")
                    for (left, right) in zip(found, found.dropFirst()) {
                        #expect((left.end ?? .max) <= right.start, "seed \(seed), step \(step): overlap")
                    }
                    // Only the open tail may lose time (a gap that showed itself); what was closed stays billed.
                    #expect(closedCoverage(found) >= covered, "seed \(seed), step \(step): coverage shrank")
                }
            }
        }
    }

    /// Seconds of closed segments.
    private func closedCoverage(_ spans: [Span]) -> Int64 { spans.reduce(0) { $0 + (($1.end ?? $1.start) - $1.start) } }
}
