// SPDX-License-Identifier: Apache-2.0

import Contracts
import MonitorCore
import ResourceModel
import TestSupport
import Testing

/// The least that each verb needs.
private func least(_ verb: CommandVerb) -> CommandArguments {
    var arguments = CommandArguments()
    switch verb {
    case .create:
        (arguments.name, arguments.tenant, arguments.vcpus, arguments.memoryBytes) = ("web", "acme", 1, 1 << 29)
    case .resize: arguments.vcpus = 3
    case .migrate: arguments.target = "h2"
    case .cap: arguments.cpuCapPPM = 500_000
    case .networkCap: arguments.bytesPerSecond = 1_000_000
    case .snapshot, .revert, .deleteSnapshot: arguments.name = "before"
    case .adopt: arguments.tenant = "acme"
    case .prepare: arguments.maximumVCPUs = 8
    default: break
    }
    return arguments
}

private func order(
    _ verb: CommandVerb, revision: Int64? = nil, isAutomatic: Bool = false,
    _ change: (inout CommandArguments) -> Void = { _ in }
) throws -> CommandOrder {
    var arguments = least(verb)
    change(&arguments)
    return try CommandOrder(
        verb: .known(verb), domain: vm, arguments: arguments, expectedRevision: revision, isAutomatic: isAutomatic,
        deadline: at(100))
}

private func situation(
    mode: HostMode = .enabled, targetMode: HostMode? = .enabled, mayCommand: Bool = true,
    freeze: CommandRefusal? = nil, host owner: HostID = host, revision: Int64 = 7, isManaged: Bool = true,
    tenant: TenantID? = nil, manager: String? = nil, hasRow: Bool = true,
    presence: DomainPresence = .present(DomainLook(.running, granted: 2, confirmed: 2)), now: Double = 50
) -> CommandSituation {
    CommandSituation(
        now: at(now), host: host, mode: mode, targetMode: targetMode, mayCommand: mayCommand, freeze: freeze,
        row: hasRow
            ? CommandSituation.Row(
                host: owner, revision: revision, isManaged: isManaged, tenant: tenant, foreignManager: manager,
                maximumVCPUs: 4, maximumMemory: .gibibytes(1)) : nil,
        presence: presence)
}

/// The verdict in one word: `run`, `done`, `wait` or the refusal's code.
private func word(_ order: CommandOrder, _ situation: CommandSituation) -> String {
    switch CommandPlan.nextStep(on: order, in: situation) {
    case .run: "run"
    case .alreadyDone: "done"
    case .wait: "wait"
    case .refuse(let refusal): refusal.code.rawValue
    }
}

private func word(_ finding: CommandPlan.Conclusion) -> String {
    switch finding {
    case .succeeded: "succeeded"
    case .failed(let refusal), .unknown(let refusal): refusal.code.rawValue
    }
}

private func present(_ state: DomainState, _ vcpus: VCPUCount? = 2) -> DomainPresence {
    .present(DomainLook(state, granted: vcpus, confirmed: state.isActive ? vcpus : nil, memory: .mebibytes(512)))
}

