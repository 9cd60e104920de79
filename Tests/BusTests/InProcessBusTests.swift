// SPDX-License-Identifier: Apache-2.0

import Bus
import Messages
import ResourceModel
import Synchronization
import Testing

@Suite struct InProcessBusTests {
    private let publisherInstance = newInstance()
    private let subscriberInstance = newInstance()

    private func ready(
        _ configuration: BusConfiguration = BusConfiguration()
    ) async throws -> (InProcessBus, any StreamPublisher, any StreamSubscriber, Recorder) {
        let bus = InProcessBus(configuration: configuration, clock: now)
        let publisher = await bus.makePublisher(publisherInstance)
        await publisher.serveReplays(on: await bus.makeCommandServer(publisherInstance))
        let subscriber = await bus.makeSubscriber(subscriberInstance, topics: [.allHosts])
        await subscriber.resume(stream(), after: 0)
        try await subscriber.connect(to: bus.peer(publisherInstance))
        return (bus, publisher, subscriber, Recorder(subscriber.deliveries))
    }

    private func publish(_ count: Int, _ publisher: any StreamPublisher) async throws {
        for _ in 0..<count { try await publisher.publish([], type: .hostReport, on: stream(), at: .zero) }
    }

    @Test("messages that are lost on the way are replayed, those at the tail after a heartbeat")
    func replay() async throws {
        let (bus, publisher, subscriber, recorder) = try await ready()
        await bus.setFaults(InProcessBus.Faults(losesMessage: { message, _ in [2, 3, 6].contains(message.sequence) }))
        try await publish(6, publisher)
        await bus.beat()
        #expect(await eventually { recorder.end() == 6 })
        #expect(recorder.sequences() == Array(1...6))
        #expect(await subscriber.statistics().replayed == 3)
    }

    @Test("what can't be replayed is reported")
    func lost() async throws {
        let configuration = quickConfiguration { $0.spoolMessagesPerStream = 2 }
        let (bus, publisher, _, recorder) = try await ready(configuration)
        await bus.setFaults(InProcessBus.Faults(losesMessage: { _, _ in true }))
        try await publish(5, publisher)
        await bus.beat()
        #expect(await eventually { recorder.end() == 5 })
        #expect(recorder.lost() == [1...3])
        #expect(recorder.sequences() == [4, 5])
    }

    @Test("a lost request never runs, a lost reply leaves it unknown")
    func commandFaults() async throws {
        let bus = InProcessBus(clock: now)
        let server = await bus.makeCommandServer(publisherInstance)
        let calls = Mutex(0)
        await server.handle("test.echo.v1") { body, _ in
            calls.withLock { $0 += 1 }
            return body
        }
        let client = await bus.makeCommandClient(subscriberInstance)
        let peer = bus.peer(publisherInstance)
        for (fault, expected) in [(InProcessBus.Faults.Command.loseRequest, 0), (.loseReply, 1)] {
            await bus.setFaults(InProcessBus.Faults(command: { _, _ in fault }))
            let error = await #expect(throws: BusError.self) {
                try await client.request(
                    [], type: "test.echo.v1", to: peer, idempotencyKey: nil, timeout: .seconds(1))
            }
            #expect(error?.code == .deadline)
            #expect(calls.withLock { $0 } == expected)
        }
    }
}
