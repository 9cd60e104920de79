// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import SchedulerCore

/// What a decision's tenant reads of it.
@Suite struct TenantsDecisionTests {
    /// Records of every kind that these clusters make, of VMs and hosts with names that stand nowhere else.
    private func records() throws -> [(cluster: Cluster, record: DecisionRecord)] {
        let rules = try PolicyPreset.aggressive.policy(maximumVCPUs: 8)
        let hosts = ["secret-a", "secret-b", "secret-c"].map { hostRecord($0) }
        let guests = (1...4).map {
            Cluster.Guest(
                id: DomainID(UUID128(high: 0xABCD_0000_0000_0000, low: UInt64($0))), host: "secret-a",
                demand: 1_000_000, memory: .mebibytes(Int64($0) * 256), tenant: $0 == 1 ? "acme" : "evil-corp")
        }
        let crowded = Cluster(hosts, guests)
        crowded.tick(8)
        let full = Cluster(
            [hostRecord("secret-a", cpuCount: 1)],
            [Cluster.Guest(id: domainID(1), host: "secret-a", vcpus: 2, demand: 2_000_000)])
        full.strictHosts = ["secret-a"]
        full.subscribe(1, rules)
        full.tick(12)
        let frozen = Cluster(
            [hostRecord("secret-a")], [Cluster.Guest(id: domainID(1), host: "secret-a", vcpus: 2, demand: 2_000_000)])
        frozen.subscribe(1, rules)
        frozen.state.freezeChanged(
            [Freeze(scope: .cluster, reason: "VM 77 of evil-corp broke secret-b", since: at(0))], at: at(0))
        frozen.tick(3)
        let pinned = Cluster(hosts, [Cluster.Guest(id: domainID(1), host: "secret-a", vcpus: 1, demand: 100_000)])
        pinned.subscribe(1, nil, options: PolicyOptions(pinnedHosts: ["secret-b"]))
        pinned.tick(12)
        return [crowded, full, frozen, pinned].flatMap { cluster in cluster.records.map { (cluster, $0) } }
    }

    @Test("no host, no other VM, no other's words and nothing of a host's load or room is in any decision of any kind")
    func nothingOfOthers() throws {
        let all = try records()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(Set(all.map(\.record.outcome.verdict)).isSuperset(of: [.migrate, .refuse, .grow]))
        for (cluster, record) in all {
            let told = record.forTenant()
            let text = told.summary + told.text + String(decoding: try encoder.encode(told), as: UTF8.self)
            #expect(!text.contains("secret") && !text.contains("evil-corp"), "\(text)")
            for guest in cluster.guests where guest.id != record.inputs.domain {
                #expect(!text.contains("\(guest.id)"), "\(text)")
            }
            for figure in ["are free", "squared loads", "weight", "relieves", "above its bound of"] {
                #expect(!told.text.contains(figure), "\(figure) in \(told.text)")
            }
            for member in ["candidates", "placement", "denials", "options", "improvement"] {
                #expect(!text.contains("\"\(member)\""), "\(member) in \(text)")
            }
            #expect(told.text.contains("decision \(record.id)") && told.id == record.id)
        }
    }

    @Test("the explanation of this moment says why, and no more of others than a decision does")
    func explanation() throws {
        for (cluster, record) in try records() {
            let domain = record.inputs.domain
            let own = try #require(cluster.state.explain(domain, at: cluster.now))
            let told = try #require(cluster.state.explainToTenant(domain, at: cluster.now))
            #expect(!told.contains("secret") && !told.contains("evil-corp"), "\(told)")
            #expect(told.split(separator: "\n").count == own.text.split(separator: "\n").count)
        }
    }
}
