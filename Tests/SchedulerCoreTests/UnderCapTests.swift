// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// Domains that a cap leaves less than their vCPUs.
@Suite struct UnderCapTests {
    @Test("a domain under a cap is left alone, and is decided anew once its cap is lifted")
    func capped() throws {
        let rig = Rig(policy: try policy())
        rig.cap = .limit(ppm: 500_000)
        for t in Int64(1)...9 { rig.observe(t, utilization: .full) }
        #expect(rig.directives(9).isEmpty)
        let record = try #require(rig.records.last)
        #expect(record.outcome.reason == .underCap)
        #expect(record.summary.contains("a cap leaves it 0.5 vCPU of its 2 vCPUs"), "\(record.summary)")
        #expect(record.explain().contains("100 % of 0.5 vCPU"))
        #expect(CPUDemand(utilization: .full, capacity: Capacity(clamping: 500)).ppmOfOneCore == 500_000)
        rig.cap = .none
        for t in Int64(10)...16 { rig.observe(t, percent: 90) }
        #expect(rig.directives(16).isEmpty, "six samples of the lifted cap")
        rig.observe(17, percent: 90)
        #expect(try #require(rig.directives(17).first?.permitRequest).vcpus == 1)
    }

    @Test("a cap that can't be read for a while changes nothing")
    func unknownCap() throws {
        let rig = Rig(policy: try policy())
        for t in Int64(1)...5 { rig.observe(t, percent: 90) }
        rig.cap = .unknown
        rig.observe(6, utilization: nil)
        rig.cap = .none
        for t in Int64(7)...8 { rig.observe(t, percent: 90) }
        #expect(rig.directives(8).first?.permitRequest != nil)
    }
}
