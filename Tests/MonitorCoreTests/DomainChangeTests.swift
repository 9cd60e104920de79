// SPDX-License-Identifier: Apache-2.0

import MonitorCore
import ResourceModel
import Testing

@Suite struct DomainChangeTests {
    private func sighting(_ state: DomainState, life: Double = 0, vcpus: Int = 2) -> DomainSighting {
        DomainSighting(
            domain: vm, name: "vm", state: state,
            incarnation: Incarnation(host: host, hypervisorID: 1, start: at(life)),
            size: DomainSize(vcpus: VCPUCount(clamping: vcpus), memory: .mebibytes(512), disk: .zero), seenAt: at(1),
            provedAt: at(1))
    }

    @Test(
        "states tell what happened",
        arguments: [
            (DomainState.shutoff, DomainState.running, ["started"]), (.saved, .running, ["restored"]),
            (.running, .shutoff, ["stopped"]), (.running, .crashed, ["crashed"]), (.running, .saved, ["saved"]),
            (.running, .paused, ["paused"]), (.paused, .running, ["resumed"]), (.running, .blocked, []),
            (.unknown, .running, []), (.running, .unknown, []), (.shutoff, .saved, []),
        ])
    func states(former: DomainState, now: DomainState, kinds: [String]) {
        #expect(DomainChange.between(sighting(former), sighting(now)).map(\.kind) == kinds)
    }

    @Test("a new life without a stop in between is a restart, and another size is a resize")
    func livesAndSizes() {
        let changes = DomainChange.between(sighting(.running), sighting(.running, life: 5, vcpus: 3))
        #expect(changes.map(\.kind) == ["restarted", "resized"])
        #expect(changes.last?.detail == "2 → 3 vCPUs")
    }
}
