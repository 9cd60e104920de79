// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import MonitorCore
import ResourceModel
import Testing

@Suite struct CommandTableTests {
    @Test("docs/commands.md is the table that decides")
    func document() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/commands.md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        if text != CommandTable.markdown, let path = ProcessInfo.processInfo.environment["EBB_WRITE_TABLE"] {
            try CommandTable.markdown.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(text == CommandTable.markdown, "set EBB_WRITE_TABLE to a file's path to have the table written there")
    }

    @Test("nothing is done to a domain whose state nobody knows, and every refusal says what helps")
    func sound() {
        for cell in CommandTable.cells {
            switch cell.step {
            case .wait: #expect(cell.state == .unknown, "\(cell)")
            case .refuse(let sentence): #expect(sentence.count > 8 && cell.state != .unknown, "\(cell)")
            case .done, .run: #expect(cell.state != .unknown, "\(cell)")
            }
        }
        #expect(Set(CommandTable.cells.map(\.verb)).count == CommandVerb.allCases.count)
    }

    @Test("what holds already is what its proof would show")
    func consistent() {
        for cell in CommandTable.cells where cell.step == .done && cell.verb != .create {
            let proof = CommandTable.proof(of: cell.verb)
            #expect(proof?.states.contains(cell.state) == true, "\(cell)")
        }
    }

    private func step(
        _ verb: CommandVerb, _ state: DomainState, _ reason: StateReason? = nil, forced: Bool = false
    ) -> CommandTable.Step {
        CommandTable.step(of: verb, in: state, because: reason, isForced: forced)
    }

    private func run(_ step: CommandTable.Step) -> CommandTable.Run? {
        if case .run(let run) = step { run } else { nil }
    }

    private func sentence(_ step: CommandTable.Step) -> String? {
        if case .refuse(let sentence) = step { sentence } else { nil }
    }

    @Test("a guest that sleeps by its own will is woken, and one that its host paused must stay resumed")
    func resume() {
        #expect(run(step(.resume, .pmSuspended))?.call == .wakeUp)
        #expect(run(step(.resume, .paused, .user))?.proof?.lasts == false)
        #expect(run(step(.resume, .paused, .ioError))?.proof?.lasts == true)
        #expect(run(step(.resume, .paused, .watchdog))?.proof?.lasts == true)
        #expect(sentence(step(.resume, .paused, .migration))?.contains("--abort") == true)
    }

    @Test("a guest that crashed and is kept can be ended, and nothing else is done to it")
    func crashed() {
        #expect(run(step(.destroy, .crashed))?.call == .own)
        #expect(run(step(.shutdown, .crashed, forced: true))?.call == .destroy)
        for verb: CommandVerb in [.start, .shutdown, .delete, .resume, .save, .snapshot] {
            #expect(sentence(step(verb, .crashed))?.contains("--force") == true, "\(verb)")
        }
        #expect(DomainState.crashed.isActive, "its memory counts as used")
    }

    @Test("a paused guest is not started by a start")
    func start() {
        #expect(sentence(step(.start, .paused))?.contains("resume") == true)
        #expect(step(.start, .running) == .done)
    }
}
