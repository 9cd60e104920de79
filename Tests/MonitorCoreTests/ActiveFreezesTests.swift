// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import Testing

@Suite struct ActiveFreezesTests {
    private func isFrozen(_ freezes: ActiveFreezes) -> Bool {
        freezes.refusal(of: vm, tenant: "acme", cluster: "c1") != nil
    }

    @Test(
        "a freeze holds for what it names and for nothing else",
        arguments: [
            ("cluster", "c1", true), ("cluster", "c2", false), ("tenant", "acme", true), ("tenant", "other", false),
            ("vm", vm.description, true), ("vm", otherVM.description, false),
        ])
    func scope(scope: String, id: String, expected: Bool) throws {
        let subject = FreezeSubject(scope: scope, id: id)
        var requested = ActiveFreezes()
        requested.froze(subject, reason: "too much")
        #expect(isFrozen(requested) == expected)
        var read = ActiveFreezes()
        read.read([subject: "too much"])
        #expect(isFrozen(read) == expected)
        guard expected else { return }
        let refusal = try #require(read.refusal(of: vm, tenant: "acme", cluster: "c1"))
        #expect(refusal.code == .frozen && refusal.message.contains("too much"))
    }

    @Test("a freeze of a scope that a later version has stops everything, for in doubt it is frozen")
    func laterScope() {
        var freezes = ActiveFreezes()
        freezes.read([FreezeSubject(scope: "rack", id: "7"): "cooling"])
        let refusal = freezes.refusal(of: vm, tenant: "acme", cluster: "c1")
        #expect(refusal?.code == .frozen && refusal?.message.contains("rack 7") == true)
        freezes.read([:])
        #expect(!isFrozen(freezes))
    }

    @Test("what has an id that can't be stops nothing, and is kept as it came")
    func malformed() {
        for (scope, id) in [("vm", "web"), ("tenant", "A"), ("cluster", "")] {
            let subject = FreezeSubject(scope: scope, id: id)
            #expect(subject == .unrecognised(scope: scope, id: id) && (subject.scope, subject.id) == (scope, id))
            var freezes = ActiveFreezes()
            freezes.read([subject: "too much"])
            #expect(!isFrozen(freezes))
        }
    }

    @Test("a freeze that only a request named holds while the table does not have it, and a request lifts it")
    func heardOnly() {
        var freezes = ActiveFreezes()
        freezes.froze(.tenant("acme"), reason: "r")
        freezes.read([:])
        #expect(isFrozen(freezes), "its row may still be on its way, or the database away")
        freezes.unfroze(.tenant("acme"))
        #expect(!isFrozen(freezes))
    }

    @Test("a freeze that was seen in the table ends when it leaves the table, although the request was lost")
    func leavesTheTable() {
        var freezes = ActiveFreezes()
        freezes.froze(.tenant("acme"), reason: "r")
        freezes.read([.tenant("acme"): "r"])
        #expect(isFrozen(freezes))
        freezes.read([:])
        #expect(!isFrozen(freezes))
        // One that is requested while the table already shows it is known to the table.
        freezes.read([.tenant("acme"): "r"])
        freezes.froze(.tenant("acme"), reason: "again")
        freezes.read([:])
        #expect(!isFrozen(freezes))
    }

    @Test("a request that lifts a freeze holds until the table says otherwise")
    func calledOff() {
        var freezes = ActiveFreezes()
        freezes.read([.cluster("c1"): "r"])
        freezes.unfroze(.cluster("c1"))
        #expect(!isFrozen(freezes))
        freezes.read([.cluster("c1"): "r"])
        #expect(isFrozen(freezes))
    }
}
