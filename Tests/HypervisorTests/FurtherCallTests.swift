// SPDX-License-Identifier: Apache-2.0

import Hypervisor
import ResourceModel
import Testing

@Suite("Further calls of a command")
struct FurtherCallTests {
    private static let numbers: [(FurtherCall, UInt64)] = [
        (.restoreVCPUs, 0), (.liftCPUCap, 1), (.liftNetworkCap, 2), (.resizeMemory, 3), (.restoreMemory, 4),
        (.destroyAfterGrace, 5), (.destroyLeftCopy, 7), (.undefineLeftCopy, 8), (.abortMigration(attempt: 1), 1_001),
        (.abortMigration(attempt: 2), 1_002),
    ]

    @Test("a further call keeps the number that a driver may have seen from a former version")
    func numbers() {
        for (further, number) in Self.numbers { #expect(further.number == number, "\(further)") }
    }

    @Test("each further call has an id that no other call of the command has, and the same one when it is repeated")
    func ids() {
        let call = MutatingCall(id: UUID128(high: 1, low: 2), epoch: 3, timeout: .seconds(4))
        let further = Self.numbers.map { call.following($0.0) }
        #expect(Set(further.map(\.id) + [call.id]).count == further.count + 1)
        #expect(further == Self.numbers.map { call.following($0.0) })
        #expect(further.allSatisfy { $0.epoch == 3 && $0.timeout == .seconds(4) })
        #expect(call.following(.destroyLeftCopy).id == UUID128(high: 0x8000_0000_0000_0001, low: ~2 ^ 7))
    }
}
