// SPDX-License-Identifier: Apache-2.0

import UserGatewayCore

extension VMMethodTests {
    /// Of a VM that has 2 vCPUs and 512 MiB.
    static let resizes = [
        Expectation(
            method: "vm.resize", parameters: ["vcpus": 4], verb: "resize", arguments: ["vcpus": 4, "cpu_cap_ppm": 0],
            room: Expectation.room("grow", vcpus: 2, memory: 0, to: (4, nil))),
        Expectation(
            method: "vm.resize", parameters: ["vcpus": 1], verb: "resize", arguments: ["vcpus": 1, "cpu_cap_ppm": 0]),
        Expectation(
            method: "vm.resize", parameters: ["capacityThousandths": 250], verb: "resize",
            arguments: ["cpu_cap_ppm": 250_000]),
        Expectation(
            method: "vm.resize", parameters: ["capacityThousandths": 3_500], verb: "resize",
            arguments: ["vcpus": 4, "cpu_cap_ppm": 3_500_000],
            room: Expectation.room("grow", vcpus: 2, memory: 0, to: (4, nil))),
        Expectation(
            method: "vm.resize", parameters: ["capacityThousandths": 1_000], verb: "resize",
            arguments: ["vcpus": 1, "cpu_cap_ppm": 0]),
        Expectation(
            method: "vm.resize", parameters: ["vcpus": 1, "memoryBytes": .integer(1 << 30)], verb: "resize",
            arguments: ["vcpus": 1, "cpu_cap_ppm": 0, "memory_bytes": .integer(1 << 30)],
            room: Expectation.room("grow", vcpus: 0, memory: 512 << 20, to: (1, 1 << 30))),
    ]
}
