// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct MigrationWatchTests {
    private static let second: Int64 = 1_000_000_000

    private func figures(_ remaining: Int64, _ iteration: Int64? = nil) -> MigrationWatch.Figures {
        .init(remaining: .mebibytes(remaining), transferred: .mebibytes(100), iteration: iteration)
    }

    private func watch(stall: Int64 = 10, total: Int64? = nil) -> MigrationWatch {
        MigrationWatch(
            .init(stallNanoseconds: stall * Self.second, totalNanoseconds: total.map { $0 * Self.second }), at: 0)
    }

    private func reason(_ verdict: MigrationWatch.Course) -> String? {
        if case .ends(let reason) = verdict { reason } else { nil }
    }

    @Test("a migration that progresses goes on, however long it takes")
    func long() {
        var watch = watch()
        for second in 1...10_000 as ClosedRange<Int64> {
            #expect(watch.observe(figures(20_000 - second), at: second * Self.second) == .goesOn)
        }
    }

    @Test("one that stands still is called off, and one that begins a new pass does not stand still")
    func stall() {
        var watch = watch()
        _ = watch.observe(figures(100, 1), at: 0)
        #expect(watch.observe(figures(100, 1), at: 9 * Self.second) == .goesOn)
        #expect(watch.observe(figures(180, 2), at: 9 * Self.second) == .goesOn, "memory was dirtied meanwhile")
        #expect(watch.observe(figures(180, 2), at: 18 * Self.second) == .goesOn)
        #expect(reason(watch.observe(figures(181, 2), at: 19 * Self.second))?.contains("10 s") == true)
    }

    @Test("one whose driver tells nothing is not held to stand still, and one that can't be asked is not yet")
    func untold() {
        var watch = watch()
        let nothing = MigrationWatch.Figures(remaining: .zero, transferred: .zero, iteration: nil)
        #expect(watch.observe(nothing, at: 100 * Self.second) == .goesOn)
        #expect(watch.observe(nil, at: 200 * Self.second) == .goesOn)
        _ = watch.observe(figures(100), at: 300 * Self.second)
        #expect(watch.observe(nil, at: 309 * Self.second) == .goesOn)
        #expect(reason(watch.observe(nil, at: 310 * Self.second)) != nil)
    }

    @Test("a limit ends one that progresses")
    func limit() {
        var watch = watch(total: 30)
        #expect(watch.observe(figures(100), at: 29 * Self.second) == .goesOn)
        #expect(reason(watch.observe(figures(50), at: 30 * Self.second))?.contains("limit of 30 s") == true)
    }
}
