// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResourceModel
import Testing

@testable import FleetMain
@testable import FleetModel

@Suite("Files and command line")
struct FleetInputTests {
    @Test("a trace file holds percents with up to four decimals")
    func trace() throws {
        #expect(try TraceFile.loads("t,load\n1,85\n2,7.25\n3,0.0001\n4,100") == [850_000, 72_500, 1, 1_000_000])
        #expect(try TraceFile.loads("t,load\r\n1,40\r\n") == [400_000])
    }

    @Test(
        "a trace file that is not one is refused",
        arguments: [
            "", "load\n1", "t,load\n2,80", "t,load\n1,80\n1,80", "t,load\n1,-3", "t,load\n1,1.23456", "t,load\n1,1.",
            "t,load\n1,80,3", "t,load\n1,eighty", "t,load\n1,99999999999999999999",
        ])
    func badTrace(text: String) {
        #expect(throws: TraceFile.Fault.self) { try TraceFile.loads(text) }
    }

    @Test("administration and configuration survive JSON, and an unknown key is refused by name")
    func json() throws {
        let vm = FleetScenario.vm
        let administrations: [FleetAdministration] = [
            .play(domain: vm, trace: LoadTrace(loadsPPM: [1, 2], intervalNanoseconds: 1_000_000)),
            .load(domain: vm, source: .constant(ppm: 3)),
            .guest(domain: vm, conduct: .refuses, report: .lies(vcpus: 1)),
            .clock(host: "host-1", stepNanoseconds: 5, driftPPM: -3), .clearFaults,
            .fault(host: nil, domain: vm, verb: "resize", times: 1, effect: .partialGrant(vcpus: 2)),
            .truth(domains: nil),
        ]
        for administration in administrations {
            let data = try FleetJSON.encode(administration)
            #expect(try FleetJSON.decode(FleetAdministration.self, from: data) == administration)
        }
        let text = #"{"play":{"domain":"\#(vm)","trace":{"loads_ppm":[850000]}}}"#
        #expect(
            try FleetJSON.decode(FleetAdministration.self, from: Data(text.utf8))
                == .play(domain: vm, trace: LoadTrace(loadsPPM: [850_000])))
        let unknown = #"{"play":{"domain":"\#(vm)","trace":{"loads_ppm":[850000],"speed":2}}}"#
        #expect(throws: FleetJSONError(description: "unknown key 'play.trace.speed'")) {
            try FleetJSON.decode(FleetAdministration.self, from: Data(unknown.utf8))
        }
    }

    @Test("the flags make the fleet that they say, the same each time")
    func flags() throws {
        let arguments = [
            "--hosts", "3", "--cores", "8", "--memory", "16GiB", "--domains", "2", "--seed", "4", "--migration-ms",
            "1500",
        ]
        let fleet = try #require(try EbbFleet.parseAsRoot(arguments) as? Serve).fleet.fleet()
        #expect(fleet.hosts.map(\.id) == ["host-1", "host-2", "host-3"])
        #expect(fleet.hosts.allSatisfy { $0.cores == 8 && $0.memory == .gibibytes(16) && $0.domains.count == 2 })
        #expect(fleet.durations.migrate == 1_500_000_000)
        #expect(Set(fleet.hosts.flatMap(\.domains).map(\.id)).count == 6)
        #expect(try #require(try EbbFleet.parseAsRoot(arguments) as? Serve).fleet.fleet() == fleet)
        #expect(try FleetJSON.decode(FleetConfiguration.self, from: FleetJSON.encode(fleet)) == fleet)
        for wrong in [["--hosts", "0"], ["--memory", "2GB"], ["--migration-ms", "-1"], ["--idle-percent", "-4"]] {
            #expect(throws: (any Error).self) {
                _ = try #require(try EbbFleet.parseAsRoot(wrong) as? Serve).fleet.fleet()
            }
        }
    }
}
