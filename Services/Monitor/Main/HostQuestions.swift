// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Contracts
internal import FoundationEssentials
internal import Hypervisor
internal import Messages
internal import MonitorCore
internal import ResourceModel
internal import ServiceKit
internal import Store
internal import SwiftProtobuf

/// Answers questions that only the host itself can answer. A question changes nothing durable; question and answer are
/// a `WireJSONDocument`.
struct HostQuestions: Sendable {
    /// Bytes of a console in one answer.
    private static let consoleLimit = 262_144
    /// How many pairs are checked at once.
    private static let pairsAtOnce = 8

    let supervisor: HostSupervisor
    let edges: MonitorEdges

    func serve(on server: any CommandServer) async {
        await server.handle(.freezeSet) { body, context async throws(CommandFailure) -> [UInt8] in
            try await freeze(body, asker: context.source)
        }
        for type in [
            MessageType.checkVM, .readConsole, .listAddresses, .listSnapshots, .previewVM, .checkHost,
        ] {
            await server.handle(type) { body, _ async throws(CommandFailure) -> [UInt8] in
                try await answer(type, body)
            }
        }
    }

    /// Takes a freeze, which holds at once, also while the database is away; its entry for the audit is written when
    /// the database answers.
    private func freeze(_ body: [UInt8], asker: InstanceID) async throws(CommandFailure) -> [UInt8] {
        do {
            let change = try edges.freeze.take(
                String(decoding: try MessageCodec.decoded(WireJSONDocument.self, from: body).json, as: UTF8.self))
            await edges.trail.note(
                AuditTrail.Act(
                    action: change.frozen ? "freeze.set" : "freeze.clear", subject: "\(change.subject)", asker: asker,
                    principal: change.principal, at: edges.clock.now()))
        } catch {
            throw .invalid("\(error)")
        }
        return MessageCodec.encoded(WireJSONDocument.with { $0.json = Data("{}".utf8) })
    }

