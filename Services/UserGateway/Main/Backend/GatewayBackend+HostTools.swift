// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// Methods that prepare a host, and find out what it lacks.
extension GatewayBackend {
    func prepareHost(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("address") ?? ""
        let known = try await reading { try await inventory.hosts() }
        let named = known.first { $0.id.name == text }
        guard let address = named.flatMap({ Self.machine(of: $0.uri) }) ?? HostAddress(text) else {
            throw MethodError(
                .invalid, "'\(text.prefix(64))' is no address of a machine", hint: "write for example host-a.example")
        }
        let driver = named?.uri.hasPrefix("xen") == true ? HostPreparation.Hypervisor.xen : .qemu
        let neighbours = known.filter { $0.cluster == named?.cluster }.compactMap { Self.machine(of: $0.uri) }
        var monitors = try Self.addresses(request, "monitors")
        if monitors == nil { monitors = await monitorAddresses() }
        let preparation = try HostPreparation(
            address: address,
            hypervisor: request.text("hypervisor").flatMap(HostPreparation.Hypervisor.init) ?? driver,
            peers: try Self.addresses(request, "peers") ?? neighbours,
            monitors: monitors ?? [],
            pool: request.text("pool") ?? HostPreparation.defaultPool)
        return [
            "address": .string(address.text), "uri": .string(preparation.uri), "text": .string(preparation.script),
        ]
    }

    /// The machine of a URI; `nil` for this one and for a simulated host.
    private static func machine(of uri: String) -> HostAddress? {
        guard let uri = try? HypervisorURI(uri), uri.driver != .fleet else { return nil }
        return uri.host
    }

    private static func addresses(_ request: Request, _ name: String) throws(MethodError) -> [HostAddress]? {
        guard let texts = request.values[name]?.items?.compactMap(\.text) else { return nil }
        var addresses: [HostAddress] = []
        for text in texts {
            guard let address = HostAddress(text) else {
                throw MethodError(.invalid, "'\(text.prefix(64))' of '\(name)' is no address of a machine")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// The addresses of the running Monitors, from which they also connect; loopback addresses are useless to a host.
    private func monitorAddresses() async -> [HostAddress] {
        await runtime.peers.instances(of: .monitor).compactMap { HostAddress(endpoint: $0.peer.commandEndpoint) }
            .filter { !$0.text.hasPrefix("127.") && $0.text != "::1" && $0.text != "localhost" }
    }

    /// Asks the owner of each host, many at once; one that does not answer is unknown and delays nobody.
    func checkHosts(_ request: Request) async throws(MethodError) -> JSONValue {
        let wanted = request.text("host") == nil ? nil : try await host(request)
        let hosts = try await reading { try await inventory.hosts() }
        let asked = wanted.map { wanted in hosts.filter { $0.cluster == wanted.cluster } } ?? hosts
        let answers = await withTaskGroup(of: (HostID, [HostFinding]).self) { group in
            var waiting = asked.map(\.id).makeIterator()
            for host in (0..<Self.checksAtOnce).compactMap({ _ in waiting.next() }) {
                group.addTask { (host, await check(host, request)) }
            }
            var answers: [HostID: [HostFinding]] = [:]
            for await (host, findings) in group {
                answers[host] = findings
                if let host = waiting.next() { group.addTask { (host, await check(host, request)) } }
            }
            return answers
        }
        let findings = asked.flatMap { answers[$0.id] ?? [] }
            .filter { finding in wanted.map { finding.host == $0.id.name || finding.target == $0.id.name } ?? true }
        return [
            "items": .array(findings.map(\.json)),
            "missing": .integer(Int64(findings.count { $0.result == .missing })),
            "unknown": .integer(Int64(findings.count { $0.result == .unknown })),
        ]
    }

    private static var checksAtOnce: Int { 16 }

    private func check(_ host: HostID, _ request: Request) async -> [HostFinding] {
        do throws(MethodError) {
            let answer = try await question(.checkHost, HostQuestion(host: host), to: host, request)
            return HostFinding.findings(in: HostCheck(json: answer.line), of: host.name)
        } catch {
            return [HostFinding(host: host.name, check: "answers", result: .unknown, detail: error.message)]
        }
    }
}
