// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// One host's hypervisor. Implementations never block the cooperative thread pool, and every call ends by its deadline
/// (`HypervisorError.Code.deadline`): a hung host delays nobody else.
package protocol Hypervisor: Sendable {
    /// What this connection can do, found out once per connection.
    func capabilities() async throws(HypervisorError) -> HypervisorCapabilities
    /// Every domain the host knows, running or not, with its definition.
    func inventory() async throws(HypervisorError) -> [DomainDescription]
    /// One domain with its definition as it is now; `nil` if the host does not have it.
    func describe(_ domain: DomainID) async throws(HypervisorError) -> DomainDescription?
    /// Which other manager manages a domain, by its definition as it was read last; `nil` if no known one does.
    func manager(of domain: DomainID) async throws(HypervisorError) -> String?
    /// Every domain of the host, active or not, with the counters of those that are active, read at one instant where
    /// the driver can. A domain that is not in it is not on the host: an incomplete listing throws.
    func sample() async throws(HypervisorError) -> HostReading
    /// Round trip to the host, as the paper's ping. The method is the same for every host of one kind.
    func responseTime() async throws(HypervisorError) -> ResponseTime

    /// Checks whether the image from which a new domain boots exists, before anything is made for the domain.
    /// - Throws: `.invalid`, naming what is missing.
    func check(_ specification: DomainSpecification) async throws(HypervisorError)
    /// Defines and starts a domain. Repeating it with the same id and call id changes nothing.
    func create(_ specification: DomainSpecification, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Performs a lifecycle operation. Repeating one that already holds is not an error. `shutdown` asks the guest and
    /// does not wait for it where the driver does not: see `shutDown`.
    func perform(_ operation: LifecycleOperation, on domain: DomainID, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect
    /// Sets the number of vCPUs (absolute), live. Grow: hot-add, then bring online in the guest. Shrink: guest
    /// offline, unplug where the driver completes it, look. Returns what is seen afterwards.
    func resize(_ domain: DomainID, vcpus: VCPUCount, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Sets the memory that the guest has (absolute), by its balloon if it runs. The balloon may give it back slowly or
    /// in part: `Effect` shows what is seen when the driver has answered.
    /// - Throws: `.invalid` above the ceiling of the definition.
    func resize(_ domain: DomainID, memory: ByteCount, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Caps what the domain may use, or lifts the cap.
    /// - Throws: `.unsupported` where the driver or this host can't.
    func cap(_ domain: DomainID, _ cap: DomainCap, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Migrates to another host of the same kind, live if the domain runs. If it is off, only its definition moves: the
    /// target must find the disks, or the domain stays. Afterwards the persistent definition is on the target only.
    func migrate(_ domain: DomainID, to target: MigrationTarget, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect
    /// How far the migration of a domain away from this host has come; `nil` if none is under way.
    func migrationProgress(of domain: DomainID) async throws(HypervisorError) -> MigrationProgress?
    /// Aborts a migration; the domain goes on running here. If none is under way, that is not an error.
    func abortMigration(of domain: DomainID, _ call: MutatingCall) async throws(HypervisorError) -> Effect

    /// Keeps the domain's disk, and its memory if it runs, under a name.
    /// - Throws: `.invalid` if it has one of that name.
    func snapshot(_ domain: DomainID, name: String, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Restores the domain as it was at a snapshot.
    /// - Throws: `.invalid` if it has none of that name.
    func revert(_ domain: DomainID, to name: String, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Deletes a snapshot; the domain goes on as it is.
    /// - Throws: `.invalid` if it has none of that name.
    func deleteSnapshot(of domain: DomainID, name: String, _ call: MutatingCall)
        async throws(HypervisorError) -> Effect
    func snapshots(of domain: DomainID) async throws(HypervisorError) -> [DomainSnapshot]
    /// Files of the host that were made for a domain and are deleted with it: its seed and, unless it is kept, its
    /// disk.
    func volumes(of domain: DomainID, keepsDisk: Bool) async throws(HypervisorError) -> [String]
    /// The ones of these volumes that still exist.
    func remaining(_ volumes: [String]) async throws(HypervisorError) -> [String]
    /// Removes an inactive domain with all that is kept beside its definition, then deletes these volumes. If the
    /// domain is gone already, only the volumes are deleted.
    /// - Throws: if the domain can't be removed; no volume was touched then.
    func delete(_ domain: DomainID, volumes: [String], _ call: MutatingCall) async throws(HypervisorError) -> Removal

    /// What the domain has written to its console, from a position on (0: the oldest that is kept).
    /// - Parameter limit: bytes at most.
    func console(of domain: DomainID, from offset: Int64, limit: Int) async throws(HypervisorError) -> ConsoleOutput
    /// The guest's addresses: what its agent says, else what the host saw of it.
    func addresses(of domain: DomainID) async throws(HypervisorError) -> [GuestAddress]

    /// The persistent definition in the driver's own words, secrets included, as `OwnParts.adoptedAs` takes it.
    func definition(of domain: DomainID) async throws(HypervisorError) -> String
    /// Takes back what Ebb added to a domain, element by element: its label, its caps, and what `prepare` changed. What
    /// others changed since, and everything else, stays as it is. For a running domain label and caps change at once,
    /// the rest at its next cold boot.
    func release(_ domain: DomainID, _ own: OwnParts, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// Writes Ebb's name of the domain and its tenant into the definition, also of a running domain.
    func label(_ domain: DomainID, _ label: DomainLabel, _ call: MutatingCall) async throws(HypervisorError) -> Effect
    /// What `prepare` would change in the definition; empty if it allows that much already.
    /// - Throws: what `prepare` would throw.
    func preparation(of domain: DomainID, for ceiling: DomainCeiling)
        async throws(HypervisorError) -> [DefinitionChange]
    /// Raises what the domain may grow to in its persistent definition: all of it or, if it throws, nothing. It holds
    /// from the next cold boot on.
    func prepare(_ domain: DomainID, for ceiling: DomainCeiling, _ call: MutatingCall)
        async throws(HypervisorError) -> [DefinitionChange]

    /// One domain as the host shows it now.
    func look(at domain: DomainID) async throws(HypervisorError) -> DomainReading
    /// A mark that, compared with a later one, shows whether the guest was rebooted or reverted to a snapshot
    /// meanwhile.
    func lifeMark(of domain: DomainID) async throws(HypervisorError) -> LifeMark
    /// Whether the domain can grow, shrink and move live, and what is missing.
    func examine(_ domain: DomainID) async throws(HypervisorError) -> DomainExamination
    /// What decides whether Ebb can work with the host, and whether guests can move between it and another.
    func examine() async throws(HypervisorError) -> HostExamination
    /// What the host's own clock says. libvirt has no call for it: there it is the time stamp of an empty file that is
    /// made on the host for this and removed at once.
    /// - Parameter mayWrite: whether such a file may be made on the host.
    /// - Throws: `.refused` if the clock can't be read without it.
    func clock(mayWrite: Bool) async throws(HypervisorError) -> Timestamp
    /// Whether guests of the host that has this CPU (`HostExamination.cpu`) can go on running on this one.
    func accepts(cpu: String) async throws(HypervisorError) -> Bool

    /// What happened on the host. Finishes when the connection is closed or lost.
    var events: AsyncStream<HypervisorEvent> { get }
    /// Drops the connection. A hung one is abandoned, never waited for.
    func close() async
}

/// The fencing token and the limits of a call that changes something.
package struct MutatingCall: Hashable, Sendable {
    /// Identifies the command: a driver that can keeps a repeated call from having a second effect.
    package let id: UUID128
    /// The owner's epoch over the host's shard. libvirt takes no such token; the fleet enforces it.
    package let epoch: UInt64
    package let timeout: Duration

    package init(id: UUID128, epoch: UInt64, timeout: Duration) {
        self.id = id
        self.epoch = epoch
        self.timeout = timeout
    }

    /// A further call of the same command: it has an id of its own, which follows from the command's.
    package func following(_ further: FurtherCall, timeout: Duration? = nil) -> MutatingCall {
        MutatingCall(
            id: UUID128(high: id.high ^ 0x8000_0000_0000_0000, low: ~id.low ^ further.number), epoch: epoch,
            timeout: timeout ?? self.timeout)
    }
}

/// What is seen after a mutating call: the operation may have been granted in part.
package struct Effect: Hashable, Sendable {
    /// The state afterwards, as far as it could be seen.
    package let domain: DomainReading?
    /// When it took effect, where the driver says so.
    package let effectiveAt: Timestamp?

    package init(domain: DomainReading?, effectiveAt: Timestamp?) {
        self.domain = domain
        self.effectiveAt = effectiveAt
    }
}

package struct ResponseTime: Hashable, Sendable {
    package let nanoseconds: Int64
    package let method: ResponseMethod
    package init(nanoseconds: Int64, method: ResponseMethod) {
        self.nanoseconds = nanoseconds
        self.method = method
    }
}

/// What a hypervisor call can end in besides success.
package struct HypervisorError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// The host can't be reached: its domains are unknown, not off.
        case unreachable
        /// No answer by the deadline: whether a mutating call had its effect is unknown.
        case deadline
        case noSuchDomain = "no-such-domain"
        /// The host refuses this caller's epoch: another instance owns the host now.
        case fenced
        case refused
        case unsupported
        case closed
        case invalid
    }
    package let code: Code
    /// The call that failed, for instance `virDomainSetVcpusFlags`.
    package let operation: String
    package let message: String

    package init(_ code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}

extension HypervisorError {
    static func existingSnapshot(_ name: String) -> HypervisorError {
        HypervisorError(
            .invalid, operation: "snapshot",
            message: "the domain has a snapshot '\(name)' already: choose another name, or delete that one first")
    }
}
