// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// Why a fleet can't be made: what is wrong, and where.
package struct FleetConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

extension FleetConfiguration {
    /// Throws unless a fleet can be made of it.
    func validate() throws(FleetConfigurationError) {
        func require(_ fault: String?, _ place: String) throws(FleetConfigurationError) {
            if let fault { throw FleetConfigurationError(description: "\(place): \(fault)") }
        }
        try require(Limits.hosts.contains(hosts.count) ? nil : "a fleet has 1 to 100000 hosts", "hosts")
        try require(idleLoad.fault, "idle_load")
        try require(habits.fault, "habits")
        try require(durations.fault, "durations")
        try require(truth.fault, "truth")
        var hostIDs: Set<HostID> = []
        var domainIDs: Set<DomainID> = []
        for host in hosts {
            try require(hostIDs.insert(host.id).inserted ? nil : "two hosts have this id", "host \(host.id)")
            try require(host.fault, "host \(host.id)")
            for domain in host.domains {
                let place = "host \(host.id), domain \(domain.id)"
                try require(domainIDs.insert(domain.id).inserted ? nil : "two domains have this id", place)
                try require(domain.fault, place)
            }
        }
    }
}

extension HostConfiguration {
    var fault: String? {
        guard Limits.cores.contains(cores) else { return "a host has 1 to 65536 cores, not \(cores)" }
        guard Limits.memory.contains(memory.bytes) else {
            return "memory must lie within 1 MiB and 1 PiB, not \(memory)"
        }
        guard Limits.duration.contains(responseTimeNanoseconds) else { return "a response takes 0 to 24 hours" }
        guard (0..<1_000_000).contains(controlDomainSharePPM) else {
            return "the control domain's share must lie within 0 and 999999 ppm"
        }
        guard Limits.clockOffset.contains(clockOffsetNanoseconds) else { return "a clock is off by at most 10 years" }
        guard Limits.driftPPM.contains(clockDriftPPM) else { return "a clock drifts by at most 100000 ppm" }
        guard domains.count <= Limits.domainsPerHost else { return "a host has at most 1000 domains" }
        guard domains.reduce(Int128(0), { $0 + Int128($1.memory.bytes) }) <= Int128(memory.bytes) else {
            return "its domains have more memory than it has"
        }
        return nil
    }
}