@Suite struct CommandPlanTests {
    @Test("an observed host gets no call at all, whoever asks and whatever for", arguments: CommandVerb.allCases)
    func observed(verb: CommandVerb) throws {
        for isAutomatic in [true, false] {
            let order = try order(verb, isAutomatic: isAutomatic)
            #expect(word(order, situation(mode: .observe)) == "observed")
            let verdict = CommandPlan.nextStep(on: order, in: situation(mode: .observe))
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

    @Test("a domain that Ebb does not manage is never changed, only adopted", arguments: CommandVerb.allCases)
    func unmanaged(verb: CommandVerb) throws {
        let expected = verb == .adopt ? "run" : verb == .release ? "done" : "not-managed"
        #expect(word(try order(verb), situation(isManaged: false)) == expected)
    }

    @Test("a domain is adopted once, by one tenant, and never from another manager")
    func adoption() throws {
        #expect(word(try order(.adopt), situation(tenant: "acme")) == "done")
        #expect(word(try order(.adopt), situation(tenant: "other")) == "conflict")
        let foreign = situation(isManaged: false, manager: "OpenStack Nova")
        #expect(word(try order(.adopt), foreign) == "foreign-manager")
        #expect(word(try order(.resize), foreign) == "not-managed")
        #expect(word(try order(.release), situation(tenant: "acme")) == "run")
    }

    @Test("what is off here and may run on a host that was not listed yet is left alone until it was, and says so")
    func unlisted() throws {
        for verb in CommandVerb.allCases where verb != .create {
            for presence in [present(.shutoff), present(.saved), present(.running), .absent] {
                var situation = situation(isManaged: verb != .adopt, presence: presence)
                let listed = CommandPlan.nextStep(on: try order(verb), in: situation)
                situation.unlisted = ["h2", "h3"]
                let verdict = CommandPlan.nextStep(on: try order(verb), in: situation)
                let isOff = presence.state.map { $0 == .shutoff || $0 == .saved } ?? (verb == .delete)
                guard verb.needsOneCopy, isOff else {
                    #expect(verdict == listed, "\(verb) of \(presence)")
                    continue
                }
                guard case .wait(let reason) = verdict else {
                    Issue.record("\(verb) of \(presence): \(verdict)")
                    continue
                }
                #expect(reason.contains("on host \(host) and may run on h2, h3"), "\(reason)")
            }
        }
    }

    @Test("of two copies both places are named, and neither is started, restored, deleted, resized or adopted")
    func twoCopies() throws {
        for verb in [CommandVerb.start, .restore, .delete, .resize, .adopt] {
            for state in DomainState.allCases {
                var situation = situation(isManaged: verb != .adopt, presence: present(.shutoff))
                situation.copies = [DomainCopy(host: "h2", state: state, isAnswering: state != .unknown)]
                let verdict = CommandPlan.nextStep(on: try order(verb), in: situation)
                let isHarmless = state == .shutoff || state == .saved
                guard case .refuse(let refusal) = verdict, refusal.code == .conflict else {
                    #expect(isHarmless, "\(verb) beside one that is \(state): \(verdict)")
                    continue
                }
                #expect(!isHarmless && refusal.message.contains("host \(host)") && refusal.message.contains("host h2"))
            }
        }
    }

    @Test("while a host that had it has not looked since, what needs one copy waits for that, and says so")
    func copyIsLookedAt() throws {
        for verb in CommandVerb.allCases where verb.needsOneCopy {
            var situation = situation(isManaged: verb != .adopt)
            situation.copies = [DomainCopy(host: "h2", state: .unknown)]
            guard case .wait(let reason) = CommandPlan.nextStep(on: try order(verb), in: situation) else {
                Issue.record("\(verb) did not wait")
                continue
            }
            #expect(reason.contains("came to host \(host): what host h2 has of it still"), "\(reason)")
        }
    }

    @Test("a freeze stops what a decision ordered, whatever the verb, and nothing of what people order")
    func frozen() throws {
        let freeze = CommandRefusal(.frozen, "frozen")
        for verb in CommandVerb.allCases where verb != .create {
            #expect(word(try order(verb, isAutomatic: true), situation(freeze: freeze)) == "frozen")
            #expect(word(try order(verb), situation(freeze: freeze)) == word(try order(verb), situation()))
        }
    }

    @Test("a command that was decided on another revision, or for a domain that moved, is refused")
    func revision() throws {
        #expect(word(try order(.resize, revision: 6), situation()) == "conflict")
        #expect(word(try order(.resize, revision: 7), situation()) == "run")
        #expect(word(try order(.resize), situation(host: "h3")) == "moved")
        #expect(word(try order(.resize), situation(hasRow: false)) == "not-found")
        #expect(word(try order(.resize) { $0.vcpus = 5 }, situation()) == "invalid")
        #expect(word(try order(.resize) { $0.memoryBytes = 2 << 30 }, situation()) == "invalid")
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
            (.resize, .present(DomainLook(.running, granted: 3, confirmed: 2)), "run"),
            (.migrate, present(.running), "run"),
            (.migrate, present(.shutoff), "run"), (.migrate, present(.saved), "state"),
            (.delete, present(.shutoff), "run"), (.delete, .absent, "run"),
            (.delete, present(.running), "state"), (.reboot, present(.running), "run"),
            (.reboot, present(.paused), "state"), (.cap, present(.paused), "run"), (.cap, present(.shutoff), "state"),
            (.networkCap, present(.running), "run"), (.networkCap, present(.saved), "state"),
            (.abortMigration, present(.running), "run"), (.abortMigration, .absent, "not-found"),
            (.snapshot, present(.shutoff), "run"), (.snapshot, present(.saved), "state"),
            (.revert, present(.running), "run"), (.revert, present(.saved), "state"),
            (.deleteSnapshot, present(.shutoff), "run"), (.deleteSnapshot, present(.saved), "state"),
            (.release, present(.saved), "run"), (.prepare, present(.running), "run"), (.prepare, .absent, "not-found"),
        ])
    func states(verb: CommandVerb, presence: DomainPresence, expected: String) throws {
        #expect(word(try order(verb), situation(presence: presence)) == expected)
    }

    @Test("a resize is done when every size that it names is there")
    func sizes() throws {
        let look = DomainPresence.present(DomainLook(.running, granted: 3, confirmed: 3, memory: .mebibytes(512)))
        #expect(word(try order(.resize) { $0.memoryBytes = 1 << 29 }, situation(presence: look)) == "done")
        #expect(word(try order(.resize) { $0.memoryBytes = 1 << 28 }, situation(presence: look)) == "run")
        let memory = try order(.resize) { ($0.vcpus, $0.memoryBytes) = (nil, 1 << 29) }
        #expect(word(memory, situation(presence: look)) == "done")
        #expect(word(CommandPlan.reconcile(memory, presence: look)) == "succeeded")
        let other = try order(.resize) { ($0.vcpus, $0.memoryBytes) = (nil, 1 << 28) }
        #expect(word(CommandPlan.reconcile(other, presence: look)) == "interrupted")
    }

    @Test(
        "what a domain's state says nothing about ends by the trace that it left, or unknown",
        arguments: [
            CommandVerb.reboot, .cap, .networkCap, .abortMigration, .snapshot, .revert, .deleteSnapshot, .adopt,
            .release, .prepare,
        ])
    func traces(verb: CommandVerb) throws {
        let order = try order(verb)
        for (trace, expected) in [(true, "succeeded"), (false, "interrupted"), (nil, "outcome-unknown")]
            as [(Bool?, String)]
        {
            #expect(word(CommandPlan.reconcile(order, presence: present(.running), trace: trace)) == expected)
        }
        #expect(word(CommandPlan.reconcile(order, presence: .unknown, trace: true)) == "outcome-unknown")
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
            (.resize, .present(DomainLook(.running, granted: 3, confirmed: nil)), "succeeded"),
            (.resize, .present(DomainLook(.running, granted: 3, confirmed: 2)), "interrupted"),
            (.resize, .present(DomainLook(.running, granted: 4, confirmed: 3)), "succeeded"),
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
            (.absent, .absent, "outcome-unknown"), (present(.running), present(.paused), "interrupted"),
            (present(.running), present(.running), "outcome-unknown"),
            (present(.paused), present(.running), "succeeded"),
            (present(.shutoff), present(.running), "succeeded"),
            (present(.paused), present(.paused), "outcome-unknown"),
            (.absent, .unknown, "outcome-unknown"), (.unknown, present(.running), "outcome-unknown"),
        ])
    func migration(source: DomainPresence, target: DomainPresence, expected: String) throws {
        #expect(word(CommandPlan.reconcile(try order(.migrate), presence: source, onTarget: target)) == expected)
    }

