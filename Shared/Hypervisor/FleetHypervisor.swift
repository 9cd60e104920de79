// SPDX-License-Identifier: Apache-2.0

package import Bus
package import Contracts
internal import FoundationEssentials
internal import Messages
package import ResourceModel
internal import SwiftProtobuf

/// One host of a simulated fleet, asked over the bus.
///
/// Nothing here blocks or keeps state: a host that hangs costs its own calls their timeout and delays nobody. The
/// host's clock gives the instants of readings and effects; a fleet enforces epochs and call ids by itself.
package struct FleetHypervisor: Hypervisor {
    let address: FleetAddress
    private let peer: BusPeer
    private let client: any CommandClient
    private let readTimeout: Duration
    private let end: FleetConnectionEnd

    /// - Parameters:
    ///   - uri: `fleet://ADDRESS:PORT/HOST`.
    ///   - publicKey: the fleet's CURVE key in Z85; `nil` on loopback.
    ///   - readTimeout: deadline of every call that changes nothing.
    /// - Throws: `.invalid` if the URI is not of that form. Opens no connection yet.
    package init(
        uri: String, client: any CommandClient, publicKey: String? = nil, readTimeout: Duration = .seconds(2)
    ) throws(HypervisorError) {
        guard let address = FleetAddress(uri) else {
            throw HypervisorError(
                .invalid, operation: "open", message: "'\(uri)' is not of the form fleet://ADDRESS:PORT/HOST")
        }
        self.address = address
        peer = address.peer(publicKey: publicKey)
        self.client = client
        self.readTimeout = readTimeout
        end = FleetConnectionEnd()
    }

    /// The driver's name in the capabilities.
    package static let driver = "fleet"

    package func capabilities() async throws(HypervisorError) -> HypervisorCapabilities {
        let answer = try await read(.describe(WireFleetDescribe()), "describe")
        return HypervisorCapabilities(
            driver: Self.driver, version: "1", hostUUID: UUID128(bytes: answer.host.uuid), hasBulkStatistics: true,
            hasHostCPUStatistics: true,
            hasHostMemoryStatistics: true, canMigrate: true, canUnplugVCPUs: true,
            canCapCPU: true, hasStorage: true)
    }

    package func inventory() async throws(HypervisorError) -> [DomainDescription] {
        let answer = try await read(.inventory(WireFleetInventory()), "inventory")
        return try answer.domains.map { domain throws(HypervisorError) in
            try DomainDescription(domain, operation: "inventory")
        }
    }

    package func describe(_ domain: DomainID) async throws(HypervisorError) -> DomainDescription? {
        var inventory = WireFleetInventory()
        inventory.domainUuid = .init(domain.uuid.bytes)
        do throws(HypervisorError) {
            guard let found = try await read(.inventory(inventory), "describe").domains.first else { return nil }
            return try DomainDescription(found, operation: "describe")
        } catch {
            guard error.code == .noSuchDomain else { throw error }
            return nil
        }
    }

    package func manager(of domain: DomainID) async throws(HypervisorError) -> String? { nil }

    package func sample() async throws(HypervisorError) -> HostReading {
        let answer = try await read(.sample(WireFleetSample()), "sample")
        return try HostReading(answer, monotonicNanoseconds: FleetConnectionEnd.monotonicNanoseconds)
    }

    package func responseTime() async throws(HypervisorError) -> ResponseTime {
        let answer = try await read(.ping(WireFleetPing()), "ping")
        return ResponseTime(nanoseconds: Int64(clamping: answer.responseTimeNs), method: .simulated)
    }

    /// Does nothing: simulated domains have no files.
    package func check(_ specification: DomainSpecification) async throws(HypervisorError) {}

    package func create(
        _ specification: DomainSpecification, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var create = WireFleetCreate()
        create.domainUuid = .init(specification.domain.uuid.bytes)
        create.name = specification.name
        create.tenantID = specification.tenant.name
        create.vcpusMaximum = UInt32(clamping: specification.maximumVCPUs.count)
        create.vcpus = UInt32(clamping: specification.vcpus.count)
        create.memoryMaximumBytes = UInt64(specification.maximumMemory.bytes)
        create.memoryBytes = UInt64(specification.memory.bytes)
        create.diskBytes = UInt64(specification.disk.bytes)
        return try await change(.create(create), "create", call)
    }

    package func perform(
        _ operation: LifecycleOperation, on domain: DomainID, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var lifecycle = WireFleetLifecycle()
        lifecycle.domainUuid = .init(domain.uuid.bytes)
        lifecycle.verb = operation.rawValue
        return try await change(.lifecycle(lifecycle), operation.rawValue, call)
    }

    package func resize(
        _ domain: DomainID, vcpus: VCPUCount, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        guard vcpus >= 1 else {
            throw HypervisorError(.invalid, operation: "resize", message: "domain \(domain) needs at least 1 vCPU")
        }
        var resize = WireFleetResize()
        resize.domainUuid = .init(domain.uuid.bytes)
        resize.vcpus = UInt32(clamping: vcpus.count)
        return try await change(.resize(resize), "resize", call)
    }

    package func migrate(
        _ domain: DomainID, to target: MigrationTarget, _ call: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        guard let other = FleetAddress(target.uri), other.endpoint == address.endpoint else {
            throw HypervisorError(
                .unsupported, operation: "migrate",
                message: "target '\(target.uri)' is not a host of the fleet at \(address.endpoint)")
        }
        var migrate = WireFleetMigrate()
        migrate.domainUuid = .init(domain.uuid.bytes)
        migrate.targetHostID = other.host.name
        migrate.targetEpoch = target.epoch
        migrate.bandwidthBytesPerSecond = UInt64(clamping: target.options.bandwidthBytesPerSecond ?? 0)
        // A migration may take hours, and a lost message is noticed only by the next question. Asking again is safe:
        // the fleet knows the call.
        let deadline = ContinuousClock.now + call.timeout
        while true {
            let left = deadline - ContinuousClock.now
            do {
                let part = MutatingCall(id: call.id, epoch: call.epoch, timeout: min(left, readTimeout * 4))
                return try await change(.migrate(migrate), "migrate", part)
            } catch {
                guard error.code == .deadline, left > readTimeout * 4, !Task.isCancelled else { throw error }
            }
        }
    }

    /// The fleet reports no events: changes are seen by the next sample. Finishes when the connection is closed.
    package var events: AsyncStream<HypervisorEvent> { end.events() }

    package func close() async { end.close() }

    // MARK: Calls

    func read(
        _ operation: WireFleetCall.OneOf_Operation, _ name: String
    ) async throws(HypervisorError) -> WireFleetAnswer {
        var call = WireFleetCall()
        call.operation = operation
        return try await send(call, name, idempotencyKey: nil, timeout: readTimeout)
    }

    func change(
        _ operation: WireFleetCall.OneOf_Operation, _ name: String, _ mutation: MutatingCall
    ) async throws(HypervisorError) -> Effect {
        var call = WireFleetCall()
        call.operation = operation
        call.epoch = mutation.epoch
        call.callID = .init(mutation.id.bytes)
        let answer = try await send(
            call, name, idempotencyKey: mutation.id.description, timeout: mutation.timeout)
        var reading: DomainReading?
        if let domain = answer.domains.first { reading = try DomainReading(domain, operation: name) }
        return Effect(domain: reading, effectiveAt: Timestamp(nanoseconds: answer.atNs))
    }

    private func send(
        _ call: WireFleetCall, _ operation: String, idempotencyKey: String?, timeout: Duration
    ) async throws(HypervisorError) -> WireFleetAnswer {
        guard !end.isClosed else {
            throw HypervisorError(.closed, operation: operation, message: "the connection to \(address.host) is closed")
        }
        var call = call
        call.hostID = address.host.name
        do {
            let body: [UInt8] = try call.serializedBytes()
            let reply = try await client.request(
                body, type: .fleetCall, to: peer, idempotencyKey: idempotencyKey, timeout: timeout)
            return try WireFleetAnswer(serializedBytes: reply)
        } catch let error as BusError {
            throw HypervisorError(error, host: address.host, operation: operation)
        } catch {
            throw HypervisorError(
                .invalid, operation: operation, message: "host \(address.host) gave no valid answer: \(error)")
        }
    }
}
