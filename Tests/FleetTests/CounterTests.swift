// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

@Suite("Counters")
struct CounterTests {
    struct Case: Sendable {
        let loadPPM: Int64
        let vcpus: Int
        let cores: Int
        let milliseconds: Int64
        let cpuNanoseconds: Int64
        let stealNanoseconds: Int64
    }

    @Test(
        "CPU time and steal are the exact integrals of a constant load",
        arguments: [
            Case(loadPPM: 0, vcpus: 2, cores: 4, milliseconds: 1_000, cpuNanoseconds: 0, stealNanoseconds: 0),
            Case(
                loadPPM: 850_000, vcpus: 2, cores: 4, milliseconds: 1_000, cpuNanoseconds: 1_700_000_000,
                stealNanoseconds: 0),
            // More than it has: no more than all of it.
            Case(
                loadPPM: 3_000_000, vcpus: 2, cores: 4, milliseconds: 500, cpuNanoseconds: 1_000_000_000,
                stealNanoseconds: 0),
            // More than the host has: the rest is steal.
            Case(
                loadPPM: 1_000_000, vcpus: 4, cores: 3, milliseconds: 1_000, cpuNanoseconds: 3_000_000_000,
                stealNanoseconds: 1_000_000_000),
            Case(loadPPM: 1, vcpus: 1, cores: 1, milliseconds: 1, cpuNanoseconds: 1, stealNanoseconds: 0),
        ])
    func constantLoad(expected: Case) throws {
        var scenario = try FleetScenario(
            hosts: [FleetScenario.host(1, cores: expected.cores)], idleLoad: .constant(ppm: expected.loadPPM))
        try scenario.create(FleetScenario.definition(vcpus: expected.vcpus))
        scenario.pass(.milliseconds(expected.milliseconds))
        let answer = try scenario.sample()
        let life = try #require(answer.domains.first?.life)
        #expect(life.counters.cpuTimeNanoseconds == expected.cpuNanoseconds)
        #expect(life.counters.stealTimeNanoseconds == expected.stealNanoseconds)
        #expect(answer.host.cpuTimeNanoseconds == expected.cpuNanoseconds)
    }

