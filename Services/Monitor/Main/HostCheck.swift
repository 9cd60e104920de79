// SPDX-License-Identifier: Apache-2.0

internal import Hypervisor
internal import ResourceModel

/// One thing that was looked at of a host, or of a pair between which guests are to move.
struct CheckItem: Codable, Hashable, Sendable {
    enum Result: String, Codable, Sendable {
        case fine, missing, unknown
    }
    /// The other host of a pair; `nil`: about the host alone.
    var target: HostID?
    var check: String
    var result: Result
    var detail: String?
    var remedy: String?
}

/// What a host's own words say about it and about each pair that it is the source of. Pure.
enum HostCheck {
    /// A host as it was examined, or why it could not be.
    typealias Examined = Result<HostExamination, HypervisorError>

    static func items(of host: HostExamination) -> [CheckItem] {
        let capabilities = host.capabilities
        var items = [
            CheckItem(check: "answers", result: .fine, detail: "\(capabilities.driver) \(capabilities.version)")
        ]
        items += host.problems.map { CheckItem(check: "setup", result: .missing, detail: $0) }
        items.append(
            CheckItem(
                check: "statistics", result: .fine,
                detail: capabilities.hasBulkStatistics ? "all domains in one call" : "one call per domain"))
        items.append(
            host.isEncrypted
                ? CheckItem(check: "encryption", result: .fine)
                : CheckItem(
                    check: "encryption", result: .missing, detail: "whoever is on the way can read the connection",
                    remedy: "use a +tls or +ssh URI"))
        items.append(
            capabilities.canMigrate
                ? CheckItem(check: "migration", result: .fine, detail: host.migrationTransports.joined(separator: ", "))
                : CheckItem(
                    check: "migration", result: .missing, detail: "its driver sends no running domain elsewhere"))
        if let canCap = capabilities.canCapCPU {
            items.append(
                canCap
                    ? CheckItem(check: "CPU cap", result: .fine)
                    : CheckItem(
                        check: "CPU cap", result: .missing, detail: "the hypervisor can't cap a domain's CPU",
                        remedy: "give libvirtd the cpu cgroup controller"))
        }
        if capabilities.hasStorage {
            let idle = host.storagePools.filter { !$0.isActive }.map(\.name).sorted()
            items.append(
                idle.isEmpty
                    ? CheckItem(check: "storage", result: .fine, detail: names(host.storagePools.map(\.name)))
                    : CheckItem(
                        check: "storage", result: .missing, detail: "pools that are not started: \(names(idle))",
                        remedy: "virsh pool-start, and pool-autostart"))
        }
        return items
    }

    /// - Parameter accepts: whether the target runs guests of the source's CPU; `nil` if it could not be asked.
    static func items(
        from source: HostExamination, to target: HostID, _ examined: Examined, accepts: Bool?
    ) -> [CheckItem] {
        let other: HostExamination
        switch examined {
        case .success(let found): other = found
        case .failure(let error):
            return [CheckItem(target: target, check: "answers", result: .unknown, detail: "\(error)")]
        }
        return [
            identity(source, other), driver(source, other), cpu(source, other, accepts), transport(source, other),
            shared(
                "storage pools", source.storagePools.filter(\.isActive).map(\.name),
                other.storagePools.filter(\.isActive).map(\.name)),
            shared("networks", source.networks, other.networks),
        ].compactMap { item in
            var item = item
            item?.target = target
            return item
        }
    }

    private static func identity(_ source: HostExamination, _ other: HostExamination) -> CheckItem? {
        guard let uuid = source.capabilities.hostUUID, uuid == other.capabilities.hostUUID else { return nil }
        return CheckItem(
            check: "host UUID", result: .missing, detail: "both hosts say that they are \(uuid)",
            remedy: "set host_uuid in libvirtd.conf on one of them")
    }

    private static func driver(_ source: HostExamination, _ other: HostExamination) -> CheckItem {
        let (here, there) = (source.capabilities.driver, other.capabilities.driver)
        return here == there
            ? CheckItem(check: "driver", result: .fine, detail: here)
            : CheckItem(check: "driver", result: .missing, detail: "\(here) here, \(there) there")
    }

    private static func cpu(_ source: HostExamination, _ other: HostExamination, _ accepts: Bool?) -> CheckItem? {
        guard source.cpu != nil else { return nil }
        guard let accepts else { return CheckItem(check: "CPU", result: .unknown, detail: "it could not be compared") }
        guard !accepts else { return CheckItem(check: "CPU", result: .fine, detail: other.cpuModel) }
        return CheckItem(
            check: "CPU", result: .missing,
            detail: "\(other.cpuModel ?? "its CPU") lacks features of \(source.cpuModel ?? "this host's CPU")",
            remedy: "give guests a CPU model that both have")
    }

    private static func transport(_ source: HostExamination, _ other: HostExamination) -> CheckItem {
        let common = Set(source.migrationTransports).intersection(other.migrationTransports)
        return common.isEmpty
            ? CheckItem(check: "migration transport", result: .missing, detail: "they have none in common")
            : CheckItem(check: "migration transport", result: .fine, detail: names(Array(common)))
    }

    private static func shared(_ what: String, _ here: [String], _ there: [String]) -> CheckItem? {
        let absent = Set(here).subtracting(there)
        guard !here.isEmpty else { return nil }
        return absent.isEmpty
            ? CheckItem(check: what, result: .fine, detail: names(here))
            : CheckItem(
                check: what, result: .missing, detail: "not there: \(names(Array(absent)))",
                remedy: "define them there under the same names")
    }

    private static func names(_ names: [String]) -> String { names.sorted().joined(separator: ", ") }
}
