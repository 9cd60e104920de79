// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

/// A VM that a question about the past is about: one that is, or was.
struct Subject: Sendable {
    let id: DomainID
    /// As whoever asks calls it now, or called it last.
    let name: String
    /// Whose time is asked about; `nil`: the provider asks about all of it.
    let tenant: TenantID?
}

extension GatewayBackend {
    /// The VM that a question about the past names, as far as its caller ever saw it.
    ///
    /// By its UUID any that was the caller's at some time; an ended one too. A name is, at a past instant, who had it then;
    /// else who has it now; else who had it last.
    func subject(_ request: Request, at instant: Timestamp? = nil) async throws(MethodError) -> Subject {
        let name = request.text("vm") ?? ""
        let tenant = request.principal.tenant ?? request.text("tenant").flatMap { TenantID($0) }
        let found = try await reading { () -> [Subject] in
            if let id = DomainID(name) { return try await subject(id, of: tenant).map { [$0] } ?? [] }
            let ownership = OwnershipRepository(store)
            var periods: [OwnershipPeriod] = []
            if let instant { periods = try await ownership.named(name, tenant: tenant, at: instant) }
            if periods.isEmpty { periods = try await ownership.named(name, tenant: tenant) }
            let unowned =
                tenant == nil ? try await inventory.domains(.all).filter { $0.tenant == nil && $0.name == name } : []
            return periods.filter { period in !unowned.contains { $0.id == period.domain } }
                .map { Subject(id: $0.domain, name: $0.name, tenant: tenant) }
                + unowned.map { Subject(id: $0.id, name: $0.name, tenant: nil) }
        }
        guard let first = found.first else { throw .notFound("VM", name) }
        guard found.count == 1 else {
            throw MethodError(
                .conflict, "\(found.count) tenants have a VM '\(name)'",
                hint: "say whose with --tenant, or give its UUID")
        }
        return first
    }

    private func subject(_ id: DomainID, of tenant: TenantID?) async throws(StoreError) -> Subject? {
        if let tenant {
            return try await OwnershipRepository(store).periods(of: id, tenant: tenant).last.map {
                Subject(id: id, name: $0.name, tenant: tenant)
            }
        }
        return try await inventory.domain(id).map { Subject(id: id, name: $0.name, tenant: nil) }
    }

    /// What whoever asks calls a VM, or called it last.
    func name(of id: DomainID, for request: Request) async throws(MethodError) -> String {
        try await names(of: [id], for: request)[id] ?? id.description
    }

    /// The same of many, in one statement; what whoever asks never had is not in it.
    func names(of ids: [DomainID], for request: Request) async throws(MethodError) -> [DomainID: String] {
        try await reading {
            guard let tenant = request.principal.tenant else {
                return try await inventory.names(of: ids)
            }
            return try await OwnershipRepository(store).names(of: ids, tenant: tenant)
        }
    }

    /// Whether whoever asks may see what happened to a VM at an instant.
    func canSee(_ id: DomainID, at instant: Timestamp, _ request: Request) async throws(MethodError) -> Bool {
        guard !request.principal.role.isProvider else { return true }
        let owner = try await reading { try await OwnershipRepository(store).owner(of: id, at: instant) }
        return request.principal.canSee(tenant: owner)
    }
}
