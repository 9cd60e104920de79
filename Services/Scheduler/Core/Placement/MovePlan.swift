// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Why a domain is moved other than to grow.
package enum MoveCause: Hashable, Sendable, Codable {
    /// Its host has been above its bound, or withheld CPU time, for M of N samples.
    case relief
    /// Its host is being drained.
    case drain
    /// This neighbour grows and their host has no room.
    case makeRoom(DomainID)
    /// This does not hold where it is.
    case broken(Tie)

    /// As others than Scheduler read it in a record.
    package var word: MoveCauseWord {
        switch self {
        case .relief: .relief
        case .drain: .drain
        case .makeRoom: .makeRoom
        case .broken: .broken
        }
    }

    var reason: Reason {
        switch self {
        case .relief: .hostOverload
        case .drain: .drain
        case .makeRoom: .makesRoom
        case .broken: .brokenTie
        }
    }
}

/// Why a domain can't be moved, whatever the target.
package enum MoveObstacle: Hashable, Sendable, Codable {
    case notManaged, optedOut, notRunning, changeInFlight, loadUnknown
    /// It has moved, a migration failed, or somebody else moved it, and it rests.
    case rests(until: Timestamp, Cause)
    /// Something ties it to its host, in the words of who knows.
    case immovable(String)
    /// As many domains leave the host, or move in the cluster, as may at a time.
    case budget
    /// No host passes the filters.
    case noTarget
    /// A host would take it, which its own pin or group forbids.
    case tied(Tie)
    /// The best target would lower the objective too little.
    case noImprovement(Improvement)
    /// Another domain of its host moves first: that is cheaper, and makes the room.
    case neighbourMoves(DomainID)

    /// Without instants and figures.
    var kind: String {
        switch self {
        case .notManaged: "not-managed"
        case .optedOut: "opted-out"
        case .notRunning: "not-running"
        case .changeInFlight: "change-in-flight"
        case .loadUnknown: "load-unknown"
        case .rests(_, let cause): "rests-\(cause.rawValue)"
        case .immovable(let reason): "immovable-\(reason)"
        case .budget: "budget"
        case .noTarget: "no-target"
        case .tied(let tie): "tied-\(tie.description)"
        case .noImprovement: "no-improvement"
        case .neighbourMoves(let domain): "neighbour-moves-\(domain)"
        }
    }

    package enum Cause: String, Hashable, Sendable, Codable {
        case moved, failed, foreign, settling, blackout
    }
}

/// The sum of squares of the source's and the target's load, in (parts per million)², without and with a move: lower is
/// more balanced.
package struct Improvement: Hashable, Sendable, Codable {
    package let before: Int64
    package let after: Int64

    /// `nil` while one of the loads is unknown.
    init?(moving request: PlacementRequest, from source: HostFacts?, to target: HostFacts?) {
        guard let source, let target, let before = Self.objective(source, target),
            let after = Self.objective(source.removing(request), target.adding(request))
        else { return nil }
        self.before = before
        self.after = after
    }

    /// Whether it lowers the objective by at least `share` of it.
    func isEnough(_ share: Utilization) -> Bool {
        Int128(before - after) * 1_000_000 >= Int128(before) * Int128(share.ppm) && after < before
    }

    private static func objective(_ source: HostFacts, _ target: HostFacts) -> Int64? {
        guard let first = source.load, let second = target.load else { return nil }
        let square = { (load: Utilization) in Int128(load.ppm) * Int128(load.ppm) }
        return Int64(clamping: square(first) + square(second))
    }
}

/// A domain that may leave its host, and what its leaving costs and relieves.
package struct MoveOption: Hashable, Sendable, Codable {
    package let domain: DomainID
    package let vcpus: VCPUCount
    package let memory: ByteCount
    /// What the host is relieved of.
    package let demand: CPUDemand
    /// `nil`: it can be moved.
    package internal(set) var obstacle: MoveObstacle?

    /// Bytes to transfer, by estimate: its memory once, and once more for every core that it keeps busy, since what
    /// runs writes. The dirty rate itself is known only once a migration runs.
    package var cost: Int64 {
        Int64(clamping: Int128(memory.bytes) * Int128(1_000_000 + demand.ppmOfOneCore) / 1_000_000)
    }
}

/// What a host has too much of.
package struct MoveNeed: Hashable, Sendable, Codable {
    /// Parts per million of one core that have to go; zero: none of the CPU.
    package var cpu: Int64
    package var memory: Int64
    /// vCPUs of promised size.
    package var vcpus: Int64

    func isMet(by option: MoveOption) -> Bool {
        option.demand.ppmOfOneCore >= cpu && option.memory.bytes >= memory && Int64(option.vcpus.count) >= vcpus
    }

    /// Of each need's share that is met, the smallest, in parts per million.
    func relief(by option: MoveOption) -> Int64 {
        let shares = [
            (option.demand.ppmOfOneCore, cpu), (option.memory.bytes, memory), (Int64(option.vcpus.count), vcpus),
        ]
        return shares.map { gives, need in
            need <= 0 ? 1_000_000 : Int64(clamping: Int128(min(gives, need)) * 1_000_000 / Int128(need))
        }.min() ?? 0
    }
}

/// Which domain leaves a host, out of all that are on it.
package struct MovePlan: Hashable, Sendable, Codable {
    package let cause: MoveCause
    package let source: HostID
    package let need: MoveNeed
    package let minimumImprovement: Utilization
    /// In the order in which they are tried: those whose leaving is enough, cheapest first; then the others by cost per
    /// relief; equals by id. At most 64, which hold all that were tried.
    package internal(set) var options: [MoveOption]
    /// `nil`: none can.
    package internal(set) var chosen: DomainID?
    /// `nil` where the objective is that the host empties, or that a neighbour grows.
    package internal(set) var improvement: Improvement?

    static let maximumOptions = 64

    static func ranked(_ options: [MoveOption], need: MoveNeed) -> [MoveOption] {
        options.map { (option: $0, isEnough: need.isMet(by: $0), relief: max(1, need.relief(by: $0))) }
            .sorted { left, right in
                guard left.isEnough == right.isEnough else { return left.isEnough }
                let (first, second) =
                    left.isEnough
                    ? (Int128(left.option.cost), Int128(right.option.cost))
                    : (
                        Int128(left.option.cost) * Int128(right.relief),
                        Int128(right.option.cost) * Int128(left.relief)
                    )
                return (first, left.option.domain) < (second, right.option.domain)
            }.map(\.option)
    }

    /// What the plan comes to again, from its own facts and the last placement: a record verifies by it.
    func isConsistent(with placement: PlacementResult?) -> Bool {
        guard Self.ranked(options, need: need) == options else { return false }
        guard chosen == options.first(where: { $0.obstacle == nil })?.domain else { return false }
        guard cause == .relief, chosen != nil, let placement, let target = placement.chosen else { return true }
        let again = Improvement(
            moving: placement.request, from: placement.facts(of: source), to: placement.facts(of: target))
        return again == improvement && again?.isEnough(minimumImprovement) == true
    }
}
