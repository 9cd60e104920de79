// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import Store

/// The answer to `assess.show`: what Ebb would have done, VM by VM and in total.
struct AssessAnswer: Encodable, Sendable {
    private(set) var items: [Item] = []
    private(set) var total: Item?
    private(set) var text = ""
    private let period: TimeRange
    private var assessments: [Assessment] = []

    private enum CodingKeys: CodingKey { case items, total, text }

    init(period: TimeRange) { self.period = period }

    /// One VM, or all of them together. What is `nil` is not known.
    struct Item: Encodable, Sendable {
        let vm: String
        let tenant: String?
        let host: String?
        let vcpus: Int?
        /// The fixed size that keeps the goal at the lowest cost.
        let rightVcpus: Int?
        /// In millionths of a vCPU.
        let meanVcpusPpm: Int64?
        let savedVcpuNanoseconds: Int64?
        let overloadedPpm: Int64?
        let presentOverloadedPpm: Int64?
        let actions: Int?
        let knownPpm: Int64
    }

    /// `assessment` is `nil` if nothing is known of the VM.
    mutating func add(_ record: StoredDomain, _ assessment: Assessment?) {
        if let assessment { assessments.append(assessment) }
        let replay = assessment?.replay
        items.append(
            Item(
                vm: record.name, tenant: record.tenant?.name, host: record.host.name,
                vcpus: assessment?.vcpus.count, rightVcpus: assessment?.rightSize.count,
                meanVcpusPpm: replay.map { Int64(clamping: $0.vcpuTime * 1_000_000 / Int128(max(1, $0.known))) },
                savedVcpuNanoseconds: assessment.map(Self.saved), overloadedPpm: assessment?.overloaded.ppm,
                presentOverloadedPpm: assessment?.overloadedNow.ppm, actions: replay?.actions.count,
                knownPpm: share(of: replay?.known ?? 0)))
    }

    func finished() -> AssessAnswer {
        var copy = self
        let sum = Assessment.total(of: assessments)
        let known = assessments.reduce(Int64(0)) { $0.addedOrClamped($1.replay.known) }
        let used = assessments.reduce(Int128(0)) { $0 + $1.replay.vcpuTime }
        copy.total = Item(
            vm: "all", tenant: nil, host: nil, vcpus: assessments.reduce(0) { $0 + $1.vcpus.count },
            rightVcpus: assessments.reduce(0) { $0 + $1.rightSize.count },
            meanVcpusPpm: known > 0
                ? Int64(clamping: used * 1_000_000 * Int128(assessments.count) / Int128(known)) : nil,
            savedVcpuNanoseconds: assessments.reduce(0) { $0.addedOrClamped(Self.saved($1)) },
            overloadedPpm: sum?.overloaded.ppm,
            presentOverloadedPpm: nil, actions: assessments.reduce(0) { $0 + $1.replay.actions.count },
            knownPpm: items.isEmpty ? 0 : share(of: known / Int64(items.count)))
        copy.text = lines(sum).joined(separator: "\n")
        return copy
    }

    private func lines(_ sum: (saved: Utilization, overloaded: Utilization)?) -> [String] {
        var lines = items.map { item -> String in
            guard let vcpus = item.vcpus, let right = item.rightVcpus, let mean = item.meanVcpusPpm else {
                return "\(item.vm): nothing is known of it"
            }
            let before = Utilization(ppm: item.presentOverloadedPpm ?? 0)
            return "\(item.vm): has \(vcpus) vCPUs; Ebb would have given it \(hundredths(mean)) on average with "
                + "\(item.actions ?? 0) actions, overloaded \(Utilization(ppm: item.overloadedPpm ?? 0)) of the time "
                + "(\(before) as it was); right size \(right)"
        }
        if let sum {
            lines.append(
                "all \(assessments.count): \(sum.saved) of the vCPU time saved, overloaded \(sum.overloaded) of the time"
            )
        } else {
            lines.append("no sample is stored for that time")
        }
        return lines
    }

    private func hundredths(_ ppm: Int64) -> String {
        let hundredths = (ppm + 5_000) / 10_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private func share(of known: Int64) -> Int64 {
        Int64(clamping: Int128(known) * 1_000_000 / Int128(max(1, period.nanoseconds)))
    }

    private static func saved(_ assessment: Assessment) -> Int64 {
        Int64(clamping: Int128(assessment.vcpus.count) * Int128(assessment.replay.known) - assessment.replay.vcpuTime)
    }
}
