// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import Testing

extension ZeroMQTests {
    @Suite struct LifecycleTests {
        @Test("an address in use is named")
        func addressInUse() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let endpoint = source.publisher.endpoint
                let publisher = await #expect(throws: BusError.self) { try await bus.makePublisher(bind: endpoint) }
                #expect(publisher?.code == .addressInUse)
                #expect(publisher?.description.contains(endpoint) == true)
                let server = await #expect(throws: BusError.self) { try await bus.makeCommandServer(bind: endpoint) }
                #expect(server?.code == .addressInUse)
            }
        }

        @Test("after a close nothing is taken, deliveries end, and closing again is harmless")
        func closed() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                let recorder = Recorder(subscriber.deliveries)
                try await source.publish(10)
                await bus.close()
                await bus.close()
                #expect(await eventually { recorder.hasEnded })
                let error = await #expect(throws: BusError.self) { try await source.publish(1) }
                #expect(error?.code == .closed)
                await #expect(throws: BusError.self) { try await subscriber.connect(to: source.peer) }
            }
        }

        @Test("when file descriptors run short a socket is refused, before libzmq aborts the process")
        func descriptors() async throws {
            try await withBus(newInstance(), quickConfiguration { $0.reservedFileDescriptors = 1_000_000_000 }) { bus in
                let error = await #expect(throws: BusError.self) {
                    try await bus.makePublisher(bind: "tcp://127.0.0.1:*")
                }
                #expect(error?.message.contains("ulimit -n") == true)
            }
        }

        @Test("two hundred buses opened, used and closed leave no descriptor and no thread behind")
        func noLeak() async throws {
            try await cycle()
            let before = try usage()
            for _ in 0..<200 { try await cycle() }
            // A few may still be on their way out, and the runtime has threads of its own.
            #expect(
                await eventually {
                    guard let after = try? usage() else { return false }
                    return after.descriptors <= before.descriptors && after.threads <= before.threads + 8
                })
        }

        private func cycle() async throws {
            let instance = newInstance()
            try await withBus(instance) { bus in
                let source = try await Source(bus, instance)
                let subscriber = await bus.makeSubscriber(topics: [.allHosts])
                try await subscriber.connect(to: source.peer)
                try await source.publish(1)
                var deliveries = subscriber.deliveries.makeAsyncIterator()
                _ = await deliveries.next()
            }
        }

        private func usage() throws -> (descriptors: Int, threads: Int) {
            let files = FileManager.default
            return (
                try files.contentsOfDirectory(atPath: "/proc/self/fd").count,
                try files.contentsOfDirectory(atPath: "/proc/self/task").count
            )
        }
    }
}
