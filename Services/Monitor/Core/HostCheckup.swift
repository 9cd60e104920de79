// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import ResourceModel

/// How far a host's clock is ahead of cluster time, as far as known.
package enum ClockLead: Hashable, Sendable {
    /// By at least and at most this many nanoseconds: the time that the host took to answer makes it inexact.
    case ahead(ClosedRange<Int64>)
    case unknown(String)

    /// - Parameters:
    ///   - time: what the host's clock said at some instant between `calledAt` and `answeredAt` of cluster time.
    package init(reading time: Timestamp, calledAt: Timestamp, answeredAt: Timestamp) {
        let latest = max(calledAt, answeredAt)
        self = .ahead(time.nanoseconds(since: latest)...time.nanoseconds(since: calledAt))
    }

    /// How far the other host's clock is ahead of this one's.
    func difference(to other: ClockLead) -> ClockLead {
        switch (self, other) {
        case (.unknown(let reason), _), (_, .unknown(let reason)): .unknown(reason)
        case (.ahead(let here), .ahead(let there)):
            .ahead(there.lowerBound - here.upperBound...there.upperBound - here.lowerBound)
        }
    }
}

/// What a host's examination says about the host, and about each pair of which it is the source. Pure.
package enum HostCheckup {
    package struct Examined: Hashable, Sendable {
        package let examination: HostExamination
        /// The abilities from the same examination, by which Scheduler places.
        package let abilities: HostAbilities
        package let clock: ClockLead

        package init(examination: HostExamination, abilities: HostAbilities, clock: ClockLead) {
            self.examination = examination
            self.abilities = abilities
            self.clock = clock
        }
    }

    package static func items(of examined: Examined) -> [CheckItem] {
        let host = examined.examination
        let capabilities = host.capabilities
        var items = [
            CheckItem(check: "answers", result: .fine, detail: "\(capabilities.driver) \(capabilities.version)")
        ]
        items += host.problems.map { CheckItem(check: "setup", result: .missing, detail: $0) }
        items.append(
            CheckItem(
                check: "statistics", result: .fine,
                detail: capabilities.hasBulkStatistics ? "all domains in one call" : "one call per domain"))
        items.append(clock(examined.clock, against: "cluster time"))
        if host.migrationName != nil { items.append(ownName(host.hostName)) }
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
        items.append(cpuCap(host))
        if capabilities.hasStorage { items.append(storage(host.storagePools)) }
        return items
    }

    /// - Parameters:
    ///   - other: the target as it was examined, or why it could not be.
    ///   - accepts: whether the target runs guests that see the source's CPU; `nil` if it could not be asked.
    package static func items(
        from examined: Examined, to target: HostID, _ other: Result<Examined, any Error>, accepts: Bool?
    ) -> [CheckItem] {
        let found: Examined
        switch other {
        case .success(let examined): found = examined
        case .failure(let error):
            return [CheckItem(target: target, check: "answers", result: .unknown, detail: "\(error)")]
        }
        let (source, other) = (examined.examination, found.examination)
        // `HostAbilities` decides this, so that a check and Scheduler agree.
        let (here, there) = (examined.abilities, found.abilities)
        let obstacles =
            here.obstacles(to: there)
            + there.lacks(of: DomainNeeds(pools: here.pools ?? [], networks: here.networks ?? []))
        return [
            identity(obstacles), driver(source, obstacles), cpu(source, other, accepts),
            transport(source, other, obstacles),
            clock(examined.clock.difference(to: found.clock), against: "this host's"), nameResolution(source, other),
            shared("storage pools", here.pools ?? [], obstacles), shared("networks", here.networks ?? [], obstacles),
        ].compactMap { item in
            var item = item
            item?.target = target
            return item
        }
    }

    // MARK: A host

    private static func cpuCap(_ host: HostExamination) -> CheckItem {
        guard let canCap = host.capabilities.canCapCPU else {
            return CheckItem(
                check: "CPU cap", result: .unknown, detail: "no domain runs that it could be tried with",
                remedy: "start one and check again")
        }
        guard !canCap else { return CheckItem(check: "CPU cap", result: .fine) }
        let remedy: String? =
            switch host.capabilities.driver.lowercased() {
            case "xen": "boot Xen with sched=credit"
            case "qemu": "give libvirtd the cpu cgroup controller"
            default: nil
            }
        return CheckItem(
            check: "CPU cap", result: .missing,
            detail: host.cpuCapObstacle ?? "the hypervisor can't cap a domain's CPU", remedy: remedy)
    }

    private static func storage(_ pools: [HostExamination.StoragePool]) -> CheckItem {
        let idle = pools.filter { !$0.isActive }.map(\.name)
        return idle.isEmpty
            ? CheckItem(check: "storage", result: .fine, detail: names(pools.map(\.name)))
            : CheckItem(
                check: "storage", result: .missing, detail: "pools that are not started: \(names(idle))",
                remedy: "virsh pool-start, and pool-autostart")
    }

    /// Ebb sends guests to the address in a host's URI; other tools send them to the name that the host gives itself.
    private static func ownName(_ name: ResolvedName) -> CheckItem {
        let remedy = "give it the address by which the others reach it, in the DNS or in /etc/hosts of every host"
        if name.name.isEmpty || name.name.hasPrefix("localhost") {
            return CheckItem(
                check: "own name", result: .missing, detail: "it calls itself '\(name.name)'", remedy: remedy)
        }
        if let loopback = name.addresses.first(where: isLoopback) {
            return CheckItem(
                check: "own name", result: .missing,
                detail: "\(name.name) is the loopback address \(loopback) where Monitor runs", remedy: remedy)
        }
        let seen =
            name.addresses.isEmpty ? "it has no address where Monitor runs" : "\(names(name.addresses)) to Monitor"
        return CheckItem(check: "own name", result: .fine, detail: "\(name.name): \(seen)")
    }

    private static func clock(_ clock: ClockLead, against other: String) -> CheckItem {
        let tolerance = ReadingInstant.clockTolerance.wholeNanoseconds
        let remedy = "have one service keep its clock, such as chrony"
        guard case .ahead(let ahead) = clock else {
            guard case .unknown(let reason) = clock else { return CheckItem(check: "clock", result: .unknown) }
            return CheckItem(check: "clock", result: .unknown, detail: reason)
        }
        let middle = ahead.lowerBound + (ahead.upperBound - ahead.lowerBound) / 2
        let text = "\(milliseconds(middle)) ms \(middle < 0 ? "behind" : "ahead of") \(other)"
        if ahead.lowerBound > tolerance || ahead.upperBound < -tolerance {
            return CheckItem(check: "clock", result: .missing, detail: text, remedy: remedy)
        }
        guard ahead.lowerBound >= -tolerance, ahead.upperBound <= tolerance else {
            let blur = milliseconds(ahead.upperBound - ahead.lowerBound)
            return CheckItem(
                check: "clock", result: .unknown, detail: "\(text), but the answers took \(blur) ms",
                remedy: "check again")
        }
        return CheckItem(check: "clock", result: .fine, detail: text)
    }

    private static func milliseconds(_ nanoseconds: Int64) -> UInt64 { nanoseconds.magnitude / 1_000_000 }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }

    // MARK: A pair

    /// Where the source would send a guest. How the source itself resolves that name can't be seen from outside: what
    /// is checked is how Monitor's machine resolves it.
    private static func nameResolution(_ source: HostExamination, _ other: HostExamination) -> CheckItem? {
        guard let name = other.migrationName, source.capabilities.canMigrate else { return nil }
        let check = "name resolution"
        guard !name.name.isEmpty else {
            return CheckItem(
                check: check, result: .missing, detail: "its URI names no machine that a guest could be sent to",
                remedy: "add it by a URI with its address, such as qemu+tls://ADDRESS/system")
        }
        if let loopback = name.addresses.first(where: isLoopback) {
            return CheckItem(
                check: check, result: .missing,
                detail: "\(name.name) is the loopback address \(loopback): every host would send guests to itself",
                remedy: "add it by the address by which the other hosts reach it")
        }
        guard let first = name.addresses.first else {
            return CheckItem(
                check: check, result: .missing, detail: "\(name.name) has no address where Monitor runs",
                remedy: "put it into the DNS, or into /etc/hosts of every host")
        }
        guard first != name.name else {
            return CheckItem(check: check, result: .fine, detail: "\(first) needs none")
        }
        return CheckItem(
            check: check, result: .fine,
            detail: "\(name.name) is \(names(name.addresses)) to Monitor; what this host makes of it can't be seen "
                + "from outside: there, `getent ahosts \(name.name)`")
    }

    private static func identity(_ obstacles: [PairObstacle]) -> CheckItem? {
        let shown = obstacles.lazy.compactMap { obstacle -> UUID128? in
            if case .sameUUID(let uuid) = obstacle { uuid } else { nil }
        }.first
        guard let uuid = shown else { return nil }
        return CheckItem(
            check: "host UUID", result: .missing, detail: "both hosts say that they are \(uuid)",
            remedy: "set host_uuid in libvirtd.conf on one of them")
    }

    private static func driver(_ source: HostExamination, _ obstacles: [PairObstacle]) -> CheckItem {
        for case .otherDriver(let here, let there) in obstacles {
            return CheckItem(check: "driver", result: .missing, detail: "\(here) here, \(there) there")
        }
        return CheckItem(check: "driver", result: .fine, detail: source.capabilities.driver)
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

    private static func transport(
        _ source: HostExamination, _ other: HostExamination, _ obstacles: [PairObstacle]
    ) -> CheckItem {
        guard !obstacles.contains(.noCommonTransport) else {
            return CheckItem(check: "migration transport", result: .missing, detail: "they have none in common")
        }
        let common = Set(source.migrationTransports).intersection(other.migrationTransports)
        return CheckItem(check: "migration transport", result: .fine, detail: names(Array(common)))
    }

    private static func shared(_ what: String, _ here: [String], _ obstacles: [PairObstacle]) -> CheckItem? {
        guard !here.isEmpty else { return nil }
        let absent = obstacles.flatMap { obstacle -> [String] in
            switch obstacle {
            case .pools(let names) where what == "storage pools": names
            case .networks(let names) where what == "networks": names
            default: []
            }
        }
        return absent.isEmpty
            ? CheckItem(check: what, result: .fine, detail: names(here))
            : CheckItem(
                check: what, result: .missing, detail: "not there: \(names(absent))",
                remedy: "define them there under the same names")
    }

    private static func names(_ names: [String]) -> String { names.sorted().joined(separator: ", ") }
}
