// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The provider's names as a tenant reads them.
extension GatewayBackend {
    /// A host's name for the provider's people; for a tenant a pseudonym, another one for every tenant.
    func visible(_ host: HostID, to principal: Principal) async throws(MethodError) -> String {
        guard let tenant = principal.tenant else { return host.name }
        return try await pseudonym(of: host.name, kind: .host, for: tenant)
    }

    /// Hosts' names as `visible` gives them, for many hosts at once.
    func visible(
        _ hosts: some Sequence<HostID>, to principal: Principal
    ) async throws(MethodError) -> [HostID: String] {
        let hosts = Set(hosts)
        let names = try await hostNames(Set(hosts.map(\.name)), to: principal)
        return Dictionary(hosts.map { ($0, names[$0.name] ?? "") }) { first, _ in first }
    }

    /// The pseudonym for each of these names of hosts, also of removed ones.
    func hostNames(
        _ names: Set<String>, to principal: Principal
    ) async throws(MethodError) -> [String: String] {
        guard let tenant = principal.tenant else { return Dictionary(names.map { ($0, $0) }) { first, _ in first } }
        return try await reading {
            try await PseudonymRepository(store).pseudonyms(for: names, kind: .host, tenant: tenant)
        }
    }

    /// The pseudonym that one tenant reads for `name`: the same as long as nobody erases it, and another one for every
    /// tenant.
    func pseudonym(
        of name: String, kind: PseudonymRepository.Kind, for tenant: TenantID
    ) async throws(MethodError) -> String {
        let found = try await reading {
            try await PseudonymRepository(store).pseudonyms(for: [name], kind: kind, tenant: tenant)
        }
        return found[name] ?? kind.rawValue
    }

    /// The tenant's own people, whose names it may read; `nil`: the caller may read all names.
    func ownPeople(of principal: Principal) async throws(MethodError) -> Set<String>? {
        guard let tenant = principal.tenant else { return nil }
        return try await reading { Set(try await AccountRepository(store).principals(of: tenant).map(\.name)) }
    }
}
