// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
internal import ResourceModel
import ServiceKit
import Store

/// `ebb-billing`: answers what tenants used and owe, from the database alone.
@main
struct BillingDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ebb-billing",
        abstract: "Answers what tenants used and owe: C = Σ C_i · X_ij · f(U1, U2, P), rounded once per line.",
        discussion: ServiceOptions.discussion(of: .billing), version: ReleaseVersion.text)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await ServiceLauncher.run(.billing, options) { runtime in try await runBilling(runtime) }
    }
}
