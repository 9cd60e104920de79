// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import TestSupport
import Testing

private func order(
    _ verb: CommandVerb, vcpus: Int? = nil, target: String? = nil, revision: Int64? = nil, isAutomatic: Bool = false
) throws -> CommandOrder {
    try CommandOrder(
        verb: verb.rawValue, domain: vm, vcpus: vcpus ?? (verb == .resize ? 3 : nil),
        target: target ?? (verb == .migrate ? "h2" : nil), expectedRevision: revision, isAutomatic: isAutomatic,
        deadline: at(100))
}

private func situation(
    mode: CommandSituation.Mode = .enabled, targetMode: CommandSituation.Mode? = .enabled, mayCommand: Bool = true,
    host owner: HostID = host, revision: Int64 = 7, isManaged: Bool = true, hasRow: Bool = true,
    presence: DomainPresence = .present(.running, granted: 2, confirmed: 2), now: Double = 50
) -> CommandSituation {
    CommandSituation(
        now: at(now), host: host, mode: mode, targetMode: targetMode, mayCommand: mayCommand,
        row: hasRow
            ? CommandSituation.Row(host: owner, revision: revision, isManaged: isManaged, maximumVCPUs: 4) : nil,
        presence: presence)
}

/// The verdict in one word: `run`, `done`, `wait` or the refusal's code.
private func word(_ order: CommandOrder, _ situation: CommandSituation) -> String {
    switch CommandPlan.verdict(on: order, in: situation) {
    case .run: "run"
    case .alreadyDone: "done"
    case .wait: "wait"
    case .refuse(let refusal): refusal.code
    }
}

private func word(_ finding: CommandPlan.Finding) -> String {
    switch finding {
    case .succeeded: "succeeded"
    case .failed(let refusal), .unknown(let refusal): refusal.code
    }
}

private func present(_ state: DomainState, _ vcpus: VCPUCount? = 2) -> DomainPresence {
    .present(state, granted: vcpus, confirmed: state.isActive ? vcpus : nil)
}

@Suite struct CommandPlanTests {
    @Test("an observed host gets no call at all, whoever asks and whatever for", arguments: CommandVerb.allCases)
    func observed(verb: CommandVerb) throws {
        for isAutomatic in [true, false] {
            let order = try order(verb, isAutomatic: isAutomatic)
            #expect(word(order, situation(mode: .observe)) == "observed")
            let verdict = CommandPlan.verdict(on: order, in: situation(mode: .observe))
            guard case .refuse(let refusal) = verdict else { continue }
            #expect(refusal.message.contains("ebb host enable"))
        }
    }

    @Test("a draining host takes nothing new; people may do the rest, and automatic migrations leave it")
    func draining() throws {
        for verb in [CommandVerb.create, .start, .restore] {
            #expect(word(try order(verb), situation(mode: .draining, presence: present(.shutoff))) == "draining")
        }
        #expect(word(try order(.resize, isAutomatic: true), situation(mode: .draining)) == "draining")
        #expect(word(try order(.resize), situation(mode: .draining)) == "run")
        #expect(word(try order(.migrate, isAutomatic: true), situation(mode: .draining)) == "run")
    }

    @Test("a migration's target must be enabled and exist")
    func target() throws {
        #expect(word(try order(.migrate), situation(targetMode: .observe)) == "observed")
        #expect(word(try order(.migrate), situation(targetMode: .draining)) == "draining")
        #expect(word(try order(.migrate), situation(targetMode: nil)) == "not-found")
        #expect(word(try order(.migrate), situation(host: "h2", presence: .absent)) == "done")
    }

    @Test("a domain that Ebb does not manage is never changed", arguments: CommandVerb.allCases)
    func unmanaged(verb: CommandVerb) throws {
        #expect(word(try order(verb), situation(isManaged: false)) == "not-managed")
    }

    @Test("a command that was decided on another revision, or for a domain that moved, is refused")
    func revision() throws {
        #expect(word(try order(.resize, revision: 6), situation()) == "conflict")
        #expect(word(try order(.resize, revision: 7), situation()) == "run")
        #expect(word(try order(.resize), situation(host: "h3")) == "moved")
        #expect(word(try order(.resize), situation(hasRow: false)) == "not-found")
        #expect(word(try order(.resize, vcpus: 5), situation()) == "invalid")
    }

    @Test("past its deadline nothing runs; before, it waits for the host and for the right to command")
    func waiting() throws {
        #expect(word(try order(.resize), situation(now: 100)) == "deadline")
        #expect(word(try order(.resize), situation(presence: .unknown)) == "wait")
        #expect(word(try order(.resize), situation(presence: present(.unknown))) == "wait")
        #expect(word(try order(.resize), situation(mayCommand: false)) == "wait")
    }

