// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// What goes on although the client ends at this moment: what Ctrl-C is answered with.
final class Interruption: Sendable {
    private struct State {
        var message: SafeText?
        var rest: [String] = []
    }

    private let state = Mutex(State())

    /// From now on `message` is said, a sentence without its end; `nil`: nothing is.
    func say(_ message: SafeText?) { state.withLock { $0.message = message } }

    /// The VMs whose turn comes after the present one: of them nothing was asked yet.
    func wait(_ vms: some Sequence<String>) { state.withLock { $0.rest = Array(vms) } }

    /// What to say, with its line break; empty where nothing goes on.
    var text: SafeText {
        let (message, rest) = state.withLock { ($0.message, $0.rest) }
        guard let message else { return "" }
        guard !rest.isEmpty else { return message + "\n" }
        return "\(message); nothing was asked of \(rest.joined(separator: ", "))\n"
    }
}

/// Ends the process at Ctrl-C, with a word about what goes on.
final class InterruptWatch {
    private let source = DispatchSource.makeSignalSource(
        signal: SIGINT, queue: DispatchQueue(label: "ebb.interrupt"))

    init(_ surroundings: Surroundings) {
        source.setEventHandler {
            surroundings.writeError(surroundings.interruption.text)
            ProcessEnd.end(ClientFailure.Code.interrupted.rawValue)
        }
        source.activate()
    }
}

/// How the process ends.
enum ProcessEnd {
    /// Ends with a code. Those of 128 and above are a signal's: by it the process ends, so that the shell that runs it in
    /// a loop or a pipe sees what happened and acts as with any other tool.
    static func end(_ code: Int32) -> Never {
        if code > 128 {
            let number = code - 128
            signal(number, SIG_DFL)
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, number)
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
            raise(number)
        }
        exit(code)
    }
}
