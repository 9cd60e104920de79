// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Store
import TestSupport
import Testing
import UserGatewayCore

@testable import UserGatewayMain

@Suite("Samples in pages")
struct SampleMethodTests {
    /// A VM of acme with so many samples, one each second up to now, and its host's load with each.
    private func withSamples(
        _ count: Int64, _ body: (GatewayRig, Timestamp) async throws -> Void
    ) async throws {
        try await GatewayRig.with { rig in
            try await rig.addHost("host-a")
            let id = try await rig.addDomain(1, "web", tenant: nil)
            let now = try await rig.administration.query("SELECT cluster.now_ns() AS now")[0].timestamp("now")
            let first = now.advanced(by: .seconds(-count))
            try await rig.administration.query(
                """
                UPDATE inventory.domain SET tenant = 'acme', managed = true, tenant_since_ns = \(first)
                WHERE id = \(id)
                """)
            try await rig.administration.query("SELECT log.maintain_partitions(\(first), \(now), 0)")
            try await rig.administration.query(
                """
                INSERT INTO log.sample (sampled_ns, host, stream_epoch, sequence, domain, state)
                SELECT \(first) + n * 1000000000, 'host-a', 1, n, \(id), 'running'
                FROM generate_series(0, \(count) - 1) AS n
                """)
            try await body(rig, first)
        }
    }

    @Test("the newest are shown, each once and the oldest first, over as many pages as it takes")
    func readsPages() async throws {
        try await withSamples(3_300) { rig, first in
            let parameters: [String: JSONValue] = [
                "vm": "web", "since": .string(first.description), "limit": 2_500,
            ]
            let answer = try await rig.call("sample.list", parameters, as: GatewayRig.ada)
            let instants = try #require(answer["items"]?.items).compactMap { $0["atNanoseconds"]?.integer }
            #expect(instants == (800..<3_300).map { first.nanoseconds + $0 * 1_000_000_000 })
            let all = try await rig.call(
                "sample.list", ["vm": "web", "since": .string(first.description), "limit": 10_000],
                as: GatewayRig.ada)
            #expect(all["items"]?.items?.count == 3_300)
        }
    }

    @Test("samples are read with connections of their own, and with no others")
    func hasItsOwnPool() async throws {
        try await withSamples(10) { rig, first in
            try await rig.database.withStore(role: "ebb_usergateway", poolSize: 1) { historyStore in
                let backend = GatewayBackend(rig.backend.runtime, historyStore: historyStore)
                await historyStore.close()
                let request = Request(
                    method: "sample.list", values: ["vm": "web", "since": .string(first.description)],
                    principal: GatewayRig.ada,
                    context: CallContext(remoteAddress: "127.0.0.1", deadline: .now + .seconds(20)),
                    idempotencyKey: "k")
                await #expect(throws: MethodError.self) { try await backend.listSamples(request) }
                let answer = try await rig.backend.listSamples(request)
                #expect(answer["items"]?.items?.count == 10)
            }
        }
    }
}
