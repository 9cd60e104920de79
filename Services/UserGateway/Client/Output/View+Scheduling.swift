// SPDX-License-Identifier: Apache-2.0

/// The columns of policies, of decisions' outcomes, and of the queue.
extension View {
    static let policy = View(
        .record, name: "vm",
        [
            Column("VM", "vm"), Column("VERSION", "version", .count), Column("VALID FROM", "validFrom", .instant),
            Column("PRESET", "preset"), Column("MANAGED", "managed"), Column("GOAL", "goalPpm", .share),
            Column("LOWER U1", "lowerPpm", .share), Column("UPPER U2", "upperPpm", .share),
            Column("RATIO M/N", "ratioPpm", .share), Column("MIN VCPUS", "minVcpus", .count),
            Column("MAX VCPUS", "maxVcpus", .count), Column("WINDOW N", "windowLength", .count),
            Column("BREACHES M", "breachesNeeded", .count), Column("TRUE RATIO", "trueRatioPpm", .share),
            Column("MEMORY U1", "memoryLowerPpm", .share),
            Column("MEMORY U2", "memoryUpperPpm", .share), Column("MIN MEMORY", "minMemoryBytes", .bytes),
            Column("MAX MEMORY", "maxMemoryBytes", .bytes), Column("NETWORK U1", "networkLowerPpm", .share),
            Column("NETWORK U2", "networkUpperPpm", .share),
            Column("MIN NETWORK/S", "minNetworkBytesPerSecond", .bytes),
            Column("MAX NETWORK/S", "maxNetworkBytesPerSecond", .bytes),
            Column("COOLDOWN UP", "cooldownUpNanoseconds", .nanoseconds),
            Column("COOLDOWN DOWN", "cooldownDownNanoseconds", .nanoseconds), Column("OPT-OUT", "optOut"),
            Column("DRY-RUN", "dryRun"), Column("AFFINITY", "affinity"), Column("ANTI-AFFINITY", "antiAffinity"),
            Column("PINNED TO", "pinnedHosts"), Column("CHOICE", "choice"),
        ])
    static let replay = View(
        .prose, name: "vm",
        [
            Column("VM", "vm"), Column("FROM", "from", .instant), Column("TO", "to", .instant),
            Column("ACTIONS", "actions", .count), Column("OVERLOADED", "overloadedNanoseconds", .nanoseconds),
            Column("IDLE", "idleNanoseconds", .nanoseconds), Column("CAPPED", "cappedNanoseconds", .nanoseconds),
        ])
    static let verification = View(
        .prose, name: "checked",
        [
            Column("CHECKED", "checked", .count), Column("HELD", "held", .count),
            Column("OTHER RULES", "otherRules", .count), Column("FAILURES", "failures"),
        ])
    static let measurementList = View(
        .list(empty: "no outcomes yet"), name: "decision",
        [
            Column("VM", "vm"), Column("MINUTES", "minutes", .count), Column("RESOURCE", "resource"),
            Column("PREDICTED", "predictedPpm", .share), Column("REAL", "realPpm", .share),
            Column("SAMPLES", "samples", .count), Column("REVERSED", "reversed"), Column("AT", "at", .instant),
            Column("DECISION", "decision", wide: true),
        ])
    static let queue = View(
        .list(empty: "nothing waits for room"), name: "vm",
        [
            Column("POSITION", "position", .count), Column("VM", "vm"), Column("TENANT", "tenant"),
            Column("RESOURCE", "resource"), Column("MISSING", "missing", .count), Column("WEIGHT", "weight", .count),
            Column("SINCE", "since", .instant),
        ])
    static let assessment = View(
        .prose, name: "vm",
        [
            Column("VM", "vm"), Column("TENANT", "tenant"), Column("HOST", "host"), Column("VCPUS", "vcpus", .count),
            Column("RIGHT", "rightVcpus", .count), Column("OVERLOADED", "overloadedPpm", .share),
            Column("ACTIONS", "actions", .count), Column("KNOWN", "knownPpm", .share),
        ])
    static let cluster = View(
        .record, name: "cluster",
        [
            Column("CLUSTER", "cluster"), Column("DRY-RUN", "dryRun"), Column("BLACKOUTS", "blackouts"),
            Column("WEIGHT RESPONSE", "weightResponsePpm", .share), Column("WEIGHT CPU", "weightCpuPpm", .share),
            Column("WEIGHT MEMORY", "weightMemoryPpm", .share), Column("MOVES IN PER HOST", "movesInPerHost", .count),
            Column("MOVES OUT PER HOST", "movesOutPerHost", .count),
            Column("MOVES PER CLUSTER", "movesPerCluster", .count),
            Column("MOVE REST", "moveRestNanoseconds", .nanoseconds),
        ])
    static let tenantSetting = View(
        .record, name: "tenant",
        [
            Column("TENANT", "tenant"), Column("WEIGHT", "weight", .count), Column("DRY-RUN", "dryRun"),
            Column("CLUSTERS", "clusters", .list),
        ])
}
