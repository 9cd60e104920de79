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
}
