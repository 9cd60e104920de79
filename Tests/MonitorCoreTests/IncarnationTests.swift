// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct IncarnationTests {
    private func starts(_ sightings: (Double, DomainReading)..., known: Incarnation? = nil) -> [Timestamp?] {
        var tracker = IncarnationTracker(host: host, known: known)
        return sightings.map { seconds, reading in
            defer { tracker.believe(reading.counters) }
            switch tracker.observe(reading, at: instant(seconds)) {
            case .same(let life), .new(let life): return life.start
            case .none: return nil
            }
        }
    }

    @Test("a life starts when the driver says so, else when it is first seen")
    func start() {
        #expect(starts((10, running(start: 3, cpu: 1))) == [at(3)])
        #expect(starts((10, running(cpu: 1)), (15, running(cpu: 2))) == [at(10), at(10)])
    }

    @Test("a changed hypervisor id, a changed start and CPU time that fell begin a new life")
    func newLives() {
        #expect(starts((10, running(cpu: 5)), (20, running(id: 2, cpu: 6))) == [at(10), at(20)])
        #expect(starts((10, running(start: 3, cpu: 5)), (20, running(start: 15, cpu: 6))) == [at(3), at(15)])
        #expect(starts((10, running(cpu: 5)), (20, running(cpu: 1))) == [at(10), at(20)])
    }

    @Test("a domain that was seen stopped begins a new life even with the same id")
    func stoppedBetween() {
        #expect(starts((10, running(cpu: 5)), (20, stopped()), (30, running(cpu: 6))) == [at(10), nil, at(30)])
    }

    @Test("a host that does not know a domain's state ends no life")
    func unknownBetween() {
        #expect(
            starts((10, running(cpu: 5)), (20, stopped(state: .unknown)), (30, running(cpu: 6)))
                == [at(10), nil, at(10)])
    }

    @Test("a restarted Monitor goes on with the life that was written down, on the same host only")
    func known() {
        let life = Incarnation(host: host, hypervisorID: 1, start: at(2))
        #expect(starts((10, running(cpu: 5)), known: life) == [at(2)])
        #expect(starts((10, running(start: 2.5, cpu: 5)), known: life) == [at(2)], "clocks may differ a little")
        #expect(starts((10, running(start: 8, cpu: 5)), known: life) == [at(8)])
        let elsewhere = Incarnation(host: "h2", hypervisorID: 1, start: at(2))
        #expect(starts((10, running(cpu: 5)), known: elsewhere) == [at(10)])
    }

    @Test("a wrong host clock moves the start, once: it stays where it was first put")
    func wrongClock() {
        var tracker = IncarnationTracker(host: host)
        let ahead = running(start: 3_605, cpu: 1)
        guard case .new(let life) = tracker.observe(ahead, at: instant(10, clock: 3_600)) else {
            Issue.record("no new life")
            return
        }
        #expect(life.start == at(5))
        #expect(tracker.observe(ahead, at: instant(20, clock: 3_660)) == .same(life))
    }
}
