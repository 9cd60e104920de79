// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@testable import SchedulerCore

/// What is known of pairs of hosts, and of what a VM needs, decides where it can go.
@Suite struct FitnessTests {
    private static let hosts: [HostID] = ["host-a", "host-b", "host-c"]

    private func abilities(_ change: (inout HostAbilities) -> Void = { _ in }) -> HostAbilities {
        var abilities = HostAbilities(
            driver: "QEMU", transports: ["tcp"], pools: ["images", "ebb"], networks: ["default"], cpu: "old",
            acceptedCPUs: ["new": false])
        change(&abilities)
        return abilities
    }

    /// VM 1 on host-a; what host-a has is known, and what the others have as far as is said.
    private func cluster(
        _ others: [HostID: HostAbilities], hosts: [HostID] = FitnessTests.hosts, until: Timestamp = .distantFuture
    ) -> Cluster {
        let cluster = smallCluster([guest(1, demand: 100_000)], hosts: hosts)
        cluster.abilities["host-a"] = KnownAbilities(abilities(), knownUntil: until)
        for (host, abilities) in others { cluster.abilities[host] = KnownAbilities(abilities, knownUntil: until) }
        cluster.refresh()
        cluster.tick()
        return cluster
    }

    private func place(_ cluster: Cluster, needing needs: DomainNeeds? = nil) throws -> PlacementResult {
        let entry = try #require(cluster.state.domains[domainID(1)])
        cluster.state.domains.update(domainID(1)) { entry in
            entry.examined = needs.map {
                SchedulerState.Examined(needs: $0, obstacle: nil, at: cluster.now, until: cluster.now)
            }
        }
        let request = PlacementRequest(
            domain: domainID(1), source: "host-a", presentVCPUs: 1, vcpus: 1, memory: entry.record.memory,
            demand: CPUDemand(ppmOfOneCore: 0))
        let result = cluster.state.placement(for: request, at: cluster.now)
        #expect(result.repeated() == result)
        return result
    }

    @Test("each thing that a pair of hosts lacks rejects the target with its reason")
    func filters() throws {
        let uuid = UUID128(high: 1, low: 1)
        let everything = DomainNeeds(pools: ["ebb"], networks: ["default"], usesHostCPU: true)
        let cases: [(HostAbilities, DomainNeeds?, RejectionCode?, String)] = [
            (abilities(), everything, nil, ""),
            (
                abilities { $0.driver = "Test" }, nil, .otherDriver,
                "its driver is Test, and that of the domain's host QEMU"
            ),
            (abilities { $0.transports = ["rdma"] }, nil, .noCommonTransport, "no way to migrate in common"),
            (abilities { $0.pools = ["images"] }, everything, .lacksStorage, "it has no active storage pool ebb"),
            (abilities { $0.networks = [] }, everything, .lacksNetwork, "it has no network default"),
            (
                abilities {
                    $0.pools = nil; $0.networks = nil
                }, everything, nil, ""
            ),
            (
                abilities {
                    $0.cpu = "other"; $0.acceptedCPUs = ["old": false]
                }, everything, .lacksCPU,
                "its CPU lacks features"
            ),
            (
                abilities {
                    $0.cpu = "other"; $0.acceptedCPUs = ["old": true]
                }, everything, nil, ""
            ),
            (
                abilities {
                    $0.cpu = "other"; $0.acceptedCPUs = ["old": false]
                }, DomainNeeds(), nil, ""
            ),
        ]
        for (target, needs, code, words) in cases {
            let cluster = cluster(["host-b": target, "host-c": target])
            let candidate = try place(cluster, needing: needs).candidates[1]
            #expect(candidate.rejection?.code == code, "\(words)")
            let text = candidate.rejection.map { Sentences.text($0, on: candidate.facts) } ?? ""
            #expect(text.contains(words), "\(text)")
        }
        let twins = cluster(["host-b": abilities { $0.hostUUID = uuid }])
        twins.abilities["host-a"]?.abilities.hostUUID = uuid
        twins.refresh()
        #expect(try place(twins).candidates[1].rejection?.code == .sameUUID)
    }

