// SPDX-License-Identifier: Apache-2.0

import Store

/// What each service's role may do with each table and function: the one place that says it. What does not stand here
/// nobody may, and a table or function without an entry fails the tests.
enum RoleMatrix {
    /// Rights by the services that have them; `*`: all. Columns stand in parentheses, in order, where it is not the whole
    /// row.
    typealias Rights = [String: String]

    static let tables: [String: Rights] = [
        "public.schema_migration": ["*": "select"],

        "cluster.instance": ["*": "select"],
        "cluster.instance_proof": [:],
        "cluster.missing_instance": ["usergateway": "select"],
        "cluster.shard": ["*": "select"],
        "cluster.command": [
            "monitor":
                "select update(claimed_by claimed_epoch claimed_ns code finished_ns life_mark message progress_ppm "
                + "progress_text result state)", "scheduler usergateway": "select insert",
        ],
        "cluster.freeze": [
            "monitor": "select", "scheduler": "select insert", "usergateway": "select insert delete",
        ],
        "cluster.freeze_history": [:],
        "cluster.freeze_timeline": ["scheduler": "select"],

        "account.tenant": ["monitor billing": "select", "usergateway": "select insert update(created_ns)"],
        "account.principal": ["usergateway": "select insert update(disabled_ns)"],
        "account.token": ["usergateway": "select insert update(revoked_ns)"],
        "account.request_key": ["usergateway": "select insert update delete"],
        "account.tenant_quota": ["usergateway": "select insert update"],
        "account.pseudonym": ["usergateway": "select insert delete"],
        "account.tenant_cluster": ["usergateway": "select insert delete"],

        "inventory.host": [
            "monitor": "select update(capabilities cpu_count listed_ns memory_bytes proved_until_ns state uuid)",
            "scheduler": "select update(cpu_bound_ppm)", "billing": "select(id proved_until_ns)",
            "logger": "select(cluster id)",
            "usergateway":
                "select insert update(cluster cpu_bound_ppm cpu_overcommit_ppm labels memory_overcommit_ppm mode "
                + "removed_ns reserved_memory_bytes reserved_vcpus uri)",
        ],
        "inventory.host_abilities": ["monitor": "select insert update", "scheduler usergateway": "select"],
        "inventory.domain": ["monitor": "select insert update", "scheduler billing usergateway": "select"],
        "inventory.domain_ownership": ["monitor scheduler billing usergateway": "select"],
        "inventory.ownership_guess": ["monitor scheduler billing usergateway": "select"],
        "inventory.size_segment": ["monitor scheduler billing usergateway": "select"],
        "inventory.size_state": ["scheduler billing usergateway": "select"],
        "inventory.meter_reading": ["monitor": "select insert", "scheduler billing usergateway": "select"],
        "inventory.meter_fall": ["monitor scheduler billing usergateway": "select"],
        "inventory.saved_definition": ["monitor": "select insert update delete"],
        "inventory.snapshot": ["usergateway": "select"],
        "inventory.domain_share": ["scheduler usergateway": "select"],
        "inventory.duplicate": ["monitor": "select insert update delete", "usergateway": "select"],

        "scheduling.policy": ["scheduler": "select insert", "billing usergateway": "select"],
        "scheduling.permit": [
            "monitor": "select update(expires_ns state)", "scheduler": "select insert update(expires_ns state)",
            "usergateway": "select update(state)",
        ],
        "scheduling.decision": ["scheduler": "select insert", "usergateway": "select"],
        "scheduling.decision_outcome": ["scheduler": "select insert", "usergateway": "select"],
        "scheduling.decision_measurement": ["scheduler": "select insert", "usergateway": "select"],
        "scheduling.tenant_setting": ["scheduler": "select", "usergateway": "select insert update"],
        "scheduling.tenant_setting_history": [:],
        "scheduling.tenant_setting_timeline": ["scheduler": "select"],
        "scheduling.cluster_setting": ["scheduler": "select", "usergateway": "select insert update"],
        "scheduling.cluster_setting_history": [:],
        "scheduling.cluster_setting_timeline": ["scheduler": "select"],
        "scheduling.waiting_growth": ["scheduler": "select insert update delete", "usergateway": "select"],
        "scheduling.wanted_place": ["scheduler": "select insert update delete", "usergateway": "select"],
        "scheduling.broken_tie": ["scheduler": "select insert update delete", "usergateway": "select"],

        "billing.rate_card": ["billing": "select insert"],

        "log.sample": ["logger": "select insert", "scheduler usergateway": "select"],
        "log.host_sample": ["logger": "select insert", "scheduler usergateway": "select"],
        "log.event": ["logger": "select insert", "scheduler usergateway": "select"],
        "log.gap": ["logger": "select insert"],
        "log.watermark": ["logger": "select insert update", "scheduler": "select"],
        "log.retention": ["logger": "select"],

        "audit.outbox": ["usergateway": "select"],
        "audit.entry": ["logger usergateway": "select"],
        "audit.seal_turn": [:],
    ]

    /// Who may call each function; triggers call theirs by themselves.
    static let functions: [String: String] = [
        "cluster.now_ns": "*",
        "cluster.caller": "", "cluster.service_of_shards": "", "cluster.prove_instance": "", "cluster.is_silent": "",
        "cluster.require_shards": "", "cluster.is_recent": "", "cluster.is_near_now": "",
        "cluster.is_ahead": "",
        "cluster.register_instance": "*", "cluster.renew_instance": "*", "cluster.remove_instance": "*",
        "cluster.remove_silent_instances": "*", "cluster.note_set_aside": "*",
        "cluster.ensure_shards": "monitor scheduler billing logger",
        "cluster.claim_shard": "monitor scheduler billing logger",
        "cluster.release_shard": "monitor scheduler billing logger",
        "cluster.hold_shards": "monitor scheduler billing logger",
        "account.check_quota": "scheduler usergateway", "account.tenant_use": "usergateway",
        "account.check_size": "scheduler", "account.sizes": "",
        "inventory.measured_until": "", "inventory.move_ordered_ns": "",
        "inventory.observe_size": "monitor", "inventory.owner_at": "monitor scheduler billing usergateway",
        "billing.withdraw_rate_card": "billing",
        "log.maintain_partitions": "logger",
        "audit.append": "*", "audit.seal": "logger", "audit.canonical": "logger usergateway",
    ]

    /// The declared rights of a service, such as `select insert update(mode)`; empty: none.
    static func rights(of service: ServiceKind, on table: String) -> String {
        tables[table]?.first { names($0.key, service) }?.value ?? ""
    }

    static func mayCall(_ service: ServiceKind, _ function: String) -> Bool {
        functions[function].map { names($0, service) } ?? false
    }

    private static func names(_ services: String, _ service: ServiceKind) -> Bool {
        services == "*" || services.split(separator: " ").contains { $0 == service.rawValue }
    }
}
