// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import UserGatewayMain

@Suite("A gateway that answers nobody says so")
struct LoopWatchTests {
    @Test("a thread that answers no client is reported, and no more once it answers", .timeLimit(.minutes(1)))
    func stall() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let watch = LoopWatch(group, limit: .milliseconds(300), interval: .milliseconds(10))
        let reports = Mutex<[String?]>([])
        let watching = Task { await watch.run { report in reports.withLock { $0.append(report) } } }
        let gate = DispatchSemaphore(value: 0)
        group.next().execute { gate.wait() }
        try await eventually("the stall is reported") {
            reports.withLock { $0.contains { $0?.contains("no client has been answered") == true } }
        }
        #expect(!watch.isServing)
        gate.signal()
        try await eventually("all answer again") { watch.isServing }
        watching.cancel()
        await watching.value
        try await group.shutdownGracefully()
    }
}
