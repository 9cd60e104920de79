// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

/// CPU caps on a real guest that needs to know nothing of them.
struct LabCaps {
    let lab: Lab
    let host: LibvirtHypervisor
    let domain: DomainID

    func run() async throws {
        _ = try await guest("for n in 1 2 3; do (while :; do :; done) >/dev/null 2>&1 & echo $! >>/tmp/busy; done")
        for ppm: Int64 in [250_000, 500_000] {
            let effect = try await host.cap(domain, .cpu(ppm: ppm), .fresh())
            #expect(effect.domain?.cpuCap == .limit(ppm: ppm))
            try await uses(ppm)
        }
        try await wants(900_000)
        await expect(code: .invalid, saying: "0.05 vCPU") { try await host.cap(domain, .cpu(ppm: 30_000), .fresh()) }
        #expect(try await host.look(at: domain).cpuCap == .limit(ppm: 500_000), "what is refused changes nothing")
        try await othersCap()
        #expect(try await host.cap(domain, .cpu(ppm: 0), .fresh()).domain?.cpuCap == CPUCap.none)
        #expect(
            try await !host.definition(of: domain).contains("global_quota"), "a stopped one needs no control groups")
        try await eventually(within: .seconds(60)) { try await used() > 600_000 ? true : nil }
        _ = try await guest("kill $(cat /tmp/busy); rm /tmp/busy")
    }

    /// What the operator sets by hand, with the kernel's own period, is seen in a sample and can be capped anew.
    private func othersCap() async throws {
        let uri = try #require(lab.uris["host-a"])
        for setting in ["emulator_quota=-1", "global_period=100000", "global_quota=20000"] {
            try await lab.run("net", "virsh", "--connect", uri, "schedinfo", "\(domain)", "--live", "--set", setting)
        }
        try await eventually(within: .seconds(30)) {
            let seen = try await host.sample().domains.first { $0.domain == domain }
            return seen?.cpuCap == .limit(ppm: 200_000) ? true : nil
        }
        try await uses(200_000)
        #expect(try await host.cap(domain, .cpu(ppm: 300_000), .fresh()).domain?.cpuCap == .limit(ppm: 300_000))
    }

    /// Never more than the cap and a twentieth; as soon as the machine has the time for it, no less either.
    private func uses(_ ppm: Int64) async throws {
        try await eventually(within: .seconds(60)) {
            let used = try await used()
            #expect(used <= ppm * 105 / 100)
            return used >= ppm * 95 / 100 ? true : nil
        }
    }

    /// What its vCPUs wait for under a cap shows that they never rest, though they get half of a core.
    private func wants(_ ppm: Int64) async throws {
        let (before, start) = (try await host.look(at: domain).counters, ContinuousClock.now)
        try await Task.sleep(for: .seconds(4))
        let (after, length) = (try await host.look(at: domain).counters, start.duration(to: .now))
        let waited = try #require(after.stealTimeNanoseconds) - (try #require(before.stealTimeNanoseconds))
        let used = try #require(after.cpuTimeNanoseconds) - (try #require(before.cpuTimeNanoseconds))
        let wanted = Int64(Double(used + waited) / (Double(length / .nanoseconds(1))) * 1_000_000)
        print("under a cap of half a core it used \(used) ns and waited \(waited) ns of \(length)")
        #expect(wanted >= ppm)
    }

    /// CPU time of all of its threads per time over about four seconds, in parts per million.
    private func used() async throws -> Int64 {
        let (before, start) = (try await time(), ContinuousClock.now)
        try await Task.sleep(for: .seconds(4))
        let (after, length) = (try await time(), start.duration(to: .now))
        return Int64(Double(after - before) / (Double(length / .nanoseconds(1))) * 1_000_000)
    }

    private func time() async throws -> Int64 {
        try #require(try await host.look(at: domain).counters.cpuTimeNanoseconds)
    }

    private func guest(_ command: String) async throws -> String {
        try await lab.run("guest", "\(domain)", "sh", "-c", command)
    }
}
