// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import MonitorCore
internal import ResourceModel
internal import Store

/// Something that must be written down about a host or its domains. Writing it twice changes nothing.
enum Fact: Sendable {
    case host(HostAnswer)
    /// A domain that was found on the host.
    case found(NewDomain)
    case domain(DomainID, DomainObservation)
    case size(SizeFact)
    case readings([ReadingFact])
    /// Every domain of the host is known up to here.
    case proved(Timestamp)
    /// A domain that Ebb moved lives on another host now; written under that host's claim.
    case arrived(DomainID, DomainObservation, at: ShardClaim)
    case deleted(DomainID, at: Timestamp)
    /// A complete listing of the host does not have the domain.
    case absent(DomainID, at: Timestamp)
    /// From the instant on Ebb manages the domain for this tenant or, with `nil`, not any more: then its saved
    /// definition was given back.
    case adopted(DomainID, by: TenantID?, at: Timestamp)
    /// Devices whose counters can't be read, by their labels.
    case unmetered(DomainID, [String])
    case caps(DomainID, DomainCaps)
    /// Files that must still be deleted with the domain.
    case leftovers(DomainID, [String])
    /// Ceilings that the definition gets at the next cold boot.
    case pending(DomainID, maximumVCPUs: VCPUCount?, maximumMemory: ByteCount?)
    case ended(CommandEnd)

    var isProof: Bool { provedUntil != nil }

    var provedUntil: Timestamp? {
        if case .proved(let instant) = self { instant } else { nil }
    }

    /// The fact without the readings that are not needed, since later ones show the growth too; `nil`: it has no such
    /// readings.
    var withoutSparableReadings: Fact? {
        guard case .readings(let readings) = self else { return nil }
        let needed = readings.filter(\.isBaseline)
        return needed.count < readings.count ? .readings(needed) : nil
    }
}

/// The caps that were asked for a domain; `nil`: none was.
struct DomainCaps: Hashable, Sendable {
    /// In parts per million of one core; 0: it is lifted.
    var cpuPPM: Int64?
    var networkBytesPerSecond: Int64?
}

/// A command's end, and the new state of its permit.
struct CommandEnd: Sendable {
    let command: UUID128
    let verb: Recognised<CommandVerb>
    let outcome: CommandOutcome
    let permit: UUID128?
    /// `nil` lets the permit expire, since nobody knows whether its room is used.
    let permitState: PermitState?
    let at: Timestamp
}

extension [Fact] {
    /// Joins a cycle's readings into one statement: their order among the other facts does not matter.
    mutating func joinReadings() {
        var joined: [ReadingFact] = []
        removeAll { fact in
            guard case .readings(let readings) = fact else { return false }
            joined += readings
            return true
        }
        // No more than the repository takes at once.
        for start in stride(from: 0, to: joined.count, by: 1_000) {
            append(.readings(Array<ReadingFact>(joined[start..<Swift.min(start + 1_000, joined.count)])))
        }
    }
}
