// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import TestSupport
import Testing

@Suite("Capacities")
struct CapacityTests {
    @Test(
        "a capacity is read and written in vCPUs with as many decimals as it needs",
        arguments: [
            ("0.25", 250), ("2", 2_000), ("1.5", 1_500), ("0.1", 100), ("0.001", 1), ("0", 0), ("65536", 65_536_000),
            ("12.345", 12_345), ("1.05", 1_050),
        ])
    func text(_ text: String, _ thousandths: Int64) {
        #expect(Capacity(text)?.thousandths == thousandths)
        #expect(Capacity(clamping: thousandths).description == text)
    }

    @Test("decimals that are zero change nothing")
    func zeros() {
        #expect(Capacity("1.50") == Capacity("1.5"))
        #expect(Capacity("02.000") == Capacity(VCPUCount(2)))
    }

    @Test(
        "what is not a number of vCPUs within the bounds is none",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1,5", "1.2345", "1.5.2", "1e3", " 1", "١", "65536.001", "65537",
            "99999999999999999999",
        ])
    func refused(_ text: String) { #expect(Capacity(text) == nil) }

    @Test("every capacity survives its text and its JSON", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let capacity = Capacity(clamping: Int64.random(in: Capacity.bounds, using: &random))
        #expect(Capacity(capacity.description) == capacity, "seed \(seed)")
        let data = try JSONEncoder().encode([capacity])
        #expect(try JSONDecoder().decode([Capacity].self, from: data) == [capacity], "seed \(seed)")
    }

    @Test("a capacity keeps its bounds, and is the same as its whole vCPUs where there are no others")
    func bounds() throws {
        #expect(Capacity(exactly: 65_536_001) == nil && Capacity(exactly: -1) == nil)
        #expect(Capacity(clamping: Int64.max) == .limit && Capacity(clamping: Int64.min) == .zero)
        #expect(Capacity(.limit) == .limit && Capacity.limit.vcpus == .limit)
        #expect(Capacity(3).isWhole && !Capacity(clamping: 2_999).isWhole)
        #expect([0, 1, 1_000, 1_001].map { Capacity(clamping: $0).vcpus } == [0, 1, 1, 2])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Capacity].self, from: Data("[65536001]".utf8)) }
    }

    @Test("there are four steps, and no other number is one")
    func steps() {
        #expect(CapacityStep.allCases.map(\.description) == ["1", "0.5", "0.25", "0.1"])
        #expect(CapacityStep.allCases.allSatisfy { CapacityStep($0.capacity) == $0 && $0.capacity >= .floor })
        #expect(CapacityStep(Capacity(clamping: 200)) == nil)
    }

    @Test("the grid's arithmetic agrees with counting through its sizes", arguments: CapacityStep.allCases)
    func arithmetic(step: CapacityStep) {
        let sizes = (1...80).map { Capacity(clamping: $0 * step.thousandths) }
        for thousandths in Int64(0)...7_900 {
            let capacity = Capacity(clamping: thousandths)
            #expect(step.next(above: capacity) == sizes.first { $0 > capacity })
            #expect(step.previous(below: capacity) == sizes.last { $0 < capacity })
            #expect(step.roundUp(capacity) == sizes.first { $0 >= capacity })
            #expect(step.contains(capacity) == sizes.contains(capacity))
        }
        #expect(step.previous(below: step.capacity) == nil)
        #expect(step.contains(.limit) && step.next(above: .limit) == .limit && step.roundUp(.limit) == .limit)
        #expect(step.roundUp(Int64.max) == .max && step.roundUp(Int64.min) == step.thousandths)
    }

    @Test("a grid's ends are multiples of its step and in order, and it says which sizes lie on it")
    func grids() throws {
        let grid = try #require(CapacityGrid(minimum: Capacity(clamping: 250), maximum: Capacity(2), step: .quarter))
        #expect(grid.count == 8)
        #expect(grid.contains(Capacity(clamping: 750)) && !grid.contains(Capacity(clamping: 700)))
        #expect(!grid.contains(Capacity(clamping: 2_250)))
        #expect(grid.clamped(.zero) == grid.minimum && grid.clamped(.limit) == grid.maximum)
        for (minimum, maximum, step) in [
            (200, 1_000, .quarter), (250, 1_100, .quarter), (0, 500, .half), (500, 250, .quarter),
        ]
            as [(Int64, Int64, CapacityStep)]
        {
            let (smallest, largest) = (Capacity(clamping: minimum), Capacity(clamping: maximum))
            #expect(CapacityGrid(minimum: smallest, maximum: largest, step: step) == nil)
        }
        let data = try JSONEncoder().encode(grid)
        #expect(try JSONDecoder().decode(CapacityGrid.self, from: data) == grid)
        let faulty = Data(#"{"minimum":500,"maximum":250,"step":250}"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(CapacityGrid.self, from: faulty) }
    }
}
