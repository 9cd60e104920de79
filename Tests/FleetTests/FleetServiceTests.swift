// SPDX-License-Identifier: Apache-2.0

import Bus
import Foundation
import Messages
import ResourceModel
import SwiftProtobuf
import Testing

@testable import FleetMain
@testable import FleetModel

@Suite("The server")
struct FleetServiceTests {
    private let clock = StandingClock(FleetScenario.start)

    private func service(_ durations: OperationDurations = OperationDurations()) throws -> FleetService {
        let hosts = [FleetScenario.host(1), FleetScenario.host(2)]
        let configuration = FleetConfiguration(hosts: hosts, durations: durations)
        return try FleetService(configuration, stateFile: nil, makeClock: clock.clock)
    }

    @Test("an operation that takes time is answered when it is over")
    func waiting() async throws {
        let service = try service(OperationDurations(create: 1_500_000_000))
        try await service.create()
        let answer = try await service.call { $0.sample = WireFleetSample() }
        #expect(answer.atNs == FleetScenario.start.nanoseconds + 1_500_000_000)
        #expect(answer.domains.map(\.state) == ["running"])
    }

    @Test("a call that takes longer than its caller waits goes on without him")
    func impatience() async throws {
        let service = try service(OperationDurations(create: 5_000_000_000))
        await #expect(throws: BusError.self) { try await service.create() }
        #expect(try await service.call { $0.sample = WireFleetSample() }.domains.isEmpty)
        clock.pass(.seconds(3))
        #expect(try await service.call { $0.sample = WireFleetSample() }.domains.count == 1)
    }

    @Test("a hung host's call is never answered, and another host's is")
    func hung() async throws {
        let service = try service()
        try await service.client.administer(.condition(host: "host-1", condition: .hung))
        await #expect(throws: BusError(.deadline, operation: "request fleet.call.v1", message: "no reply in time")) {
            try await service.call { $0.ping = WireFleetPing() }
        }
        let other = try await service.call { call in
            call.hostID = "host-2"
            call.ping = WireFleetPing()
        }
        #expect(other.responseTimeNs == 200_000)
    }

    @Test("malformed calls are refused, whatever they hold", arguments: 1...4 as ClosedRange<UInt64>)
    func malformed(seed: UInt64) async throws {
        let service = try service()
        try await service.create()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var call = WireFleetCall()
            call.hostID = "host-1"
            call.callID = Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
            fill(&call, using: &generator)
            var body: [UInt8] = try call.serializedBytes()
            if Bool.random(using: &generator), !body.isEmpty {
                body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // Either an answer or a failure; never a trap.
            _ = try? await service.request(body, timeout: .milliseconds(1))
        }
        let answer = try await service.call { $0.inventory = WireFleetInventory() }
        #expect(answer.host.cpuCount == 4, "seed \(seed)")
    }

    private func fill(_ call: inout WireFleetCall, using generator: inout SeededGenerator) {
        let extremes: [UInt64] = [0, 1, 1 << 20, 1 << 62, 1 << 63, .max]
        let number = extremes[Int.random(in: 0..<extremes.count, using: &generator)]
        let uuid = Bool.random(using: &generator) ? Data(FleetScenario.vm.uuid.bytes) : Data([1, 2, 3])
        call.epoch = number
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
            call.create.domainUuid = Data(UUID128(high: 1, low: generator.next()).bytes)
            call.create.vcpusMaximum = UInt32(truncatingIfNeeded: number)
            call.create.vcpus = UInt32(truncatingIfNeeded: number)
            (call.create.memoryBytes, call.create.diskBytes) = (number, number)
        case 1:
            call.lifecycle.domainUuid = uuid
            call.lifecycle.verb = ["start", "", "explode"][Int.random(in: 0..<3, using: &generator)]
        case 2:
            call.resize.domainUuid = uuid
            call.resize.vcpus = UInt32(truncatingIfNeeded: number)
            call.resize.memoryBytes = number
        case 3:
            call.migrate.domainUuid = uuid
            call.migrate.targetHostID = ["host-2", "HOST", ""][Int.random(in: 0..<3, using: &generator)]
            call.migrate.targetEpoch = number
        case 4:
            let documents = [
                "{", "{}", "[]", "{\"play\":{}}",
                "{\"clock\":{\"host\":\"host-1\",\"step_ns\":\(Int64.min),\"drift_ppm\":0}}",
                "{\"play\":{\"domain\":\"\(FleetScenario.vm)\",\"trace\":{\"loads_ppm\":[\(Int64.max)]}}}",
                "{\"response_time\":{\"host\":\"host-1\",\"ns\":-1}}",
            ]
            call.administer.json = Data(documents[Int.random(in: 0..<documents.count, using: &generator)].utf8)
        default: call.hostID = String(repeating: "x", count: Int(number % 300))
        }
    }
}