    @Test("a verb that there is not, or one without its target, is refused with what is missing")
    func malformed() {
        func make(_ verb: String, _ change: (inout CommandArguments) -> Void = { _ in }) throws {
            var arguments = CommandArguments()
            change(&arguments)
            _ = try CommandOrder(
                verb: Recognised(verb), domain: vm, arguments: arguments, expectedRevision: nil, isAutomatic: false,
                deadline: at(1))
        }
        for verb in [
            "explode", "resize", "migrate", "cap", "network-cap", "snapshot", "revert", "delete-snapshot", "adopt",
            "prepare",
        ] {
            #expect(throws: CommandRefusal.self, "\(verb)") { try make(verb) }
        }
        #expect(throws: CommandRefusal.self) { try make("resize") { $0.vcpus = 0 } }
        #expect(throws: CommandRefusal.self) { try make("resize") { $0.memoryBytes = 0 } }
        #expect(throws: CommandRefusal.self) { try make("migrate") { $0.target = "H2" } }
        #expect(throws: CommandRefusal.self) {
            try make("migrate") { ($0.target, $0.bandwidthBytesPerSecond) = ("h2", 0) }
        }
        #expect(throws: CommandRefusal.self) { try make("shutdown") { $0.thenDestroys = true } }
        #expect(throws: CommandRefusal.self) { try make("shutdown") { $0.graceSeconds = -1 } }
        #expect(throws: CommandRefusal.self) { try make("cap") { $0.cpuCapPPM = -1 } }
        #expect(throws: CommandRefusal.self) { try make("snapshot") { $0.name = "a/b" } }
        #expect(throws: Never.self) { try make("cap") { $0.cpuCapPPM = 0 } }
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
                mode: HostMode.allCases.randomElement(using: &generator) ?? .observe,
                targetMode: HostMode.allCases.randomElement(using: &generator),
                mayCommand: Bool.random(using: &generator), host: Bool.random(using: &generator) ? host : "h2",
                isManaged: Bool.random(using: &generator), hasRow: Bool.random(using: &generator),
                presence: [.unknown, .absent, present(state)].randomElement(using: &generator) ?? .unknown,
                now: Double.random(in: 0...200, using: &generator))
            guard case .run = CommandPlan.nextStep(on: order, in: situation) else { continue }
            #expect(situation.mode != .observe && situation.mayCommand && situation.now < order.deadline)
            #expect(situation.row.map { $0.isManaged || verb == .adopt } ?? (verb == .create))
            #expect(order.expectedRevision.map { $0 == situation.row?.revision } ?? true || situation.row == nil)
            #expect(situation.presence != .unknown)
        }
    }
}
