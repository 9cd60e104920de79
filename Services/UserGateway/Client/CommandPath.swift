// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// How far the first words of a command line are commands: of `ebb vm lst` it is `ebb vm`, and `lst` is left.
struct CommandPath {
    /// Such as `ebb vm`.
    private(set) var text: String
    /// The commands below it, by name.
    private(set) var subcommands: [String]
    /// The first word that should be one of them and is none.
    private(set) var rest: String?

    init(_ arguments: [String], from root: any ParsableCommand.Type) {
        var command = root
        text = Self.name(of: root)
        for argument in arguments {
            guard let next = command.configuration.subcommands.first(where: { Self.names(of: $0).contains(argument) })
            else {
                rest = argument
                break
            }
            command = next
            text += " \(Self.name(of: next))"
        }
        // What has a default takes the word as its argument, and `help` is the library's own.
        if command.configuration.defaultSubcommand != nil || rest == "help" { rest = nil }
        subcommands = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map(Self.name)
    }

    /// Why the line can't be understood where its first word that is no command stands for one; `nil`: that is not why.
    var unknownCommand: String? {
        guard let rest, !subcommands.isEmpty, !rest.hasPrefix("-") else { return nil }
        return "'\(text)' has no command '\(rest)'; it has \(subcommands.joined(separator: ", "))"
    }

    /// Where help on it is.
    var help: String { "See '\(text) --help' for more information." }

    private static func name(of command: any ParsableCommand.Type) -> String { command._commandName }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [name(of: command)] + command.configuration.aliases
    }
}
