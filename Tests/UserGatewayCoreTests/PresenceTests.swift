// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Testing
internal import UserGatewayCore

private func at(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

@Suite("Who is there and what is known")
struct PresenceTests {
    private func instance(
        _ number: UInt64, _ service: String = "monitor", from start: Int64, heard: Int64, isAlive: Bool
    ) -> Presence.Instance {
        Presence.Instance(
            id: InstanceID(UUID128(high: 0, low: number)), service: service, startedAt: at(start),
            renewedAt: at(heard), isAlive: isAlive)
    }

    @Test("a service that is needed and has no instance is missing, since it was last heard of, if it ever was")
    func neverThere() {
        let presence = Presence(
            of: ["monitor", "billing"], [instance(1, from: 1, heard: 9, isAlive: false)])
        #expect(presence.services.map(\.isThere) == [false, false])
        #expect(presence.services.map(\.lastHeardOf) == [at(9), nil])
        #expect(presence.services[0].missing.map(\.id) == [InstanceID(UUID128(high: 0, low: 1))])
        #expect(presence.services[1].missing.isEmpty)
    }

    @Test("one that ended without its leave stays missing beside others, until one that starts later takes its place")
    func replaced() {
        let old = instance(1, from: 1, heard: 50, isAlive: true)
        let dead = instance(2, from: 1, heard: 20, isAlive: false)
        let beside = Presence(of: ["monitor"], [old, dead]).services[0]
        #expect(beside.isThere && beside.missing == [dead])
        let next = instance(3, from: 21, heard: 50, isAlive: true)
        #expect(Presence(of: ["monitor"], [old, dead, next]).services[0].missing.isEmpty)
        let other = instance(4, from: 1, heard: 30, isAlive: false)
        #expect(
            Presence(of: ["monitor"], [old, dead, other, next]).services[0].missing == [other], "one takes one place")
    }

    @Test("another service's instance takes nobody's place")
    func services() {
        let dead = instance(1, from: 1, heard: 20, isAlive: false)
        let logger = instance(2, "logger", from: 30, heard: 50, isAlive: true)
        #expect(Presence(of: ["monitor", "logger"], [dead, logger]).services.map(\.missing.count) == [1, 0])
    }

    @Test(
        "a figure is known for three intervals and its way to the database, then unknown",
        arguments: [
            (5, 17, true), (5, 18, false), (1, 5, true), (1, 6, false), (nil, 17, true), (nil, 18, false),
            (3_600, 1_802, true), (3_600, 1_803, false),
        ] as [(Int64?, Int64, Bool)])
    func age(interval: Int64?, seconds: Int64, isKnown: Bool) {
        let age = Age(of: at(100), interval: interval.map { $0 * 1_000_000_000 }, now: at(100 + seconds))
        #expect(age.isKnown == isKnown && age.known(7) == (isKnown ? 7 : nil))
        #expect(age.nanoseconds == seconds * 1_000_000_000)
    }

    @Test("what was never read is unknown and has no age")
    func never() {
        let age = Age(of: nil, interval: nil, now: at(1))
        #expect(!age.isKnown && age.nanoseconds == nil)
    }
}
