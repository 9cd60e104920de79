// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Why a domain is moved, other than to grow.
package enum MoveCause: Hashable, Sendable, Codable {
    /// Its host has been above its bound, or withheld CPU time, for M of N samples.
    case relief
    /// Its host is being drained.
    case drain
    /// This neighbour grows, and their host has no room.
    case makeRoom(DomainID)
    /// The host where it is violates this tie.
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
    /// It rests, since it has moved, a migration failed, or somebody else moved it.
    case rests(until: Timestamp, Cause)
    /// Something binds it to its host; the text comes from its host's Monitor.
    case immovable(String)
    /// The budget is used up: as many domains as allowed leave the host, or move in the cluster.
    case budget
    /// No host passes the filters.
    case noTarget
    /// A host would take it, but its own pin or group forbids that host.
    case tied(Tie)
    /// The best target would lower the objective too little.
    case noImprovement(Improvement)
    /// Another domain of its host moves instead: that costs less, and makes the room.
    case neighbourMoves(DomainID)

    /// The obstacle's kind, without instants and figures.
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
    /// The demand that leaves the host.
    package let demand: CPUDemand
    /// `nil`: it can be moved.
    package internal(set) var obstacle: MoveObstacle?

    /// Bytes to transfer, estimated: its memory once, and once more for every core that it keeps busy, since a running
    /// guest writes. The real rate of changed memory is known only while a migration runs.
    package var cost: Int64 {
        Int64(clamping: Int128(memory.bytes) * Int128(1_000_000 + demand.ppmOfOneCore) / 1_000_000)
    }
}

/// How much load and size must leave a host.
package struct MoveNeed: Hashable, Sendable, Codable {
    /// Parts per million of one core that must leave; zero: no CPU must.
    package var cpu: Int64
    package var memory: Int64
    /// vCPUs of promised size.
    package var vcpus: Int64

    func isMet(by option: MoveOption) -> Bool {
        option.demand.ppmOfOneCore >= cpu && option.memory.bytes >= memory && Int64(option.vcpus.count) >= vcpus
    }

    /// The share of the need that `option` meets, in parts per million: the smallest over CPU, vCPUs and memory.
    func relief(by option: MoveOption) -> Int64 {
        let shares = [
            (option.demand.ppmOfOneCore, cpu), (option.memory.bytes, memory), (Int64(option.vcpus.count), vcpus),
        ]
        return shares.map { gives, need in
            need <= 0 ? 1_000_000 : Int64(clamping: Int128(min(gives, need)) * 1_000_000 / Int128(need))
        }.min() ?? 0
    }
}

/// Which of a host's domains leaves it.
package struct MovePlan: Hashable, Sendable, Codable {
    package let cause: MoveCause
    package let source: HostID
    package let need: MoveNeed
    package let minimumImprovement: Utilization
    /// In the order in which they are tried: first those that are enough alone, the cheapest first; then the others by
    /// cost per relief; equal ones by id. At most 64, among them all that were tried.
    package internal(set) var options: [MoveOption]
    /// `nil`: no domain can leave.
    package internal(set) var chosen: DomainID?
    /// `nil` if the aim is to empty the host, or to let a neighbour grow.
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

    /// Whether the plan follows from its own facts and the last placement: verification of a record checks it.
    func isConsistent(with placement: PlacementResult?) -> Bool {
        guard Self.ranked(options, need: need) == options else { return false }
        guard chosen == options.first(where: { $0.obstacle == nil })?.domain else { return false }
        guard cause == .relief, chosen != nil, let placement, let target = placement.chosen else { return true }
        let again = Improvement(
            moving: placement.request, from: placement.facts(of: source), to: placement.facts(of: target))
        return again == improvement && again?.isEnough(minimumImprovement) == true
    }
}
