// SPDX-License-Identifier: Apache-2.0

internal import MonitorCore
internal import ResourceModel
internal import Store

/// Something to be written down about a host or its domains. Writing one twice changes nothing.
enum Fact: Sendable {
    case host(HostFacts)
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
    /// The domain is Ebb's for this tenant, or (`nil`) not any more, and its kept definition was given back.
    case adopted(DomainID, by: TenantID?)
    case caps(DomainID, DomainCaps)
    /// Ceilings that the definition gets at the next cold boot.
    case pending(DomainID, maximumVCPUs: VCPUCount?, maximumMemory: ByteCount?)
    case ended(CommandEnd)

    var isProof: Bool { provedUntil != nil }

    var provedUntil: Timestamp? {
        if case .proved(let instant) = self { instant } else { nil }
    }

    var isReading: Bool {
        if case .readings = self { true } else { false }
    }
}

/// What a domain may use at most; `nil`: no cap.
struct DomainCaps: Hashable, Sendable {
    var cpuPPM: Int64?
    var networkBytesPerSecond: Int64?
}

/// A command's end, and what becomes of its permit.
struct CommandEnd: Sendable {
    let command: UUID128
    let verb: String
    let outcome: CommandOutcome
    let permit: UUID128?
    /// `nil` leaves the permit to expire: nobody knows whether its room is used.
    let permitState: PermitState?
    let at: Timestamp
}

extension [Fact] {
    /// One statement for a cycle's readings: their order among the other facts means nothing.
    mutating func joinReadings() {
        var joined: [ReadingFact] = []
        removeAll { fact in
            guard case .readings(let readings) = fact else { return false }
            joined += readings
            return true
        }
        // As many as the repository takes at once.
        for start in stride(from: 0, to: joined.count, by: 1_000) {
            append(.readings(Array<ReadingFact>(joined[start..<Swift.min(start + 1_000, joined.count)])))
        }
    }
}
