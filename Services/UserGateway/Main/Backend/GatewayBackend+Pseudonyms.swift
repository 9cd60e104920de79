// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// The provider's names as a tenant reads them.
extension GatewayBackend {
    /// A host's name for the provider's people; a pseudonym of its own for every tenant.
    func visible(_ host: HostID, to principal: Principal) async throws(MethodError) -> String {
        guard let tenant = principal.tenant else { return host.name }
        return try await pseudonym(of: host.name, kind: .host, for: tenant)
    }

    /// Hosts' names as `visible` gives them, of many hosts at once.
    func visible(
        _ hosts: some Sequence<HostID>, to principal: Principal
    ) async throws(MethodError) -> [HostID: String] {
        let hosts = Set(hosts)
        let names = try await hostNames(Set(hosts.map(\.name)), to: principal)
        return Dictionary(hosts.map { ($0, names[$0.name] ?? "") }) { first, _ in first }
    }

    /// What stands for each of these names of hosts, which may be of hosts that were removed.
    func hostNames(
        _ names: Set<String>, to principal: Principal
    ) async throws(MethodError) -> [String: String] {
        guard let tenant = principal.tenant else { return Dictionary(names.map { ($0, $0) }) { first, _ in first } }
        return try await reading {
            try await PseudonymRepository(store).pseudonyms(for: names, kind: .host, tenant: tenant)
        }
    }

    /// What stands for `name` in what one tenant reads: the same as long as nobody erases it, and another for every tenant.
    func pseudonym(
        of name: String, kind: PseudonymRepository.Kind, for tenant: TenantID
    ) async throws(MethodError) -> String {
        let found = try await reading {
            try await PseudonymRepository(store).pseudonyms(for: [name], kind: kind, tenant: tenant)
        }
        return found[name] ?? kind.rawValue
    }

    /// The tenant's own people, who have names for it; `nil`: whoever asks knows everybody.
    func ownPeople(of principal: Principal) async throws(MethodError) -> Set<String>? {
        guard let tenant = principal.tenant else { return nil }
        return try await reading { Set(try await AccountRepository(store).principals(of: tenant).map(\.name)) }
    }
}
