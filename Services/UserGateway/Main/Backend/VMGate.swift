// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The only place where a stored domain becomes a VM that a caller may see. Everything that answers about VMs takes
// `VisibleVM`s, which are made here.

/// A stored domain that the caller may see.
@dynamicMemberLookup
struct VisibleVM: Sendable {
    private let row: StoredDomain

    fileprivate init(_ row: StoredDomain) { self.row = row }

    subscript<Value>(dynamicMember path: KeyPath<StoredDomain, Value>) -> Value { row[keyPath: path] }
}

extension GatewayBackend {
    /// The VM that a request names, if its caller may see it.
    func domain(_ request: Request) async throws(MethodError) -> VisibleVM {
        let name = request.text("vm") ?? ""
        let tenant = try await tenantMeant(request)
        let found = try await reading { () -> [StoredDomain] in
            if let id = DomainID(name) {
                // Another tenant's VM is not read, so that the answer takes as long as for one that does not exist.
                return try await inventory.domain(id, of: tenant).map { [$0] } ?? []
            }
            if let tenant { return try await inventory.domain(tenant: tenant, name: name).map { [$0] } ?? [] }
            return try await inventory.domains(.all).filter { $0.name == name }
        }.filter { $0.deletedAt == nil }
        return try Self.only(visible(found, to: request.principal), named: name)
    }

    /// The VM that a request names, if Ebb may change it.
    func managedDomain(_ request: Request) async throws(MethodError) -> VisibleVM {
        let domain = try await domain(request)
        guard domain.isManaged else {
            throw MethodError(
                .invalid, "'\(domain.name)' is a foreign domain, which Ebb does not touch",
                hint: "have it managed with 'ebb vm adopt'")
        }
        return domain
    }

    /// The VM that had the named name at an instant, if it was its caller's then.
    func domain(_ request: Request, at instant: Timestamp) async throws(MethodError) -> VisibleVM {
        let subject = try await subject(request, at: instant)
        guard try await canSee(subject.id, at: instant, request),
            let row = try await reading({ try await inventory.domain(subject.id) })
        else { throw MethodError(.notFound, "you had no VM '\(request.text("vm") ?? "")' at \(instant)") }
        return VisibleVM(row)
    }

    /// The VMs that a principal may see: for a tenant's people their tenant's own, whatever `tenant` says.
    ///
    /// - Parameters:
    ///   - tenant: for the provider's people: only this tenant's; `nil`: all.
    ///   - host: only those on this host; `nil`: on any host.
    func domains(
        of tenant: TenantID? = nil, on host: HostID? = nil, for principal: Principal
    ) async throws(MethodError) -> [VisibleVM] {
        let scope = (principal.tenant ?? tenant).map { DomainScope.tenant($0) } ?? host.map { .host($0) } ?? .all
        let found = try await reading { try await inventory.domains(scope) }
        return visible(found.filter { (host ?? $0.host) == $0.host }, to: principal)
    }

    /// The ones of these VMs that a principal may see, also deleted ones.
    func domains(_ ids: [DomainID], for principal: Principal) async throws(MethodError) -> [DomainID: VisibleVM] {
        let found = try await reading { try await inventory.domains(ids) }
        return Dictionary(visible(Array(found.values), to: principal).map { ($0.id, $0) }) { first, _ in first }
    }

    /// The VM that has this name in a tenant; `nil`: there is none, or its caller may not see it.
    func domain(
        named name: String, of tenant: TenantID, for principal: Principal
    ) async throws(MethodError) -> VisibleVM? {
        let found = try await reading { try await inventory.domain(tenant: tenant, name: name) }
        return visible(found.map { [$0] } ?? [], to: principal).first
    }

    /// The unmanaged domains of that name, or the domain of that UUID; only the provider's people see any.
    func unmanagedDomains(_ name: String, for principal: Principal) async throws(MethodError) -> [VisibleVM] {
        let found = try await reading { () -> [StoredDomain] in
            if let id = DomainID(name) { return try await inventory.domain(id).map { [$0] } ?? [] }
            return try await inventory.domains(.all).filter { $0.name == name && !$0.isManaged }
        }
        return visible(found.filter { $0.deletedAt == nil }, to: principal)
    }

    private func visible(_ rows: [StoredDomain], to principal: Principal) -> [VisibleVM] {
        rows.filter { principal.canSee(tenant: $0.tenant) }.map { VisibleVM($0) }
    }

    private static func only(_ found: [VisibleVM], named name: String) throws(MethodError) -> VisibleVM {
        guard let first = found.first else { throw .notFound("VM", name) }
        guard found.count == 1 else {
            throw MethodError(
                .conflict, "\(found.count) tenants have a VM '\(name)'",
                hint: "say whose with --tenant, or give its UUID")
        }
        return first
    }
}

/// The VM of a question about the past: one that exists, or existed.
struct Subject: Sendable {
    let id: DomainID
    /// Its present or last name for the caller.
    let name: String
    /// Only the time in which it was this tenant's; `nil`: the provider asks about all of the time.
    let tenant: TenantID?
}

extension GatewayBackend {
    /// The VM that a question about the past names, if its caller could ever see it.
    ///
    /// A UUID names any VM that was the caller's at some time, also an ended one. A name with a past instant means the
    /// VM that had it then; otherwise the one that has it now, or else the one that had it last.
    func subject(_ request: Request, at instant: Timestamp? = nil) async throws(MethodError) -> Subject {
        let name = request.text("vm") ?? ""
        let tenant = try await tenantMeant(request)
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

    /// The present or last name of a VM for the caller.
    func name(of id: DomainID, for request: Request) async throws(MethodError) -> String {
        try await names(of: [id], for: request)[id] ?? id.description
    }

    /// The same for many, in one statement; VMs that were never the caller's are left out.
    func names(of ids: [DomainID], for request: Request) async throws(MethodError) -> [DomainID: String] {
        try await reading {
            guard let tenant = request.principal.tenant else {
                return try await inventory.names(of: ids)
            }
            return try await OwnershipRepository(store).names(of: ids, tenant: tenant)
        }
    }

    /// Whether the caller may see what happened to a VM at an instant.
    private func canSee(_ id: DomainID, at instant: Timestamp, _ request: Request) async throws(MethodError) -> Bool {
        guard !request.principal.role.isProvider else { return true }
        let owner = try await reading { try await OwnershipRepository(store).owner(of: id, at: instant) }
        return request.principal.canSee(tenant: owner)
    }
}
