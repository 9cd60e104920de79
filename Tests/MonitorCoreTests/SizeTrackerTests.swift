// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import TestSupport
import Testing

/// A sighting of a domain of `vcpus` that is known to the instant; 0 is stopped.
private func sighting(
    _ seconds: Double, _ vcpus: Int, life: Double? = 0, mebibytes: Int64 = 512, effective: Double? = nil,
    isExact: Bool = false, isNew: Bool = false, latency: Double = 0
) -> DomainSighting {
    let isActive = vcpus > 0
    return DomainSighting(
        domain: vm, name: "vm", state: isActive ? .running : .shutoff,
        incarnation: life.map { Incarnation(host: host, hypervisorID: 1, start: at($0)) }, isNewIncarnation: isNew,
        isStartExact: isExact,
        size: DomainSize(
            vcpus: VCPUCount(clamping: vcpus), memory: isActive ? .mebibytes(mebibytes) : .zero, disk: .gibibytes(20)),
        sizeEffectiveAt: effective.map(at), seenAt: at(seconds + latency), provedAt: at(seconds))
}

/// (vCPUs, until, since) of facts, in seconds.
private func summary(_ facts: [SizeFact]) -> [[Double]] {
    facts.map { [Double($0.size.vcpus.count), Double($0.until.nanoseconds) / 1e9, Double($0.since.nanoseconds) / 1e9] }
}

private func known(_ vcpus: Int, life: Double? = 0, proved: Double) -> SizeTracker.Known {
    SizeTracker.Known(
        incarnationStart: life.map(at),
        size: DomainSize(
            vcpus: VCPUCount(clamping: vcpus), memory: vcpus > 0 ? .mebibytes(512) : .zero, disk: .gibibytes(20)),
        provedUntil: at(proved))
}

@Suite struct SizeTrackerTests {
    @Test("a size is reported when it is first seen and when it changes, not in between")
    func changesOnly() {
        var tracker = SizeTracker(domain: vm)
        #expect(summary(tracker.observe(sighting(1, 2))) == [[2, 1, 1]])
        #expect(summary(tracker.observe(sighting(2, 2))) == [])
        #expect(summary(tracker.observe(sighting(3, 3))) == [[3, 3, 3]])
    }

