// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// New VMs between the choice of their host and the inventory that lists them.
@Suite struct PlacedDomainTests {
    @Test("new VMs of one group are kept apart, or together, before anybody lists them, and not for ever")
    func groups() {
        let cluster = smallCluster([guest(1)], hosts: ["host-a", "host-b", "host-c"])
        cluster.tick()
        let apart = PolicyOptions(antiAffinityGroup: "db")
        let place = { (number: UInt64, options: PolicyOptions) -> HostID? in
            let request = PlacementRequest(
                domain: domainID(number), source: nil, vcpus: 1, memory: .mebibytes(64),
                demand: CPUDemand(ppmOfOneCore: 100_000))
            let chosen = cluster.state.placement(for: request, options: options, of: "acme", at: cluster.now).chosen
            cluster.state.placed(domainID(number), of: "acme", on: chosen, options: options, at: cluster.now)
            return chosen
        }
        #expect(place(11, apart) == "host-b")
        #expect(place(11, apart) == "host-b", "it is not its own neighbour")
        #expect(place(12, apart) == "host-c")
        #expect(place(13, apart) == "host-a")
        #expect(place(14, apart) == nil, "all three have one")
        #expect(place(15, PolicyOptions(antiAffinityGroup: "web")) == "host-b", "another group")
        #expect(place(16, PolicyOptions(affinityGroup: "cache")) == "host-b")
        cluster.state.placed(
            domainID(16), of: "acme", on: "host-c", options: PolicyOptions(affinityGroup: "cache"), at: cluster.now)
        #expect(place(17, PolicyOptions(affinityGroup: "cache")) == "host-c")
        cluster.state.placed(domainID(12), of: "acme", on: nil, options: apart, at: cluster.now)
        #expect(place(14, apart) == "host-c", "what found no room after all holds nobody off")
        let timeout = cluster.state.settings.outcomeTimeout / interval
        cluster.tick(Int(timeout) - 1)
        #expect(place(18, apart) == nil)
        cluster.tick()
        #expect(place(18, apart) == "host-b", "nobody has heard of them since")
    }

    @Test("once a new VM is listed and its policy known, it is where the inventory says")
    func listed() {
        let cluster = smallCluster([guest(1)], hosts: ["host-a", "host-b", "host-c"])
        cluster.tick()
        let apart = PolicyOptions(antiAffinityGroup: "db")
        cluster.state.placed(domainID(2), of: "acme", on: "host-b", options: apart, at: cluster.now)
        let taken = { () -> [HostID] in
            let request = PlacementRequest(
                domain: domainID(3), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
            return cluster.state.placement(for: request, options: apart, of: "acme", at: cluster.now).candidates
                .filter { $0.rejection?.code == .antiAffinity }.map(\.facts.record.host)
        }
        cluster.guests.append(guest(2, "host-c", demand: 0))
        cluster.refresh()
        #expect(taken() == ["host-b"], "listed, but nobody knows its group yet")
        cluster.subscribe(2, nil, options: apart)
        #expect(taken() == ["host-c"])
        cluster.subscribe(2, nil)
        #expect(taken().isEmpty, "its owner took it out of the group")
    }

    @Test("a new VM that was listed and is gone again holds nobody off")
    func gone() {
        let cluster = smallCluster([guest(1)], hosts: ["host-a", "host-b"])
        cluster.tick()
        let apart = PolicyOptions(antiAffinityGroup: "db")
        for (number, host) in [(2, "host-a"), (3, "host-b")] as [(UInt64, HostID)] {
            cluster.state.placed(domainID(number), of: "acme", on: host, options: apart, at: cluster.now)
        }
        #expect(cluster.state.unlisted == [domainID(2), domainID(3)])
        cluster.guests += [guest(2, "host-a", demand: 0), guest(3, "host-b", demand: 0)]
        cluster.refresh()
        #expect(cluster.state.unlisted.isEmpty)
        // One had its policy by then, the other not yet.
        cluster.subscribe(2, nil, options: apart)
        cluster.guests.removeAll { [domainID(2), domainID(3)].contains($0.id) }
        cluster.refresh()
        let request = PlacementRequest(
            domain: domainID(4), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
        let result = cluster.state.placement(for: request, options: apart, of: "acme", at: cluster.now)
        #expect(result.chosen != nil && result.candidates.allSatisfy { $0.facts.antiAffinityPeers == nil })
    }

    @Test("a host that is being emptied, or can't be reached, is no home for the rest of a group")
    func noHome() {
        let together = PolicyOptions(affinityGroup: "cache")
        let request = PlacementRequest(
            domain: domainID(3), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
        let cluster = smallCluster([guest(2, "host-b")])
        cluster.subscribe(2, nil, options: together)
        cluster.tick()
        let chosen = { cluster.state.placement(for: request, options: together, of: "acme", at: cluster.now).chosen }
        #expect(chosen() == "host-b")
        cluster.hosts[1].isUp = false
        cluster.refresh()
        #expect(chosen() == "host-a")
        cluster.hosts[1].isUp = true
        cluster.hosts[1].mode = .draining
        cluster.refresh()
        #expect(chosen() == "host-a")
    }

    @Test("one of a group that is on its way counts where it goes, and one that grows where it is")
    func onItsWay() throws {
        let apart = PolicyOptions(antiAffinityGroup: "db")
        let request = PlacementRequest(
            domain: domainID(3), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
        for isMoving in [true, false] {
            let cluster = smallCluster([guest(2)], hosts: ["host-a", "host-b", "host-c"])
            cluster.isCarriedOut = false
            let policy = isMoving ? nil : try PolicyPreset.aggressive.policy(maximumVCPUs: 4)
            cluster.subscribe(2, policy, options: apart)
            cluster.tick()
            if isMoving { cluster.drain("host-a") }
            cluster.tick(2)
            #expect(cluster.state.operation(of: domainID(2))?.phase == (isMoving ? .migrating : .resizing))
            let taken = cluster.state.placement(for: request, options: apart, of: "acme", at: cluster.now).candidates
                .filter { $0.facts.antiAffinityPeers != nil }.map(\.facts.record.host)
            #expect(taken == [isMoving ? "host-b" : "host-a"])
        }
    }
}
