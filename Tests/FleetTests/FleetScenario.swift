// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import FleetModel

/// A fleet and the instant it has come to; every step is explicit.
struct FleetScenario {
    static let start = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
    static let vm = domain(1)

    var fleet: Fleet
    var now = start
    private var lastCall: UInt64 = 0

    /// Two hosts, `host-1` and `host-2`, with 4 cores and 4 GiB each, and no load of their own.
    init(
        hosts: [HostConfiguration] = [host(1), host(2)], durations: OperationDurations = OperationDurations(),
        truth: TruthLimits = TruthLimits(), seed: UInt64 = 1, idleLoad: LoadSource = .constant(ppm: 400_000)
    ) throws {
        fleet = try Fleet(
            FleetConfiguration(seed: seed, hosts: hosts, idleLoad: idleLoad, durations: durations, truth: truth),
            at: Self.start)
    }

    static func domain(_ number: UInt64) -> DomainID { DomainID(UUID128(high: 7, low: number)) }

    static func host(
        _ number: Int, cores: Int = 4, memory: ByteCount = .gibibytes(4), share: Int64 = 0, offset: Int64 = 0,
        drift: Int64 = 0
    ) -> HostConfiguration {
        HostConfiguration(
            id: HostID(trusted: "host-\(number)"), cores: cores, memory: memory, controlDomainSharePPM: share,
            clockOffsetNanoseconds: offset, clockDriftPPM: drift)
    }

    static func definition(
        _ domain: DomainID = vm, vcpus: Int = 2, maximum: Int = 4, memory: ByteCount = .mebibytes(512)
    ) -> FleetDomainDefinition {
        FleetDomainDefinition(
            id: domain, name: "vm", tenant: "acme", maximumVCPUs: maximum, vcpus: vcpus, memory: memory,
            disk: .gibibytes(20))
    }

    mutating func pass(_ duration: Duration) { now = now.advanced(by: duration) }

    mutating func ask(_ operation: FleetOperation, of host: HostID = "host-1") -> FleetReply {
        fleet.handle(FleetRequest(host: host, operation: operation), at: now)
    }

    /// A mutating call with an id of its own.
    @discardableResult
    mutating func change(_ change: FleetChange, on host: HostID = "host-1", epoch: UInt64 = 1) -> FleetReply {
        lastCall += 1
        return ask(.change(change, token(lastCall, epoch: epoch)), of: host)
    }

    func token(_ call: UInt64, epoch: UInt64 = 1) -> FleetCallToken {
        FleetCallToken(id: UUID128(high: 9, low: call), epoch: epoch)
    }

    /// Creates the domain, and fails the test unless that worked.
    mutating func create(_ definition: FleetDomainDefinition = definition(), on host: HostID = "host-1") throws {
        _ = try answer(change(.create(definition), on: host))
    }

    mutating func sample(_ host: HostID = "host-1") throws -> FleetAnswer { try answer(ask(.sample, of: host)) }

    /// The domain as a sample of its host shows it.
    mutating func reading(_ domain: DomainID = vm, on host: HostID = "host-1") throws -> SimulatedDomainReading {
        try #require(try sample(host).domains.first { $0.definition.id == domain })
    }

    mutating func administer(_ administration: FleetAdministration) throws {
        _ = try fleet.administer(administration, at: now)
    }

    func truth(of domain: DomainID = vm) throws -> TruthDomain {
        try #require(fleet.truth(until: now).domains.first { $0.id == domain })
    }

    /// Where the domain is active, over all hosts.
    func copies(of domain: DomainID = vm) -> [HostID] {
        fleet.hosts.filter { $0.domains.contains { $0.id == domain && $0.life != nil } }.map(\.id)
    }

    func answer(_ reply: FleetReply) throws -> FleetAnswer {
        guard case .answer(let answer) = reply else { throw Unexpected(reply: reply) }
        return answer
    }

    func refusal(_ reply: FleetReply) throws -> FleetRefusal.Code {
        guard case .refused(let refusal) = reply else { throw Unexpected(reply: reply) }
        return refusal.code
    }

    struct Unexpected: Error { let reply: FleetReply }
}

/// What Monitor computes from two readings of one host.
struct MeasuredInterval {
    let utilizationPPM: Int64

    init?(_ domain: DomainID, from first: FleetAnswer, to second: FleetAnswer) {
        guard let a = first.domains.first(where: { $0.definition.id == domain })?.life,
            let b = second.domains.first(where: { $0.definition.id == domain })?.life,
            a.hypervisorID == b.hypervisorID, let vcpus = b.confirmedVCPUs,
            let cpuA = a.counters.cpuTimeNanoseconds, let cpuB = b.counters.cpuTimeNanoseconds,
            let stealA = a.counters.stealTimeNanoseconds, let stealB = b.counters.stealTimeNanoseconds
        else { return nil }
        let elapsed = second.at.nanoseconds(since: first.at)
        let share = Utilization(
            numerator: Int128(cpuB - cpuA + stealB - stealA), denominator: Int128(elapsed) * Int128(vcpus))
        guard let share else { return nil }
        utilizationPPM = share.ppm
    }
}
