// SPDX-License-Identifier: Apache-2.0

/// The columns of hosts, VMs and freezes.
extension View {
    static let vmList = View(.list(empty: "no VMs"), name: "name", vmColumns)
    static let vm = View(.record, name: "name", vmColumns)
    static let hostList = View(.list(empty: "no hosts"), name: "name", hostColumns)
    static let host = View(.record, name: "name", hostColumns)
    static let hostDetails = View(
        .details([
            Section(
                key: "domains",
                columns: [
                    Column("DOMAIN", "name"), Column("STATE", "state", .state), Column("VCPUS", "vcpus", .count),
                    Column("MEMORY", "memoryBytes", .bytes), Column("TENANT", "tenant", .owner), Column("ID", "id"),
                ]),
            Section(key: "staying", columns: [Column("STAYS", "name"), Column("REASON", "reason")]),
        ]), name: "name",
        hostColumns + [
            Column("DRIVER", "driver"), Column("VERSION", "hypervisorVersion"), Column("SAMPLING", "sampling"),
            Column("RESPONSE LOSS", "responseLossPpm", .share),
            Column("DOMAIN 0 CPU", "controlDomainUtilizationPpm", .share, null: "-"),
            Column("DOMAINS' CPU", "domainsUtilizationPpm", .share), Column("CAPABILITIES", "capabilities", .list),
            Column("SAME UUID AS", "duplicates", .list), Column("DOMAINS TWICE", "duplicateDomains", .list),
        ])
    static let checkList = View(
        .list(empty: "no hosts"), name: "host",
        [
            Column("HOST", "host"), Column("TARGET", "target"), Column("CHECK", "check"),
            Column("RESULT", "result", .state), Column("DETAIL", "detail"), Column("REMEDY", "remedy"),
        ])
    static let vmCheckList = View(
        .list(empty: "nothing is known of it"), name: "check",
        [Column("CHECK", "check"), Column("RESULT", "result", .state), Column("DETAIL", "detail")])
    static let changeList = View(
        .list(empty: "nothing would change"), name: "what",
        [Column("WHAT", "what"), Column("BEFORE", "before"), Column("AFTER", "after")])
    static let snapshotList = View(
        .list(empty: "no snapshots"), name: "name",
        [Column("NAME", "name"), Column("CREATED", "createdAt", .instant), Column("STATE", "state", .state)])
    static let addressList = View(
        .list(empty: "no addresses are known"), name: "address",
        [
            Column("INTERFACE", "interface"), Column("ADDRESS", "address"),
            Column("HARDWARE ADDRESS", "hardwareAddress"), Column("SOURCE", "source"),
        ])
    static let flavorList = View(
        .list(empty: "no flavors"), name: "name",
        [
            Column("NAME", "name"), Column("VCPUS", "vcpus", .count), Column("MAX", "maxVcpus", .count),
            Column("MEMORY", "memoryBytes", .bytes), Column("DISK", "diskBytes", .bytes),
        ])
    static let console = View(
        .verbatim, name: "next",
        [
            Column("VM", "vm"), Column("OFFSET", "offset", .count), Column("NEXT", "next", .count),
            Column("TEXT", "text"),
        ])
    static let script = View(
        .prose, name: "uri", [Column("ADDRESS", "address"), Column("URI", "uri"), Column("TEXT", "text")])
    static let freezeList = View(.list(empty: "nothing is frozen"), name: "id", freezeColumns)
    static let freeze = View(
        .record, name: "id",
        freezeColumns + [Column("FROZEN", "frozen"), Column("CONFIRMED BY", "reached", .count)])

    private static let freezeColumns = [
        Column("SCOPE", "scope"), Column("NAME", "name"), Column("REASON", "reason"), Column("BY", "principal"),
        Column("AUTOMATIC", "automatic"), Column("BY TENANT", "byTenant"), Column("SINCE", "createdAt", .instant),
        Column("ID", "id", wide: true),
    ]

    private static let vmColumns = [
        Column("NAME", "name"), Column("STATE", "state", .state), Column("VCPUS", "vcpus", .count),
        Column("MAX", "maxVcpus", .count), Column("CPU", "cpuUtilizationPpm", .share),
        Column("MEMORY", "memoryBytes", .bytes), Column("DISK", "diskBytes", .bytes), Column("HOST", "host"),
        Column("POLICY", "policy", null: "-"), Column("TENANT", "tenant", .owner), Column("ID", "id", wide: true),
        Column("MEMORY USE", "memoryUtilizationPpm", .share, wide: true),
        Column("AGE", "ageNanoseconds", .nanoseconds, wide: true, null: "never"),
        Column("CAPACITY", "capacityThousandths", .capacity, wide: true),
        Column("ASKED", "askedVcpus", .count, wide: true), Column("GRANTED", "grantedVcpus", .count, wide: true),
        Column("CPU CAP", "cpuCapPpm", .share, wide: true, null: "-"),
        Column("CAP SEEN", "seenCpuCap", wide: true, null: "unknown"),
        Column("NETWORK CAP", "networkCapBytesPerSecond", .rate, wide: true, null: "-"),
        Column("NEXT MAX", "nextMaxVcpus", .count, wide: true, null: "-"),
        Column("NEXT MAX MEMORY", "nextMaxMemoryBytes", .bytes, wide: true, null: "-"),
        Column("FROZEN", "frozen", wide: true, null: "-"), Column("WAITING", "waiting", wide: true, null: "-"),
        Column("REASON", "stateReason", wide: true, null: "-"), Column("BROKEN", "broken", wide: true, null: "-"),
        Column("COPIES", "copies", wide: true, null: "-"),
        Column("MANAGED", "managed", wide: true), Column("UNMETERED", "unmetered", wide: true, null: "-"),
    ]

    private static let hostColumns = [
        Column("NAME", "name"), Column("CLUSTER", "cluster"), Column("MODE", "mode", .state),
        Column("STATE", "state", .state), Column("CPUS", "cpuCount", .count), Column("VCPUS", "vcpus", .count),
        Column("CPU", "cpuUtilizationPpm", .share), Column("MEMORY", "memoryBytes", .bytes),
        Column("USED", "memoryUsedBytes", .bytes), Column("VMS", "vms", .count),
        Column("RESPONSE", "responseTimeNanoseconds", .nanoseconds),
        Column("AGE", "ageNanoseconds", .nanoseconds, null: "never"), Column("URI", "uri", wide: true),
        Column("LABELS", "labels", .list, wide: true), Column("FOREIGN", "foreign", .count, wide: true),
        Column("CPU OVERCOMMIT", "cpuOvercommitPpm", .share, wide: true),
        Column("MEMORY OVERCOMMIT", "memoryOvercommitPpm", .share, wide: true),
        Column("RESERVED VCPUS", "reservedVcpus", .count, wide: true),
        Column("RESERVED MEMORY", "reservedMemoryBytes", .bytes, wide: true),
        Column("CPU BOUND", "cpuBoundPpm", .share, wide: true),
    ]
}
