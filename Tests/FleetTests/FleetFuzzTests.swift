// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ResourceModel
import SwiftProtobuf
import TestSupport
import Testing

@testable import FleetMain
@testable import FleetModel

@Suite("Whatever the simulated fleet is asked or told, it answers or refuses")
struct FleetFuzzTests {
    @Test("changes and administration with extreme sizes, clocks and instants")
    func model() throws {
        try Fuzz.run("the fleet's model", rounds: 300) { fuzz in
            var scenario = try FleetScenario()
            scenario.change(.create(FleetScenario.definition()))
            for _ in 0..<40 {
                if fuzz.chance(90) {
                    scenario.pass(.nanoseconds(Int64.random(in: 0...10_000_000_000, using: &fuzz.random)))
                } else {
                    // A load's every step costs work: not from here to the year 2200.
                    scenario.pass(.seconds(fuzz.pick([0, 86_400, 31_536_000])))
                }
                if fuzz.chance(50) {
                    scenario.change(fuzz.change(), on: fuzz.chance(90) ? "host-1" : "host-2", epoch: fuzz.uint64())
                } else {
                    _ = try? scenario.fleet.administer(fuzz.administration(), at: scenario.now)
                }
                _ = scenario.ask(.sample)
                _ = scenario.ask(.inspect(FleetScenario.vm))
            }
            _ = scenario.fleet.truth(until: scenario.now)
        }
    }

    @Test("calls with any of their bytes changed")
    func calls() {
        Fuzz.run("the fleet's calls", rounds: 5_000) { fuzz in
            var call = WireFleetCall()
            call.hostID = fuzz.chance(80) ? "host-1" : fuzz.text()
            call.callID = Data(repeating: 1, count: fuzz.chance(80) ? 16 : fuzz.index(below: 40))
            call.epoch = fuzz.uint64()
            let uuid = Data(repeating: 3, count: fuzz.chance(80) ? 16 : fuzz.index(below: 40))
            switch fuzz.index(below: 4) {
            case 0:
                call.create = .with {
                    $0.domainUuid = uuid
                    $0.name = fuzz.text()
                    $0.vcpus = UInt32(truncatingIfNeeded: fuzz.uint64())
                    $0.vcpusMaximum = UInt32(truncatingIfNeeded: fuzz.uint64())
                    $0.memoryBytes = fuzz.uint64()
                    $0.memoryMaximumBytes = fuzz.uint64()
                    $0.diskBytes = fuzz.uint64()
                }
            case 1:
                call.resize = .with {
                    $0.domainUuid = uuid
                    $0.vcpus = UInt32(truncatingIfNeeded: fuzz.uint64())
                    $0.memoryBytes = fuzz.uint64()
                }
            case 2:
                call.migrate = .with {
                    $0.domainUuid = uuid
                    $0.targetHostID = "host-2"
                    $0.bandwidthBytesPerSecond = fuzz.uint64()
                }
            default:
                call.cap = .with {
                    $0.domainUuid = uuid
                    $0.cpuPpm = fuzz.uint64()
                }
            }
            _ = try? FleetCodec.request(call)
            let bytes = fuzz.mutated(MessageCodec.encoded(call))
            guard let other = try? MessageCodec.decoded(WireFleetCall.self, from: bytes) else { return }
            _ = try? FleetCodec.request(other)
        }
    }

    @Test("configurations, administration and traces with any of their bytes changed")
    func files() throws {
        let configuration = FleetConfiguration(hosts: [FleetScenario.host(1), FleetScenario.host(2)])
        let sample = [UInt8](try FleetJSON.encode(configuration))
        let order = [UInt8](
            try FleetJSON.encode(FleetAdministration.clock(host: "host-1", stepNanoseconds: 5, driftPPM: -3)))
        Fuzz.run("the fleet's files", rounds: 1_500) { fuzz in
            if let read = try? FleetJSON.decode(FleetConfiguration.self, from: Data(fuzz.mutated(sample))) {
                _ = try? Fleet(read, at: FleetScenario.start)
            }
            _ = try? FleetJSON.decode(FleetAdministration.self, from: Data(fuzz.mutated(order)))
            _ = try? TraceFile.loads(fuzz.mutated("t,load\n1,85\n2,7.25\n3,0.0001\n4,100"))
            _ = Size(argument: fuzz.text())
        }
    }
}

extension Fuzz {
    fileprivate mutating func change() -> FleetChange {
        let vm = FleetScenario.vm
        switch index(below: 8) {
        case 0:
            return .create(
                FleetScenario.definition(
                    FleetScenario.domain(uint64()), vcpus: int(), maximum: int(), memory: bytes()))
        case 1: return .lifecycle(vm, pick(LifecycleVerb.allCases))
        case 2: return .resize(vm, vcpus: optional { $0.int() }, memory: optional { $0.bytes() })
        case 3: return .migrate(vm, to: "host-2", targetEpoch: uint64(), bandwidth: optional { $0.int64() })
        case 4: return .cap(vm, chance(50) ? .cpu(ppm: int64()) : .network(bytesPerSecond: int64()))
        case 5: return .redefine(FleetScenario.definition(vm, vcpus: int(), maximum: int(), memory: bytes()))
        case 6: return .prepare(vm, maximumVCPUs: optional { $0.int() }, maximumMemory: optional { $0.bytes() })
        default: return chance(50) ? .snapshot(vm, name: text()) : .revert(vm, name: text())
        }
    }

    fileprivate mutating func administration() -> FleetAdministration {
        let vm = FleetScenario.vm
        switch index(below: 6) {
        case 0: return .clock(host: "host-1", stepNanoseconds: int64(), driftPPM: int64())
        case 1: return .responseTime(host: "host-1", nanoseconds: int64())
        case 2: return .load(domain: vm, source: .constant(ppm: int64()))
        case 3:
            return .play(
                domain: vm,
                trace: LoadTrace(loadsPPM: [int64(), int64()], intervalNanoseconds: optional { $0.int64() }))
        case 4:
            return .fault(
                host: nil, domain: vm, verb: nil, times: optional { $0.int() },
                effect: chance(50) ? .delay(nanoseconds: int64()) : .fail(afterNanoseconds: int64(), message: text()))
        default: return .condition(host: "host-1", condition: pick([.up, .hung, .dead]))
        }
    }
}
