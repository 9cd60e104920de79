// SPDX-License-Identifier: Apache-2.0

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

    private func call() -> MutatingCall {
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
            let effect = try await hypervisor.perform(.restore, on: domain, call())
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
                        _ = try await hypervisor.perform(try #require(operation), on: domain, call())
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

    @Test("a domain that crashed and is kept holds its memory until it is destroyed")
    func crashed() async throws {
        try await withHost(in: 6) { hypervisor, domain in
            let seen = try await hypervisor.look(at: domain)
            #expect(seen.state.isActive && seen.hypervisorID != nil && seen.stateReason == .crashed)
            let effect = try await hypervisor.perform(.destroy, on: domain, call())
            #expect(effect.domain?.state == .shutoff)
        }
    }
}
