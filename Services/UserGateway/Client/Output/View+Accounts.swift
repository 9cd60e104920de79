// SPDX-License-Identifier: Apache-2.0

/// The columns of tokens, people and quotas.
extension View {
    static let token = View(
        .record, name: "token",
        [
            Column("TOKEN", "token"), Column("ID", "id"), Column("PRINCIPAL", "principal"), Column("ROLE", "role"),
            Column("TENANT", "tenant"), Column("EXPIRES", "expiresAt", .instant),
        ])
    static let tokenList = View(.list(empty: "no tokens"), name: "id", tokenColumns)
    static let tokenRecord = View(.record, name: "id", tokenColumns)
    static let principalList = View(.list(empty: "nobody"), name: "principal", principalColumns)
    static let principal = View(.record, name: "principal", principalColumns)
    static let quota = View(
        .list(empty: "no quotas"), name: "resource",
        [
            Column("RESOURCE", "resource"), Column("USED", "used", .limit),
            Column("QUOTA", "quota", .limit, null: "none"),
        ])

    private static let tokenColumns = [
        Column("ID", "id"), Column("PRINCIPAL", "principal"), Column("ROLE", "role"), Column("TENANT", "tenant"),
        Column("STATE", "state", .state), Column("CREATED", "createdAt", .instant),
        Column("EXPIRES", "expiresAt", .instant), Column("REVOKED", "revokedAt", .instant, wide: true),
    ]

    private static let principalColumns = [
        Column("PRINCIPAL", "principal"), Column("ROLE", "role"), Column("TENANT", "tenant"),
        Column("DISABLED", "disabled"), Column("SINCE", "disabledAt", .instant),
    ]
}
