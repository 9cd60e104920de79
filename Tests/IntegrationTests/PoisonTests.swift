// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import FleetModel
import Foundation
import LoggerCore
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf
import TestSupport
import Testing

@testable import BillingMain
@testable import LoggerMain
@testable import SchedulerMain

private let vm = SchedulerWorld.vm

@Suite("No input ends a service", .serialized)
struct PoisonTests {
    @Test(
        "Scheduler names rows that can't be and decides on all others, also after a restart", .timeLimit(.minutes(2)))
    func poisonedRows() async throws {
        let hosts = [
            HostConfiguration(id: "h1", cores: 8, memory: .gibibytes(16)),
            HostConfiguration(id: "h2", cores: 8, memory: .gibibytes(16)),
        ]
        try await withScheduler(load: 950_000, hosts: hosts) { world, scheduler in
            // As by hand: nothing checks it.
            try await world.store.query("ALTER TABLE inventory.domain DROP CONSTRAINT domain_bounds")
            try await world.store.query("ALTER TABLE inventory.host DROP CONSTRAINT host_bounds")
            try await world.store.query(
                """
                INSERT INTO inventory.domain (id, name, tenant, host, state, maximum_vcpus, maximum_memory_bytes, managed)
                VALUES ('00000000-0000-0000-0000-0000000000ff', 'bad', 'acme', 'h1', 'unknown', 8, 9223372036854775807, true)
                """)
            try await world.store.query(
                "UPDATE inventory.host SET reserved_memory_bytes = 9223372036854775807 WHERE id = 'h2'")
            for _ in 0..<2 {
                let again = try await SchedulerRig.start(world.database, following: world.monitor)
                await again.stop()
            }
            try await scheduler.setPolicy(try .paper(), of: vm)
            try await eventually(within: .seconds(60), "a growth beside poisoned rows") {
                try await world.vcpus() ?? 0 > 1
            }
            try await eventually("both rows are named") { scheduler.setAside.count >= 2 }
            let known = scheduler.setAside
            #expect(
                known.contains { $0.table == "inventory.domain" && $0.reason.contains("maximum_memory_bytes") },
                "\(known)")
            #expect(
                known.contains { $0.table == "inventory.host" && $0.reason.contains("reserved_memory_bytes") },
                "\(known)")
        }
    }

    @Test("Scheduler refuses extreme requests with the field's name, and goes on", .timeLimit(.minutes(2)))
    func schedulerRequests() async throws {
        try await withScheduler { world, scheduler in
            let ends = [Int64.min, -1, .max]
            for end in ends {
                for type in [MessageType.assess, .replayPolicy] {
                    let question = #"{"hosts": ["h1"], "domain": "\#(vm)", "from": 0, "to": \#(end)}"#
                    await expectInvalid { try await scheduler.ask(type, question) }
                    let other = #"{"hosts": ["h1"], "domain": "\#(vm)", "from": \#(end), "to": 1}"#
                    await expectInvalid { try await scheduler.ask(type, other) }
                }
                let late = await failure {
                    try await scheduler.why(vm, rawInstant: end)
                }
                #expect(
                    late?.message.contains("at_ns must be from 0 to 7258118400000000000, not \(end)") == true, "\(end)")
            }
            let sizes = await failure { _ = try await scheduler.place(vm) { $0.memoryBytes = .max } }
            #expect(sizes?.message.hasPrefix("memory_bytes must be from 0 to 1125899906842624, not") == true)
            let vcpus = await failure { _ = try await scheduler.place(vm) { $0.vcpus = .max } }
            #expect(vcpus?.message == "vcpus must be from 0 to 65536, not 4294967295")
            for change in ["maxVcpus", "maxMemoryBytes", "maxNetworkBytesPerSecond", "upperPpm", "goalPpm"] {
                let refusal = await scheduler.refusal(of: #"{"\#(change)": 9223372036854775807}"#, of: vm)
                #expect(refusal?.contains("\(change) must be from") == true, "\(refusal ?? "nothing")")
            }
            let place = try await scheduler.place(DomainID(UUID128(high: 1, low: 9))) { _ in }
            #expect(place == "h1")
        }
    }

    @Test("Billing refuses extreme periods with the field's name, and goes on")
    func billingRequests() async throws {
        try await withStore { store in
            let handlers = BillingHandlers(store: store, now: { Timestamp(nanoseconds: 1) }, log: .quiet)
            let context = CommandContext(
                type: .bill, source: InstanceID(UUID128(high: 1, low: 1)), messageID: UUID128(high: 1, low: 2),
                idempotencyKey: nil, timeout: .seconds(5), traceparent: nil)
            for end in [Int64.min, -1, .max] {
                let request = WireBillRequest.with {
                    $0.tenantID = "acme"
                    $0.fromNs = 0
                    $0.toNs = end
                }
                for (type, work) in [(MessageType.bill, handlers.bill), (.usage, handlers.usage)] {
                    let refusal = await failure {
                        _ = try await handlers.answer(type, MessageCodec.encoded(request), context, work)
                    }
                    #expect(refusal?.message.hasPrefix("to_ns must be from 0 to 7258118400000000000") == true)
                }
                for (question, work) in [("atNs", handlers.showRates)] {
                    let body = MessageCodec.encoded(
                        WireJSONDocument.with { $0.json = Data(#"{"\#(question)": \#(end)}"#.utf8) })
                    let refusal = await failure { _ = try await handlers.answer(.showRates, body, context, work) }
                    #expect(refusal?.message.hasPrefix("atNs must be from 0 to") == true, "\(refusal?.message ?? "")")
                }
            }
            let late = WireBillRequest.with {
                $0.tenantID = "acme"
                $0.toNs = Timestamp.distantFuture.nanoseconds
            }
            let refusal = await failure {
                _ = try await handlers.answer(.bill, MessageCodec.encoded(late), context, handlers.bill)
            }
            #expect(refusal?.message.contains("a period may have at most 400 days") == true)
        }
    }

    @Test("Logger turns events with extreme instants and texts into gaps")
    func events() throws {
        let stream = StreamID(topic: .event("h1"), epoch: 1)
        Fuzz.run("events", rounds: 2_000) { fuzz in
            let event = WireDomainEvent.with {
                $0.hostID = "h1"
                $0.atNs = fuzz.int64()
                $0.kind = fuzz.text()
                $0.detail = fuzz.text()
            }
            let bytes = fuzz.chance(50) ? MessageCodec.encoded(event) : fuzz.mutated(MessageCodec.encoded(event))
            let message = BusMessage(
                stream: stream, sequence: max(1, fuzz.uint64()), type: .domainEvent,
                source: InstanceID(UUID128(high: 1, low: 1)), sentAt: .zero, traceparent: nil, body: bytes)
            switch LogDelivery.reading(.message(message)) {
            case .success(.message(_, _, .event(let read))): #expect(Timestamp(exactly: read.at.nanoseconds) != nil)
            default: break
            }
        }
    }

    /// What a request is refused with.
    private func failure(_ body: () async throws -> Void) async -> Bus.CommandFailure? {
        do {
            try await body()
            return nil
        } catch let failure as Bus.CommandFailure {
            return failure
        } catch let error as BusError {
            guard case .failed(let failure) = error.code else { return nil }
            return failure
        } catch {
            return nil
        }
    }

    private func expectInvalid(_ body: () async throws -> Data) async {
        let refusal = await failure { _ = try await body() }
        #expect(refusal?.code == .invalid, "\(refusal?.message ?? "answered")")
    }
}
