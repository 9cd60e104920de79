// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

struct EventHubTests {
    private let hub = EventHub(limit: 2)
    private let domain = DomainID.fresh()

    private func event(_ detail: String) -> HypervisorEvent { .lifecycle(domain, .running, detail: detail) }

    private func all(_ stream: AsyncStream<HypervisorEvent>) async -> [HypervisorEvent] {
        var events: [HypervisorEvent] = []
        for await event in stream { events.append(event) }
        return events
    }

    @Test("every reader gets every event, and one that is behind loses the oldest")
    func bounded() async {
        let generation = hub.begin()
        let readers = [hub.stream(), hub.stream()]
        for detail in ["one", "two", "three"] { hub.publish(event(detail), generation: generation) }
        hub.close()
        for reader in readers { #expect(await all(reader) == [event("two"), event("three")]) }
    }

    @Test("a connection that was given up neither reports nor ends its successor's streams")
    func generations() async {
        let first = hub.begin()
        hub.connectionLost(reason: "no answer by the deadline")
        let second = hub.begin()
        let reader = hub.stream()
        hub.publish(event("stale"), generation: first)
        hub.connectionLost(reason: "stale", generation: first)
        hub.publish(event("fresh"), generation: second)
        hub.close()
        #expect(await all(reader) == [event("fresh")])
    }

    @Test("the loss of the connection is the last event")
    func lost() async {
        let generation = hub.begin()
        let reader = hub.stream()
        hub.connectionLost(reason: "gone", generation: generation)
        hub.publish(event("late"), generation: generation)
        #expect(await all(reader) == [.connectionLost(reason: "gone")])
    }
}
