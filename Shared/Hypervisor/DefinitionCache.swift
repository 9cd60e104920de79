// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel
internal import Synchronization

/// The definitions of a host's domains as they were read last, for all connections to it: a new connection begins with
/// what an earlier one has read. A definition that changed since is read again, some with each sample, and is used
/// until then.
final class DefinitionCache: Sendable {
    /// What is remembered of one life of a domain.
    struct Known: Sendable {
        /// Its name at the hypervisor then.
        let name: String
        let hypervisorID: Int64?
        let definition: DefinedDomain
        /// What the hypervisor says beside the definition; `nil` where the definition says it.
        let schedulerCap: CPUCap?
        /// Devices that the driver counts and the definition did not have when it was read.
        var strangeDevices: Set<String> = []

        /// The cap that holds with this number of vCPUs.
        func cpuCap(vcpus: VCPUCount?) -> CPUCap {
            schedulerCap ?? definition.cpuCap(vcpus: vcpus ?? definition.startVCPUs)
        }
    }

    private struct Entry {
        /// `nil`: the definition could not be understood.
        var known: Known?
        let hypervisorID: Int64?
        let name: String
        let readAt: Int64
        /// It may have changed since.
        var isStale = false

        func isOf(_ identity: DomainIdentity) -> Bool {
            hypervisorID == identity.hypervisorID && name == identity.name
        }
    }

    private let entries = Mutex<[DomainID: Entry]>([:])

    init() {}

    /// What is remembered of a domain's present life under its present name, even if it is old; `nil` if nothing is.
    func known(_ identity: DomainIdentity) -> Known? {
        entries.withLock { entries in
            entries[identity.domain].flatMap { $0.isOf(identity) ? $0.known : nil }
        }
    }

    /// What is remembered of a domain, whichever life it has now.
    func definition(of domain: DomainID) -> DefinedDomain? { entries.withLock { $0[domain]?.known?.definition } }

    /// - Parameters:
    ///   - known: `nil` if it could not be understood.
    ///   - now: nanoseconds of the monotonic clock.
    func remember(_ known: Known?, of identity: DomainIdentity, now: Int64) {
        entries.withLock { entries in
            entries[identity.domain] = Entry(
                known: known, hypervisorID: identity.hypervisorID, name: identity.name, readAt: now)
        }
    }

    /// Drops what is remembered of a domain, since it was changed.
    func forget(_ domain: DomainID) { entries.withLock { $0[domain] = nil } }

    /// Drops what is remembered of domains that the host no longer has.
    func forget(except domains: Set<DomainID>) {
        entries.withLock { entries in
            guard entries.keys.contains(where: { !domains.contains($0) }) else { return }
            entries = entries.filter { domains.contains($0.key) }
        }
    }

    /// Notes that a definition may have changed and must be read again.
    func markStale(_ domain: DomainID) { entries.withLock { $0[domain]?.isStale = true } }

    /// Notes that changes may have been missed for a while, so that all definitions must be read again.
    func markAllStale() {
        entries.withLock { entries in
            for domain in entries.keys { entries[domain]?.isStale = true }
        }
    }

    /// The domains whose definitions must be read now, the most urgent first: those that are not known, then those that
    /// may have changed, then a few of the oldest.
    /// - Parameters:
    ///   - oldest: an instant of the monotonic clock: definitions that were read before it are read again in any case.
    ///   - few: how many of those at most.
    func due(of identities: [DomainIdentity], oldest: Int64, few: Int) -> [DomainIdentity] {
        entries.withLock { entries in
            var (missing, stale, old): ([DomainIdentity], [DomainIdentity], [(Int64, DomainIdentity)]) = ([], [], [])
            for identity in identities {
                guard let entry = entries[identity.domain], entry.isOf(identity) else {
                    missing.append(identity)
                    continue
                }
                if entry.isStale {
                    stale.append(identity)
                } else if entry.readAt < oldest {
                    old.append((entry.readAt, identity))
                }
            }
            return missing + stale + old.sorted { $0.0 < $1.0 }.prefix(few).map { $0.1 }
        }
    }
}
