// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// What Ctrl-C and SIGTERM print: what goes on although the client ends now.
final class Interruption: Sendable {
    private struct State {
        var message: SafeText?
        var rest: [String] = []
    }

    private let state = Mutex(State())

    /// Sets what is printed from now on, a sentence without its end; `nil`: nothing.
    func say(_ message: SafeText?) { state.withLock { $0.message = message } }

    /// Sets the VMs whose turn comes after the present one: nothing was requested for them yet.
    func wait(_ vms: some Sequence<String>) { state.withLock { $0.rest = Array(vms) } }

    /// What to print, with its line break; empty if nothing goes on.
    var text: SafeText {
        let (message, rest) = state.withLock { ($0.message, $0.rest) }
        guard let message else { return "" }
        guard !rest.isEmpty else { return message + "\n" }
        return "\(message); nothing was asked of \(rest.joined(separator: ", "))\n"
    }
}

/// Ends the process at Ctrl-C or SIGTERM, with a line about what goes on.
final class InterruptWatch {
    private let sources: [any DispatchSourceSignal]

    init(_ surroundings: Surroundings) {
        let queue = DispatchQueue(label: "ebb.interrupt")
        sources = [(SIGINT, ClientFailure.Code.interrupted), (SIGTERM, .terminated)].map { number, code in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                surroundings.writeError(surroundings.interruption.text)
                ProcessEnd.end(code.rawValue)
            }
            source.activate()
            return source
        }
    }
}

/// How the process ends.
enum ProcessEnd {
    /// Ends with a code. For codes above 128 the process ends by that signal, so that a shell that runs it in a loop or
    /// a pipe sees what happened and acts as with any other tool.
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
