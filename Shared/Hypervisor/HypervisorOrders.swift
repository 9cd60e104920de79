// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

package enum LifecycleOperation: String, Hashable, Sendable, Codable, CaseIterable {
    case start, shutdown, destroy, suspend, resume, reboot, save, restore, undefine
    /// Wakes a guest that put itself to sleep.
    case wakeUp = "wake-up"
}

/// What a domain may use at most, beside its size.
package enum DomainCap: Hashable, Sendable {
    /// In parts per million of one core, over all its vCPUs; 0 lifts the cap.
    case cpu(ppm: Int64)
    /// Bytes per second in each direction, for each of its interfaces; 0 lifts the cap.
    case network(bytesPerSecond: Int64)
}

/// What a domain may grow to; what is `nil` stays as it is.
package struct DomainCeiling: Hashable, Sendable {
    package let maximumVCPUs: VCPUCount?
    package let maximumMemory: ByteCount?

    package init(maximumVCPUs: VCPUCount?, maximumMemory: ByteCount?) {
        self.maximumVCPUs = maximumVCPUs
        self.maximumMemory = maximumMemory
    }
}

/// The name and the owner of a domain, as its definition has them.
package struct DomainLabel: Hashable, Sendable {
    /// The name by which its tenant knows it.
    package let name: String
    package let tenant: TenantID
    /// The flavor that it was made with, if any.
    package let flavor: String?

    package init(name: String, tenant: TenantID, flavor: String? = nil) {
        self.name = name
        self.tenant = tenant
        self.flavor = flavor
    }
}

/// What Ebb has added to a domain, beside its label.
package struct OwnParts: Hashable, Sendable {
    /// The definition as it was when the domain was adopted; `nil` for one that Ebb created.
    package let adoptedAs: String?
    /// The CPU cap that was found when the domain was adopted; unknown for one that Ebb created.
    package let foundCPUCap: CPUCap
    /// Caps that hold; `nil`: none.
    package let cpuCapPPM: Int64?
    package let networkCapBytesPerSecond: Int64?

    package init(
        adoptedAs: String?, foundCPUCap: CPUCap = .unknown, cpuCapPPM: Int64? = nil,
        networkCapBytesPerSecond: Int64? = nil
    ) {
        self.adoptedAs = adoptedAs
        self.foundCPUCap = foundCPUCap
        self.cpuCapPPM = cpuCapPPM
        self.networkCapBytesPerSecond = networkCapBytesPerSecond
    }
}

/// What remains after a domain was deleted: the volumes that could not be deleted.
package struct Removal: Hashable, Sendable {
    package struct Remains: Hashable, Sendable {
        /// A file of the host.
        package let volume: String
        /// Why it could not be deleted, in the host's words.
        package let reason: String

        package init(volume: String, reason: String) {
            self.volume = volume
            self.reason = reason
        }
    }
    /// When the domain was deleted, if the driver says so.
    package let effectiveAt: Timestamp?
    package let remains: [Remains]

    package init(effectiveAt: Timestamp?, remains: [Remains]) {
        self.effectiveAt = effectiveAt
        self.remains = remains
    }
}

/// Where a migration goes, and how.
package struct MigrationTarget: Hashable, Sendable {
    package let host: HostID
    /// The target's connection URI as its own Monitor uses it.
    package let uri: String
    /// The owner's epoch over the target's shard.
    package let epoch: UInt64
    package let options: MigrationOptions

    package init(host: HostID, uri: String, epoch: UInt64, options: MigrationOptions = MigrationOptions()) {
        self.host = host
        self.uri = uri
        self.epoch = epoch
        self.options = options
    }
}

