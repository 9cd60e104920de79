// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import TestSupport
import Testing
import UserGatewayCore

@Suite("Whatever a client sends is answered or refused")
struct GatewayFuzzTests {
    private static let line = #"""
        {"jsonrpc":"2.0","id":7,"method":"vm.create","params":{"name":"web-1","vcpus":2,"memoryBytes":536870912,
        "maxMemoryBytes":9223372036854775807,"diskBytes":1,"boot":{"image":"base"},"idempotencyKey":"k"}}
        """#

    @Test("a request line")
    func lines() {
        Fuzz.run("request lines", rounds: 6_000) { fuzz in
            let bytes = fuzz.chance(70) ? fuzz.mutated(Array(Self.line.utf8)) : Array(fuzz.json(depth: 5).utf8)
            let incoming = RPCCodec.decode(bytes)
            for case .request(let request) in incoming.elements {
                _ = try? MethodRegistry.ebb.check(request, by: .administrator)
                _ = RPCCodec.encode(request)
            }
            _ = try? RPCCodec.decodeAnswer(bytes, limits: JSONLimits(bytes: 10_000, depth: 8, values: 100))
        }
    }

    @Test("every parameter of every method, with every kind of value")
    func parameters() throws {
        Fuzz.run("parameters of methods", rounds: 60) { fuzz in
            for method in MethodRegistry.ebb.methods {
                let text = fuzz.object(method.parameters.map(\.name))
                guard let values = (try? JSONValue(parsing: Array(text.utf8)))?.members else { continue }
                _ = try? method.validate(values)
                _ = try? VMSize(.object(values))
                _ = try? VMBoot.source(.object(values))
            }
        }
    }

    @Test("instants, addresses and places of hosts")
    func texts() {
        Fuzz.run("instants and addresses", rounds: 20_000) { fuzz in
            let text = fuzz.text()
            if let instant = RFC3339.timestamp(text) { #expect(Timestamp(exactly: instant.nanoseconds) != nil) }
            _ = RFC3339.timestamp(fuzz.mutated("2026-03-01T12:00:00.000000001+01:30"))
            _ = (
                try? HypervisorURI(text),
                try? HypervisorURI(fuzz.mutated("qemu+tls://root@[fd00::1]:16514/system?pkipath=/srv/pki"))
            )
            guard let address = HostAddress(fuzz.chance(50) ? text : fuzz.mutated("host-a.example")) else { return }
            let peers = (0..<3).compactMap { _ in HostAddress(fuzz.text()) }
            let preparation = try? HostPreparation(address: address, peers: peers)
            #expect(preparation?.script.contains("@ADDRESS@") != true)
        }
    }

    @Test("no number that a parameter takes is so large that a million of it can't be added")
    func integersHaveMaxima() {
        for method in MethodRegistry.ebb.methods {
            for (path, range) in method.parameters.flatMap({ Self.integers($0.schema, "\(method.name) \($0.name)") }) {
                #expect(range.upperBound <= 1 << 50, "\(path) has no bound: \(range)")
                #expect(range.lowerBound >= -(1 << 50), "\(path) has no bound: \(range)")
            }
        }
    }

    private static func integers(_ schema: Schema, _ path: String) -> [(String, ClosedRange<Int64>)] {
        switch schema {
        case .integer(let range): [(path, range)]
        case .object(let fields): fields.flatMap { integers($0.schema, "\(path).\($0.name)") }
        case .list(let element, _), .map(let element, _), .nullable(let element),
            .named(_, let element):
            integers(element, path)
        default: []
        }
    }

    @Test(
        "a size that no VM can have is refused by name and limit",
        arguments: [
            ("vm.create", "maxMemoryBytes"), ("vm.create", "memoryBytes"), ("vm.resize", "memoryBytes"),
            ("vm.prepare", "maxMemoryBytes"), ("policy.set", "maxMemoryBytes"), ("host.set", "reservedMemoryBytes"),
            ("host.add", "reservedMemoryBytes"),
        ])
    func tooLarge(method: String, parameter: String) throws {
        let definition = try #require(MethodRegistry.ebb[method])
        let schema = try #require(definition.parameters.first { $0.name == parameter }?.schema)
        let fault = try #require(schema.fault(in: .integer(.max)))
        #expect(fault.message.hasSuffix(" to 70368744177664, not 9223372036854775807"), "\(fault.message)")
    }
}
