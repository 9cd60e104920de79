// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

@Suite("CPU caps in a driver's units")
struct CPUQuotaTests {
    @Test(
        "a cap is a whole number of microseconds of each 20 ms, rounded down, and reads back as the same cap",
        arguments: [
            (50_000, 1_000, 50_000), (250_000, 5_000, 250_000), (333_333, 6_666, 333_300),
            (1_000_000, 20_000, 1_000_000),
            (2_500_000, 50_000, 2_500_000),
        ] as [(Int64, Int64, Int64)])
    func quotas(ppm: Int64, microseconds: Int64, readBack: Int64) throws {
        let quota = try #require(CPUQuota(ppm: ppm))
        #expect(quota.microseconds == microseconds)
        let seen = CPUQuota.ppm(quota: quota.microseconds, period: CPUQuota.periodMicroseconds)
        #expect(seen == readBack)
        #expect(CPUCap(ppm: seen ?? 0).fulfils(asked: ppm, granule: CPUQuota.granulePPM) == true)
    }

    @Test("a cap below the kernel's least quota is none, and is never rounded up to it")
    func least() {
        for ppm in [Int64.min, -1, 0, 1, 49_999, Int64.max] { #expect(CPUQuota(ppm: ppm) == nil, "\(ppm)") }
        #expect(CPUQuota(ppm: 50_000)?.emulatorMicroseconds == 1_000, "its half would be less than the kernel takes")
        #expect(CPUQuota(ppm: 250_000)?.emulatorMicroseconds == 2_500)
    }

    @Test("an unknown cap is neither the one that was asked for nor another one")
    func states() {
        #expect(CPUCap.unknown.fulfils(asked: 0, granule: 50) == nil)
        #expect(CPUCap.unknown.fulfils(asked: 500_000, granule: 50) == nil)
        #expect(CPUCap.none.fulfils(asked: 0, granule: 50) == true)
        #expect(CPUCap.none.fulfils(asked: 500_000, granule: 50) == false)
        #expect(CPUCap.limit(ppm: 500_000).fulfils(asked: 0, granule: 50) == false)
        #expect(CPUCap.limit(ppm: 500_000).fulfils(asked: 500_049, granule: 50) == true)
        #expect(CPUCap.limit(ppm: 500_000).fulfils(asked: 500_050, granule: 50) == false)
        #expect(CPUCap.limit(ppm: .max).fulfils(asked: .min, granule: 50) == false)
        #expect(CPUCap(ppm: 0) == CPUCap.none && CPUCap(ppm: -1) == CPUCap.none)
    }

    @Test("a cap is said in vCPUs")
    func words() {
        let texts = [CPUCap.unknown, .none, .limit(ppm: 250_000), .limit(ppm: 1_000_000), .limit(ppm: 1_500_000)]
        #expect(texts.map(\.description) == ["an unknown cap", "no cap", "0.25 vCPU", "1 vCPU", "1.5 vCPUs"])
    }
}
