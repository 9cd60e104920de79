// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FoundationEssentials
import Messages
import ResourceModel
import SwiftProtobuf
import Synchronization

@testable import FleetMain

/// True time that passes only when somebody waits, or a test says so.
final class StandingClock: Sendable {
    private let instant: Mutex<Timestamp>

    init(_ start: Timestamp) { instant = Mutex(start) }

    func pass(_ duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }

    /// Begins no earlier than it is told.
    func clock(notBefore earliest: Timestamp) -> FleetClock {
        instant.withLock { $0 = max($0, earliest) }
        return FleetClock(now: { self.instant.withLock { $0 } }, sleep: { self.pass($0) })
    }
}

/// A command client without a bus: hands requests to the fleet's own handler, and its answers back.
struct DirectClient: CommandClient {
    let service: FleetService

    func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        let context = CommandContext(
            type: type, source: peer.instance, messageID: UUID128(high: 0, low: 0), idempotencyKey: idempotencyKey,
            timeout: timeout, traceparent: nil)
        do {
            return try await service.handle(body, context)
        } catch {
            guard error.code != .deadline else {
                throw BusError(.deadline, operation: "request \(type)", message: "no reply in time")
            }
            throw BusError(.failed(error), operation: "request \(type)", message: error.message)
        }
    }
}

/// A command client that always ends the same way.
struct FailingClient: CommandClient {
    let code: BusError.Code

    func request(
        _ body: [UInt8], type: MessageType, to peer: BusPeer, idempotencyKey: String?, timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        throw BusError(code, operation: "request", message: "as told")
    }
}

extension FleetService {
    nonisolated var client: FleetClient { FleetClient(DirectClient(service: self), endpoint: "tcp://127.0.0.1:1") }

    nonisolated func request(_ body: [UInt8], timeout: Duration = .seconds(2)) async throws -> [UInt8] {
        let peer = BusPeer(
            instance: InstanceID(UUID128(high: 1, low: 1)), publishEndpoint: nil, commandEndpoint: "inproc://fleet",
            publicKey: nil)
        return try await DirectClient(service: self).request(
            body, type: .fleetCall, to: peer, idempotencyKey: nil, timeout: timeout)
    }

    /// One call to `host-1` with epoch 1, unless `build` says otherwise.
    @discardableResult
    nonisolated func call(id: UInt64 = 3, _ build: (inout WireFleetCall) -> Void) async throws -> WireFleetAnswer {
        var call = WireFleetCall()
        call.hostID = "host-1"
        call.callID = Data(UUID128(high: 3, low: id).bytes)
        call.epoch = 1
        build(&call)
        return try WireFleetAnswer(serializedBytes: try await request(try call.serializedBytes()))
    }

    /// Creates `FleetScenario.vm` on `host-1`.
    nonisolated func create() async throws {
        try await call { call in
            call.create.domainUuid = Data(FleetScenario.vm.uuid.bytes)
            call.create.name = "vm"
            call.create.vcpusMaximum = 4
            call.create.vcpus = 2
            call.create.memoryBytes = 1 << 29
        }
    }
}