    @Test("a mixed cluster: no VM is sent to a host of another driver, however full its own is")
    func mixedDrivers() {
        let cluster = smallCluster((1...4).map { guest($0, memory: 512) })
        cluster.abilities["host-a"] = KnownAbilities(abilities(), knownUntil: .distantFuture)
        cluster.abilities["host-b"] = KnownAbilities(abilities { $0.driver = "Test" }, knownUntil: .distantFuture)
        cluster.refresh()
        cluster.tick(120)
        #expect(cluster.moves.isEmpty && cluster.frozen.isEmpty)
        #expect(cluster.last(1)?.obstacle == .noTarget)
    }

    @Test("a host of which it is not known whether it can take the VM is allowed, and comes last")
    func doubtful() throws {
        let unsaid = cluster(["host-c": abilities()])
        let result = try place(unsaid)
        #expect(result.chosen == "host-c" && result.runnerUp == "host-b")
        #expect(result.candidates.map(\.facts.isDoubtful) == [nil, true, nil])
        let lacking = cluster(["host-b": abilities { $0.pools = [] }, "host-c": abilities()])
        #expect(
            try place(lacking).candidates.map(\.facts.isDoubtful) == [nil, true, nil], "what the VM needs is not known")
        let strange = cluster([
            "host-b": abilities {
                $0.cpu = "strange"; $0.acceptedCPUs = [:]
            }, "host-c": abilities(),
        ])
        #expect(try place(strange, needing: DomainNeeds(usesHostCPU: true)).chosen == "host-c")
        let nobody = smallCluster([guest(1, demand: 100_000)], hosts: Self.hosts)
        nobody.tick()
        let none = try place(nobody)
        #expect(none.chosen == "host-b" && none.candidates.allSatisfy { $0.facts.isDoubtful == nil })
    }

    @Test("what was found is too old after its time; that drivers differ is not")
    func age() throws {
        let lacking = abilities { $0.networks = [] }
        let needs = DomainNeeds(networks: ["default"])
        let cluster = cluster(["host-b": lacking, "host-c": lacking], until: at(3))
        #expect(try place(cluster, needing: needs).chosen == nil)
        cluster.tick(2)
        #expect(try place(cluster, needing: needs).chosen == "host-b")
        cluster.abilities["host-b"]?.abilities.driver = "Xen"
        cluster.refresh()
        #expect(try place(cluster, needing: needs).candidates[1].rejection?.code == .otherDriver)
    }

    @Test("a new VM goes only where the pool and the network are that it asks for")
    func newVM() {
        let cluster = cluster([
            "host-b": abilities { $0.pools = ["ebb"] }, "host-c": abilities { $0.networks = ["lan"] },
        ])
        let place = { (needs: DomainNeeds) -> PlacementResult in
            let request = PlacementRequest(
                domain: domainID(9), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
            return cluster.state.placement(
                for: request, options: PolicyOptions(), of: "acme", needing: needs, at: cluster.now)
        }
        #expect(
            place(DomainNeeds(pools: ["images"])).candidates.map { $0.rejection?.code } == [nil, .lacksStorage, nil])
        #expect(place(DomainNeeds(networks: ["lan"])).chosen == "host-c")
        #expect(place(DomainNeeds(networks: ["lan", "wan"])).chosen == nil)
    }

    // MARK: What a VM's own host says

    @Test("before a VM moves its host is asked what it needs: a target without that is left for another")
    func asked() {
        let cluster = cluster(["host-b": abilities { $0.networks = [] }, "host-c": abilities { $0.pools = [] }])
        cluster.mobility[domainID(1)] = (DomainNeeds(networks: ["default"]), nil)
        cluster.closedHosts = ["host-b"]
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.map(\.target) == ["host-c"])
        #expect(cluster.last(1)?.denials.isEmpty == true, "host-b was not even asked for room")
        cluster.mobility = [:]
        let unasked = self.cluster(["host-b": abilities { $0.networks = [] }, "host-c": abilities { $0.pools = [] }])
        unasked.drain("host-a")
        unasked.tick()
        #expect(unasked.moves.map(\.target) == ["host-b"], "where nobody answers it goes on as before")
    }

    @Test("what holds a VM is said by its host, names the reason, and is asked again after a minute")
    func held() {
        let cluster = cluster([:])
        cluster.mobility[domainID(1)] = (nil, "it holds 1 devices of the host: detach them")
        cluster.drain("host-a")
        cluster.tick(6)
        #expect(cluster.moves.isEmpty)
        #expect(cluster.state.operation(of: domainID(1)) == nil)
        #expect(
            cluster.last(1)?.summary
                == "not moved: host-a is being drained, but it holds 1 devices of the host: detach them")
        cluster.mobility = [:]
        cluster.tick(24)
        #expect(cluster.moves.count == 1)
        #expect(cluster.frozen.isEmpty)
    }

    @Test("a VM that has no place because of what it needs is given up, and holds up nobody")
    func nowhere() {
        let cluster = cluster(["host-b": abilities { $0.networks = [] }, "host-c": abilities { $0.pools = [] }])
        cluster.mobility[domainID(1)] = (DomainNeeds(pools: ["ebb"], networks: ["default"]), nil)
        cluster.drain("host-a")
        cluster.tick()
        #expect(cluster.moves.isEmpty)
        #expect(cluster.state.operation(of: domainID(1)) == nil)
        #expect(cluster.last(1)?.outcome.reason == .cannotMove)
        #expect(
            cluster.last(1)?.placement?.candidates.map { $0.rejection?.code } == [
                .source, .lacksNetwork, .lacksStorage,
            ])
    }

    @Test("a neighbour makes the room for a VM that grows and turns out to be held")
    func heldGrowth() throws {
        let cluster = smallCluster([
            guest(1, memory: 4_096) {
                $0.vcpus = 4
                $0.demand = 3_400_000
            },
            guest(2, demand: 200_000, memory: 4_096) { $0.vcpus = 2 },
        ])
        cluster.strictHosts = ["host-a"]
        cluster.mobility[domainID(1)] = (nil, "it holds 1 devices of the host: detach them")
        cluster.hosts[0].cpuOvercommit = Utilization(percent: 150)
        cluster.refresh()
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 6))
        cluster.tick(6)
        #expect(cluster.moves.map(\.domain) == [domainID(2)])
    }

    // MARK: Failures

    @Test(
        "a migration that failed says why, and whether that is the VM's or the pair's",
        arguments: [
            (
                "migrate: the target's URI 'test:///x' names no host that this one could reach", MoveFailure.driver,
                false
            ),
            (
                "virDomainMigrateToURI3: operation failed: Failed to connect to remote libvirt URI xen:///", .driver,
                false
            ),
            ("unsupported configuration: guest CPU doesn't match specification: missing features: avx2", .cpu, false),
            ("Unsafe migration: Migration without shared storage is unsafe", .storage, false),
            ("Cannot access storage file '/srv/web.qcow2': No such file or directory", .storage, false),
            ("Network not found: no network with matching name 'lan'", .network, false),
            ("Cannot get interface MTU on 'br0': No such device", .network, false),
            ("Unable to use TLS: x509 certificate not found", .encryption, false),
            ("Requested operation is not valid: cannot migrate domain with 2 snapshots", .snapshots, true),
            ("Requested operation is not valid: domain has assigned non-USB host devices", .devices, true),
            ("cannot migrate domain: VFIO migration is not supported in kernel", .devices, true),
            (
                "Unsafe migration: Migration may lead to data corruption if disks use cache other than none",
                .pageCache, true
            ),
        ] as [(String, MoveFailure, Bool)])
    func failures(message: String, failure: MoveFailure, isOfDomain: Bool) {
        #expect(MoveFailure(message: message) == failure)
        #expect(failure.isOfDomain == isOfDomain)
    }

    @Test("what names no such reason is an ordinary failure")
    func ordinary() {
        for message in ["", "it timed out", "host h2 has 16 GiB and uses 15 GiB: no room for 2 GiB", "out of memory"] {
            #expect(MoveFailure(message: message) == nil)
        }
    }

    /// Seven VMs on a host that is drained, whose migrations to host-b all fail.
    private func failing(_ message: String?, hosts: [HostID] = ["host-b", "host-a"]) -> Cluster {
        let cluster = smallCluster((1...7).map { guest($0, demand: 10_000, memory: 64) }, hosts: hosts)
        cluster.failsMigrations = ["host-b"]
        cluster.failureMessage = message
        cluster.tick()
        cluster.drain("host-a")
        return cluster
    }

    @Test("a failure that names the pair's reason blocks the pair for its time, and never freezes the cluster")
    func pairBlocked() throws {
        let ordinary = failing("it timed out")
        ordinary.tick(100)
        #expect(!ordinary.frozen.isEmpty)
        let cluster = failing("guest CPU doesn't match specification")
        cluster.tick(100)
        #expect(cluster.frozen.isEmpty)
        #expect(cluster.moves.count == 1, "what holds for one of them holds for all between these two hosts")
        let record = try #require(cluster.last(2))
        let candidate = try #require(record.placement?.candidates.first { $0.facts.record.host == "host-b" })
        #expect(candidate.rejection?.code == .pairFailed)
        #expect(record.explain().contains("a migration from the domain's host to it failed because of its CPU"))
        #expect(cluster.recalled().hosts["host-a"]?.blocked == cluster.state.hosts["host-a"]?.blocked)
        cluster.failsMigrations = []
        cluster.tick(400)
        #expect(cluster.guests.allSatisfy { $0.host == "host-b" }, "it is tried again after half an hour")
    }

    @Test("another target is taken after the pair failed")
    func otherTarget() {
        let cluster = failing(
            "Unsafe migration: Migration without shared storage is unsafe", hosts: ["host-b", "host-c", "host-a"])
        cluster.tick(200)
        #expect(cluster.guests.allSatisfy { $0.host == "host-c" })
        #expect(cluster.moves.count { $0.target == "host-b" } == 1)
    }

    @Test("a failure that names the VM's own reason holds the VM for its time, and no other")
    func domainBlocked() throws {
        let cluster = failing("cannot migrate domain with 2 snapshots")
        cluster.tick()
        cluster.failsMigrations = []
        let first = try #require(cluster.moves.first?.domain)
        cluster.tick(100)
        #expect(cluster.guests.filter { $0.host == "host-a" }.map(\.id) == [first])
        #expect(cluster.frozen.isEmpty)
        let last = try #require(cluster.records.last { $0.inputs.domain == first })
        #expect(last.summary.hasSuffix("its last migration failed because of the domain's snapshots"))
        cluster.tick(400)
        #expect(cluster.guests.allSatisfy { $0.host == "host-b" })
    }

    @Test("failures that name each VM's own reason never freeze the cluster, however many there are")
    func ownReasons() {
        let cluster = failing("cannot migrate domain with 2 snapshots")
        cluster.tick(100)
        #expect(cluster.moves.count == 7)
        #expect(cluster.frozen.isEmpty)
    }

    // MARK: What is off

    @Test("a VM that is off leaves a host that is drained, and no other")
    func cold() throws {
        let cluster = smallCluster(
            [guest(1) { $0.isRunning = false }, guest(2, demand: 100_000)], hosts: ["host-b", "host-a"])
        cluster.tick(2)
        cluster.drain("host-a")
        cluster.tick(3)
        #expect(cluster.guests.allSatisfy { $0.host == "host-b" })
        let record = try #require(cluster.last(1))
        #expect(record.summary == "migrate from host-a to host-b: host-a is being drained")
        #expect(record.placement?.request.vcpus == 0 && record.placement?.request.memory == .zero)
        let relieved = smallCluster(
            [guest(1) { $0.isRunning = false }] + (2...5).map { guest($0, memory: 512) })
        relieved.tick(30)
        #expect(relieved[1].host == "host-a")
        let unknown = smallCluster([guest(1) { $0.isKnown = false }])
        unknown.state = unknown.started()
        unknown.drain("host-a")
        unknown.state.domains.update(domainID(1)) { $0.record.vcpus = nil }
        unknown.tick()
        #expect(unknown.moves.isEmpty && unknown.last(1)?.obstacle == .notRunning)
    }
}
