// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import Testing

@Suite("An interrupted reboot or revert ends by the marks of the domain's life before and after")
struct LifeMarkTests {
    /// The finding in one word.
    private func finding(
        _ verb: CommandVerb, _ before: LifeMark, _ now: LifeMark, state: DomainState = .running, trace: Bool? = nil
    ) throws -> String {
        var arguments = CommandArguments()
        if verb == .revert { arguments.name = "a" }
        let order = try CommandOrder(
            verb: .known(verb), domain: vm, arguments: arguments, expectedRevision: nil, isAutomatic: false,
            deadline: at(100))
        let presence = DomainPresence.present(DomainLook(state))
        return
            switch CommandPlan.reconcile(
                order, presence: presence, trace: trace, marks: LifeMarks(before: before, now: now))
        {
        case .succeeded: "succeeded"
        case .failed(let refusal): refusal.message.contains("no harm") ? "harmless" : refusal.code.rawValue
        case .unknown(let refusal): refusal.code.rawValue
        }
    }

    @Test(
        "a guest began anew if its number or its boot is another one, or if its kernel counts its faults from zero again",
        arguments: [
            (LifeMark(hypervisorID: 3), LifeMark(hypervisorID: 4), "succeeded"),
            (LifeMark(hypervisorID: nil), LifeMark(hypervisorID: 4), "succeeded"),
            (LifeMark(hypervisorID: 3, boot: 1), LifeMark(hypervisorID: 3, boot: 2), "succeeded"),
            (LifeMark(hypervisorID: 3, boot: 1), LifeMark(hypervisorID: 3, boot: 1), "interrupted"),
            (LifeMark(hypervisorID: 3, boot: 1, majorFaults: 9), LifeMark(hypervisorID: 3, boot: 1), "interrupted"),
            (LifeMark(hypervisorID: 3, majorFaults: 900), LifeMark(hypervisorID: 3, majorFaults: 20), "succeeded"),
            (
                LifeMark(hypervisorID: 3, majorFaults: 900), LifeMark(hypervisorID: 3, majorFaults: 900),
                "outcome-unknown"
            ),
            (
                LifeMark(hypervisorID: 3, majorFaults: 900), LifeMark(hypervisorID: 3, majorFaults: 950),
                "outcome-unknown"
            ),
            (LifeMark(hypervisorID: 3, majorFaults: 900), LifeMark(hypervisorID: 3), "outcome-unknown"),
            (LifeMark(hypervisorID: 3), LifeMark(hypervisorID: 3), "outcome-unknown"),
        ])
    func reboot(before: LifeMark, now: LifeMark, expected: String) throws {
        #expect(try finding(.reboot, before, now) == expected)
    }

    @Test("a reboot that the host told of needs no mark")
    func heard() throws {
        let mark = LifeMark(hypervisorID: 3, boot: 1)
        #expect(try finding(.reboot, mark, mark, trace: true) == "succeeded")
    }

    @Test(
        "a domain was taken back if that snapshot became the current one, or if it runs in another life from it",
        arguments: [
            (LifeMark(hypervisorID: 3, snapshot: "b"), LifeMark(hypervisorID: 3, snapshot: "a"), "succeeded"),
            (LifeMark(hypervisorID: 3), LifeMark(hypervisorID: nil, snapshot: "a"), "succeeded"),
            (LifeMark(hypervisorID: 3, snapshot: "a"), LifeMark(hypervisorID: 4, snapshot: "a"), "succeeded"),
            (LifeMark(hypervisorID: nil, snapshot: "a"), LifeMark(hypervisorID: 4, snapshot: "a"), "succeeded"),
            (
                LifeMark(hypervisorID: 3, boot: 1, snapshot: "a"), LifeMark(hypervisorID: 3, boot: 2, snapshot: "a"),
                "succeeded"
            ),
            (
                LifeMark(hypervisorID: 3, boot: 1, snapshot: "a"), LifeMark(hypervisorID: 3, boot: 1, snapshot: "a"),
                "interrupted"
            ),
            (LifeMark(hypervisorID: 3, snapshot: "b"), LifeMark(hypervisorID: 3, snapshot: "b"), "interrupted"),
            // Started by somebody: not from the snapshot.
            (LifeMark(hypervisorID: 3, snapshot: "b"), LifeMark(hypervisorID: 4, snapshot: "b"), "interrupted"),
            (LifeMark(hypervisorID: 3, snapshot: "a"), LifeMark(hypervisorID: 3, snapshot: "a"), "outcome-unknown"),
            (LifeMark(hypervisorID: nil, snapshot: "a"), LifeMark(hypervisorID: nil, snapshot: "a"), "harmless"),
            (LifeMark(hypervisorID: 3, snapshot: "a"), LifeMark(hypervisorID: nil, snapshot: "a"), "harmless"),
        ])
    func revert(before: LifeMark, now: LifeMark, expected: String) throws {
        #expect(try finding(.revert, before, now, state: now.hypervisorID == nil ? .shutoff : .running) == expected)
    }

    @Test("a host that does not answer leaves either unknown")
    func unanswered() throws {
        let (before, now) = (LifeMark(hypervisorID: 3, boot: 1), LifeMark(hypervisorID: 3, boot: 2))
        #expect(try finding(.reboot, before, now, state: .unknown) == "outcome-unknown")
    }
}
