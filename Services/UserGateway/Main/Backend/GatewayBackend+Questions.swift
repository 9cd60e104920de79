// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf
import UserGatewayCore

// Questions that only the host itself can answer: its owner is asked, and nothing durable changes.
extension GatewayBackend {
    func checkVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let answer = try await question(.checkVM, domain, request)
        let items = MonitorAnswer.abilities(
            DomainExamination(json: try await disguised(answer, for: request.principal).line))
        return ["vm": .string(domain.name), "items": .array(try await asFarAsAllowed(items, on: domain.host, request))]
    }

    /// The items of a check; on a host that is only observed nothing is fine, whatever the VM could do.
    private func asFarAsAllowed(
        _ items: [JSONValue], on host: HostID, _ request: Request
    ) async throws(MethodError) -> [JSONValue] {
        guard let objection = try await obstacleToChanges(on: host, for: request.principal) else { return items }
        return items.map { item in
            guard item["result"] == "fine" else { return item }
            return .object(
                (item.members ?? [:]).merging(["result": "missing", "detail": .string(objection)]) { _, new in new })
        }
    }

    /// Why Ebb changes nothing on a host; `nil`: it does.
    private func obstacleToChanges(on host: HostID, for reader: Principal) async throws(MethodError) -> String? {
        guard try await self.host(host).mode == .observe else { return nil }
        return reader.tenant == nil ? HostMode.observe.objection(of: host) : TenantText.observed
    }

    func previewVM(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await managedDomain(request)
        return [
            "vm": .string(domain.name),
            "items": .array(try await changes(of: domain, try ceiling(of: domain, request), request)),
        ]
    }

    /// What `vm.prepare` would change in the definition.
    func changes(
        of domain: VisibleVM, _ ceiling: CommandArguments, _ request: Request
    ) async throws(MethodError) -> [JSONValue] {
        var body = HostQuestion(domain: domain.id)
        body.maximumVCPUs = ceiling.maximumVCPUs
        body.maximumMemoryBytes = ceiling.maximumMemoryBytes
        return MonitorAnswer.changes(Self.list(try await question(.previewVM, domain, request, body)))
    }

    func listSnapshots(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        let answer = try await question(.listSnapshots, domain, request)
        let foreign = try await foreignSnapshots(of: domain, for: request.principal)
        return [
            "items": .array(
                MonitorAnswer.snapshots(Self.list(answer)).filter { !foreign.contains($0["name"]?.text ?? "") })
        ]
    }

    /// A VM's snapshots as its host shows them; `nil`: nobody can say.
    func snapshots(of domain: VisibleVM, _ request: Request) async -> [DomainSnapshot]? {
        // Nobody waits for a Monitor that is away.
        guard await !candidates(.monitor, ShardKey(kind: .host, id: domain.host.name)).isEmpty,
            let answer = try? await question(.listSnapshots, domain, request)
        else { return nil }
        return AnsweredList<DomainSnapshot>(json: answer.line)?.elements
    }

    func listAddresses(_ request: Request) async throws(MethodError) -> JSONValue {
        let answer = try await question(.listAddresses, try await domain(request), request)
        return ["items": .array(MonitorAnswer.addresses(Self.list(answer)))]
    }

    func readConsole(_ request: Request) async throws(MethodError) -> JSONValue {
        let domain = try await domain(request)
        var body = HostQuestion(domain: domain.id)
        body.limit = Int(request.integer("limit") ?? 65_536)
        body.offset = request.integer("offset")
        let answer = try await question(.readConsole, domain, request, body)
        guard let console = ConsoleOutput(json: answer.line) else {
            throw MethodError(.internal, "the monitor's answer about the console of '\(domain.name)' can't be read")
        }
        return MonitorAnswer.console(console, of: domain.name)
    }

    func listFlavors(_ request: Request) async throws(MethodError) -> JSONValue {
        ["items": .array(Flavor.all.map(\.json))]
    }

    // MARK: -

    /// The readable elements of an answer that is a list.
    private static func list<Element: JSONDocument>(_ answer: JSONValue) -> [Element] {
        AnsweredList(json: answer.line)?.elements ?? []
    }

    /// Asks the owner of a domain's host.
    private func question(
        _ type: MessageType, _ domain: VisibleVM, _ request: Request, _ body: HostQuestion? = nil
    ) async throws(MethodError) -> JSONValue {
        do throws(MethodError) {
            return try await question(type, body ?? HostQuestion(domain: domain.id), to: domain.host, request)
        } catch {
            throw error.mapMessage { Self.naming(domain.id, domain.name, in: $0) }
        }
    }

    /// Asks the owner of a host.
    func question(
        _ type: MessageType, _ body: HostQuestion, to host: HostID, _ request: Request
    ) async throws(MethodError) -> JSONValue {
        let answer = try await ask(
            .monitor, type, MessageCodec.encoded(body), shard: ShardKey(kind: .host, id: host.name), request,
            within: .seconds(15))
        return try Self.document(answer)
    }

    /// What a host says that a VM lacks, with pseudonyms for hosts and without their addresses. This is only for texts
    /// that Monitor itself writes: in texts with a tenant's own words it would show which hosts exist.
    private func disguised(
        _ answer: JSONValue, for principal: Principal
    ) async throws(MethodError) -> JSONValue {
        guard principal.tenant != nil else { return answer }
        let hosts = try await reading { try await inventory.everyHostURI() }
        let names = try await hostNames(Set(hosts.keys.map(\.name)), to: principal)
        let machines = Set(hosts.values.compactMap { (try? HypervisorURI($0))?.host?.text })
        return answer.mappingTexts { text in
            Disguise.text(text) { names[$0] ?? (machines.contains($0) ? "its host" : nil) }
        }
    }
}