    @Test(
        "each verb by the domain's state",
        arguments: [
            (CommandVerb.create, DomainPresence.absent, "run"), (.create, present(.running), "done"),
            (.start, present(.shutoff), "run"), (.start, present(.running), "done"), (.start, present(.saved), "state"),
            (.start, .absent, "not-found"), (.shutdown, present(.running), "run"),
            (.shutdown, present(.shutoff), "done"),
            (.shutdown, present(.paused), "state"), (.destroy, present(.paused), "run"),
            (.destroy, present(.shutoff), "done"), (.destroy, present(.saved), "state"),
            (.suspend, present(.running), "run"), (.suspend, present(.paused), "done"),
            (.suspend, present(.shutoff), "state"), (.resume, present(.paused), "run"),
            (.resume, present(.running), "done"), (.resume, present(.shutoff), "state"),
            (.save, present(.running), "run"), (.save, present(.saved), "done"), (.save, present(.shutoff), "state"),
            (.restore, present(.saved), "run"), (.restore, present(.running), "done"),
            (.restore, present(.shutoff), "state"), (.resize, present(.running, 2), "run"),
            (.resize, present(.running, 3), "done"), (.resize, present(.shutoff, 3), "state"),
            (.resize, .present(.running, granted: 3, confirmed: 2), "run"), (.migrate, present(.running), "run"),
            (.migrate, present(.shutoff), "state"), (.delete, present(.shutoff), "run"), (.delete, .absent, "done"),
            (.delete, present(.running), "state"),
        ])
    func states(verb: CommandVerb, presence: DomainPresence, expected: String) throws {
        #expect(word(try order(verb), situation(presence: presence)) == expected)
    }

    @Test(
        "an interrupted command ends by what is seen",
        arguments: [
            (CommandVerb.create, present(.running), "succeeded"), (.create, .absent, "interrupted"),
            (.start, present(.running), "succeeded"), (.start, present(.shutoff), "interrupted"),
            (.shutdown, present(.shutoff), "succeeded"), (.shutdown, present(.running), "outcome-unknown"),
            (.destroy, present(.shutoff), "succeeded"), (.destroy, present(.running), "interrupted"),
            (.suspend, present(.paused), "succeeded"), (.suspend, present(.running), "interrupted"),
            (.resume, present(.running), "succeeded"), (.save, present(.saved), "succeeded"),
            (.save, present(.running), "interrupted"), (.restore, present(.running), "succeeded"),
            (.restore, present(.saved), "interrupted"), (.resize, present(.running, 3), "succeeded"),
            (.resize, present(.running, 2), "interrupted"),
            (.resize, .present(.running, granted: 3, confirmed: nil), "succeeded"),
            (.resize, .present(.running, granted: 3, confirmed: 2), "interrupted"),
            (.resize, .present(.running, granted: 4, confirmed: 3), "succeeded"),
            (.delete, .absent, "succeeded"), (.delete, present(.shutoff), "interrupted"),
            (.resize, .unknown, "outcome-unknown"), (.start, present(.unknown), "outcome-unknown"),
        ])
    func reconciliation(verb: CommandVerb, presence: DomainPresence, expected: String) throws {
        #expect(word(CommandPlan.reconcile(try order(verb), presence: presence)) == expected)
    }

    @Test(
        "an interrupted migration ends by what both hosts show",
        arguments: [
            (DomainPresence.absent, present(.running), "succeeded"), (present(.running), .absent, "interrupted"),
            (.absent, .absent, "outcome-unknown"), (present(.running), present(.paused), "outcome-unknown"),
            (.absent, .unknown, "outcome-unknown"), (.unknown, present(.running), "outcome-unknown"),
        ])
    func migration(source: DomainPresence, target: DomainPresence, expected: String) throws {
        #expect(word(CommandPlan.reconcile(try order(.migrate), presence: source, onTarget: target)) == expected)
    }

    @Test("a verb that there is not, or one without its target, is refused with what is missing")
    func malformed() {
        for (verb, vcpus, target) in [
            ("reboot", nil, nil), ("resize", nil, nil), ("resize", 0, nil), ("migrate", nil, "H2"),
        ]
            as [(String, Int?, String?)]
        {
            #expect(throws: CommandRefusal.self) {
                try CommandOrder(
                    verb: verb, domain: vm, vcpus: vcpus, target: target, expectedRevision: nil, isAutomatic: false,
                    deadline: at(1))
            }
        }
    }

    @Test("whatever the situation: a call is made only on an enabled or draining host, for a managed domain, in time")
    func anySituation() throws {
        var generator = SeededGenerator(seed: 11)
        let states = DomainState.allCases
        for _ in 0..<20_000 {
            let verb = CommandVerb.allCases.randomElement(using: &generator) ?? .start
            let order = try order(
                verb, revision: Bool.random(using: &generator) ? Int64.random(in: 6...7, using: &generator) : nil,
                isAutomatic: Bool.random(using: &generator))
            let state = states.randomElement(using: &generator) ?? .running
            let situation = situation(
                mode: CommandSituation.Mode.allCases.randomElement(using: &generator) ?? .observe,
                targetMode: CommandSituation.Mode.allCases.randomElement(using: &generator),
                mayCommand: Bool.random(using: &generator), host: Bool.random(using: &generator) ? host : "h2",
                isManaged: Bool.random(using: &generator), hasRow: Bool.random(using: &generator),
                presence: [.unknown, .absent, present(state)].randomElement(using: &generator) ?? .unknown,
                now: Double.random(in: 0...200, using: &generator))
            guard CommandPlan.verdict(on: order, in: situation) == .run else { continue }
            #expect(situation.mode != .observe && situation.mayCommand && situation.now < order.deadline)
            #expect(situation.row?.isManaged ?? (verb == .create))
            #expect(order.expectedRevision.map { $0 == situation.row?.revision } ?? true || situation.row == nil)
            #expect(situation.presence != .unknown)
        }
    }
}
