// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct ResizeProgressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let from: VCPUCount?
        let target: VCPUCount
        let granted: VCPUCount?
        let confirmed: VCPUCount?
        let expected: ResizeProgress
        var testDescription: String {
            "\(from.map(\.description) ?? "?") to \(target), granted \(granted.map(\.description) ?? "?"), "
                + "confirmed \(confirmed.map(\.description) ?? "?")"
        }
    }

    @Test(
        "a resize has come as far as its guest has, and as far as its grant where nobody can tell",
        arguments: [
            Case(from: 1, target: 2, granted: 2, confirmed: 1, expected: .waiting),
            Case(from: 1, target: 2, granted: 2, confirmed: 2, expected: .reached),
            Case(from: 1, target: 2, granted: 2, confirmed: nil, expected: .reached),
            Case(from: 1, target: 3, granted: 2, confirmed: 1, expected: .waiting),
            Case(from: 1, target: 3, granted: 2, confirmed: 2, expected: .partial(2)),
            Case(from: 1, target: 3, granted: 2, confirmed: nil, expected: .partial(2)),
            Case(from: 3, target: 2, granted: 2, confirmed: 2, expected: .reached),
            Case(from: 3, target: 2, granted: 3, confirmed: nil, expected: .partial(3)),
            Case(from: nil, target: 2, granted: 2, confirmed: 1, expected: .waiting),
            Case(from: nil, target: 2, granted: 3, confirmed: 3, expected: .waiting),
            Case(from: 1, target: 2, granted: nil, confirmed: nil, expected: .reached),
        ])
    func progress(_ value: Case) {
        let presence = DomainPresence.present(DomainLook(.running, granted: value.granted, confirmed: value.confirmed))
        #expect(ResizeProgress(to: value.target, from: value.from, presence: presence) == value.expected)
    }

    @Test("under emulation a vCPU that was taken back stays plugged: offline in the guest is as far as it goes")
    func emulatedShrink() {
        let busy = DomainPresence.present(DomainLook(.running, granted: 2, confirmed: 2))
        #expect(ResizeProgress(to: 1, from: 2, presence: busy) == .waiting)
        let taken = DomainPresence.present(DomainLook(.running, granted: 2, confirmed: 1))
        #expect(ResizeProgress(to: 1, from: 2, presence: taken) == .reached)
        // Growing back plugs nothing; what counts is that the guest brings it online again.
        #expect(ResizeProgress(to: 2, from: 1, presence: taken) == .waiting)
    }

    @Test("a domain that can't be seen keeps nobody waiting", arguments: [DomainPresence.unknown, .absent])
    func unseen(presence: DomainPresence) {
        #expect(ResizeProgress(to: 2, from: 1, presence: presence) == .reached)
    }
}
