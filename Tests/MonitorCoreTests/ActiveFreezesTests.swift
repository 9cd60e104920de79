// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import Testing

@Suite struct FreezeBookTests {
    private func isFrozen(_ book: FreezeBook) -> Bool { book.refusal(of: vm, tenant: "acme", cluster: "c1") != nil }

    @Test(
        "a freeze holds for what it names and for nothing else",
        arguments: [
            ("cluster", "c1", true), ("cluster", "c2", false), ("tenant", "acme", true), ("tenant", "other", false),
            ("vm", vm.description, true), ("vm", otherVM.description, false),
        ])
    func scope(scope: String, id: String, expected: Bool) throws {
        let subject = FreezeSubject(scope: scope, id: id)
        var heard = FreezeBook()
        heard.froze(subject, reason: "too much")
        #expect(isFrozen(heard) == expected)
        var read = FreezeBook()
        read.read([subject: "too much"])
        #expect(isFrozen(read) == expected)
        guard expected else { return }
        let refusal = try #require(read.refusal(of: vm, tenant: "acme", cluster: "c1"))
        #expect(refusal.code == .frozen && refusal.message.contains("too much"))
    }

    @Test("a freeze of a scope that a later version has stops everything, for in doubt it is frozen")
    func laterScope() {
        var book = FreezeBook()
        book.read([FreezeSubject(scope: "rack", id: "7"): "cooling"])
        let refusal = book.refusal(of: vm, tenant: "acme", cluster: "c1")
        #expect(refusal?.code == .frozen && refusal?.message.contains("rack 7") == true)
        book.read([:])
        #expect(!isFrozen(book))
    }

    @Test("what has an id that can't be stops nothing, and is kept as it came")
    func malformed() {
        for (scope, id) in [("vm", "web"), ("tenant", "A"), ("cluster", "")] {
            let subject = FreezeSubject(scope: scope, id: id)
            #expect(subject == .unrecognised(scope: scope, id: id) && (subject.scope, subject.id) == (scope, id))
            var book = FreezeBook()
            book.read([subject: "too much"])
            #expect(!isFrozen(book))
        }
    }

    @Test("a freeze that was only heard of stands while the table does not know it, and is called off by request")
    func heardOnly() {
        var book = FreezeBook()
        book.froze(.tenant("acme"), reason: "r")
        book.read([:])
        #expect(isFrozen(book), "its row may still be on its way, or the database away")
        book.unfroze(.tenant("acme"))
        #expect(!isFrozen(book))
    }

    @Test("a freeze that was seen in the table ends when it leaves the table, although the request was lost")
    func leavesTheTable() {
        var book = FreezeBook()
        book.froze(.tenant("acme"), reason: "r")
        book.read([.tenant("acme"): "r"])
        #expect(isFrozen(book))
        book.read([:])
        #expect(!isFrozen(book))
        // One that is heard of while the table already shows it is known to the table.
        book.read([.tenant("acme"): "r"])
        book.froze(.tenant("acme"), reason: "again")
        book.read([:])
        #expect(!isFrozen(book))
    }

    @Test("a request that calls a freeze off holds until the table says otherwise")
    func calledOff() {
        var book = FreezeBook()
        book.read([.cluster("c1"): "r"])
        book.unfroze(.cluster("c1"))
        #expect(!isFrozen(book))
        book.read([.cluster("c1"): "r"])
        #expect(isFrozen(book))
    }
}
