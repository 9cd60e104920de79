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

    /// Makes a token, and the principal whom it stands for if there is none of that name.
    func createToken(_ request: Request) async throws(MethodError) -> JSONValue {
        let wanted = try wantedPrincipal(request)
        let existing = try await existing(wanted, request)
        if let existing, existing.role != wanted.role || existing.tenant != wanted.tenant {
            throw MethodError(
                .conflict, "there is a principal '\(wanted.name)' with another role or tenant",
                hint: "choose another name")
        }
        if let tenant = wanted.tenant {
            let known = try await reading { try await AccountRepository(store).tenants() }
            guard known.contains(tenant) else { throw .notFound("tenant", tenant.name) }
        }
        var generator = SystemRandomNumberGenerator()
        let token = AccessToken.random(using: &generator)
        let now = runtime.clock.now()
        let expires = now.advanced(by: .seconds(request.integer("expiresInSeconds") ?? 7_776_000))
        let principal = existing ?? wanted
        try await reading {
            try await store.transaction { transaction in
                let accounts = AccountRepository(store)
                if existing == nil { try await accounts.addPrincipal(principal, in: transaction) }
                try await accounts.addToken(
                    hash: token.hash, for: principal.id, createdAt: now, expiresAt: expires, in: transaction)
                try await audit(
                    request, on: principal.name, ["role": .string(principal.role.rawValue)], in: transaction)
            }
        }
        return .object(omittingNil: [
            "token": .string(token.text), "principal": .string(principal.name),
            "role": .string(principal.role.rawValue), "tenant": principal.tenant.map { .string($0.name) },
            "expiresAt": .instant(expires),
        ])
    }

    /// Who has the name already. An owner hears of nobody but its own people.
    private func existing(
        _ wanted: StoredPrincipal, _ request: Request
    ) async throws(MethodError) -> StoredPrincipal? {
        try await reading {
            let accounts = AccountRepository(store)
            guard let own = request.principal.tenant, let name = request.text("principal") else {
                return try await accounts.principal(named: wanted.name)
            }
            return try await accounts.principal(named: name, of: own)
        }
    }

    private func wantedPrincipal(_ request: Request) throws(MethodError) -> StoredPrincipal {
        guard var name = request.text("principal"), let role = request.text("role").flatMap(AccountRole.init) else {
            throw MethodError(.invalid, "a token needs a principal and a role")
        }
        let isOwner = request.principal.role == .owner
        let tenant = isOwner ? request.principal.tenant : request.text("tenant").flatMap { TenantID($0) }
        if isOwner, !role.isTenants {
            throw MethodError(.denied, "an owner may only give roles of its own tenant")
        }
        guard role.isTenants == (tenant != nil) else {
            throw MethodError(
                .invalid,
                role.isTenants
                    ? "the role \(role.rawValue) needs a tenant" : "the role \(role.rawValue) belongs to no tenant")
        }
        // What an owner names must not meet a name that it can't know of.
        if isOwner, let tenant { name = AccountRepository.name(name, at: tenant) }
        var generator = SystemRandomNumberGenerator()
        return StoredPrincipal(id: UUID128.random(using: &generator), name: name, tenant: tenant, role: role)
    }
}