package struct MigrationOptions: Hashable, Sendable {
    /// How much of the network the transfer may use; `nil` leaves it to the driver. libvirt counts in MiB.
    package let bandwidthBytesPerSecond: Int64?
    /// How long the domain may stand still at the switch; `nil` leaves it to the driver.
    package let maximumDowntimeMilliseconds: Int64?
    /// Whether to slow the guest down if it changes its memory faster than the memory can be sent.
    package let autoConverges: Bool

    package init(
        bandwidthBytesPerSecond: Int64? = nil, maximumDowntimeMilliseconds: Int64? = nil, autoConverges: Bool = false
    ) {
        self.bandwidthBytesPerSecond = bandwidthBytesPerSecond
        self.maximumDowntimeMilliseconds = maximumDowntimeMilliseconds
        self.autoConverges = autoConverges
    }
}

/// A domain to be made.
package struct DomainSpecification: Hashable, Sendable {
    package let domain: DomainID
    package let name: String
    package let tenant: TenantID
    package let maximumVCPUs: VCPUCount
    package let vcpus: VCPUCount
    /// The memory that it starts with.
    package let memory: ByteCount
    /// What its balloon may give it later.
    package let maximumMemory: ByteCount
    package let disk: ByteCount
    /// The flavor that these sizes come from, if any.
    package let flavor: String?
    /// Driver-specific: kernel, image, network, … (libvirt); empty for the fleet.
    package let boot: BootSource

    /// - Parameter maximumMemory: `nil`: as it starts with.
    package init(
        domain: DomainID, name: String, tenant: TenantID, maximumVCPUs: VCPUCount, vcpus: VCPUCount,
        memory: ByteCount, maximumMemory: ByteCount? = nil, disk: ByteCount, flavor: String? = nil,
        boot: BootSource = BootSource()
    ) {
        self.domain = domain
        self.name = name
        self.tenant = tenant
        self.maximumVCPUs = maximumVCPUs
        self.vcpus = vcpus
        self.memory = memory
        self.maximumMemory = maximumMemory ?? memory
        self.disk = disk
        self.flavor = flavor
        self.boot = boot
    }
}

extension Hypervisor {
    /// Forgets an inactive domain with its seed and, unless it is kept, its disk.
    @discardableResult
    package func delete(
        _ domain: DomainID, keepsDisk: Bool, _ call: MutatingCall
    ) async throws(HypervisorError) -> Removal {
        try await delete(domain, volumes: try await volumes(of: domain, keepsDisk: keepsDisk), call)
    }

    /// How long between two looks at a domain that is shutting down.
    private static var shutdownPause: Duration { .milliseconds(500) }

    /// Asks the guest to shut down and waits until it is off.
    ///
    /// - Parameters:
    ///   - grace: how long the guest may take.
    ///   - destroy: asked when the grace is over: the call by which the domain is then destroyed, or `nil` to leave it
    ///     running. So the host's owner can check whether it still owns the host.
    /// - Throws: `.deadline` if the guest did not comply and was not destroyed, besides what the host refuses.
    package func shutDown(
        _ domain: DomainID, grace: Duration, _ call: MutatingCall, thenDestroy destroy: () async -> MutatingCall?
    ) async throws(HypervisorError) -> Effect {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: grace)
        do {
            let request = MutatingCall(id: call.id, epoch: call.epoch, timeout: min(grace, call.timeout))
            let effect = try await perform(.shutdown, on: domain, request)
            if effect.domain?.state.isActive != true { return effect }
        } catch {
            // A driver that waits for the guest by itself has waited for the whole grace already.
            guard error.code == .deadline else { throw error }
        }
        while clock.now < deadline {
            let reading = try await look(at: domain)
            if !reading.state.isActive, reading.state != .unknown { return Effect(domain: reading, effectiveAt: nil) }
            try? await clock.sleep(for: min(Self.shutdownPause, deadline - clock.now))
            if Task.isCancelled { break }
        }
        guard let forced = await destroy() else {
            throw HypervisorError(
                .deadline, operation: "shutdown",
                message: "the guest did not shut down within \(grace): destroy the domain, or look at its console")
        }
        return try await perform(.destroy, on: domain, forced)
    }
}
