// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Logging
import MonitorCore
import ResourceModel
import TestSupport
import Testing

@testable import Hypervisor

/// The table of commands and states, held against libvirt's test driver in every state that it reaches.
@Suite struct StateTableTests {
    /// libvirt's number of a state, and what Ebb calls it.
    private static let states: [(number: Int, state: DomainState)] = [
        (1, .running), (2, .blocked), (3, .paused), (4, .shuttingDown), (5, .shutoff), (6, .crashed), (7, .pmSuspended),
    ]
    private static let verbs: [CommandVerb] = [
        .start, .shutdown, .destroy, .suspend, .resume, .save, .restore,
    ]

    /// A host of its own with one domain in that state. `saved` is off with its memory saved.
    private func withHost(
        in number: Int, saved: Bool = false, _ body: (LibvirtHypervisor, DomainID) async throws -> Void
    ) async throws {
        var generator = SystemRandomNumberGenerator()
        let domain = DomainID(UUID128.random(using: &generator))
        let file = FileManager.default.temporaryDirectory.appending(path: "ebb-state-\(domain).xml")
        let text = """
            <node><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>d</name>
            <uuid>\(domain)</uuid><memory>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os>
            <test:runstate>\(number)</test:runstate>\(saved ? "<test:hasmanagedsave/>" : "")</domain>
            <cpu><mhz>1000</mhz><model>m</model><active>8</active><nodes>1</nodes><sockets>1</sockets><cores>8</cores>
            <threads>1</threads></cpu><memory>8000000</memory></node>
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let hypervisor = LibvirtHypervisor(uri: "test://\(file.path)", host: "h1", log: log)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(hypervisor, domain)) } catch { outcome = .failure(error) }
        await hypervisor.close()
        try FileManager.default.removeItem(at: file)
        try outcome.get()
    }

    private static func call() -> MutatingCall {
        var generator = SystemRandomNumberGenerator()
        return MutatingCall(id: UUID128.random(using: &generator), epoch: 1, timeout: .seconds(10))
    }

    private func presence(of domain: DomainID, on hypervisor: LibvirtHypervisor) async throws -> DomainPresence {
        do {
            let seen = try await hypervisor.look(at: domain)
            return .present(DomainLook(seen.state, seen.stateReason))
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            return .absent
        }
    }

    @Test("every state of libvirt's is read as what it is", arguments: states.map(\.number))
    func reading(number: Int) async throws {
        let expected = Self.states.first { $0.number == number }?.state
        try await withHost(in: number) { hypervisor, domain in
            let seen = try await hypervisor.look(at: domain).state
            #expect(seen == expected)
        }
    }

    @Test("a saved domain is read as saved, and is restored")
    func saved() async throws {
        try await withHost(in: 5, saved: true) { hypervisor, domain in
            #expect(try await hypervisor.look(at: domain).state == .saved)
            let effect = try await hypervisor.perform(.restore, on: domain, Self.call())
            #expect(CommandTable.proof(of: .restore)?.states.contains(effect.domain?.state ?? .unknown) == true)
        }
    }

    @Test("what the table has done leads to the state that proves it, and what the driver refuses changes nothing")
    func calls() async throws {
        var proved = 0
        for (number, state) in Self.states {
            for verb in Self.verbs {
                guard case .run(let run) = CommandTable.step(of: verb, in: state, isForced: true),
                    let proof = run.proof
                else { continue }
                try await withHost(in: number) { hypervisor, domain in
                    let operation: LifecycleOperation? =
                        switch run.call {
                        case .own: LifecycleOperation(rawValue: verb.rawValue)
                        case .destroy: .destroy
                        case .wakeUp: .wakeUp
                        }
                    do {
                        _ = try await hypervisor.perform(try #require(operation), on: domain, Self.call())
                    } catch let error as HypervisorError {
                        // The test driver wakes nobody, and suspends or shuts down only what is "running".
                        #expect(
                            try await presence(of: domain, on: hypervisor).state == state, "\(verb) \(state): \(error)")
                        return
                    }
                    let seen = try await presence(of: domain, on: hypervisor)
                    #expect(proof.holds(seen), "\(verb) of one that was \(state) led to \(seen)")
                    proved += 1
                }
            }
        }
        #expect(proved >= 12, "\(proved)")
    }

    /// What a verb does that leads to no state of its own, and what shows it.
    private struct Deed: Sendable {
        let verb: CommandVerb
        let act: @Sendable (LibvirtHypervisor, DomainID, MutatingCall) async throws -> Void
        let isSeen: @Sendable (LibvirtHypervisor, DomainID) async throws -> Bool
    }

    private static let label = DomainLabel(name: "db", tenant: "acme")
    private static let ceiling = DomainCeiling(maximumVCPUs: 6, maximumMemory: nil)

    private static let deeds = [
        Deed(
            verb: .resize, act: { _ = try await $0.resize($1, vcpus: 1, $2) },
            isSeen: { try await $0.look(at: $1).grantedVCPUs == 1 }),
        Deed(
            verb: .reboot, act: { _ = try await $0.perform(.reboot, on: $1, $2) },
            isSeen: { try await $0.look(at: $1).state.runs }),
        Deed(
            verb: .snapshot, act: { _ = try await $0.snapshot($1, name: "s", $2) },
            isSeen: { try await $0.snapshots(of: $1).map(\.name) == ["s"] }),
        Deed(
            verb: .deleteSnapshot,
            act: {
                _ = try await $0.snapshot($1, name: "s", call())
                _ = try await $0.deleteSnapshot(of: $1, name: "s", $2)
            }, isSeen: { try await $0.snapshots(of: $1).isEmpty }),
        Deed(
            verb: .revert,
            act: {
                for name in ["s", "t"] {
                    _ = try await $0.snapshot($1, name: name, call())
                }
                _ = try await $0.revert($1, to: "s", $2)
            }, isSeen: { try await $0.lifeMark(of: $1).snapshot == "s" }),
        Deed(
            verb: .delete, act: { _ = try await $0.delete($1, volumes: [], $2) },
            isSeen: { hypervisor, domain in
                do { return try await hypervisor.look(at: domain).state == .unknown } catch {
                    return (error as? HypervisorError)?.code == .noSuchDomain
                }
            }),
        Deed(
            verb: .adopt, act: { _ = try await $0.label($1, label, $2) },
            isSeen: { try await $0.definition(of: $1).contains("acme") }),
        Deed(
            verb: .release,
            act: {
                let adopted = try await $0.definition(of: $1)
                _ = try await $0.label($1, label, call())
                _ = try await $0.release($1, OwnParts(adoptedAs: adopted), $2)
            }, isSeen: { try await !$0.definition(of: $1).contains("acme") }),
        Deed(
            verb: .prepare, act: { _ = try await $0.prepare($1, for: ceiling, $2) },
            isSeen: { try await $0.preparation(of: $1, for: ceiling).isEmpty }),
    ]

    @Test("what the table lets the other verbs do is seen afterwards, or the driver refuses it and the state stays")
    func deeds() async throws {
        var seen: [CommandVerb: Int] = [:]
        for deed in Self.deeds {
            for (number, state) in Self.states {
                guard case .run = CommandTable.step(of: deed.verb, in: state) else { continue }
                try await withHost(in: number) { hypervisor, domain in
                    do {
                        try await deed.act(hypervisor, domain, Self.call())
                    } catch let error as HypervisorError {
                        let present = try await presence(of: domain, on: hypervisor)
                        #expect(present.state == state, "\(deed.verb) \(state): \(error)")
                        return
                    }
                    #expect(try await deed.isSeen(hypervisor, domain), "\(deed.verb) of one that was \(state)")
                    seen[deed.verb, default: 0] += 1
                }
            }
        }
        #expect(seen.count == Self.deeds.count, "what the driver can do at all was done in some state: \(seen)")
    }

    @Test("a domain that crashed and is kept holds its memory until it is destroyed")
    func crashed() async throws {
        try await withHost(in: 6) { hypervisor, domain in
            let seen = try await hypervisor.look(at: domain)
            #expect(seen.state.isActive && seen.hypervisorID != nil && seen.stateReason == .crashed)
            let effect = try await hypervisor.perform(.destroy, on: domain, Self.call())
            #expect(effect.domain?.state == .shutoff)
        }
    }
}
