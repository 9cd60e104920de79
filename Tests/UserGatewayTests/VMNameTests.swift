// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("What a VM is named by, and whom a list is about")
struct VMNameTests {
    /// Methods that take a VM's name and, from the provider's people, whose it is; of `vm.adopt` the tenant is whose it
    /// will be.
    private static let naming = MethodRegistry.ebb.methods.filter { $0.name != "vm.adopt" }.filter { method in
        ["vm", "tenant"].allSatisfy { name in method.parameters.contains { $0.name == name } }
    }

    @Test("a VM's UUID beside another tenant, or one that there is not, names no VM, whatever the method")
    func uuidOfAnother() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let id = try await rig.addDomain(1, "web-1", tenant: "acme")
            try await rig.addDomain(2, "web-2", tenant: "zeta")
            #expect(Self.naming.count > 20)
            for method in Self.naming {
                for tenant in ["zeta", "nosuch"] {
                    var parameters = method.example.parameters.merging(
                        ["vm": .string(id.description), "tenant": .string(tenant)]) { $1 }
                    parameters["cluster"] = nil
                    let failure = try await rig.failure(method.name, parameters, within: .seconds(1))
                    #expect(failure.reason == .notFound, "\(method.name) of \(tenant): \(failure)")
                }
            }
            #expect(try await CommandRepository(rig.administration).history(of: id).isEmpty)
            #expect(
                try await rig.call("vm.show", ["vm": .string(id.description), "tenant": "acme"])["name"] == "web-1")
            let named = try await rig.failure(
                "vm.create", ["name": .string(id.description), "flavor": "tiny"], as: GatewayRig.ada)
            #expect(named.reason == .invalid && named.message.contains("is a UUID"), "\(named)")
        }
    }

    @Test("a list of what belongs to nobody that there is says that there is nobody of that name")
    func unknownFilters() async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let lists: [(String, [String: JSONValue], MethodError)] = [
                ("vm.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
                ("vm.list", ["host": "nosuch"], .notFound("host", "nosuch")),
                ("host.list", ["cluster": "nosuch"], .notFound("cluster", "nosuch")),
                ("token.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
                ("token.list", ["principal": "nosuch"], .notFound("principal", "nosuch")),
                ("principal.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
                ("operation.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
                ("decision.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
                ("queue.list", ["tenant": "nosuch"], .notFound("tenant", "nosuch")),
            ]
            for (method, parameters, expected) in lists {
                #expect(
                    try await rig.failure(method, parameters, as: GatewayRig.chief) == expected,
                    "\(method) \(parameters)")
            }
            // Of another tenant's people no more is told than of those that there are not.
            for name in ["zoe", "nosuch"] {
                let failure = try await rig.failure("token.list", ["principal": .string(name)], as: GatewayRig.ada)
                #expect(failure == .notFound("principal", name))
                let done = try await rig.call("operation.list", ["actor": .string(name)], as: GatewayRig.ada)
                #expect(done == ["items": [], "truncated": false])
            }
        }
    }
}
