// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@Suite struct SortedTableTests {
    @Test("it does what a dictionary does, in the order of its keys", arguments: 1...20)
    func likeADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = SortedTable<Int, Int>()
        var reference: [Int: Int] = [:]
        for _ in 0..<500 {
            let (key, value) = (Int.random(in: 0..<60, using: &random), Int.random(in: 0..<3, using: &random))
            table[key] = value == 0 ? nil : value
            reference[key] = value == 0 ? nil : value
            #expect(table[key] == reference[key], "seed \(seed)")
        }
        #expect(table.keys == reference.keys.sorted(), "seed \(seed)")
        #expect(table.values == reference.keys.sorted().map { reference[$0] }, "seed \(seed)")
        table.keep { key, _ in key.isMultiple(of: 2) }
        #expect(table.keys == reference.keys.sorted().filter { $0.isMultiple(of: 2) }, "seed \(seed)")
    }

    @Test("a value is changed in place, and what is not there is not")
    func update() {
        var table = SortedTable<Int, Int>()
        table[1] = 10
        table.update(1) { $0 += 1 }
        #expect(table[1] == 11)
        #expect(table.update(2) { $0 += 1 } == nil)
        #expect(table.count == 1)
    }
}
