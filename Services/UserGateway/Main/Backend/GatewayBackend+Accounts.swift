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
        let rows = try await reading { try await store.query("SELECT id, created_ns FROM account.tenant ORDER BY id") }
        let items: [JSONValue] = try await reading {
            try rows.map { row in
                ["name": .string(try row.string("id")), "createdAt": .instant(try row.timestamp("created_ns"))]
            }
        }
        return ["items": .array(items)]
    }
}
