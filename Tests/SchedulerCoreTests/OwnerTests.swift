// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import Testing

@Suite("A domain that another has begins anew") struct OwnerTests {
    private func cluster() throws -> Cluster {
        let cluster = Cluster([hostRecord("host-a")], [Cluster.Guest(id: domainID(1), host: "host-a", demand: 500_000)])
        cluster.subscribe(1, try policy())
        cluster.tick(6)
        return cluster
    }

    @Test("the policy of its former owner does not rule it, and its samples tell nothing of it")
    func policyAndSamples() throws {
        let cluster = try cluster()
        #expect(cluster.state.policy(of: domainID(1)) != nil)
        #expect(cluster.state.window(of: domainID(1))?.count == 6)
        cluster[1].tenant = "zeta"
        cluster.refresh()
        #expect(cluster.state.policy(of: domainID(1)) == nil)
        #expect(cluster.state.window(of: domainID(1))?.count == 0)
        // A first version of the next owner's holds, whatever the number of the last owner's was.
        cluster.subscribe(1, try policy())
        #expect(cluster.state.policy(of: domainID(1))?.version == 1)
    }

    @Test("who stays its owner keeps both")
    func sameOwner() throws {
        let cluster = try cluster()
        cluster.refresh()
        #expect(cluster.state.policy(of: domainID(1)) != nil)
        #expect(cluster.state.window(of: domainID(1))?.count == 6)
    }
}
