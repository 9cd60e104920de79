// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ResourceModel
internal import UserGatewayCore

/// The options of every command that can't be undone.
struct ConsentOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Don't ask for confirmation, which needs a terminal: it can't be undone.")
    var yes = false
}

/// The agreement of a person before something is done that can't be undone.
struct Agreement {
    /// Whether it was given with the command.
    let isGiven: Bool
    /// The VMs that it is about, as they were typed.
    let vms: [String]
    /// The tenant that owns the VMs, if the request must name it.
    var tenant: String?
    /// The question with the VMs' names.
    let question: (SafeText) -> SafeText
    /// What is printed after a no: what was not done.
    let refusal: String
}

extension GlobalOptions {
    /// Asks for agreement if the registry says that a call can't be undone: by `--yes`, or by a yes on a terminal.
    ///
    /// - Throws: `ClientFailure`: usage if nobody can be asked, failed after a no.
    func agree(to method: String, _ parameters: [String: JSONValue], _ agreement: Agreement?) async throws {
        guard MethodRegistry.ebb[method]?.isFinal(parameters) == true else { return }
        guard let agreement else {
            throw ClientFailure(.internal, "\(method) can't be undone and no question is known")
        }
        guard !agreement.isGiven else { return }
        let surroundings = Surroundings.current
        guard surroundings.isInteractive else {
            throw ClientFailure(
                .usage, "it can't be undone, and without a terminal nobody can be asked: add --yes to confirm it")
        }
        let names = try await names(of: agreement)
        surroundings.writeError("\(agreement.question(names)) [y/N] ")
        guard ["y", "yes"].contains(surroundings.readLine()?.lowercased() ?? "") else {
            throw ClientFailure(.failed, agreement.refusal)
        }
    }

    /// The VMs as they were typed; a VM that was typed as a UUID also with its name.
    private func names(of agreement: Agreement) async throws -> SafeText {
        guard agreement.vms.contains(where: { UUID128($0) != nil }) else {
            return SafeText(line: agreement.vms.joined(separator: ", "))
        }
        let (vms, tenant) = (agreement.vms, agreement.tenant)
        let names = try await GatewayClient.withSession(ConnectionSettings(self)) { client in
            var names: [SafeText] = []
            for vm in vms {
                guard UUID128(vm) != nil else {
                    names.append("\(vm)")
                    continue
                }
                var parameters: [String: JSONValue] = ["vm": .string(vm)]
                parameters["tenant"] = .optional(tenant)
                let shown = try await client.call("vm.show", parameters)
                names.append("\(shown["name"]?.text ?? "-") (\(vm))")
            }
            return names
        }
        return names.joined(separator: ", ")
    }
}
