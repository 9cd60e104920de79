// SPDX-License-Identifier: Apache-2.0

import Contracts

extension MethodDefinition {
    /// Tenants.
    static let accounts: [MethodDefinition] = [
        MethodDefinition(
            "tenant.create", "Create a tenant", access: .roles([.administrator]), mutating: true,
            takes: [Field("name", .name, required: true, "The tenant's name")],
            returns: tenantSchema, "The tenant", fails: [.conflict],
            example: ["name": "acme"], gives: exampleTenant),
        MethodDefinition(
            "tenant.list", "List the tenants", access: .roles(.provider), takes: [],
            returns: .object([
                Field("items", .list(of: tenantSchema, atMost: 100_000), required: true, "The tenants by name")
            ]), "The tenants", example: [:], gives: ["items": [exampleTenant]]),
    ]

    private static let tenantSchema = Schema.named("Tenant", .object(tenantFields))

    private static let tenantFields = [
        Field("name", .name, required: true, "The tenant's name"),
        Field("createdAt", .instant, required: true, "When it was created"),
    ]

    private static let exampleTenant: JSONValue = ["name": "acme", "createdAt": "2026-03-01T12:00:00Z"]
}
