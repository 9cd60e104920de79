// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

extension CommandTable {
    /// One line of the table.
    package struct Cell: Hashable, Sendable {
        package let verb: CommandVerb
        package let isForced: Bool
        package let state: DomainState
        package let reason: StateReason?
        package let step: Step
    }

    /// Every verb in every state; for a paused domain, with every reason.
    package static var cells: [Cell] {
        CommandVerb.allCases.flatMap { verb in
            (verb == .shutdown ? [false, true] : [false]).flatMap { isForced in
                DomainState.allCases.flatMap { state in
                    (state == .paused ? [nil] + StateReason.allCases.map { $0 } : [nil]).map { reason in
                        Cell(
                            verb: verb, isForced: isForced, state: state, reason: reason,
                            step: step(of: verb, in: state, because: reason, isForced: isForced))
                    }
                }
            }
        }
    }

    /// The table in Markdown; states with the same step share a row.
    package static var markdown: String {
        var lines = [
            "# What each command does in each state",
            "",
            "Written by `CommandTable` of Monitor's core, which decides by it; a test compares. A state that is paused"
                + " stands",
            "with the reason where that matters. What is proved is seen on the host before the command succeeds.",
            "",
            "| command | state | what is done | what proves it |",
            "|---|---|---|---|",
        ]
        var place = 0
        let cells = cells
        while place < cells.count {
            let first = cells[place]
            var names: [(step: Step, states: [String])] = []
            while place < cells.count, cells[place].verb == first.verb, cells[place].isForced == first.isForced {
                let cell = cells[place]
                place += 1
                let name = cell.state.rawValue + (cell.reason.map { " (\($0.rawValue))" } ?? "")
                if let known = names.firstIndex(where: { $0.step == cell.step }) {
                    names[known].states.append(name)
                } else {
                    names.append((cell.step, [name]))
                }
            }
            let verb = first.verb.rawValue + (first.isForced ? " at any cost" : "")
            for entry in names {
                lines.append("| \(verb) | \(shortened(entry.states)) | \(text(of: entry.step)) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `paused` alone, if all reasons are in the list.
    private static func shortened(_ states: [String]) -> String {
        let all = ["paused"] + StateReason.allCases.map { "paused (\($0.rawValue))" }
        guard all.allSatisfy(states.contains) else { return states.joined(separator: ", ") }
        return states.filter { $0 == "paused" || !all.contains($0) }.joined(separator: ", ")
    }

    private static func text(of step: Step) -> String {
        switch step {
        case .done: return "nothing: it holds already | –"
        case .wait: return "it waits for the host's answer | –"
        case .refuse(let sentence): return "refused: \(sentence) | –"
        case .run(let run):
            let call =
                switch run.call {
                case .own: "done"
                case .destroy: "done by cutting its power"
                case .wakeUp: "done by waking its guest"
                }
            guard let proof = run.proof else { return "\(call) | what it is about: a size, a snapshot, a label, …" }
            let states = proof.states.map(\.rawValue) + (proof.isAbsence ? ["not there"] : [])
            return "\(call) | \(states.joined(separator: " or "))\(proof.lasts ? ", also a while later" : "")"
        }
    }
}
