// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import SchedulerCore

@Suite struct ExplanationTests {
    private func overloaded() throws -> Cluster {
        let guests = (1...4).map {
            Cluster.Guest(
                id: DomainID(UUID128(high: 0xABCD_0000_0000_0000, low: UInt64($0))), host: "secret-a",
                demand: 1_000_000, memory: .mebibytes(Int64($0) * 256), tenant: "acme")
        }
        let cluster = Cluster(["secret-a", "secret-b", "secret-c"].map { hostRecord($0) }, guests)
        cluster.tick(8)
        return cluster
    }

    @Test("a tenant's record names no host and no neighbour, and verifies as the original does")
    func pseudonyms() throws {
        let cluster = try overloaded()
        let record = try #require(cluster.records.last { $0.move != nil })
        let shown = record.pseudonymised()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(shown), as: UTF8.self) + shown.explain()
        #expect(!text.contains("secret"))
        for guest in cluster.guests where guest.id != record.inputs.domain {
            #expect(!text.contains("\(guest.id)"))
        }
        #expect(text.contains("host-0001"))
        #expect(shown.verify() == nil)
        #expect((shown.id, shown.outcome.verdict) == (record.id, .migrate))
        #expect(shown.inputs.domain == record.inputs.domain)
        #expect(shown.inputs.freezeReason == nil, "nothing is frozen")
    }

    @Test("pseudonyms go by what the record shows, not by the true names, and equals still go to the same one")
    func pseudonymOrder() throws {
        let shown = try [["secret-a", "secret-b", "secret-c"], ["secret-c", "secret-a", "secret-b"]].map { names in
            let hosts = names.map { HostID(trusted: $0) }
            let guests = (1...4).map { number in
                let name = names[0] == "secret-a" ? UInt64(number) : UInt64(5 - number)
                return Cluster.Guest(
                    id: DomainID(UUID128(high: 0xABCD_0000_0000_0000, low: name)), host: hosts[0], demand: 1_000_000,
                    memory: .mebibytes(Int64(number) * 256), tenant: "acme")
            }
            let cluster = Cluster(hosts.map { hostRecord($0) }, guests)
            cluster.hosts[2].memory = .gibibytes(16)
            cluster.refresh()
            cluster.tick(8)
            return try #require(cluster.records.last { $0.move != nil }).pseudonymised()
        }
        #expect(shown.allSatisfy { $0.verify() == nil })
        #expect(
            shown[0].placement
                == shown[1].placement.map { other in
                    var request = other.request
                    request.domain = shown[0].inputs.domain
                    return Placement.place(
                        request, in: PlacementSnapshot(hosts: other.candidates.map(\.facts)), weights: other.weights)
                })
        #expect(shown[0].outcome.host == shown[1].outcome.host)
        #expect(shown[0].move?.options.dropFirst() == shown[1].move?.options.dropFirst())
    }

    @Test("words of the platform's people do not reach a tenant either")
    func freeText() throws {
        let guest = Cluster.Guest(id: domainID(1), host: "secret-a", vcpus: 2, demand: 2_000_000)
        let cluster = Cluster([hostRecord("secret-a")], [guest])
        cluster.subscribe(1, try PolicyPreset.aggressive.policy(maximumVCPUs: 4))
        let freeze = Freeze(scope: .cluster, reason: "VM 77 of evil-corp broke secret-b", since: at(0))
        cluster.state.freezeChanged([freeze], at: at(0))
        cluster.tick(3)
        let record = try #require(cluster.last(1))
        #expect(record.summary.contains("evil-corp"))
        #expect(!record.pseudonymised().explain().contains("evil-corp"))
        #expect(record.pseudonymised().verify() == nil)
    }

    @Test("why here: the next best host, and what separated the two")
    func whyHere() throws {
        let cluster = try overloaded()
        let record = try #require(cluster.records.last { $0.move != nil })
        #expect(record.explain().contains("secret-b and secret-c weigh the same; the lower id goes first"))
        let request = PlacementRequest(
            domain: domainID(9), source: nil, vcpus: 1, memory: .mebibytes(64), demand: CPUDemand(ppmOfOneCore: 0))
        cluster.tick(3)
        let placement = cluster.state.placement(for: request, at: cluster.now)
        let text = Sentences.placement(placement).joined(separator: "\n")
        #expect(text.contains("secret-c is ahead of secret-b by"))
        #expect(text.contains("free CPU +"))
    }

    @Test("why nothing happened to a host's other VMs: the plan lists them in the order in which they were tried")
    func plan() throws {
        let cluster = try overloaded()
        let record = try #require(cluster.records.last { $0.move != nil })
        let lines = record.explain().split(separator: "\n").filter { $0.hasPrefix("VM ") }
        #expect(lines.count == 4)
        #expect(lines[0].hasSuffix("chosen") && lines[1].hasSuffix("not needed"))
    }

    @Test("outcomes: 1, 10 and 60 minutes later, what was predicted, what came, and whether it was taken back")
    func outcomes() throws {
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", vcpus: 2, demand: 1_800_000)
        let cluster = Cluster([hostRecord("host-a", cpuCount: 16)], [guest])
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4))
        cluster.tick(8)
        #expect(cluster[1].vcpus == 3)
        let decision = try #require(cluster.last(1)?.id)
        cluster.tick(15)
        cluster[1].demand = 300_000
        cluster.tick(900)
        let rows = cluster.outcomes.filter { $0.decision == decision }
        #expect(rows.map(\.minutes) == [1, 10, 60])
        #expect(rows.map(\.predicted) == Array(repeating: Utilization(percent: 60), count: 3))
        #expect(rows.first?.real == Utilization(percent: 60))
        #expect(rows.map(\.isReversed) == [false, true, true])
        #expect(rows.first?.at == at(20))
        #expect(cluster.outcomes.contains { $0.decision != decision && $0.minutes == 60 && !$0.isReversed })
    }

    @Test("a report that comes twice counts once in an outcome")
    func outcomeOfRepeatedReports() throws {
        let host = hostRecord("host-a", cpuCount: 16)
        let cluster = Cluster([host], [Cluster.Guest(id: domainID(1), host: "host-a", vcpus: 2, demand: 1_800_000)])
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4))
        cluster.tick(8)
        let decision = try #require(cluster.last(1)?.id)
        for _ in 0..<15 {
            cluster.tick()
            let position = SamplePosition(epoch: 1, sequence: UInt64(cluster.time))
            cluster.state.observe(cluster.sample(of: host), position: position)
        }
        let row = try #require(cluster.outcomes.first { $0.decision == decision && $0.minutes == 1 })
        #expect(row.samples == 12)
    }

    @Test("an outcome ends with the next change of the same resource, and counts whole intervals after its own only")
    func outcomeOfOneChange() throws {
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", vcpus: 2, demand: 1_800_000)
        let cluster = Cluster([hostRecord("host-a", cpuCount: 16)], [guest])
        let amounts = try ResourceRule(
            lower: Utilization(percent: 60), upper: Utilization(percent: 80), minimum: 1 << 20, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: amounts))
        cluster.tick(8)
        let decision = try #require(cluster.last(1)?.id)
        cluster.tick(15)
        cluster[1].demand = 300_000
        cluster.tick(900)
        let changes = cluster.records.filter { $0.outcome.target != nil }
        let next = try #require(changes.first { $0.inputs.resource == .cpu && $0.id != decision })
        #expect(changes.contains { $0.inputs.resource == .memory && $0.decidedAt < next.decidedAt })
        let rows = cluster.outcomes.filter { $0.decision == decision }
        let until = Int(next.decidedAt.nanoseconds / interval) - 8
        #expect(rows.map(\.samples) == [12, until, until])
        #expect(rows[1].real == rows[2].real)
    }

    @Test("a reading that tells nothing is no part of an outcome, and a move that lasts is not reversed")
    func outcomeOfMove() throws {
        let cluster = try overloaded()
        let move = try #require(cluster.moves.first)
        let index = cluster.index(of: move.domain)
        cluster.tick(12) { $0.guests[index].demand = $0.time == 12 ? nil : 1_000_000 }
        let row = try #require(cluster.outcomes.first { $0.decision == move.decision })
        #expect((row.minutes, row.samples, row.isReversed) == (1, 10, false))
    }

    @Test("the outcomes of eight changes are measured at a time: the oldest give way")
    func outcomesOfMany() throws {
        let guest = Cluster.Guest(id: domainID(1), host: "host-a", demand: 500_000, memoryUsed: .mebibytes(16))
        let cluster = Cluster([hostRecord("host-a")], [guest])
        let amounts = try ResourceRule(
            lower: Utilization(percent: 40), upper: Utilization(percent: 80), minimum: 1 << 28, maximum: 1 << 40)
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4, memory: amounts))
        cluster.tick(8 + 8 * 60)
        let changes = cluster.records.filter { $0.outcome.target != nil }
        #expect(changes.count == 9, "one in each five minutes")
        #expect(cluster.state.domains[domainID(1)]?.followUps.map(\.decision) == changes.suffix(8).map(\.id))
        cluster.tick(720)
        let measured = changes.filter { change in
            cluster.outcomes.contains { $0.decision == change.id && $0.minutes == 60 }
        }
        #expect(measured.isEmpty, "each gave way within the hour")
    }

    @Test("a move's outcome is reversed when it is elsewhere again")
    func movedBack() throws {
        let cluster = try overloaded()
        let move = try #require(cluster.moves.first)
        cluster.tick(2)
        cluster.relocate(move.domain, to: "secret-a")
        cluster.tick(30)
        #expect(cluster.outcomes.first { $0.decision == move.decision }?.isReversed == true)
    }

    @Test("no part of a record tells its tenant the name of a host or a neighbour")
    func everyName() throws {
        let cluster = try overloaded()
        let record = try #require(cluster.records.last { $0.move != nil })
        let (plan, placement) = (try #require(record.move), try #require(record.placement))
        let neighbour = try #require(cluster.guests.last?.id)
        var request = placement.request
        (request.denied, request.pinnedHosts) = (["secret-b"], ["secret-a", "secret-b"])
        var options = plan.options
        options[1].obstacle = .immovable("a device of secret-a")
        options[2].obstacle = .neighbourMoves(neighbour)
        let full = DecisionRecord(
            id: record.id, tenant: record.tenant, inputs: record.inputs, finding: record.finding,
            denials: [Denial(host: "secret-b", at: at(8), reason: "secret-b is full")],
            placement: Placement.place(
                request, in: PlacementSnapshot(hosts: placement.candidates.map(\.facts)), weights: .equal),
            move: MovePlan(
                cause: .makeRoom(neighbour), source: plan.source, need: plan.need,
                minimumImprovement: plan.minimumImprovement, options: options, chosen: plan.chosen,
                improvement: plan.improvement),
            obstacle: .neighbourMoves(neighbour), foreignSource: "secret-c", decidedAt: record.decidedAt)
        let shown = full.pseudonymised()
        let text = String(decoding: try JSONEncoder().encode(shown), as: UTF8.self) + shown.explain()
        #expect(!text.contains("secret"))
        for guest in cluster.guests where guest.id != record.inputs.domain { #expect(!text.contains("\(guest.id)")) }
    }

    @Test("a record whose placement, plan or sentence was changed does not verify")
    func tampered() throws {
        let record = try #require(try overloaded().records.last { $0.move?.improvement != nil })
        let before = try #require(record.move?.improvement?.before)
        let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        let changes: [(String, String, DecisionRecord.Mismatch)] = [
            ("\"responseScore\":1000000", "\"responseScore\":1", .placement),
            ("\"before\":\(before)", "\"before\":\(before + 1)", .move),
            ("\"reason\":\"host-overload\"", "\"reason\":\"drain\"", .outcome),
            ("has been above its bound", "has been below its bound", .summary),
        ]
        for (old, new, mismatch) in changes {
            let changed = text.replacing(old, with: new)
            #expect(changed != text)
            let read = try JSONDecoder().decode(DecisionRecord.self, from: Data(changed.utf8))
            #expect(read.verify() == mismatch)
        }
    }

    @Test("what an explanation of now is drawn from stands in it: the rule, every sample that counts, the last change")
    func evidence() throws {
        let cluster = smallCluster([guest(1, demand: 500_000)])
        cluster.subscribe(1, try PolicyPreset.balanced.policy(maximumVCPUs: 4))
        cluster.tick(3)
        let text = try #require(cluster.state.explain(domainID(1), at: cluster.now)).text
        #expect(text.contains("3 known samples count: 0 above U2, 0 below U1"))
        for instant in Int64(1)...3 { #expect(text.contains("sample \(at(instant)): 50 % of ")) }
        #expect(text.contains("no change before"))
    }
}
