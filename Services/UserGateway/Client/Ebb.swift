// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
internal import Foundation
internal import ResourceModel

@main
enum Main {
    static func main() async {
        ProcessStream.reserve()
        let watch = InterruptWatch(Surroundings.current)
        let code = await Ebb.run(Array(CommandLine.arguments.dropFirst()))
        withExtendedLifetime(watch) { ProcessEnd.end(code) }
    }
}

/// The client: `ebb noun verb`.
package struct Ebb: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ebb",
        abstract: "Elastic virtual machines that are explained and billed by use.",
        discussion: """
            Examples:
              ebb login --endpoint tls://cloud.example:7420
              ebb vm create web-1 --flavor small --image debian-13 --ssh-key id_ed25519.pub
              ebb policy set web-1 --lower 15% --upper 80% --ratio 7/10
              ebb decision why web-1
              ebb bill show
              ebb host add qemu+tls://10.0.0.1/system --name host-a --cluster main

            Exit codes: \(ClientFailure.Code.list).
            """,
        version: ReleaseVersion.text,
        subcommands: [
            LoginCommand.self, LogoutCommand.self, VMCommand.self, FlavorCommand.self, PolicyCommand.self,
            DecisionCommand.self, QueueCommand.self, AssessCommand.self, FreezeCommand.self, UnfreezeCommand.self,
            UsageCommand.self, BillCommand.self, RateCommand.self, HostCommand.self, ClusterCommand.self,
            ServiceCommand.self, StatusCommand.self, TenantCommand.self, TokenCommand.self, PrincipalCommand.self,
            OperationCommand.self, PlotCommand.self,
        ])

    package init() {}

    /// Parses and runs a command line; returns the exit code. All errors are written to standard error.
    package static func run(_ arguments: [String]) async -> Int32 {
        let surroundings = Surroundings.current
        do {
            do {
                var command = try parseAsRoot(Self.withNegativeValues(arguments))
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            } catch let failure as ClientFailure {
                throw failure
            } catch {
                let code = exitCode(for: error).rawValue
                let columns = surroundings.isTerminal ? surroundings.width : min(surroundings.width, 80)
                let message = UsageText.wrapped(message(of: error, in: arguments, columns), columns: columns)
                let text = SafeText(prose: message) + "\n"
                guard code == 0 else {
                    surroundings.writeError(text)
                    return code
                }
                try surroundings.write(text)
            }
            return 0
        } catch let failure as ClientFailure {
            if !failure.message.isEmpty { surroundings.writeError("ebb: \(failure.message)\n") }
            return failure.code.rawValue
        } catch {
            let isOfFiles = error is CocoaError || error is POSIXError
            let text = isOfFiles ? ClientFailure(.internal, "a file can't be used", error).message : "\(error)"
            surroundings.writeError("ebb: \(text)\n")
            return ClientFailure.Code.internal.rawValue
        }
    }

    /// The same, with `--vcpus=-1` for `--vcpus -1`: the library takes `-1` for a flag and says that a value is missing.
    private static func withNegativeValues(_ arguments: [String]) -> [String] {
        arguments.reduce(into: []) { words, word in
            let isNegative = word.first == "-" && word.dropFirst().first?.isNumber == true
            if isNegative, let flag = words.last, flag.hasPrefix("--"), flag.count > 2, !flag.contains("=") {
                words[words.count - 1] += "=\(word)"
            } else {
                words.append(word)
            }
        }
    }

    /// What is wrong with the command line, and where help on it is.
    private static func message(of error: any Error, in arguments: [String], _ columns: Int) -> String {
        let path = CommandPath(arguments, from: Self.self)
        // Thrown by a command that was parsed: the library has forgotten by then which one it was.
        let why = (error as? ValidationError)?.message ?? (exitCode(for: error).isSuccess ? nil : path.unknownCommand)
        return why.map { "Error: \($0)\n\(path.help)" } ?? fullMessage(for: error, columns: columns)
    }
}
