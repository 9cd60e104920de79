// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

/// Every state of one copy against every state of the other, and against its absence.
@Suite("Which of two copies is the domain")
struct DomainCopiesTests {
    private static let running: Set<DomainState> = [.running, .blocked, .shuttingDown]
    private static let off: Set<DomainState> = [.shutoff, .saved]
    /// Their memory is held, and they get no CPU time.
    private static let paused: Set<DomainState> = [.paused, .pmSuspended, .crashed]

    private static let pairs = DomainState.allCases.flatMap { here in
        (DomainState.allCases.map { Optional($0) } + [nil]).map { (here, $0) }
    }

    /// The rule once more, told in its own words: which pairs this host's copy wins.
    private func wins(_ here: DomainState, _ there: DomainState?) -> Bool {
        guard here != .unknown else { return false }
        guard let there else { return true }
        if Self.running.contains(here) { return !Self.running.contains(there) }
        if Self.paused.contains(here) { return Self.off.contains(there) || there == .unknown }
        return false
    }

    @Test("the running copy is the domain, else the paused one; of two alike it is the one that was it before")
    func table() {
        for (here, there) in Self.pairs {
            for isSettled in [true, false] {
                let verdict = CopyContest(here: here, there: there, isSettled: isSettled).ruling
                let name = "\(here) here, \(there?.rawValue ?? "absent") there, settled \(isSettled): \(verdict)"
                switch verdict {
                case .take(let isForeign): #expect(wins(here, there) && isForeign, "\(name)")
                case .wait: #expect(!wins(here, there) && (!isSettled || here == .unknown), "\(name)")
                case .yield(let isLive):
                    let live = Self.running.union(Self.paused)
                    #expect(!wins(here, there) && isSettled && here != .unknown, "\(name)")
                    #expect(isLive == (live.contains(here) && there.map(live.contains) ?? false), "\(name)")
                }
            }
        }
    }

    @Test("whichever of the two is looked at, and in whatever order, both looks agree on one")
    func bothSides() {
        for one in DomainState.allCases {
            for other in DomainState.allCases where one != .unknown && other != .unknown {
                func takes(_ here: DomainState, from there: DomainState) -> Bool {
                    CopyContest(here: here, there: there, isSettled: true).ruling == .take(isForeign: true)
                }
                #expect(!(takes(one, from: other) && takes(other, from: one)), "\(one), \(other): to and fro")
                // The one that takes it is not challenged by what it took it from.
                if takes(one, from: other) {
                    #expect(
                        CopyContest(here: other, there: one, isSettled: true).ruling
                            == .yield(isLive: CopyRank(one).isLive && CopyRank(other).isLive))
                }
            }
        }
    }

    @Test("while Ebb moves it nothing is decided; what Ebb moved here is here, whatever its row still says")
    func moves() {
        for (here, there) in Self.pairs {
            #expect(CopyContest(here: here, there: there, move: .underWay, isSettled: true).ruling == .wait)
            let ended = CopyContest(here: here, there: there, move: .endedHere, isSettled: false).ruling
            #expect(ended == (here == .unknown ? .wait : .take(isForeign: false)))
        }
    }

    @Test("a copy that does not run never takes the domain from one that runs or may run")
    func offTakesNothing() {
        for here in Self.off {
            let beaten = CopyRank(here).beatenStates
            #expect(beaten.isEmpty)
        }
        #expect(Set(CopyRank.running.beatenStates) == Self.off.union(Self.paused).union([.unknown]))
        #expect(Set(CopyRank.paused.beatenStates) == Self.off.union([.unknown]))
        #expect(CopyRank.allCases.filter(\.isHarmless) == [.absent, .off])
    }
}
