// SPDX-License-Identifier: Apache-2.0

/// The columns of each noun.
extension View {
    static let sampleList = View(
        .list(empty: "no samples"), name: "at",
        [
            Column("AT", "at", .instant), Column("HOST", "host"), Column("STATE", "state"), Column("VCPUS", "vcpus"),
            Column("CAPACITY", "capacityThousandths", .capacity), Column("CPU", "cpuUtilizationPpm", .share),
            Column("DEMAND", "cpuDemandPpm", .share, wide: true), Column("HOST CPU", "hostCpuUtilizationPpm", .share),
        ])
    static let outcome = View(
        .outcome, name: "vm",
        [
            Column("VM", "vm"), Column("ID", "id"), Column("ACTION", "action"), Column("STATE", "state", .state),
            Column("HOST", "host"), Column("VCPUS", "vcpus", .count), Column("COMMAND", "command"),
            Column("MESSAGE", "message"),
        ])
    static let decisionList = View(.list(empty: "no decisions"), name: "id", decisionColumns)
    static let decision = View(.prose, name: "id", decisionColumns)
    static let why = View(.prose, name: "vm", [Column("VM", "vm"), Column("AT", "at", .instant)])
    static let usage = View(.prose, name: "tenant", usageColumns + [unitColumn])
    static let tenantList = View(.list(empty: "no tenants"), name: "name", tenantColumns)
    static let tenant = View(.record, name: "name", tenantColumns)
    static let serviceList = View(
        .list(empty: "no services"), name: "id",
        [
            Column("SERVICE", "service"), Column("STATE", "state", .state),
            Column("SINCE", "since", .instant, null: "ever"),
            Column("INSTANCE", "id", null: "-"), Column("VERSION", "version", null: "-"),
            Column("SHARDS", "shards", .count), Column("STARTED", "startedAt", .instant, wide: true, null: "-"),
            Column("COMMANDS", "commandEndpoint", wide: true), Column("ADMIN", "adminEndpoint", wide: true),
            Column("SET ASIDE", "setAside", .list, wide: true),
        ])
    static let status = View(.status, name: "at", [Column("HEALTHY", "healthy"), Column("AT", "at", .instant)])
    static let operationList = View(
        .list(empty: "no operations"), name: "at",
        [
            Column("AT", "at", .instant), Column("ACTOR", "actor"), Column("ACTION", "action"),
            Column("SUBJECT", "subject"), Column("SEQUENCE", "sequence", .count, wide: true, null: "-"),
            Column("DETAIL", "detail", wide: true),
        ])
    static let runningList = View(
        .list(empty: "nothing is under way"), name: "id",
        [
            Column("ID", "id"), Column("SINCE", "at", .instant), Column("ACTOR", "actor"), Column("ACTION", "action"),
            Column("SUBJECT", "subject"), Column("STATE", "state", .state), Column("DONE", "progressPpm", .share),
            Column("PROGRESS", "progress"),
        ])
    static let operation = View(
        .record, name: "command",
        [
            Column("COMMAND", "command"), Column("VM", "vm"), Column("ACTION", "action"),
            Column("STATE", "state", .state), Column("ACTOR", "actor"), Column("HOST", "host"),
            Column("VCPUS", "vcpus", .count), Column("DONE", "progressPpm", .share), Column("PROGRESS", "progress"),
            Column("REASON", "reason"), Column("MESSAGE", "message"), Column("SINCE", "createdAt", .instant),
            Column("ENDED", "finishedAt", .instant), Column("ID", "id"),
        ])
    static let rates = View(.prose, name: "version", rateColumns)
    static let rateList = View(.list(empty: "no rate cards"), name: "version", rateColumns)
    static let ruleComparison = View(
        .list(empty: "no tenants"), name: "tenant",
        [
            Column("TENANT", "tenant"), Column("BEFORE", "formerNano", .money(currency: "")),
            Column("NOW", "presentNano", .money(currency: "")),
            Column("DIFFERENCE", "differenceNano", .money(currency: "")), Column("CURRENCY", "currency"),
            Column("NOTE", "message"),
        ])

    static func bill(currency: String) -> View {
        View(
            .prose, name: "tenant",
            usageColumns + [
                Column("PART", "part"), Column("C_I", "unitPriceNano", .money(currency: currency)),
                Column("PER", "pricingUnit"),
                Column("F", "factorPpm", .share), Column("AMOUNT", "amountNano", .money(currency: currency)),
                unitColumn,
            ])
    }

    private static let decisionColumns = [
        Column("AT", "at", .instant), Column("VM", "vm"), Column("VERDICT", "verdict"),
        Column("OUTCOME", "outcome", .state), Column("SUMMARY", "summary"), Column("ID", "id", wide: true),
        Column("RULES", "rulesVersion", .count, wide: true),
    ]

    private static let usageColumns = [
        Column("VM", "vm"), Column("RESOURCE", "resource"), Column("HOST", "host"),
        Column("X_IJ", "quantity", .quantity),
    ]

    /// Of the quantity; the last one, for programs that count columns.
    private static let unitColumn = Column("UNIT", "unit", wide: true)

    private static let rateColumns = [
        Column("VERSION", "version", .count), Column("VALID FROM", "validFrom", .instant),
        Column("CURRENCY", "currency"), Column("WITHDRAWN", "withdrawnAt", .instant),
        Column("BY", "withdrawnBy"), Column("CARD", "card", wide: true),
    ]

    private static let tenantColumns = [Column("NAME", "name"), Column("CREATED", "createdAt", .instant)]
}