    @Test("a grow holds from the first poll that proves it: its answer, not its call")
    func grow() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        tracker.requested(at: at(3))
        #expect(summary(tracker.observe(sighting(5, 3, latency: 0.5))) == [[3, 5.5, 5.5]])
    }

    @Test("a proved shrink holds from its request")
    func shrink() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 3))
        tracker.requested(at: at(3))
        #expect(summary(tracker.observe(sighting(5, 3))) == [], "not proved yet")
        #expect(summary(tracker.observe(sighting(10, 2))) == [[2, 3, 3]])
        tracker.requestEnded()
        #expect(summary(tracker.observe(sighting(15, 1))) == [[1, 10, 10]], "nobody asked: from the last proof")
    }

    @Test("where the driver gives the instant, that counts in both directions")
    func driversInstant() {
        var tracker = SizeTracker(domain: vm)
        #expect(summary(tracker.observe(sighting(5, 2, effective: 1))) == [[2, 1, 1]])
        tracker.requested(at: at(6))
        #expect(summary(tracker.observe(sighting(10, 3, effective: 8))) == [[3, 8, 8]])
        #expect(summary(tracker.observe(sighting(15, 1, effective: 12))) == [[1, 12, 12]])
        #expect(summary(tracker.observe(sighting(20, 2, effective: 99))) == [[2, 20, 20]], "never after it was seen")
    }

    @Test("stopped and saved domains keep their disk only, from the request; a start from its proof")
    func stop() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        tracker.requested(at: at(4))
        let facts = tracker.observe(sighting(5, 0))
        #expect(summary(facts) == [[0, 4, 4]])
        #expect(facts[0].size == DomainSize(vcpus: 0, memory: .zero, disk: .gibibytes(20)))
        tracker.requestEnded()
        #expect(summary(tracker.observe(sighting(10, 2, life: 10, isNew: true))) == [[2, 10, 10]])
    }

    @Test("what shrank and what grew at once is split: each by its own rule, in order of observation")
    func mixed() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 3, mebibytes: 512))
        tracker.requested(at: at(3))
        let facts = tracker.observe(sighting(5, 2, mebibytes: 1_024))
        #expect(summary(facts) == [[2, 3, 3], [2, 5, 5]])
        #expect(facts.map(\.size.memory) == [.mebibytes(512), .mebibytes(1_024)])
        #expect(facts[0].observedAt < facts[1].observedAt)
    }

    @Test("an unreachable host leaves no gap if life and size are what they were")
    func gapWithoutChange() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        tracker.lost()
        #expect(summary(tracker.observe(sighting(100, 2))) == [])
    }

    @Test("an unreachable host leaves a gap if the size is another: known up to the last proof, then from what is seen")
    func gapWithChange() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        _ = tracker.observe(sighting(5, 2))
        tracker.lost()
        #expect(summary(tracker.observe(sighting(100, 3))) == [[3, 5, 100]])
        tracker.lost()
        #expect(summary(tracker.observe(sighting(200, 2, effective: 150))) == [[2, 100, 150]])
        #expect(summary(tracker.observe(sighting(205, 3))) == [[3, 205, 205]], "the gap is over")
    }

    @Test("a life that was not seen to end is known up to its last proof")
    func unseenEnd() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        let facts = tracker.observe(sighting(5, 2, life: 4, isExact: true, isNew: true))
        #expect(summary(facts) == [[2, 0, 4]])
        #expect(facts[0].incarnationStart == at(4))
    }

    @Test("a restarted Monitor says again what it finds, and keeps to what is proved")
    func restart() {
        var same = SizeTracker(domain: vm, known: known(2, proved: 50))
        #expect(summary(same.observe(sighting(60, 2))) == [[2, 50, 60]])
        #expect(summary(same.observe(sighting(65, 2))) == [])
        var changed = SizeTracker(domain: vm, known: known(2, proved: 50))
        #expect(summary(changed.observe(sighting(60, 3))) == [[3, 50, 60]])
    }

    @Test("a domain that never ran is of life zero, also after a restart")
    func neverRan() {
        var tracker = SizeTracker(domain: vm)
        #expect(tracker.observe(sighting(5, 0, life: nil))[0].incarnationStart == .zero)
        var restarted = SizeTracker(domain: vm, known: known(0, life: nil, proved: 5))
        #expect(restarted.observe(sighting(9, 0, life: nil))[0].incarnationStart == .zero)
    }

    @Test("who came from another host goes on without a gap if Ebb moved it, else from what is seen")
    func arrival() {
        var moved = SizeTracker(domain: vm)
        #expect(summary(moved.observe(sighting(60, 2, effective: 58))) == [[2, 58, 58]])
        var foreign = SizeTracker(domain: vm, formerHostProvedUntil: at(50))
        #expect(summary(foreign.observe(sighting(60, 2))) == [[2, 50, 60]])
    }

    @Test("who runs here as a copy that is older than the life elsewhere counts as later, also after a restart")
    func olderLife() {
        var taken = SizeTracker(domain: vm, formerHostProvedUntil: at(50), arrivedAt: at(60))
        let facts = taken.observe(sighting(61, 2, life: 10)) + taken.observe(sighting(70, 3, life: 10))
        #expect(facts.map(\.incarnationStart) == [at(60), at(60)])
        #expect(summary(facts) == [[2, 50, 61], [3, 70, 70]])
        var restarted = SizeTracker(domain: vm, known: known(3, life: 60, proved: 70))
        let same = restarted.observe(sighting(75, 3, life: 10))
        #expect(same.map(\.incarnationStart) == [at(60)] && summary(same) == [[3, 70, 75]])
        #expect(restarted.observe(sighting(90, 1, life: 88))[0].incarnationStart == at(88), "a new life is later")
        var off = SizeTracker(domain: vm, arrivedAt: at(60))
        #expect(off.observe(sighting(61, 0, life: nil))[0].incarnationStart == at(60))
    }

    @Test("who is not there any more is closed: when it moved, else when it was asked for, else at the last proof")
    func departure() {
        for (moved, requested, end) in [(7.0, 6.0, 7.0), (nil, 6.0, 6.0), (nil, nil, 5.0)]
            as [(Double?, Double?, Double)]
        {
            var tracker = SizeTracker(domain: vm)
            _ = tracker.observe(sighting(5, 2))
            if let requested { tracker.requested(at: at(requested)) }
            let facts = tracker.departed(movedAt: moved.map(at), seenAt: at(10))
            #expect(summary(facts) == [[0, end, end]])
            #expect(facts[0].size == .nothing)
            #expect(summary(tracker.departed(seenAt: at(15))) == [])
        }
    }

    @Test("a poll that was under way while an operation ended says nothing: it may be older")
    func crossingPoll() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        #expect(summary(tracker.observe(sighting(10, 3))) == [[3, 10, 10]])
        #expect(summary(tracker.observe(sighting(9.9, 2, latency: 0.2))) == [])
        #expect(summary(tracker.observe(sighting(15, 3))) == [])
    }

    @Test("what is not fully known says nothing")
    func unknownSize() {
        var tracker = SizeTracker(domain: vm)
        _ = tracker.observe(sighting(0, 2))
        var blank = sighting(5, 3)
        blank.size = nil
        #expect(summary(tracker.observe(blank)) == [])
        #expect(summary(tracker.observe(sighting(10, 3))) == [[3, 10, 10]])
    }

    @Test(
        "the facts of any history are in order, never overlap, and end with what is seen"
    )
    func anyHistory() {
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            var tracker = SizeTracker(domain: vm)
            var (facts, vcpus, life) = ([SizeFact](), 2, 0.0)
            for poll in 0..<40 {
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    let next = Int.random(in: 0...4, using: &generator)
                    if next < vcpus, Bool.random(using: &generator) { tracker.requested(at: at(Double(poll) * 5 - 2)) }
                    if vcpus == 0, next > 0 { life = Double(poll) * 5 - 1 }
                    vcpus = next
                }
                if Int.random(in: 0..<20, using: &generator) == 0 { tracker.lost() }
                facts += tracker.observe(sighting(Double(poll) * 5, vcpus, life: life))
                tracker.requestEnded()
            }
            for (former, next) in zip(facts, facts.dropFirst()) {
                #expect(former.since <= next.since, "seed \(seed)")
                #expect(next.until <= next.since, "seed \(seed)")
                #expect(former.since <= next.until, "seed \(seed)")
                #expect(former.observedAt < next.observedAt, "seed \(seed)")
                #expect(next.since <= next.observedAt, "seed \(seed)")
            }
            #expect(facts.last?.size.vcpus == VCPUCount(clamping: vcpus), "seed \(seed): the last fact is what is seen")
        }
    }
}
