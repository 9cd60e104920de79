// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What no driver has yet.
extension Hypervisor {
    package func resize(_ domain: DomainID, memory: ByteCount, _ call: MutatingCall) async throws(HypervisorError)
        -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func cap(_ domain: DomainID, _ cap: DomainCap, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func migrationProgress(of domain: DomainID) async throws(HypervisorError) -> MigrationProgress? {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func abortMigration(of domain: DomainID, _ call: MutatingCall) async throws(HypervisorError) -> Effect {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func snapshot(_ domain: DomainID, name: String, _ call: MutatingCall) async throws(HypervisorError)
        -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func revert(_ domain: DomainID, to name: String, _ call: MutatingCall) async throws(HypervisorError)
        -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func snapshots(of domain: DomainID) async throws(HypervisorError) -> [DomainSnapshot] {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func delete(_ domain: DomainID, keepsDisk: Bool, _ call: MutatingCall) async throws(HypervisorError)
        -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func console(of domain: DomainID, from offset: Int64, limit: Int) async throws(HypervisorError)
        -> ConsoleOutput
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func addresses(of domain: DomainID) async throws(HypervisorError) -> [GuestAddress] {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func definition(of domain: DomainID) async throws(HypervisorError) -> String {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func redefine(_ domain: DomainID, _ definition: String, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func label(_ domain: DomainID, _ label: DomainLabel, _ call: MutatingCall) async throws(HypervisorError)
        -> Effect
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func preparation(of domain: DomainID, for ceiling: DomainCeiling)
        async throws(HypervisorError) -> [DefinitionChange]
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func prepare(_ domain: DomainID, for ceiling: DomainCeiling, _ call: MutatingCall)
        async throws(HypervisorError) -> [DefinitionChange]
    {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func look(at domain: DomainID) async throws(HypervisorError) -> DomainReading {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func examine(_ domain: DomainID) async throws(HypervisorError) -> DomainExamination {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func examine() async throws(HypervisorError) -> HostExamination {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
    package func accepts(cpu: String) async throws(HypervisorError) -> Bool {
        throw HypervisorError(.unsupported, operation: "call", message: "not there yet")
    }
}
