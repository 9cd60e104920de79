// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// A command's arguments as in their JSON: absolute targets. `fault` says which ones a verb needs.
///
///     resize       {"vcpus": 3, "cpu_cap_ppm": 2500000, "memory_bytes": 1073741824}     at least one of them
///     shutdown     {"grace_seconds": 60, "then_destroy": true}
///     cap          {"cpu_cap_ppm": 500000}                      of one core; 0 lifts it
///     network-cap  {"bytes_per_second": 1000000}                0 lifts it
///     migrate      {"target": "h2", "bandwidth_bytes_per_second": …, "maximum_downtime_ms": …, "auto_converge": true,
///                   "time_limit_seconds": 3600, "forced_although": "…"}
///     snapshot     {"name": "before-upgrade"}                   revert and delete-snapshot likewise
///     delete       {"keep_disk": true}
///     adopt        {"tenant": "acme"}
///     prepare      {"maximum_vcpus": 8, "maximum_memory_bytes": 4294967296}
///     create       {"name": "web", "tenant": "acme", "vcpus": 2, "maximum_vcpus": 8, "memory_bytes": 536870912,
///                   "maximum_memory_bytes": …, "disk_bytes": 21474836480, "flavor": "small", "boot": {…}}
package struct CommandArguments: JSONDocument, Hashable {
    package var vcpus: Int?
    package var memoryBytes: Int64?
    package var maximumVCPUs: Int?
    package var maximumMemoryBytes: Int64?
    package var diskBytes: Int64?
    package var target: String?
    package var bandwidthBytesPerSecond: Int64?
    package var maximumDowntimeMilliseconds: Int64?
    package var autoConverges: Bool?
    package var timeLimitSeconds: Int64?
    package var name: String?
    package var tenant: String?
    package var flavor: String?
    package var graceSeconds: Int64?
    package var thenDestroys: Bool?
    package var cpuCapPPM: Int64?
    package var bytesPerSecond: Int64?
    package var keepsDisk: Bool?
    /// What spoke against a move that was forced: for people who read the command.
    package var forcedAlthough: String?
    package var boot: BootSource?

    package init() {}

    package enum CodingKeys: String, CodingKey {
        case vcpus, target, name, tenant, flavor, boot
        case memoryBytes = "memory_bytes"
        case maximumVCPUs = "maximum_vcpus"
        case maximumMemoryBytes = "maximum_memory_bytes"
        case diskBytes = "disk_bytes"
        case bandwidthBytesPerSecond = "bandwidth_bytes_per_second"
        case maximumDowntimeMilliseconds = "maximum_downtime_ms"
        case autoConverges = "auto_converge"
        case timeLimitSeconds = "time_limit_seconds"
        case graceSeconds = "grace_seconds"
        case thenDestroys = "then_destroy"
        case cpuCapPPM = "cpu_cap_ppm"
        case bytesPerSecond = "bytes_per_second"
        case keepsDisk = "keep_disk"
        case forcedAlthough = "forced_although"
    }

    /// How long a guest may be waited for, and the largest cap that makes sense.
    private static let limits = (
        graceSeconds: Int64(0)...86_400, ppm: Int64(0)...1_024_000_000, timeLimitSeconds: Int64(1)...604_800
    )

    /// A day.
    private static let longestDowntimeMilliseconds: Int64 = 86_400_000

    /// What is missing or not valid for this verb; `nil` if nothing.
    package func fault(for verb: CommandVerb) -> String? { faultOfAmounts ?? faultOfTarget(of: verb) }

    /// A number that no domain can have, whatever the verb is.
    private var faultOfAmounts: String? {
        for (name, count) in [("vcpus", vcpus), ("maximum_vcpus", maximumVCPUs)] {
            guard let count, count > VCPUCount.limit.count else { continue }
            return "takes \"\(name)\" of at most \(VCPUCount.limit), not \(count)"
        }
        let amounts = [
            ("memory_bytes", memoryBytes), ("maximum_memory_bytes", maximumMemoryBytes), ("disk_bytes", diskBytes),
            ("bandwidth_bytes_per_second", bandwidthBytesPerSecond), ("bytes_per_second", bytesPerSecond),
        ]
        for (name, amount) in amounts {
            guard let amount, amount > ByteCount.limit.bytes else { continue }
            return "takes \"\(name)\" of at most \(ByteCount.limit.bytes), not \(amount)"
        }
        guard let downtime = maximumDowntimeMilliseconds, downtime > Self.longestDowntimeMilliseconds else {
            return nil
        }
        return "takes \"maximum_downtime_ms\" of at most \(Self.longestDowntimeMilliseconds), not \(downtime)"
    }

    private func faultOfTarget(of verb: CommandVerb) -> String? {
        switch verb {
        case .create: faultOfCreate
        case .resize:
            vcpus == nil && memoryBytes == nil && cpuCapPPM == nil || vcpus ?? 1 < 1 || memoryBytes ?? 1 < 1
                || !Self.limits.ppm.contains(cpuCapPPM ?? 0)
                ? "needs \"vcpus\" of at least 1, \"memory_bytes\" above 0 or \"cpu_cap_ppm\"" : nil
        case .migrate: faultOfMigrate
        case .shutdown:
            graceSeconds.map(Self.limits.graceSeconds.contains) ?? true
                ? thenDestroys == true && graceSeconds == nil ? "needs \"grace_seconds\" with \"then_destroy\"" : nil
                : "takes \"grace_seconds\" of 0 to 86400"
        case .cap:
            cpuCapPPM.map(Self.limits.ppm.contains) ?? false
                ? nil : "needs \"cpu_cap_ppm\", parts per million of one core; 0 lifts the cap"
        case .networkCap:
            bytesPerSecond ?? -1 >= 0 ? nil : "needs \"bytes_per_second\" of at least 0; 0 lifts the cap"
        case .snapshot, .revert, .deleteSnapshot:
            name.map(isValidName) ?? false ? nil : "needs \"name\" of 1 to 63 of a-z 0-9 . _ -"
        case .adopt: tenant.flatMap { TenantID($0) } == nil ? "needs \"tenant\", the name of a tenant" : nil
        case .prepare:
            maximumVCPUs == nil && maximumMemoryBytes == nil || maximumVCPUs ?? 1 < 1 || maximumMemoryBytes ?? 1 < 1
                ? "needs \"maximum_vcpus\" of at least 1 or \"maximum_memory_bytes\" above 0" : nil
        case .start, .destroy, .suspend, .resume, .reboot, .save, .restore, .abortMigration, .delete, .release: nil
        }
    }

    private var faultOfMigrate: String? {
        guard target.flatMap({ HostID($0) }) != nil else { return "needs \"target\", the name of a host" }
        guard bandwidthBytesPerSecond ?? 1 > 0, maximumDowntimeMilliseconds ?? 1 > 0 else {
            return "takes \"bandwidth_bytes_per_second\" and \"maximum_downtime_ms\" above 0"
        }
        guard timeLimitSeconds.map(Self.limits.timeLimitSeconds.contains) ?? true else {
            return "takes \"time_limit_seconds\" of 1 to 604800"
        }
        return nil
    }

    private var faultOfCreate: String? {
        guard let name, isValidName(name), tenant.flatMap({ TenantID($0) }) != nil else {
            return "needs \"name\" and \"tenant\", each 1 to 63 of a-z 0-9 . _ -"
        }
        guard let vcpus, let memoryBytes, vcpus >= 1, memoryBytes > 0, diskBytes ?? 0 >= 0 else {
            return "needs \"vcpus\" of at least 1 and \"memory_bytes\" above 0"
        }
        guard maximumVCPUs ?? vcpus >= vcpus, maximumMemoryBytes ?? memoryBytes >= memoryBytes else {
            return "takes no ceiling below the size that the domain starts with"
        }
        return nil
    }
}
