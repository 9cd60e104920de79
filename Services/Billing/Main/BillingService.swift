// SPDX-License-Identifier: Apache-2.0

import Bus
import Logging
import Messages
import ResourceModel
import ServiceKit
import Store

/// Serves until cancelled.
func runBilling(_ runtime: ServiceRuntime) async throws {
    if let path = runtime.settings.optionalText("billing.rateCard") {
        let isNew = try await RateCards(runtime.store).insertFirst(from: path)
        runtime.log.notice(
            isNew ? "the rate card holds from the beginning" : "there is a rate card already; the file is not used",
            metadata: ["file": "\(path)"])
    }
    for complaint in try await RateCards(runtime.store).complaints() {
        runtime.log.error("a rate card can't be used; bills of its time fail", metadata: ["card": "\(complaint)"])
    }
    let handlers = BillingHandlers(store: runtime.store, now: { runtime.clock.now() }, log: runtime.log)
    await handlers.register(on: runtime.server)
    let membership = runtime.membership(shardKinds: [.tenant], callDeadline: .zero, handlers: .none)
    await withTaskGroup { group in
        group.addTask { await membership.run() }
        group.addTask { await keepTenantShards(runtime.store, log: runtime.log) }
    }
}

/// Makes a shard for each tenant, once a second, until cancelled.
private func keepTenantShards(_ store: Store, log: Logger) async {
    while !Task.isCancelled {
        do {
            let tenants = try await AccountRepository(store).tenants()
            try await ShardRepository(store).ensure(.tenant, tenants.map(\.name))
        } catch {
            log.warning("the tenants' shards can't be kept", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .seconds(1))
    }
}
