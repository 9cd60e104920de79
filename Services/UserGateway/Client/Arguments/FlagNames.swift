// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ResourceModel
internal import UserGatewayCore

/// The names of methods' parameters on the command line, so that an error names what was typed.
enum FlagNames {
    /// The flag, such as `--min-vcpus`, or the argument, such as `<vm>`, by which a parameter is given.
    /// - Parameter parameter: its name, or for a member of `boot` its path.
    static func word(for parameter: String, of method: String) -> String {
        if let word = words["\(method).\(parameter)"] ?? words[parameter] { return word }
        let name = kebab(parameter.split(separator: ".").last.map(String.init) ?? parameter)
        return isArgument(parameter, of: method) ? "<\(name)>" : "--\(name)"
    }

    /// Why parameters do not fit their method, in the words of the command line; `nil` if they fit.
    static func fault(in values: [String: JSONValue], of definition: MethodDefinition) -> String? {
        guard let fault = Schema.fault(in: values, fields: definition.parameters) else { return nil }
        let path = String(fault.path.dropFirst())
        let top = String(path.prefix { $0 != "." && $0 != "[" })
        let word = word(for: top == "boot" ? path : top, of: definition.name)
        guard case .integer(let range)? = definition.parameters.first(where: { $0.name == top })?.schema,
            let unit = units.first(where: { top.hasSuffix($0.suffix) }), let given = values[top]?.integer
        else { return "\(word) \(fault.message)" }
        return "\(word) must be from \(unit.text(range.lowerBound)) to \(unit.text(range.upperBound)), "
            + "not \(unit.text(given))"
    }

    /// The gateway's message about who may call a method and give its parameters, with the names of the command line.
    static func inFlags(_ message: String, of definition: MethodDefinition) -> String {
        let method = definition.name
        var text = message.replacing(/parameter '([A-Za-z.]+)[^' ]*' of ([a-z.]+)/) { match in
            match.2 == method ? word(for: String(match.1), of: method) : String(match.0)
        }
        for field in definition.parameters {
            text = text.replacing("'\(field.name)' to \(method)", with: word(for: field.name, of: method))
        }
        // A command's arguments in the words of their JSON, such as: needs "memory_bytes" above 0.
        if text.contains("needs \"") || text.contains("takes \"") {
            text = text.replacing(/"([a-z_]+)"/) { match in
                let name = parameter(ofArgument: match.1)
                let isKnown = definition.parameters.contains { $0.name == name }
                return isKnown ? word(for: name, of: method) : String(match.0)
            }
        }
        return call(of: method).map { text.replacing("may not call \(method)", with: "may not run '\($0)'") } ?? text
    }

    /// The gateway's hint, in which parameters are quoted, and the key of a request is not, with the names of the command line.
    static func inFlags(hint: String, of definition: MethodDefinition) -> String {
        definition.parameters.reduce(hint) { text, field in
            let word = word(for: field.name, of: definition.name)
            let quoted = text.replacing("'\(field.name)'", with: word)
            return field.name == "idempotencyKey" ? quoted.replacing(field.name, with: word) : quoted
        }
    }

    /// The parameter that becomes an argument of a command: `maxVcpus` for `maximum_vcpus`.
    private static func parameter(ofArgument key: Substring) -> String {
        if let name = ["then_destroy": "force", "target": "host"][key] { return name }
        let words = key.split(separator: "_")
        let name = words.dropFirst().reduce(String(words.first ?? "")) {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
        return ["maximumVcpus", "maximumMemoryBytes"].contains(name) ? "max" + name.dropFirst("maximum".count) : name
    }

    /// The command line of a method, such as `ebb vm list`.
    private static func call(of method: String) -> String? {
        var pending: [(words: String, command: any ParsableCommand.Type)] = [("ebb", Ebb.self)]
        while let (words, command) = pending.popLast() {
            let own = (command as? any GatewayCommand.Type)?.method ?? (command as? any VMActionCommand.Type)?.method
            if own == method { return words }
            pending += command.configuration.subcommands.map { ("\(words) \($0._commandName)", $0) }
        }
        return nil
    }

    /// The endings of names that give a unit, which is typed with the value; the longer ones first.
    private static let units: [(suffix: String, text: @Sendable (Int64) -> String)] = [
        ("BytesPerSecond", { Humanize.bytes($0) + "/s" }), ("Nanoseconds", { Humanize.duration($0) }),
        ("Seconds", { "\($0) s" }), ("Bytes", { Humanize.bytes($0) }), ("Ppm", { Humanize.share($0) }),
        ("Thousandths", { "\(Capacity(clamping: $0))" }),
        ("Path", { "\($0)" }), ("Ms", { "\($0) ms" }),
    ]

    /// Flags that differ from the parameter's name.
    private static let words = [
        "capacityThousandths": "--vcpus",
        "maximumDowntimeMs": "--downtime", "windowLength": "--window", "movesInPerHost": "--moves-in",
        "movesOutPerHost": "--moves-out", "reservedVcpus": "--reserve-vcpus", "reservedMemoryBytes": "--reserve-memory",
        "pinnedHosts": "--pin-host", "sshKeys": "--ssh-key", "peers": "--peer", "monitors": "--monitor",
        "labels": "--label", "blackouts": "--blackout", "cpuCapPpm": "--cpu", "bytesPerSecond": "--network",
        "host.label.set": "<label>", "host.label.remove": "<label>", "rate.set.card": "<file>",
        "vm.migrate.host": "--to", "host.add.host": "--name", "tenant.set.clusters": "--cluster",
    ]

    /// Whether it is given without a flag, as the object of a command.
    private static func isArgument(_ parameter: String, of method: String) -> Bool {
        let noun = String(method.prefix { $0 != "." })
        return switch parameter {
        case "vm":
            !["decision.list", "decision.outcomes"].contains(method) && !["operation", "freeze"].contains(noun)
        case "host": noun == "host" && method != "host.add"
        case "cluster": noun == "cluster"
        case "tenant": method == "tenant.set" || noun == "quota"
        case "name", "principal", "id", "uri", "address", "version": true
        default: false
        }
    }

    /// `minVcpus` becomes `min-vcpus`, without the unit.
    private static func kebab(_ name: String) -> String {
        let unit = units.first { name.hasSuffix($0.suffix) && name != $0.suffix }?.suffix.count ?? 0
        return name.dropLast(unit).reduce(into: "") { result, character in
            result += character.isUppercase ? "-" + character.lowercased() : String(character)
        }
    }
}
