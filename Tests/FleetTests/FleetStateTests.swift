// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ResourceModel
import Testing

@testable import FleetMain
@testable import FleetModel

@Suite("The state file")
struct FleetStateTests {
    private let configuration = FleetConfiguration(
        hosts: [FleetScenario.host(1), FleetScenario.host(2, drift: 3)],
        durations: OperationDurations(resize: 1_000_000_000))

    /// Runs `body` with the path of a file that does not exist yet, and removes it and its copy.
    private func withStateFile(_ body: (_ path: String, _ copy: String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ebb-fleet-\(UUID().uuidString)").path
        let copy = path + ".copy"
        defer { for file in [path, copy] { try? FileManager.default.removeItem(atPath: file) } }
        try await body(path, copy)
    }

    private func open(_ stateFile: String?, _ clock: StandingClock) throws -> FleetService {
        try FleetService(configuration, stateFile: stateFile, makeClock: clock.clock)
    }

    /// A domain, a trace, a failure to come, and a resize that is under way at the end.
    private func begin(_ service: FleetService, _ clock: StandingClock) async throws {
        try await service.create()
        try await service.client.administer(
            .play(domain: FleetScenario.vm, trace: LoadTrace(loadsPPM: [900_000, 100_000, 500_000])))
        try await service.client.administer(
            .fault(host: nil, domain: nil, verb: "migrate", times: 1, effect: .fail(afterNanoseconds: 0, message: "")))
        for _ in 0..<2 {
            clock.pass(.milliseconds(731))
            try await service.call { $0.sample = WireFleetSample() }
        }
        try await service.call(id: 4) { call in
            call.epoch = 6
            call.resize.domainUuid = Data(FleetScenario.vm.uuid.bytes)
            call.resize.vcpus = 3
        }
    }

    private func goOn(_ service: FleetService, _ clock: StandingClock) async throws -> FleetTruth {
        for _ in 0..<4 {
            clock.pass(.milliseconds(613))
            try await service.call { $0.sample = WireFleetSample() }
        }
        // The same call again, a predecessor's call, and a migration that was to fail.
        try await service.call(id: 4) { call in
            call.epoch = 6
            call.resize.domainUuid = Data(FleetScenario.vm.uuid.bytes)
            call.resize.vcpus = 3
        }
        await #expect(throws: (any Error).self) { try await service.create() }
        await #expect(throws: (any Error).self) {
            try await service.call(id: 5) { call in
                call.epoch = 6
                call.migrate.domainUuid = Data(FleetScenario.vm.uuid.bytes)
                call.migrate.targetHostID = "host-2"
            }
        }
        let json = try await service.client.administer(.truth(domains: nil))
        return try FleetJSON.decode(FleetTruth.self, from: json)
    }

    @Test("after a kill everything is as if the fleet had never stopped, though the last record is torn")
    func restart() async throws {
        try await withStateFile { path, copy in
            let (clock, restartedClock) = (StandingClock(FleetScenario.start), StandingClock(FleetScenario.start))
            let uninterrupted = try open(nil, clock)
            try await begin(uninterrupted, clock)

            let killed = try open(path, restartedClock)
            try await begin(killed, restartedClock)
            // What a killed process leaves: all that it wrote, and perhaps half of a record.
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes.append(contentsOf: [200, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
            try bytes.write(to: URL(fileURLWithPath: copy))
            let restarted = try open(copy, restartedClock)

            let truth = try await goOn(restarted, restartedClock)
            #expect(try await goOn(uninterrupted, clock) == truth)
            #expect(truth.domains.first?.segments.map(\.vcpus) == [2, 3])
            #expect(truth.domains.first?.served.map(\.loadPPM) == [900_000, 100_000, 500_000])
            #expect(truth.violations.count == 1)
            #expect(truth.operations.map(\.verb) == ["create", "resize", "migrate"])
        }
    }

    @Test("its clock goes on from the last recorded instant, though the machine's went back")
    func clockBackwards() async throws {
        try await withStateFile { path, copy in
            let clock = StandingClock(FleetScenario.start)
            let first = try open(path, clock)
            clock.pass(.seconds(3_600))
            try await first.create()
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let second = try open(copy, StandingClock(FleetScenario.start))
            let answer = try await second.call { $0.sample = WireFleetSample() }
            #expect(answer.atNs == FleetScenario.start.advanced(by: .seconds(3_600)).nanoseconds)
        }
    }

    @Test("a state file of another configuration, in use, damaged or out of reach is refused by name")
    func refused() async throws {
        try await withStateFile { path, copy in
            let clock = StandingClock(FleetScenario.start)
            let owner = try open(path, clock)
            try await owner.create()
            #expect(throws: FleetJournalError.self) { try open(path, clock) }
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let other = FleetConfiguration(seed: 2, hosts: configuration.hosts)
            #expect(throws: FleetJournalError.self) {
                try FleetService(other, stateFile: copy, makeClock: clock.clock)
            }
            try Data(repeating: 0xFF, count: 64).write(to: URL(fileURLWithPath: copy))
            #expect(throws: FleetJournalError.self) { try open(copy, clock) }
            #expect(throws: FleetJournalError.self) { try open("/nonexistent/fleet", clock) }
        }
    }
}
