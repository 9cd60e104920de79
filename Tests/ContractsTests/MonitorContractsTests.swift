// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import Testing

@Suite("What Monitor writes and answers")
struct MonitorContractsTests {
    @Test("a host's capabilities are written as they always were, and come back")
    func capabilities() {
        let found = HypervisorCapabilities(
            driver: "QEMU", version: "7.2.0", hostUUID: UUID128(high: 1, low: 2), hasBulkStatistics: true,
            hasHostCPUStatistics: true, hasHostMemoryStatistics: false, canMigrate: false, canUnplugVCPUs: true,
            canCapCPU: true, hasStorage: true, events: ["lifecycle"])
        let text =
            #"{"canCapCPU":true,"canMigrate":false,"canUnplugVCPUs":true,"driver":"QEMU","events":["lifecycle"],"#
            + #""hasBulkStatistics":true,"hasHostCPUStatistics":true,"hasHostMemoryStatistics":false,"#
            + #""hasStorage":true,"hostUUID":"\#(UUID128(high: 1, low: 2))","version":"7.2.0"}"#
        #expect(found.json == text && HypervisorCapabilities(json: text) == found)
    }

    @Test("capabilities of another version are read: what they don't say is not there, and binds no domain")
    func otherCapabilities() {
        let read = HypervisorCapabilities(json: #"{"driver": "bhyve", "events": ["eclipse"], "hasMood": true}"#)
        #expect(read?.driver == "bhyve" && read?.events == ["eclipse"] && read?.canMigrate == true)
        #expect(read?.hasBulkStatistics == false && read?.canCapCPU == nil && read?.hasStorage == false)
        #expect(HypervisorCapabilities(json: #"{"version": "1"}"#) == nil, "of no driver")
    }

    @Test("a host check has the members that the gateway reads")
    func check() {
        let check = HostCheck(items: [
            CheckItem(check: "answers", result: .fine),
            CheckItem(target: "h2", check: "clock", result: .missing, detail: "4 s", remedy: "chrony"),
        ])
        #expect(
            check.json == #"{"items":[{"check":"answers","result":"fine"},"#
                + #"{"check":"clock","detail":"4 s","remedy":"chrony","result":"missing","target":"h2"}]}"#)
        #expect(HostCheck(json: check.json) == check)
        for result in CheckItem.Result.allCases { #expect(Recognised(result.rawValue) == result) }
    }

    @Test("an item's result that is not known is kept to the byte, one that is missing is unknown, never fine")
    func laterCheck() {
        let check = HostCheck(json: #"{"items": [{"check": "x", "result": "splen did", "mood": 1}, {}], "more": 2}"#)
        #expect(check?.items.map(\.result) == [.unrecognised("splen did"), .known(.unknown)])
        #expect(check?.items.map(\.check) == ["x", "?"])
        #expect(HostCheck(json: "{}") == nil)
    }

    @Test("what a VM can do is written as it always was, and what is not said of it is not known")
    func examination() {
        let fine = DomainExamination.Ability(missing: [])
        var answer = DomainExamination(
            growsVCPUs: fine, shrinksVCPUs: fine, resizesMemory: fine, movesLive: .init(missing: ["its disk is local"]),
            capsCPU: fine, capsNetwork: fine, confirmsSizes: fine)
        answer.isActive = true
        let text =
            #"{"capsCPU":{"missing":[]},"capsNetwork":{"missing":[]},"confirmsSizes":{"missing":[]},"#
            + #""growsVCPUs":{"missing":[]},"isActive":true,"movesLive":{"missing":["its disk is local"]},"#
            + #""resizesMemory":{"missing":[]},"shrinksVCPUs":{"missing":[]}}"#
        #expect(answer.json == text && DomainExamination(json: text) == answer)
        let other = DomainExamination(
            json: #"{"growsVCPUs": {"missing": [], "mood": 1}, "sings": {}, "movesLive": {}}"#)
        #expect(other?.growsVCPUs.isPossible == true)
        #expect(other?.movesLive.isKnown == false && other?.movesLive.isPossible == false)
        #expect(other?.capsCPU.isKnown == false && other?.movesOff == nil)
    }

    @Test("an element of a list that can't be read is left out, and a word that is not known is kept to the byte")
    func lists() {
        let snapshots = AnsweredList<DomainSnapshot>(json: #"[{"name": "a", "state": "fro zen"}, {"state": "off"}, 7]"#)
        #expect(
            snapshots?.elements.map(\.name) == ["a"] && snapshots?.elements.first?.state == .unrecognised("fro zen"))
        #expect(snapshots?.json == #"[{"name":"a","state":"fro zen"}]"#)
        let addresses = AnsweredList<GuestAddress>(
            json: #"{"items": [{"address": "10.0.0.1", "source": "rumour", "vlan": 4}], "more": 1}"#)
        #expect(addresses?.elements.first?.source == .unrecognised("rumour"))
        #expect(AnsweredList<GuestAddress>(json: #"{"address": "10.0.0.1"}"#) == nil)
        for source in GuestAddress.Source.allCases { #expect(Recognised(source.rawValue) == source) }
    }

    @Test("the parts of lists and the console are written as they always were")
    func parts() {
        let instant = Timestamp(nanoseconds: 5)
        #expect(
            DomainSnapshot(name: "a", createdAt: instant, state: .running).json
                == #"{"createdAt":5,"name":"a","state":"running"}"#)
        #expect(
            GuestAddress(interface: "eth0", macAddress: nil, address: "10.0.0.1", source: .lease).json
                == #"{"address":"10.0.0.1","interface":"eth0","source":"lease"}"#)
        #expect(
            DefinitionChange(what: "w", before: "1", after: "2").json == #"{"after":"2","before":"1","what":"w"}"#)
        let console = ConsoleOutput(offset: 3, nextOffset: 7, text: "boot")
        #expect(
            console.json == #"{"nextOffset":7,"offset":3,"text":"boot"}"#
                && ConsoleOutput(json: console.json) == console)
    }
}
