// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
package import Store

/// The flags that every service takes.
package struct ServiceOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("A YAML configuration file.", valueName: "path"))
    package var config: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            "One setting; wins over environment, secrets and file. May be repeated.", valueName: "key=value"))
    package var assignments: [String] = []

    @Flag(name: .long, help: "Check the configuration, print what is in force (secrets masked), and end.")
    package var checkConfig = false

    package init() {}

    /// The part of `--help` that lists the service's settings with their defaults.
    package static func discussion(of service: ServiceKind) -> String {
        let settings = SettingCatalog.settings(of: service).map { setting in
            let fallback = setting.fallback.map { $0.isEmpty ? "unset" : $0 } ?? "required"
            return "  \(setting.key) [\(fallback)]\n      \(setting.summary)"
        }
        return """
            Settings come from --set, then EBB_… in the environment, then files in /run/secrets, then --config, then             defaults. A key that Ebb does not know is refused.

            \(settings.joined(separator: "\n"))

            EXAMPLES
              ebb-\(service.rawValue) --config /etc/ebb/ebb.yaml
              EBB_DATABASE_URL=postgresql://ebb_\(service.rawValue)@db/ebb ebb-\(service.rawValue) --set log.level=debug
              ebb-\(service.rawValue) --config /etc/ebb/ebb.yaml --check-config

            EXIT CODES
              0 ended in order · 64 usage · 69 a port or the database can't be used · 70 internal error ·
              77 the database refuses our role or password · 78 configuration
            """
    }
}
