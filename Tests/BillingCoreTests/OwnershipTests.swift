// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import BillingCore

@Suite("A bill is of what was the tenant's when it was") struct OwnershipTests {
    private let segments = [segment(0, 60, vcpus: 2)]
    private let readings = (0...60).map { reading($0, received: $0 * (1 << 30)) }

    private func compute(_ bill: Bill) -> Int128 {
        bill.lines.filter { $0.resource == .vcpu }.map(\.quantity.units).reduce(0, +)
    }

    private func network(_ bill: Bill) -> Int128 {
        bill.lines.filter { $0.resource == .network }.map(\.quantity.units).reduce(0, +) >> 30
    }

    @Test("what a domain had and counted before and after a tenant's time is not the tenant's, and leaves no gap")
    func clipped() throws {
        let bill = try Rating.bill(inputs(segments, readings: readings, owned: [range(10, 25)]))
        #expect(compute(bill) == 2 * 15 * Int128(minute))
        #expect(network(bill) == 15)
        #expect(bill.unbilled.isEmpty)
    }

    @Test("two times of one tenant are billed, and what was between them is not")
    func twice() throws {
        let bill = try Rating.bill(inputs(segments, readings: readings, owned: [range(0, 10), range(40, 45)]))
        #expect(compute(bill) == 2 * 15 * Int128(minute))
        #expect(network(bill) == 15)
    }

    @Test("the bills of all owners and of nobody add up to the domain's whole use", arguments: 1...50)
    func shares(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let cuts = Set((0..<4).map { _ in Int64.random(in: 1..<60, using: &random) }).sorted()
        let owners = zip([0] + cuts, cuts + [60]).map { range($0, $1) }
        let bills = try owners.map { try Rating.bill(inputs(segments, readings: readings, owned: [$0])) }
        #expect(bills.map(compute).reduce(0, +) == 120 * Int128(minute), "seed \(seed)")
        #expect(bills.map(network).reduce(0, +) == 60, "seed \(seed)")
    }

    @Test("what nothing is known of is listed within a tenant's own time only")
    func unbilled() throws {
        let bill = try Rating.bill(inputs([segment(20, 30, vcpus: 1)], owned: [range(10, 40)]))
        #expect(bill.unbilled.map(\.period) == [range(10, 20), range(30, 40)])
    }

    @Test("what is seen after a host's last proof is billed to the byte, and what is not known yet is not unbilled")
    func afterTheLastProof() throws {
        let readings = [reading(0, received: 0), reading(7, received: 1_000_003)]
        let bill = try Rating.bill(
            inputs([segment(0, 7, vcpus: 1)], readings: readings, knownUntil: at(3)))
        #expect(bill.lines.filter { $0.resource == .network }.map(\.quantity) == [1_000_003])
        #expect(compute(bill) == 7 * Int128(minute))
        #expect(bill.unbilled.isEmpty)
        let later = try Rating.bill(inputs([segment(0, 7, vcpus: 1)], readings: readings, knownUntil: at(9)))
        #expect(later.unbilled.map(\.period) == [range(7, 9)])
    }
}
