// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("Results as people read them")
struct ViewTests {
    private func text(_ view: View, _ result: JSONValue, as format: OutputFormat = .table) throws -> String {
        try view.render(result, as: format, isColoured: false).text
    }

    @Test("a change tells what a cap leaves of a VM's vCPUs, and of no cap nothing")
    func capacity() throws {
        let outcome: JSONValue = [
            "vm": "web-1", "action": "resize", "state": "succeeded", "host": "host-a", "vcpus": 2,
        ]
        #expect(try text(.outcome, outcome) == "web-1: resize succeeded (2 vCPUs on host-a)\n")
        let capped: JSONValue = [
            "vm": "web-1", "action": "resize", "state": "succeeded", "vcpus": 1, "capacityThousandths": 250,
        ]
        #expect(try text(.outcome, capped) == "web-1: resize succeeded (0.25 of 1 vCPU)\n")
    }

    @Test("samples show the capacity beside the vCPUs, in 80 columns")
    func samples() throws {
        let samples: JSONValue = [
            "items": [
                [
                    "at": "2026-12-01T12:00:00Z", "host": "host-7c41", "state": "running", "vcpus": 2,
                    "capacityThousandths": 250, "cpuUtilizationPpm": 1_000_000, "cpuDemandPpm": 800_000,
                    "hostCpuUtilizationPpm": .null,
                ],
                [
                    "at": "2026-12-01T12:00:05Z", "host": "host-7c41", "state": "running", "vcpus": .null,
                    "capacityThousandths": .null, "cpuUtilizationPpm": .null, "cpuDemandPpm": .null,
                    "hostCpuUtilizationPpm": .null,
                ],
            ]
        ]
        let lines = try text(.sampleList, samples).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines[1].contains(" 0.25 "))
        #expect(try text(.sampleList, samples, as: .wide).contains(" 80 %"))
        #expect(lines[2].contains("unknown"))
    }
}
