-- SPDX-License-Identifier: Apache-2.0
-- What the whole Scheduler needs: rules for memory and network, options beside the rules, weights and settings that
-- people change while it runs, growths that wait for room, and what decisions came to.

-- policies ------------------------------------------------------------------------------------------------------------

ALTER TABLE scheduling.policy
    -- All four NULL: memory keeps its size.
    ADD COLUMN memory_lower_ppm int8,
    ADD COLUMN memory_upper_ppm int8,
    ADD COLUMN minimum_memory_bytes int8,
    ADD COLUMN maximum_memory_bytes int8,
    -- All four NULL: the network cap keeps its value.
    ADD COLUMN network_lower_ppm int8,
    ADD COLUMN network_upper_ppm int8,
    ADD COLUMN minimum_network_bytes_per_second int8,
    ADD COLUMN maximum_network_bytes_per_second int8,
    -- Preset, managed goal, cooldowns, opt-out, dry-run, groups and pinned hosts; NULL: none of them.
    ADD COLUMN options jsonb CHECK (jsonb_typeof(options) = 'object'),
    -- Where the platform chose the bounds: what it chose from, and why.
    ADD COLUMN choice jsonb CHECK (jsonb_typeof(choice) = 'object'),
    ADD CHECK (num_nonnulls(memory_lower_ppm, memory_upper_ppm, minimum_memory_bytes, maximum_memory_bytes) IN (0, 4)),
    ADD CHECK (num_nonnulls(network_lower_ppm, network_upper_ppm, minimum_network_bytes_per_second,
        maximum_network_bytes_per_second) IN (0, 4)),
    ADD CHECK (memory_lower_ppm IS NULL OR (lower_ppm IS NOT NULL AND memory_lower_ppm >= 0
        AND memory_lower_ppm < memory_upper_ppm AND memory_upper_ppm <= 1000000
        AND minimum_memory_bytes > 0 AND minimum_memory_bytes <= maximum_memory_bytes)),
    ADD CHECK (network_lower_ppm IS NULL OR (lower_ppm IS NOT NULL AND network_lower_ppm >= 0
        AND network_lower_ppm < network_upper_ppm AND network_upper_ppm <= 1000000
        AND minimum_network_bytes_per_second > 0
        AND minimum_network_bytes_per_second <= maximum_network_bytes_per_second));

-- settings that people change while Scheduler runs --------------------------------------------------------------------

CREATE TABLE scheduling.tenant_setting (
    tenant     text PRIMARY KEY REFERENCES account.tenant,
    -- Due growths of heavier tenants are served first.
    weight     int4 NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 10000),
    -- Everything is decided and recorded, nothing is done.
    dry_run    boolean NOT NULL DEFAULT false,
    principal  text NOT NULL,
    changed_ns int8 NOT NULL DEFAULT cluster.now_ns()
);

-- NULL: the configuration's value.
CREATE TABLE scheduling.cluster_setting (
    cluster             text PRIMARY KEY,
    dry_run             boolean NOT NULL DEFAULT false,
    -- [{"startSecond": 28800, "lengthSeconds": 3600, "weekdays": [0, 4]}]: of the day, UTC; 0 is Monday.
    blackouts           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(blackouts) = 'array'),
    weight_response_ppm int8,
    weight_cpu_ppm      int8,
    weight_memory_ppm   int8,
    moves_in_per_host   int4 CHECK (moves_in_per_host BETWEEN 0 AND 1000),
    moves_out_per_host  int4 CHECK (moves_out_per_host BETWEEN 0 AND 1000),
    moves_per_cluster   int4 CHECK (moves_per_cluster BETWEEN 0 AND 1000),
    move_rest_ns        int8 CHECK (move_rest_ns >= 0),
    principal           text NOT NULL,
    changed_ns          int8 NOT NULL DEFAULT cluster.now_ns(),
    CHECK (num_nonnulls(weight_response_ppm, weight_cpu_ppm, weight_memory_ppm) IN (0, 3)),
    CHECK (weight_response_ppm IS NULL OR (least(weight_response_ppm, weight_cpu_ppm, weight_memory_ppm) >= 0
        AND weight_response_ppm + weight_cpu_ppm + weight_memory_ppm = 1000000))
);

-- growths that are due and wait for room ------------------------------------------------------------------------------

CREATE TABLE scheduling.waiting_growth (
    domain   uuid NOT NULL REFERENCES inventory.domain,
    resource text NOT NULL CHECK (resource IN ('cpu', 'memory', 'network')),
    cluster  text NOT NULL,
    -- vCPUs, bytes or bytes per second that are missing.
    missing  int8 NOT NULL CHECK (missing >= 0),
    weight   int4 NOT NULL,
    since_ns int8 NOT NULL,
    PRIMARY KEY (domain, resource)
);
CREATE INDEX waiting_growth_order ON scheduling.waiting_growth (cluster, weight DESC, since_ns, domain, resource);

-- what decisions came to ----------------------------------------------------------------------------------------------

CREATE TABLE scheduling.decision_measurement (
    decision      uuid NOT NULL REFERENCES scheduling.decision,
    -- Since its success: 1, 10 or 60.
    minutes       int4 NOT NULL CHECK (minutes > 0),
    at_ns         int8 NOT NULL,
    resource      text NOT NULL CHECK (resource IN ('cpu', 'memory', 'network')),
    -- Utilisation as the decision projected it; NULL: it projected none.
    predicted_ppm int8,
    -- Mean of the known samples since; NULL: there was none.
    real_ppm      int8,
    samples       int4 NOT NULL CHECK (samples >= 0),
    -- Whether a later action has taken the change back by then.
    is_reversed   boolean NOT NULL,
    PRIMARY KEY (decision, minutes)
);

-- A whole cluster's decisions page by page, and those that are under way.
CREATE INDEX decision_cluster ON scheduling.decision (cluster, at_ns, id);
CREATE INDEX command_decision ON cluster.command (decision) WHERE decision IS NOT NULL;

-- grants: nobody changes policies, decisions and what they came to ----------------------------------------------------

GRANT SELECT ON scheduling.tenant_setting, scheduling.cluster_setting TO ebb_scheduler;
GRANT SELECT, INSERT, UPDATE ON scheduling.tenant_setting, scheduling.cluster_setting TO ebb_usergateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON scheduling.waiting_growth TO ebb_scheduler;
GRANT SELECT ON scheduling.waiting_growth TO ebb_usergateway;
GRANT SELECT, INSERT ON scheduling.decision_measurement TO ebb_scheduler;
GRANT SELECT ON scheduling.decision_measurement TO ebb_usergateway;
-- Which moves nobody ordered: where a domain was seen to have come from.
GRANT SELECT ON log.event TO ebb_scheduler;