    private func answer(_ type: MessageType, _ body: [UInt8]) async throws(CommandFailure) -> [UInt8] {
        do {
            let document = try MessageCodec.decoded(WireJSONDocument.self, from: body)
            guard let question = HostQuestion(json: String(decoding: document.json, as: UTF8.self)) else {
                throw CommandFailure.invalid("\(type) needs a JSON object with \"domain\" or \"host\"")
            }
            let answer = try await answer(type, question)
            guard let text = JSONText.encode(answer) else {
                throw CommandFailure.internal("the answer can't be written as JSON")
            }
            return MessageCodec.encoded(WireJSONDocument.with { $0.json = Data(text.utf8) })
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as HypervisorError {
            throw CommandFailure(error)
        } catch let error as StoreError {
            throw .unavailable("the database does not answer: \(error)")
        } catch {
            throw .invalid("\(error)")
        }
    }

    private func answer(_ type: MessageType, _ question: HostQuestion) async throws -> any Encodable & Sendable {
        if type == .checkHost {
            guard let host = question.host else { throw CommandFailure.invalid("host.check needs \"host\"") }
            return HostCheck(items: try await check(host))
        }
        guard let domain = question.domain else { throw CommandFailure.invalid("\(type) needs \"domain\"") }
        guard let row = try await edges.inventory.domain(domain), row.deletedAt == nil else {
            throw CommandFailure.notFound("there is no domain \(domain)")
        }
        let hypervisor = try await supervisor.unit(of: row.host).loop.hypervisor
        switch type {
        case .checkVM: return try await hypervisor.examine(domain)
        case .listAddresses: return try await hypervisor.addresses(of: domain)
        case .listSnapshots: return try await hypervisor.snapshots(of: domain)
        case .readConsole:
            let start = try await edges.inventory.consoleStart(of: domain, on: row.host)
            return try await console(of: domain, question, startingAt: start, hypervisor)
        default:
            let ceiling = DomainCeiling(
                maximumVCPUs: try question.maximumVCPUs.map { try VCPUCount($0, field: "maximum_vcpus") },
                maximumMemory: try question.maximumMemoryBytes.map { try ByteCount($0, field: "maximum_memory_bytes") })
            return try await hypervisor.preparation(of: domain, for: ceiling)
        }
    }

    /// The console from the offset on; without one, the last bytes.
    ///
    /// - Parameter start: bytes before it are from a former owner's time.
    private func console(
        of domain: DomainID, _ question: HostQuestion, startingAt start: Int64, _ hypervisor: any Hypervisor
    ) async throws -> ConsoleOutput {
        let limit = min(max(1, question.limit ?? 65_536), Self.consoleLimit)
        var latest = try await hypervisor.console(
            of: domain, from: max(start, question.offset ?? 0),
            limit: question.offset == nil ? Self.consoleLimit : limit)
        // It is shorter than before: its file has begun anew.
        if latest.offset < start { return try await console(of: domain, question, startingAt: 0, hypervisor) }
        if question.offset != nil { return latest }
        // A console may grow faster than it is read: then the last part that was read is returned.
        for _ in 0..<64 {
            let next = try await hypervisor.console(of: domain, from: latest.nextOffset, limit: Self.consoleLimit)
            if next.text.isEmpty { break }
            latest = next
        }
        return try await hypervisor.console(
            of: domain, from: max(latest.offset, latest.nextOffset - Int64(limit)), limit: limit)
    }

    // MARK: A host and its pairs

    private func check(_ host: HostID) async throws -> [CheckItem] {
        let unit = try await supervisor.unit(of: host)
        let record = try await edges.inventory.host(host)
        let source: HostCheckup.Examined
        do throws(HypervisorError) {
            source = try await examine(unit.loop.hypervisor, mode: record?.mode)
        } catch {
            return [CheckItem(check: "answers", result: .unknown, detail: "\(error)")]
        }
        let others = try await edges.inventory.hosts(in: record?.cluster).filter { $0.id != host }
        return HostCheckup.items(of: source) + (await pairs(from: source, to: others))
    }

    /// Examines a host. On a host that is only observed nothing is written, not even a file for its clock.
    private func examine(
        _ hypervisor: any Hypervisor, mode: HostMode?
    ) async throws(HypervisorError) -> HostCheckup.Examined {
        let examination = try await hypervisor.examine()
        let mayWrite = mode == .enabled || mode == .draining
        let calledAt = edges.clock.now()
        let clock: ClockLead
        do throws(HypervisorError) {
            let time = try await hypervisor.clock(mayWrite: mayWrite)
            clock = ClockLead(reading: time, calledAt: calledAt, answeredAt: edges.clock.now())
        } catch {
            let hint = mayWrite ? "" : ", and Ebb makes none on a host that it only observes: enable it and check again"
            clock = .unknown(error.code == .refused ? error.message + hint : "\(error)")
        }
        return HostCheckup.Examined(
            examination: examination, abilities: HostAbilities(examination), clock: clock)
    }

    private func pairs(from source: HostCheckup.Examined, to others: [StoredHost]) async -> [CheckItem] {
        await withTaskGroup(of: (HostID, [CheckItem]).self) { group in
            var waiting = others.makeIterator()
            for other in (0..<Self.pairsAtOnce).compactMap({ _ in waiting.next() }) {
                group.addTask { (other.id, await pair(from: source, to: other)) }
            }
            var found: [HostID: [CheckItem]] = [:]
            for await (id, items) in group {
                found[id] = items
                if let other = waiting.next() {
                    group.addTask { (other.id, await pair(from: source, to: other)) }
                }
            }
            return found.sorted { $0.key < $1.key }.flatMap(\.value)
        }
    }

    private func pair(from source: HostCheckup.Examined, to other: StoredHost) async -> [CheckItem] {
        let target: any Hypervisor
        do throws(HypervisorError) {
            target = try edges.open(other.uri, other.id)
        } catch {
            return [CheckItem(target: other.id, check: "answers", result: .unknown, detail: "\(error)")]
        }
        let examined: Result<HostCheckup.Examined, any Error>
        do throws(HypervisorError) {
            examined = .success(try await examine(target, mode: other.mode))
        } catch {
            examined = .failure(error)
        }
        var accepts: Bool?
        if let cpu = source.examination.cpu { accepts = try? await target.accepts(cpu: cpu) }
        await target.close()
        return HostCheckup.items(from: source, to: other.id, examined, accepts: accepts)
    }
}

extension CommandFailure {
    fileprivate init(_ error: HypervisorError) {
        switch error.code {
        case .noSuchDomain: self = .notFound("\(error)")
        case .unreachable, .deadline, .closed: self = .unavailable("\(error)")
        case .fenced, .refused, .unsupported, .invalid: self = .invalid("\(error)")
        }
    }
}
