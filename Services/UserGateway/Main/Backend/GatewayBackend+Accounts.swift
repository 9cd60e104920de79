// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

extension GatewayBackend {
    func createTenant(_ request: Request) async throws(MethodError) -> JSONValue {
        guard let id = request.text("name").flatMap({ TenantID($0) }) else {
            throw MethodError(.invalid, "a tenant needs a name")
        }
        let isNew = try await reading {
            try await store.transaction { transaction in
                let isNew = try await AccountRepository(store).addTenant(id, in: transaction)
                if isNew { try await audit(request, on: id.name, [:], in: transaction) }
                return isNew
            }
        }
        guard isNew else { throw MethodError(.conflict, "there is a tenant '\(id)' already") }
        return ["name": .string(id.name), "createdAt": .instant(runtime.clock.now())]
    }

    func listTenants(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenants = try await reading { try await AccountRepository(store).tenantsAndStarts() }
        return [
            "items": .array(
                tenants.map { ["name": .string($0.tenant.name), "createdAt": .instant($0.createdAt)] })
        ]
    }
}
