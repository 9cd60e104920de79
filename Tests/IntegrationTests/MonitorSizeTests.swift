// SPDX-License-Identifier: Apache-2.0

import Contracts
import FleetModel
import Hypervisor
import ResourceModel
import ServiceKit
import Store
import TestSupport
import Testing

@testable import FleetMain
@testable import MonitorMain

private let vm = DomainID(UUID128(high: 1, low: 1))
private let create = """
    {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
     "maximum_memory_bytes": 1073741824, "disk_bytes": 21474836480}
    """

/// Orders for one VM that wait behind each other: each names a whole target.
@Suite("Sizes of CPU that are ordered at once", .serialized)
struct MonitorSizeTests {
    /// The ends of resizes that are all ordered before the first of them ends.
    private func resize(_ orders: [String], _ rig: MonitorRig) async throws -> [CommandOutcome] {
        var ids: [UUID128] = []
        for order in orders { ids.append(try await rig.enqueue("resize", vm, order)) }
        var outcomes: [CommandOutcome] = []
        for id in ids { outcomes.append(try await rig.outcome(of: id)) }
        return outcomes
    }

    private func withSlowResizes(_ body: (MonitorRig, FleetHypervisor) async throws -> Void) async throws {
        try await withMonitor(durations: OperationDurations(resize: 300_000_000)) { rig, fleet in
            #expect(try await rig.perform("create", vm, create).succeeded)
            try await body(rig, try await fleet.hypervisor("h1"))
        }
    }

    @Test("a whole size lifts a cap that an order before it sets")
    func wholeAfterFraction() async throws {
        try await withSlowResizes { rig, host in
            let ends = try await resize(
                [#"{"vcpus": 3}"#, #"{"cpu_cap_ppm": 500000}"#, #"{"vcpus": 2, "cpu_cap_ppm": 0}"#], rig)
            #expect(ends.map(\.succeeded) == Array(repeating: true, count: ends.count), "\(ends)")
            #expect(CommandResult(ends[1].result).leftByCap == Capacity("0.5"))
            #expect(CommandResult(ends[2].result).leftByCap == nil)
            let seen = try await host.look(at: vm)
            #expect(seen.cpuCap == CPUCap.none && seen.grantedVCPUs == 2)
            try await eventually("the row") { try await rig.inventory.domain(vm)?.cpuCapPPM == 0 }
        }
    }

    @Test("a whole size of what has no cap sets none and remembers none")
    func wholeWithoutCap() async throws {
        try await withSlowResizes { rig, _ in
            let ends = try await resize([#"{"vcpus": 3, "cpu_cap_ppm": 0}"#], rig)
            #expect(ends.map(\.succeeded) == Array(repeating: true, count: ends.count), "\(ends)")
            #expect(try await rig.inventory.domain(vm)?.cpuCapPPM == nil)
        }
    }

    @Test("a size that is not whole is refused where an order before it took the vCPUs that it needs")
    func fractionAfterShrink() async throws {
        try await withSlowResizes { rig, host in
            let ends = try await resize([#"{"vcpus": 1, "cpu_cap_ppm": 0}"#, #"{"cpu_cap_ppm": 1500000}"#], rig)
            #expect(ends[0].succeeded, "\(ends)")
            #expect(ends[1].code == .conflict && ends[1].message?.contains("1 vCPU by now") == true, "\(ends)")
            #expect(try await host.look(at: vm).cpuCap == CPUCap.none)
        }
    }

    @Test("the answer to the last of several orders has the size that it gave")
    func answer() async throws {
        try await withSlowResizes { rig, _ in
            let ends = try await resize([#"{"vcpus": 3}"#, #"{"cpu_cap_ppm": 250000}"#], rig)
            let result = CommandResult(ends[1].result)
            #expect(result.vcpus == 3 && result.leftByCap == Capacity("0.25"), "\(ends)")
        }
    }
}
