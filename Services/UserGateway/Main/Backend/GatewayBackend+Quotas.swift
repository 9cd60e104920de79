// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// How much a tenant may have. For vCPUs and memory the quota is checked where room is promised; for everything else
// here.
extension GatewayBackend {
    func showQuota(_ request: Request) async throws(MethodError) -> JSONValue {
        guard let name = request.principal.tenant?.name ?? request.text("tenant") else {
            throw MethodError(.invalid, "a quota is a tenant's", hint: "say whose with 'tenant'")
        }
        return try await quota(of: try await tenant(name))
    }

    func setQuota(_ request: Request) async throws(MethodError) -> JSONValue {
        let tenant = try await tenant(request.text("tenant") ?? "")
        let given = request.given.members ?? [:]
        guard given.count > 1 else {
            throw MethodError(
                .invalid, "no limit was given for '\(tenant)'", hint: "give for instance 'vms'; null lifts it")
        }
        let quotas = QuotaRepository(store)
        try await reading {
            try await store.transaction { transaction in
                // Two people who set different limits at once both succeed.
                var quota = try await quotas.lockedQuota(of: tenant, in: transaction)
                for resource in QuotaResource.allCases {
                    guard let limit = given[resource.parameter] else { continue }
                    quota[resource] = limit.integer
                }
                try await quotas.set(
                    quota, of: tenant, by: request.principal.name, at: runtime.clock.now(), in: transaction)
                try await audit(request, on: tenant.name, request.given, in: transaction)
            }
        }
        return try await quota(of: tenant)
    }

    /// Takes something from a tenant's quota, in the transaction that gives it. Throws `QUOTA_EXCEEDED`.
    func take(_ amounts: QuotaAmounts, for tenant: TenantID, in runner: any QueryRunner) async throws {
        let refusal = try await QuotaRepository.refusal(
            of: tenant, asking: amounts, at: runtime.clock.now(), in: runner)
        if let refusal { throw MethodError.overQuota(refusal.description) }
    }

    private func quota(of tenant: TenantID) async throws(MethodError) -> JSONValue {
        let quotas = QuotaRepository(store)
        let quota = try await reading { try await quotas.quota(of: tenant) }
        let use = try await reading { try await quotas.use(of: tenant, at: runtime.clock.now()) }
        let items = QuotaResource.allCases.map { resource -> JSONValue in
            [
                "resource": .string(resource.rawValue), "used": .integer(use[resource] ?? 0),
                "quota": .nullable(quota[resource]),
            ]
        }
        return ["tenant": .string(tenant.name), "items": .array(items)]
    }

    /// The tenant of that name, if there is one.
    func tenant(_ name: String) async throws(MethodError) -> TenantID {
        guard let tenant = TenantID(name),
            try await reading({ try await AccountRepository(store).hasTenant(tenant) })
        else { throw .notFound("tenant", name) }
        return tenant
    }

    /// The tenant that a request is about: for a tenant's people their own, for the provider's people the one that they
    /// name, which must exist; `nil`: they name none.
    func tenantMeant(_ request: Request) async throws(MethodError) -> TenantID? {
        if let tenant = request.principal.tenant { return tenant }
        guard let name = request.text("tenant") else { return nil }
        return try await tenant(name)
    }
}

extension QuotaResource {
    /// The parameter of `quota.set` that limits it.
    fileprivate var parameter: String {
        switch self {
        case .memory: "memoryBytes"
        case .disk: "diskBytes"
        case .vms, .vcpus, .snapshots, .tokens: rawValue
        }
    }
}
