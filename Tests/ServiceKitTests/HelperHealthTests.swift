// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import Testing

@testable import ServiceKit

@Suite("Health without helpers")
struct HelperHealthTests {
    private func record(_ service: ServiceKind) -> InstanceRecord {
        InstanceRecord(
            id: InstanceID(UUID128(high: 2, low: 1)), service: service, publishEndpoint: nil,
            commandEndpoint: "tcp://127.0.0.1:1", version: "test")
    }

    @Test("a Scheduler without any Monitor is ready and says that it is degraded, until there is one")
    func degraded() {
        let health = Health()
        health.report("database", fault: nil)
        ServiceKind.scheduler.reportHelpers(among: [record(.logger)], to: health)
        #expect(health.isReady)
        #expect(health.report == "[+]database ok\n[~]monitor degraded: no monitor is running\n[+]logger ok\n")
        ServiceKind.scheduler.reportHelpers(among: [record(.logger), record(.monitor)], to: health)
        #expect(health.report == "[+]database ok\n[+]monitor ok\n[+]logger ok\n")
    }

    @Test("without its database a service is not ready, whoever else is there")
    func needed() {
        let health = Health()
        health.report("database", fault: "can't be reached")
        ServiceKind.usergateway.reportHelpers(among: ServiceKind.allCases.map(record), to: health)
        #expect(!health.isReady && health.report.contains("[-]database can't be reached\n"))
    }

    @Test(
        "every service says which of the others it does less without, and never itself", arguments: ServiceKind.allCases
    )
    func helpers(service: ServiceKind) {
        #expect(!service.helpers.isEmpty && !service.helpers.contains(service))
    }
}
