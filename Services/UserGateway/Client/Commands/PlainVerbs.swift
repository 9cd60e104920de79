// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import UserGatewayCore

/// A verb that has nothing of its own but this: the registry says what it is called, takes and is for, and one of the
/// commands below how it is parsed and called. A noun lists both, such as `SubjectChange<HostEnable>.self`.
protocol PlainVerb {
    /// Such as `host.enable`, which is `ebb host enable`.
    static var method: String { get }
    static var examples: [String] { get }
    /// How the result is shown.
    static var view: View { get }
}

extension PlainVerb {
    fileprivate static var configuration: CommandConfiguration {
        CommandConfiguration(String(method.drop { $0 != "." }.dropFirst()), calls: method, examples: examples)
    }

    /// The parameter that says what the verb is about: the one that the method needs.
    fileprivate static var subject: String {
        guard let field = MethodRegistry.ebb[method]?.parameters.first(where: \.isRequired) else {
            preconditionFailure("\(method) needs no parameter")
        }
        return field.name
    }

    fileprivate static var subjectHelp: ArgumentHelp {
        var help = help(method, subject)
        help.valueName = subject
        return help
    }
}

/// A verb without parameters.
struct PlainCommand<Verb: PlainVerb>: GatewayCommand {
    static var method: String { Verb.method }
    static var configuration: CommandConfiguration { Verb.configuration }

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { [:] }

    func view(of result: JSONValue) -> View { Verb.view }
}

/// A verb that asks about one thing.
struct SubjectCommand<Verb: PlainVerb>: GatewayCommand {
    static var method: String { Verb.method }
    static var configuration: CommandConfiguration { Verb.configuration }

    @Argument(help: Verb.subjectHelp) var subject: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { [Verb.subject: .string(subject)] }

    func view(of result: JSONValue) -> View { Verb.view }
}

/// A verb that changes one thing.
struct SubjectChange<Verb: PlainVerb>: MutatingCommand {
    static var method: String { Verb.method }
    static var configuration: CommandConfiguration { Verb.configuration }

    @Argument(help: Verb.subjectHelp) var subject: String
    @OptionGroup var mutation: MutationOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { [Verb.subject: .string(subject)] }

    func view(of result: JSONValue) -> View { Verb.view }
}

/// A verb that asks about one VM, by its name in a tenant.
struct VMQuestion<Verb: PlainVerb>: GatewayCommand {
    static var method: String { Verb.method }
    static var configuration: CommandConfiguration { Verb.configuration }

    @Argument(help: help(method, "vm")) var vm: String
    @Option(help: help(method, "tenant")) var tenant: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func parameters() -> [String: JSONValue?] { ["vm": .string(vm), "tenant": .optional(tenant)] }

    func view(of result: JSONValue) -> View { Verb.view }
}