    @Test("traffic is the configured rate over the time in which the domain ran")
    func traffic() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.administer(
            .habits(
                domain: FleetScenario.vm,
                habits: GuestHabits(
                    memoryUsePPM: 500_000, receivedPerSecond: 3, transmittedPerSecond: 1_000_000_000,
                    blockReadPerSecond: 0, blockWrittenPerSecond: 7)))
        scenario.pass(.milliseconds(1_500))
        scenario.change(.lifecycle(FleetScenario.vm, .suspend))
        scenario.pass(.seconds(60))
        let life = try #require(try scenario.reading().life)
        #expect(life.counters.networkReceivedBytes == 4)
        #expect(life.counters.networkTransmittedBytes == 1_500_000_000)
        #expect(life.counters.blockReadBytes == 0)
        #expect(life.counters.blockWrittenBytes == 10)
        #expect(life.memoryUsed == .mebibytes(256))
    }

    @Test("what a counter shows does not depend on how often it was read")
    func readingChangesNothing() throws {
        var often = try FleetScenario(idleLoad: .constant(ppm: 333_333))
        try often.create()
        var seldom = often
        for _ in 0..<1_000 {
            often.pass(.nanoseconds(1_234_567))
            _ = try often.sample()
        }
        seldom.now = often.now
        #expect(try often.reading() == seldom.reading())
    }

    @Test("on a host that is overcommitted every guest gets the same part of its demand")
    func overcommitment() throws {
        var scenario = try FleetScenario(
            hosts: [FleetScenario.host(1, cores: 2, share: 100_000)], idleLoad: .constant(ppm: 1_000_000))
        // Demand 3 cores, room for 1.8.
        try scenario.create(FleetScenario.definition(FleetScenario.domain(1), vcpus: 1))
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2), vcpus: 2))
        scenario.pass(.seconds(10))
        let answer = try scenario.sample()
        let counters = answer.domains.compactMap(\.life?.counters)
        #expect(counters.map(\.cpuTimeNanoseconds) == [6_000_000_000, 12_000_000_000])
        #expect(counters.map(\.stealTimeNanoseconds) == [4_000_000_000, 8_000_000_000])
        #expect(answer.host.controlDomainCPUTimeNanoseconds == 2_000_000_000)
        #expect(answer.host.cpuTimeNanoseconds == 20_000_000_000)
    }

    @Test("the time of the vCPUs adds up to the domain's")
    func perVCPU() throws {
        var scenario = try FleetScenario(idleLoad: .constant(ppm: 700_000))
        try scenario.create(FleetScenario.definition(vcpus: 3))
        scenario.pass(.seconds(1))
        let life = try #require(try scenario.reading().life)
        #expect(life.vcpuTimeNanoseconds == [700_000_000, 700_000_000, 700_000_000])
        #expect(life.counters.cpuTimeNanoseconds == 2_100_000_000)
    }

    @Test("a periodic load is low first and high for its share of each period")
    func periodic() throws {
        var scenario = try FleetScenario(
            idleLoad: .periodic(
                lowPPM: 100_000, highPPM: 900_000, periodNanoseconds: 10_000_000_000, highSharePPM: 300_000))
        try scenario.create(FleetScenario.definition(vcpus: 1))
        scenario.pass(.seconds(7))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 700_000_000)
        scenario.pass(.seconds(3))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 3_400_000_000)
        scenario.pass(.seconds(20))
        #expect(try scenario.reading().life?.counters.cpuTimeNanoseconds == 10_200_000_000)
    }

    @Test("bursts come as the seed says, in whole steps")
    func bursty() throws {
        func cpuTimes(seed: UInt64) throws -> [Int64?] {
            let source = LoadSource.bursty(
                basePPM: 100_000, burstPPM: 1_000_000, stepNanoseconds: 1_000_000_000, chancePPM: 300_000, length: 3)
            var scenario = try FleetScenario(seed: seed, idleLoad: source)
            try scenario.create(FleetScenario.definition(vcpus: 1))
            return try (0..<100).map { _ in
                scenario.pass(.seconds(1))
                return try scenario.reading().life?.counters.cpuTimeNanoseconds
            }
        }
        let times = try cpuTimes(seed: 5).compactMap(\.self)
        let steps = zip(times, [0] + times).map { $0 - $1 }
        #expect(Set(steps) == [100_000_000, 1_000_000_000])
        let calm = steps.split(separator: 1_000_000_000)
        let bursts = steps.split(separator: 100_000_000).dropLast()
        #expect(!calm.isEmpty && bursts.allSatisfy { $0.count % 3 == 0 })
        #expect(try cpuTimes(seed: 5) == cpuTimes(seed: 5))
        #expect(try cpuTimes(seed: 5) != cpuTimes(seed: 6))
    }

    @Test("a drifting clock shows in instants but in no utilisation; a step only in its own interval")
    func clocks() throws {
        var scenario = try FleetScenario(
            hosts: [FleetScenario.host(1, offset: 5_000_000_000, drift: 200)], idleLoad: .constant(ppm: 654_321))
        try scenario.create()
        let first = try scenario.sample()
        #expect(first.at.nanoseconds(since: scenario.now) == 5_000_000_000)
        scenario.pass(.seconds(10))
        let second = try scenario.sample()
        #expect(second.at.nanoseconds(since: first.at) == 10_002_000_000)
        #expect(MeasuredInterval(FleetScenario.vm, from: first, to: second)?.utilizationPPM == 654_321)
        try scenario.administer(.clock(host: "host-1", stepNanoseconds: -3_000_000_000, driftPPM: -50))
        scenario.pass(.seconds(1))
        let third = try scenario.sample()
        scenario.pass(.seconds(1))
        let fourth = try scenario.sample()
        #expect(third.at < second.at)
        #expect(fourth.at.nanoseconds(since: third.at) == 999_950_000)
        #expect(MeasuredInterval(FleetScenario.vm, from: third, to: fourth)?.utilizationPPM == 654_321)
    }

    @Test("sampling one host touches no other")
    func isolation() throws {
        var scenario = try FleetScenario()
        try scenario.create()
        try scenario.create(FleetScenario.definition(FleetScenario.domain(2)), on: "host-2")
        let settled = scenario.fleet.hosts[1].domains.map(\.settledAt)
        scenario.pass(.seconds(1))
        _ = try scenario.sample("host-1")
        #expect(scenario.fleet.hosts[0].domains.map(\.settledAt) == [scenario.now.nanoseconds])
        #expect(scenario.fleet.hosts[1].domains.map(\.settledAt) == settled)
    }
}
