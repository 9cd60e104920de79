// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// Everything that is done to a domain beside its life and its vCPUs.
extension LibvirtHypervisor {
    package func resize(
        _ domain: DomainID, memory: ByteCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("resize", call) { connection throws(HypervisorError) in
            try connection.resize(domain, memory: memory)
        }
    }

    package func cap(
        _ domain: DomainID, _ cap: DomainCap, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("cap", call) { connection throws(HypervisorError) in try connection.cap(domain, cap) }
    }

    package func snapshot(
        _ domain: DomainID, name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("snapshot", call) { connection throws(HypervisorError) in
            try connection.snapshot(domain, name: name)
        }
    }

    package func revert(
        _ domain: DomainID, to name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("revert", call) { connection throws(HypervisorError) in
            try connection.revert(domain, to: name)
        }
    }

    package func deleteSnapshot(
        of domain: DomainID, name: String, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("delete snapshot", call) { connection throws(HypervisorError) in
            try connection.deleteSnapshot(of: domain, name: name)
        }
    }

    package func delete(
        _ domain: DomainID, volumes: [String], _ call: MutatingCall
    ) async throws(HypervisorError) -> Removal {
        try await commands.call("delete", timeout: call.timeout, mutates: true) {
            connection throws(HypervisorError) in try connection.delete(domain, volumes: volumes)
        }
    }

    package func release(
        _ domain: DomainID, _ own: OwnParts, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("release", call) { connection throws(HypervisorError) in try connection.release(domain, own) }
    }

    package func label(
        _ domain: DomainID, _ label: DomainLabel, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("label", call) { connection throws(HypervisorError) in try connection.label(domain, label) }
    }

    package func prepare(
        _ domain: DomainID, for ceiling: DomainCeiling, _ call: MutatingCall
    ) async throws(HypervisorError) -> [DefinitionChange] {
        try await commands.call("prepare", timeout: call.timeout, mutates: true) {
            connection throws(HypervisorError) in try connection.prepare(domain, for: ceiling)
        }
    }

    package func abortMigration(
        of domain: DomainID, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        try await order("abort", call) { connection throws(HypervisorError) in
            try connection.abortMigration(of: domain)
        }
    }

    /// Runs an order and marks the domain's definition as changed, so that every later sample, which uses another
    /// connection, shows the change.
    private func order(
        _ operation: String, _ call: MutatingCall,
        _ body: @escaping @Sendable (LibvirtConnection) throws(HypervisorError) -> DomainReading?
    ) async throws(HypervisorError) -> Effect {
        let reading = try await commands.call(operation, timeout: call.timeout, mutates: true, body)
        if let reading { hub.noteChange(of: reading.domain) }
        return Effect(domain: reading, effectiveAt: nil)
    }
}

/// Questions.
extension LibvirtHypervisor {
    package func describe(_ domain: DomainID) async throws(HypervisorError) -> DomainDescription? {
        try await ask("describe") { connection throws(HypervisorError) in try connection.describe(domain) }
    }

    package func migrationProgress(of domain: DomainID) async throws(HypervisorError) -> MigrationProgress? {
        try await ask("progress") { connection throws(HypervisorError) in
            try connection.migrationProgress(of: domain)
        }
    }

    package func snapshots(of domain: DomainID) async throws(HypervisorError) -> [DomainSnapshot] {
        try await ask("snapshots") { connection throws(HypervisorError) in try connection.snapshots(of: domain) }
    }

    package func console(
        of domain: DomainID, from offset: Int64, limit: Int
    ) async throws(HypervisorError) -> ConsoleOutput {
        try await ask("console") { connection throws(HypervisorError) in
            try connection.console(of: domain, from: offset, limit: max(0, limit))
        }
    }

    package func addresses(of domain: DomainID) async throws(HypervisorError) -> [GuestAddress] {
        let timeout = limits.callTimeout + .seconds(limits.agentSeconds)
        return try await longCalls.call("addresses", timeout: timeout) { [limits] connection throws(HypervisorError) in
            try connection.addresses(of: domain, agentSeconds: limits.agentSeconds)
        }
    }

    package func definition(of domain: DomainID) async throws(HypervisorError) -> String {
        try await ask("definition") { connection throws(HypervisorError) in try connection.definition(of: domain) }
    }

    package func preparation(
        of domain: DomainID, for ceiling: DomainCeiling
    ) async throws(HypervisorError) -> [DefinitionChange] {
        try await ask("preparation") { connection throws(HypervisorError) in
            try connection.preparation(of: domain, for: ceiling)
        }
    }

    package func volumes(of domain: DomainID, keepsDisk: Bool) async throws(HypervisorError) -> [String] {
        try await ask("volumes") { connection throws(HypervisorError) in
            try connection.volumes(of: domain, keepsDisk: keepsDisk)
        }
    }

    package func remaining(_ volumes: [String]) async throws(HypervisorError) -> [String] {
        try await ask("volumes") { connection throws(HypervisorError) in try connection.remaining(volumes) }
    }

    package func look(at domain: DomainID) async throws(HypervisorError) -> DomainReading {
        try await ask("look") { connection throws(HypervisorError) in
            try connection.reading(of: connection.handle.domain(domain))
        }
    }

    package func lifeMark(of domain: DomainID) async throws(HypervisorError) -> LifeMark {
        try await ask("life mark") { connection throws(HypervisorError) in try connection.lifeMark(of: domain) }
    }

    package func examine(_ domain: DomainID) async throws(HypervisorError) -> DomainExamination {
        try await ask("examine") { connection throws(HypervisorError) in try connection.examine(domain) }
    }

    /// Asked by the connection that listens to events: it knows which events there are.
    package func examine() async throws(HypervisorError) -> HostExamination {
        var examination = try await sampling.call("examine", timeout: limits.callTimeout) {
            connection throws(HypervisorError) in try connection.examine()
        }
        let reached = (try? HypervisorURI(uri))?.host?.text ?? ""
        let names = await resolved([examination.hostName.name, reached], timeout: min(limits.callTimeout, .seconds(2)))
        examination.hostName = names[0]
        examination.migrationName = names[1]
        return examination
    }

    /// By the connection that `examine` has opened: the time that opening takes would make the answer inexact.
    package func clock(mayWrite: Bool) async throws(HypervisorError) -> Timestamp {
        guard mayWrite else {
            throw HypervisorError(
                .refused, operation: "clock",
                message: "libvirt shows a host's clock only in the time stamp of a file that is made for that")
        }
        return try await sampling.call("clock", timeout: limits.callTimeout) { connection throws(HypervisorError) in
            try connection.clock()
        }
    }

    package func accepts(cpu: String) async throws(HypervisorError) -> Bool {
        try await ask("accepts") { connection throws(HypervisorError) in try connection.accepts(cpu: cpu) }
    }

    private func ask<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (LibvirtConnection) throws(HypervisorError) -> Value
    ) async throws(HypervisorError) -> Value {
        try await commands.call(operation, timeout: limits.callTimeout, body)
    }
}
