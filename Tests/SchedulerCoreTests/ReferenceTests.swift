// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import TestSupport
import Testing

@testable import SchedulerCore

/// The whole Core against an independent reading of the paper's rule, `Tests/Reference/m_of_n.py`.
@Suite struct ReferenceTests {
    /// One random trace and the policy that it is played under; everything in parts per million.
    private struct Case: Encodable {
        var trace: [[Int64?]]
        var n: Int
        var ratio: Int64
        var lower: Int64
        var upper: Int64
        var vcpus: Int
        var minimum: Int
        var maximum: Int
        var skip: Int64

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            n = .random(in: 1...15, using: &random)
            ratio = .random(in: 1...1_000_000, using: &random)
            lower = .random(in: 0...40, using: &random) * 10_000
            upper = .random(in: 50...95, using: &random) * 10_000
            minimum = .random(in: 1...2, using: &random)
            maximum = .random(in: 2...8, using: &random)
            vcpus = .random(in: minimum...maximum, using: &random)
            skip = .random(in: 0...3, using: &random)
            // Loads that rest in one regime for a while, so that all of the rule is met.
            let lossPercent = [0, 5, 40].randomElement(using: &random) ?? 0
            let fineness: Int64 = [10_000, 2_500, 1].randomElement(using: &random) ?? 1
            var level = Int64.random(in: 0...150, using: &random)
            trace = []
            for t in Int64(1)...120 {
                if Int.random(in: 0..<12, using: &random) == 0 { level = .random(in: 0...250, using: &random) }
                let load = max(0, level * 10_000 + .random(in: -200_000...200_000, using: &random))
                let isLost = Int.random(in: 0..<100, using: &random) < lossPercent
                trace.append([t, isLost ? nil : load / fineness * fineness])
            }
        }
    }

    private func reference(_ cases: [Case]) throws -> [[[ReferenceValue]]] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = FileManager.default.temporaryDirectory.appending(path: "ebb-m-of-n-\(UUID().uuidString).json")
        try JSONEncoder().encode(cases).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-B", directory.appending(path: "Reference/m_of_n.py").path, "--batch", file.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode([[[ReferenceValue]]].self, from: output)
    }

    /// An action is `[t, "up" or "down", size]`.
    private enum ReferenceValue: Decodable, Hashable {
        case number(Int64)
        case word(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int64.self) {
                self = .number(number)
            } else {
                self = .word(try container.decode(String.self))
            }
        }
    }

    /// Plays a case through the whole state: permits granted at once, the change seen `skip` intervals later.
    private func play(_ given: Case) throws -> [[ReferenceValue]] {
        let policy = try ScalingPolicy(
            lower: Utilization(ppm: given.lower), upper: Utilization(ppm: given.upper),
            ratio: Utilization(ppm: given.ratio), minimumVCPUs: VCPUCount(clamping: given.minimum),
            maximumVCPUs: VCPUCount(clamping: given.maximum))
        let rig = Rig(policy: policy, windowLength: given.n, vcpus: VCPUCount(clamping: given.vcpus))
        var actions: [[ReferenceValue]] = []
        for row in given.trace {
            guard let t = row[0] else { continue }
            rig.observe(t, demandPPM: row[1])
            let before = rig.vcpus
            // With k intervals to skip, the change takes effect within the last of them.
            let effectiveAt = given.skip == 0 ? at(t) : Timestamp(nanoseconds: (t + given.skip - 1) * interval + 1)
            if let size = rig.perform(t, effectiveAt: effectiveAt) {
                actions.append([.number(t), .word(size > before ? "up" : "down"), .number(Int64(size.count))])
            }
        }
        return actions
    }

    @Test("1 000 random traces give the actions of the independent reference")
    func randomTraces() throws {
        let seeds = UInt64(1)...1_000
        let cases = seeds.map(Case.init(seed:))
        let expected = try reference(cases)
        var actions = 0
        for (seed, (given, expected)) in zip(seeds, zip(cases, expected)) {
            let found = try play(given)
            #expect(found == expected, "seed \(seed)")
            actions += found.count
        }
        #expect(actions > 1_000, "the traces must be eventful to say something")
    }

    @Test(
        "the paper's figures trigger when the paper says",
        arguments: [("figure5", 26, "up", 3), ("figure6", 14, "down", 1)])
    func figures(name: String, t: Int64, direction: String, size: Int64) throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: directory.appending(path: "Reference/\(name).csv"), encoding: .utf8)
        let rows = text.split(separator: "\n").dropFirst().map { $0.split(separator: ",").compactMap { Int64($0) } }
        #expect(rows.count == 40)
        var given = Case(seed: 0)
        (given.n, given.ratio, given.lower, given.upper, given.vcpus) = (10, 700_000, 150_000, 800_000, 2)
        (given.minimum, given.maximum) = (1, 4)
        for skip in Int64(0)...3 {
            given.skip = skip
            given.trace = rows.map { [$0[0], $0[1] * 10_000] }
            #expect(try play(given) == [[.number(t), .word(direction), .number(size)]])
        }
        // Samples may be lost: the same action comes, at most as many samples later.
        given.skip = 1
        for lost in 0..<38 {
            given.trace = rows.map { [$0[0], $0[1] * 10_000] }
            for index in lost...(lost + 2) { given.trace[index][1] = nil }
            let actions = try play(given)
            #expect(actions.count == 1 && actions[0][1...] == [.word(direction), .number(size)], "without \(lost)")
            #expect((t...(t + 3)).map { .number($0) }.contains(actions[0][0]), "without \(lost)")
        }
    }

    @Test("staleness aside, the first action is never later than that of the reading that restarts", arguments: 1...500)
    func neverLaterThanRestarting(seed: UInt64) throws {
        let given = Case(seed: seed)
        let policy = try ScalingPolicy(
            lower: Utilization(ppm: given.lower), upper: Utilization(ppm: given.upper),
            ratio: Utilization(ppm: given.ratio), maximumVCPUs: 8)
        var window = UtilizationWindow()
        var up = RestartingReading(length: given.n, needed: policy.breachesNeeded(windowLength: given.n))
        var down = up
        for row in given.trace {
            guard let t = row[0], let ppm = row[1] else { continue }
            let utilization = Utilization(ppm: ppm).clamped
            window.record(
                WindowSample(
                    sampledAt: at(t), utilization: utilization, size: 2, steal: nil,
                    position: SamplePosition(epoch: 1, sequence: UInt64(t))),
                intervalStart: at(t - 1), keeping: given.n)
            let isDue = BreachCount(window.samples, policy: policy, windowLength: given.n).due != nil
            let isDueRestarting = [
                up.observe(isBreach: utilization > policy.upper), down.observe(isBreach: utilization < policy.lower),
            ].contains(true)
            if isDue { return }
            #expect(!isDueRestarting, "seed \(seed): the restarting reading acted at \(t), the window did not")
        }
    }

    /// The paper's other reading: a crossing starts a watch over the next N values, which acts at the Mth breach among
    /// them and otherwise ends; only then can a crossing start another.
    private struct RestartingReading {
        let length: Int
        let needed: Int
        private var watched: Int?
        private var breaches = 0

        init(length: Int, needed: Int) {
            self.length = length
            self.needed = needed
        }

        mutating func observe(isBreach: Bool) -> Bool {
            guard let seen = watched else {
                if isBreach { (watched, breaches) = (0, 0) }
                return false
            }
            breaches += isBreach ? 1 : 0
            watched = seen + 1 < length ? seen + 1 : nil
            return breaches >= needed
        }
    }
}
