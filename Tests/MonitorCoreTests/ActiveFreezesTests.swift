// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import Testing

@Suite struct ActiveFreezesTests {
    private func isFrozen(_ freezes: ActiveFreezes) -> Bool {
        freezes.refusal(of: vm, tenant: "acme", cluster: "c1") != nil
    }

    private func order(_ subject: FreezeSubject, isTenants: Bool? = false) -> FreezeOrder {
        FreezeOrder(subject, isTenants: isTenants)
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
        requested.froze(order(subject), reason: "too much")
        #expect(isFrozen(requested) == expected)
        var read = ActiveFreezes()
        read.read([order(subject): "too much"])
        #expect(isFrozen(read) == expected)
        guard expected else { return }
        let refusal = try #require(read.refusal(of: vm, tenant: "acme", cluster: "c1"))
        #expect(refusal.code == .frozen && refusal.message.contains("too much"))
    }

    @Test("a freeze of a scope that a later version has stops everything, for in doubt it is frozen")
    func laterScope() {
        var freezes = ActiveFreezes()
        freezes.read([order(FreezeSubject(scope: "rack", id: "7")): "cooling"])
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
            freezes.read([order(subject): "too much"])
            #expect(!isFrozen(freezes))
        }
    }

    @Test("a freeze that only a request named holds while the table does not have it, and a request lifts it")
    func heardOnly() {
        var freezes = ActiveFreezes()
        freezes.froze(order(.tenant("acme")), reason: "r")
        freezes.read([:])
        #expect(isFrozen(freezes), "its row may still be on its way, or the database away")
        freezes.unfroze(order(.tenant("acme")))
        #expect(!isFrozen(freezes))
    }

    @Test("a freeze that was seen in the table ends when it leaves the table, although the request was lost")
    func leavesTheTable() {
        var freezes = ActiveFreezes()
        freezes.froze(order(.tenant("acme")), reason: "r")
        freezes.read([order(.tenant("acme")): "r"])
        #expect(isFrozen(freezes))
        freezes.read([:])
        #expect(!isFrozen(freezes))
        // One that is requested while the table already shows it is known to the table.
        freezes.read([order(.tenant("acme")): "r"])
        freezes.froze(order(.tenant("acme")), reason: "again")
        freezes.read([:])
        #expect(!isFrozen(freezes))
    }

    @Test("a request that lifts a freeze holds until the table says otherwise")
    func calledOff() {
        var freezes = ActiveFreezes()
        freezes.read([order(.cluster("c1")): "r"])
        freezes.unfroze(order(.cluster("c1")))
        #expect(!isFrozen(freezes))
        freezes.read([order(.cluster("c1")): "r"])
        #expect(isFrozen(freezes))
    }

    @Test("a tenant's freeze and the provider's of one VM end each by itself", arguments: [true, false])
    func twoSides(endsTenants: Bool) {
        for isRead in [true, false] {
            var freezes = ActiveFreezes()
            let (own, other) = (
                order(.domain(vm), isTenants: endsTenants), order(.domain(vm), isTenants: !endsTenants)
            )
            if isRead {
                freezes.read([own: "own", other: "other"])
            } else {
                freezes.froze(own, reason: "own")
                freezes.froze(other, reason: "other")
            }
            freezes.unfroze(own)
            #expect(freezes.refusal(of: vm, tenant: nil, cluster: nil)?.message.contains("(other)") == true)
            freezes.unfroze(other)
            #expect(!isFrozen(freezes))
        }
    }

    @Test("a freeze of which an older gateway does not say whose it is ends with either side's, or with the table's")
    func unknownSide() {
        for isTenants in [true, false, nil] {
            var freezes = ActiveFreezes()
            freezes.froze(order(.domain(vm), isTenants: nil), reason: "r")
            #expect(isFrozen(freezes))
            freezes.unfroze(order(.domain(vm), isTenants: isTenants))
            #expect(!isFrozen(freezes))
        }
        var freezes = ActiveFreezes()
        freezes.froze(order(.domain(vm), isTenants: nil), reason: "r")
        freezes.read([order(.domain(vm), isTenants: true): "r"])
        freezes.read([:])
        #expect(!isFrozen(freezes))
    }
}
