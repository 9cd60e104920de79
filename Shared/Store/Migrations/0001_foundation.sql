-- SPDX-License-Identifier: Apache-2.0
-- Instants are int8 nanoseconds of cluster time (UTC); periods are half-open; amounts are integers.
-- Each schema has one writing service; the grants at the end say so.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE SCHEMA cluster;
CREATE SCHEMA account;
CREATE SCHEMA inventory;
CREATE SCHEMA scheduling;
CREATE SCHEMA billing;
CREATE SCHEMA log;
CREATE SCHEMA audit;

CREATE FUNCTION cluster.now_ns() RETURNS int8 LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::int8 $$;

-- cluster: who runs, who owns what, what is to be done ---------------------------------------------------------------

CREATE TABLE cluster.instance (
    id               uuid PRIMARY KEY,
    service          text NOT NULL CHECK (service IN ('monitor', 'scheduler', 'billing', 'logger', 'usergateway')),
    publish_endpoint text,
    command_endpoint text NOT NULL,
    admin_endpoint   text,
    public_key       text,
    version          text NOT NULL,
    -- Renewed by its owner. Dead is who was not seen to renew it for the TTL, by the observer's monotonic clock.
    heartbeat        int8 NOT NULL DEFAULT 0,
    started_ns       int8 NOT NULL DEFAULT cluster.now_ns()
);

CREATE TABLE cluster.shard (
    kind  text NOT NULL CHECK (kind IN ('host', 'cluster', 'tenant', 'log', 'audit')),
    id    text NOT NULL,
    epoch int8 NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    owner uuid REFERENCES cluster.instance ON DELETE SET NULL,
    PRIMARY KEY (kind, id),
    -- A take-over changes this key and so waits for every FOR KEY SHARE on the old epoch; a renewal does not.
    UNIQUE (kind, id, epoch)
);

-- The row is the queue; a ZeroMQ request only delivers it sooner.
CREATE TABLE cluster.command (
    id                uuid PRIMARY KEY,
    host              text NOT NULL,
    domain            uuid NOT NULL,
    verb              text NOT NULL,
    -- Absolute targets, such as {"vcpus": 3}.
    arguments         jsonb NOT NULL,
    expected_revision int8,
    principal         text NOT NULL,
    idempotency_key   text NOT NULL,
    permit            uuid,
    decision          uuid,
    state             text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'claimed', 'succeeded', 'failed')),
    claimed_by        uuid,
    claimed_epoch     int8,
    code              text,
    message           text,
    result            jsonb,
    created_ns        int8 NOT NULL DEFAULT cluster.now_ns(),
    deadline_ns       int8 NOT NULL,
    claimed_ns        int8,
    finished_ns       int8,
    UNIQUE (principal, idempotency_key)
);
CREATE INDEX command_open ON cluster.command (host, created_ns) WHERE state IN ('queued', 'claimed');
CREATE INDEX command_domain ON cluster.command (domain, created_ns);

-- account: tenants, people, tokens -----------------------------------------------------------------------------------

CREATE TABLE account.tenant (
    id         text PRIMARY KEY,
    created_ns int8 NOT NULL DEFAULT cluster.now_ns()
);

CREATE TABLE account.principal (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    -- NULL for the provider's own people.
    tenant     text REFERENCES account.tenant,
    role       text NOT NULL CHECK (
        role IN ('owner', 'member', 'billing-viewer', 'operator', 'auditor', 'administrator')),
    created_ns int8 NOT NULL DEFAULT cluster.now_ns(),
    CHECK ((tenant IS NULL) = (role IN ('operator', 'auditor', 'administrator')))
);

CREATE TABLE account.token (
    -- SHA-256 of the 256-bit random secret.
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    principal  uuid NOT NULL REFERENCES account.principal,
    created_ns int8 NOT NULL DEFAULT cluster.now_ns(),
    expires_ns int8 NOT NULL,
    revoked_ns int8
);

-- inventory: hosts, domains, size segments, meter readings (Monitor writes) ------------------------------------------

CREATE TABLE inventory.host (
    id                    text PRIMARY KEY,
    cluster               text NOT NULL,
    uri                   text NOT NULL UNIQUE,
    mode                  text NOT NULL DEFAULT 'observe' CHECK (mode IN ('observe', 'enabled', 'draining')),
    state                 text NOT NULL DEFAULT 'unknown' CHECK (state IN ('unknown', 'up')),
    cpu_count             int4,
    memory_bytes          int8,
    cpu_overcommit_ppm    int8 NOT NULL DEFAULT 2000000 CHECK (cpu_overcommit_ppm > 0),
    memory_overcommit_ppm int8 NOT NULL DEFAULT 1000000 CHECK (memory_overcommit_ppm > 0),
    reserved_vcpus        int4 NOT NULL DEFAULT 0 CHECK (reserved_vcpus >= 0),
    reserved_memory_bytes int8 NOT NULL DEFAULT 0 CHECK (reserved_memory_bytes >= 0),
    -- A projected measured use above it refuses a permit.
    cpu_bound_ppm         int8 NOT NULL DEFAULT 900000 CHECK (cpu_bound_ppm > 0),
    capabilities          jsonb,
    -- Every domain on it is known up to here: evidence for open size segments.
    proved_until_ns       int8,
    created_ns            int8 NOT NULL DEFAULT cluster.now_ns()
);

CREATE TABLE inventory.domain (
    id                       uuid PRIMARY KEY,
    name                     text NOT NULL,
    tenant                   text REFERENCES account.tenant,
    host                     text NOT NULL REFERENCES inventory.host,
    state                    text NOT NULL,
    -- Counts up at every change that a command may depend on (size, state, host).
    revision                 int8 NOT NULL DEFAULT 1,
    maximum_vcpus            int4 NOT NULL,
    asked_vcpus              int4,
    granted_vcpus            int4,
    confirmed_vcpus          int4,
    maximum_memory_bytes     int8 NOT NULL,
    memory_bytes             int8,
    disk_bytes               int8 NOT NULL DEFAULT 0,
    -- Created or adopted by Ebb: what is not managed is only observed.
    managed                  boolean NOT NULL,
    boot                     jsonb NOT NULL DEFAULT '{}',
    incarnation_hypervisor   int8,
    incarnation_start_ns     int8,
    created_ns               int8 NOT NULL DEFAULT cluster.now_ns(),
    deleted_ns               int8
);
CREATE UNIQUE INDEX domain_name ON inventory.domain (tenant, name) WHERE deleted_ns IS NULL;
CREATE INDEX domain_host ON inventory.domain (host) WHERE deleted_ns IS NULL;

CREATE TABLE inventory.size_segment (
    domain               uuid NOT NULL REFERENCES inventory.domain,
    host                 text NOT NULL REFERENCES inventory.host,
    incarnation_start_ns int8 NOT NULL,
    start_ns             int8 NOT NULL,
    -- NULL: still open; billable up to the host's proved_until_ns.
    end_ns               int8,
    -- Billable: confirmed vCPUs and allocated memory while active, both 0 while stopped or saved; disk always.
    vcpus                int4 NOT NULL CHECK (vcpus >= 0),
    memory_bytes         int8 NOT NULL CHECK (memory_bytes >= 0),
    disk_bytes           int8 NOT NULL CHECK (disk_bytes >= 0),
    asked_vcpus          int4,
    granted_vcpus        int4,
    PRIMARY KEY (domain, start_ns),
    CHECK (end_ns IS NULL OR end_ns > start_ns),
    -- The last guard: no instant of a domain is billed twice.
    EXCLUDE USING gist (domain WITH =, int8range(start_ns, end_ns) WITH &&)
);

-- What the newest report of a domain's size was: tells stale reports, also after the segments that they made are gone.
CREATE TABLE inventory.size_state (
    domain               uuid PRIMARY KEY REFERENCES inventory.domain,
    host                 text NOT NULL,
    incarnation_start_ns int8 NOT NULL,
    observed_ns          int8 NOT NULL,
    -- Where the newest segment starts, or ended: no later one begins before it.
    boundary_ns          int8 NOT NULL
);

-- Opens, continues or closes a domain's size segment. The only writer of inventory.size_segment and size_state.
-- p_observed_ns: when the size was seen; orders the reports of one life of the domain.
-- p_since_ns: since when the size holds (the driver's instant, a shrink's request, or the observation). The boundary is
--   the later of it and the previous boundary.
-- p_until_ns: up to when the previous size is known to have held; equal to p_since_ns unless there was a gap.
-- Returns 'opened', 'unchanged', 'closed', 'stale' (an older or crossing report: nothing was written) or
-- 'fenced' (the caller does not own the host at this epoch: nothing was written).
CREATE FUNCTION inventory.observe_size(
    p_host text, p_epoch int8, p_domain uuid, p_incarnation_start_ns int8, p_observed_ns int8, p_until_ns int8,
    p_since_ns int8, p_vcpus int4, p_memory_bytes int8, p_disk_bytes int8, p_asked_vcpus int4, p_granted_vcpus int4
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_is_nothing CONSTANT boolean := p_vcpus = 0 AND p_memory_bytes = 0 AND p_disk_bytes = 0;
    v_state      inventory.size_state;
    v_open       inventory.size_segment;
    v_is_known   boolean;
    v_is_open    boolean;
    v_is_same    boolean;
    v_since      int8;
    v_until      int8;
BEGIN
    PERFORM 1 FROM cluster.shard WHERE kind = 'host' AND id = p_host AND epoch = p_epoch FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN 'fenced';
    END IF;
    PERFORM 1 FROM inventory.domain WHERE id = p_domain AND deleted_ns IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'stale';
    END IF;
    SELECT * INTO v_state FROM inventory.size_state WHERE domain = p_domain;
    v_is_known := FOUND;
    SELECT * INTO v_open FROM inventory.size_segment WHERE domain = p_domain AND end_ns IS NULL;
    v_is_open := FOUND;

    IF v_is_known THEN
        -- Two hosts may report one domain while it moves: the newer life is true; of equal ones the first stays.
        IF p_incarnation_start_ns < v_state.incarnation_start_ns
            OR p_incarnation_start_ns = v_state.incarnation_start_ns AND p_host <> v_state.host THEN
            RETURN 'stale';
        END IF;
        IF p_incarnation_start_ns = v_state.incarnation_start_ns THEN
            v_is_same := CASE WHEN v_is_open THEN v_open.vcpus = p_vcpus AND v_open.memory_bytes = p_memory_bytes
                AND v_open.disk_bytes = p_disk_bytes ELSE c_is_nothing END;
            IF v_is_same THEN
                UPDATE inventory.size_state SET observed_ns = p_observed_ns
                    WHERE domain = p_domain AND observed_ns < p_observed_ns;
                RETURN 'unchanged';
            END IF;
            IF p_observed_ns <= v_state.observed_ns THEN
                RETURN 'stale';
            END IF;
        END IF;
    END IF;

    v_since := greatest(p_since_ns, v_state.boundary_ns);
    IF v_is_open THEN
        v_until := least(greatest(p_until_ns, v_open.start_ns), v_since);
        IF v_until = v_open.start_ns THEN
            DELETE FROM inventory.size_segment WHERE domain = p_domain AND start_ns = v_open.start_ns;
        ELSE
            UPDATE inventory.size_segment SET end_ns = v_until WHERE domain = p_domain AND start_ns = v_open.start_ns;
        END IF;
    END IF;
    INSERT INTO inventory.size_state
        VALUES (p_domain, p_host, p_incarnation_start_ns, p_observed_ns,
            CASE WHEN c_is_nothing THEN coalesce(v_until, v_state.boundary_ns, p_since_ns) ELSE v_since END)
        ON CONFLICT (domain) DO UPDATE SET host = excluded.host, incarnation_start_ns = excluded.incarnation_start_ns,
            observed_ns = excluded.observed_ns, boundary_ns = excluded.boundary_ns;
    IF c_is_nothing THEN
        RETURN CASE WHEN v_is_open THEN 'closed' ELSE 'unchanged' END;
    END IF;
    INSERT INTO inventory.size_segment
        VALUES (p_domain, p_host, p_incarnation_start_ns, v_since, NULL, p_vcpus, p_memory_bytes, p_disk_bytes,
                p_asked_vcpus, p_granted_vcpus);
    RETURN 'opened';
END $$;

CREATE TABLE inventory.meter_reading (
    domain                    uuid NOT NULL REFERENCES inventory.domain,
    host                      text NOT NULL REFERENCES inventory.host,
    incarnation_start_ns      int8 NOT NULL,
    at_ns                     int8 NOT NULL,
    cpu_time_ns               int8,
    network_received_bytes    int8,
    network_transmitted_bytes int8,
    block_read_bytes          int8,
    block_written_bytes       int8,
    PRIMARY KEY (domain, host, incarnation_start_ns, at_ns)
);

CREATE INDEX meter_reading_at ON inventory.meter_reading (domain, at_ns);

-- scheduling: policies, permits, decisions (Scheduler writes) --------------------------------------------------------

CREATE TABLE scheduling.policy (
    domain        uuid NOT NULL REFERENCES inventory.domain,
    version       int8 NOT NULL CHECK (version > 0),
    valid_from_ns int8 NOT NULL,
    -- All NULL: the subscription was cleared.
    lower_ppm     int8,
    upper_ppm     int8,
    ratio_ppm     int8,
    minimum_vcpus int4,
    maximum_vcpus int4,
    window_length int4 NOT NULL CHECK (window_length > 0),
    PRIMARY KEY (domain, version),
    UNIQUE (domain, valid_from_ns),
    CHECK (num_nonnulls(lower_ppm, upper_ppm, ratio_ppm, minimum_vcpus, maximum_vcpus) IN (0, 5)),
    CHECK (lower_ppm IS NULL OR (lower_ppm >= 0 AND lower_ppm < upper_ppm AND upper_ppm <= 1000000
        AND ratio_ppm > 0 AND ratio_ppm <= 1000000 AND minimum_vcpus >= 1 AND minimum_vcpus <= maximum_vcpus))
);

CREATE TABLE scheduling.permit (
    id           uuid PRIMARY KEY,
    host         text NOT NULL REFERENCES inventory.host,
    domain       uuid NOT NULL,
    purpose      text NOT NULL CHECK (purpose IN ('create', 'start', 'restore', 'grow', 'migrate')),
    -- In addition to what the domain has on this host already.
    vcpus        int4 NOT NULL CHECK (vcpus >= 0),
    memory_bytes int8 NOT NULL CHECK (memory_bytes >= 0),
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'used', 'released', 'expired')),
    decision     uuid,
    created_ns   int8 NOT NULL DEFAULT cluster.now_ns(),
    expires_ns   int8 NOT NULL
);
CREATE INDEX permit_open ON scheduling.permit (host) WHERE state = 'open';

CREATE TABLE scheduling.decision (
    id            uuid PRIMARY KEY,
    cluster       text NOT NULL,
    epoch         int8 NOT NULL,
    domain        uuid NOT NULL,
    at_ns         int8 NOT NULL,
    -- 'grow', 'shrink', 'migrate', 'refuse', 'nothing'
    verdict       text NOT NULL,
    rules_version int4 NOT NULL,
    summary       text NOT NULL,
    -- Canonical JSON, kept to the byte.
    record        text NOT NULL,
    command       uuid
);
CREATE INDEX decision_domain ON scheduling.decision (domain, at_ns);
CREATE INDEX decision_at ON scheduling.decision (at_ns);

CREATE TABLE scheduling.decision_outcome (
    decision uuid NOT NULL REFERENCES scheduling.decision,
    at_ns    int8 NOT NULL,
    outcome  text NOT NULL,
    detail   text NOT NULL,
    PRIMARY KEY (decision, at_ns)
);

-- billing ------------------------------------------------------------------------------------------------------------

CREATE TABLE billing.rate_card (
    version       int8 PRIMARY KEY CHECK (version > 0),
    valid_from_ns int8 NOT NULL UNIQUE,
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    card          jsonb NOT NULL
);

-- log: samples, states, gaps (Logger writes) -------------------------------------------------------------------------

CREATE TABLE log.sample (
    sampled_ns             int8 NOT NULL,
    host                   text NOT NULL,
    stream_epoch           int8 NOT NULL,
    sequence               int8 NOT NULL,
    domain                 uuid NOT NULL,
    state                  text NOT NULL,
    hypervisor_id          int8,
    incarnation_start_ns   int8,
    maximum_vcpus          int4,
    asked_vcpus            int4,
    granted_vcpus          int4,
    confirmed_vcpus        int4,
    memory_maximum_bytes   int8,
    memory_allocated_bytes int8,
    memory_used_bytes      int8,
    cpu_time_ns            int8,
    steal_time_ns          int8,
    network_received_bytes int8,
    network_transmitted_bytes int8,
    block_read_bytes       int8,
    block_written_bytes    int8,
    virt_cpu_usage_ppm     int8,
    cpu_utilization_ppm    int8,
    steal_utilization_ppm  int8,
    memory_utilization_ppm int8,
    network_bytes_per_second int8
) PARTITION BY RANGE (sampled_ns);
CREATE INDEX sample_domain ON log.sample (domain, sampled_ns);
CREATE INDEX sample_host ON log.sample (host, sampled_ns);

CREATE TABLE log.host_sample (
    sampled_ns                     int8 NOT NULL,
    host                           text NOT NULL,
    stream_epoch                   int8 NOT NULL,
    sequence                       int8 NOT NULL,
    interval_ns                    int8,
    cpu_count                      int4 NOT NULL,
    memory_bytes                   int8 NOT NULL,
    cpu_utilization_ppm            int8,
    control_domain_utilization_ppm int8,
    domains_utilization_ppm        int8,
    memory_used_bytes              int8,
    response_time_ns               int8,
    response_method                text NOT NULL
) PARTITION BY RANGE (sampled_ns);
CREATE INDEX host_sample_host ON log.host_sample (host, sampled_ns);

CREATE TABLE log.event (
    at_ns        int8 NOT NULL,
    topic        text NOT NULL,
    stream_epoch int8 NOT NULL,
    sequence     int8 NOT NULL,
    kind         text NOT NULL,
    host         text,
    domain       uuid,
    detail       text NOT NULL,
    -- Whether somebody other than Ebb did it.
    is_foreign   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (topic, stream_epoch, sequence)
);
CREATE INDEX event_domain ON log.event (domain, at_ns);

-- What of each stream is durable: updated in the transaction that stores it, which makes it exactly once.
CREATE TABLE log.watermark (
    topic    text NOT NULL,
    epoch    int8 NOT NULL,
    sequence int8 NOT NULL,
    PRIMARY KEY (topic, epoch)
);

CREATE TABLE log.gap (
    topic      text NOT NULL,
    epoch      int8 NOT NULL,
    first      int8 NOT NULL,
    last       int8 NOT NULL,
    noticed_ns int8 NOT NULL DEFAULT cluster.now_ns(),
    PRIMARY KEY (topic, epoch, first),
    CHECK (first <= last)
);

-- Creates the partitions of the UTC days that hold [p_from_ns, p_to_ns] and drops those that end before p_keep_from_ns.
CREATE FUNCTION log.maintain_partitions(p_from_ns int8, p_to_ns int8, p_keep_from_ns int8)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_day   CONSTANT int8 := 86400000000000;
    v_day   int8;
    v_table text;
    v_part  record;
BEGIN
    IF p_from_ns > p_to_ns OR (p_to_ns - p_from_ns) / c_day > 366 THEN
        RAISE EXCEPTION 'partitions of at most 366 days can be asked for at once' USING ERRCODE = '22023';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('log.maintain_partitions'));
    -- In the order in which readers and writers lock the two: another order is a deadlock waiting for a new day.
    FOREACH v_table IN ARRAY ARRAY['host_sample', 'sample'] LOOP
        FOR v_day IN SELECT generate_series(p_from_ns / c_day, p_to_ns / c_day) LOOP
            IF to_regclass(format('log.%I', v_table || '_' || v_day)) IS NULL THEN
                EXECUTE format('CREATE TABLE log.%I PARTITION OF log.%I FOR VALUES FROM (%s) TO (%s)',
                    v_table || '_' || v_day, v_table, v_day * c_day, (v_day + 1) * c_day);
            END IF;
        END LOOP;
        FOR v_part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('log.%I', v_table)::regclass
              AND (substring(c.relname FROM '_(\d+)$')::int8 + 1) * c_day <= p_keep_from_ns LOOP
            EXECUTE format('DROP TABLE log.%I', v_part.relname);
        END LOOP;
    END LOOP;
END $$;

-- audit: everybody appends to the outbox in the transaction of the act; Logger seals ----------------------------------

CREATE TABLE audit.outbox (
    id     int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ns  int8 NOT NULL DEFAULT cluster.now_ns(),
    actor  text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);

CREATE TABLE audit.entry (
    sequence int8 PRIMARY KEY,
    outbox   int8 NOT NULL UNIQUE,
    at_ns    int8 NOT NULL,
    actor    text NOT NULL,
    action   text NOT NULL,
    subject  text NOT NULL,
    detail   jsonb NOT NULL,
    -- SHA-256 over the previous hash and this entry's canonical text.
    hash     bytea NOT NULL CHECK (length(hash) = 32)
);

-- What an entry's hash is taken over, after the previous entry's hash.
CREATE FUNCTION audit.canonical(
    p_sequence int8, p_at_ns int8, p_actor text, p_action text, p_subject text, p_detail jsonb
) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT jsonb_build_array(p_sequence, p_at_ns, p_actor, p_action, p_subject, p_detail)::text $$;

-- Moves at most p_limit entries from the outbox to the chain: each gets its sequence and hash. Fenced by the sealer's
-- epoch (-1: not its owner any more). An entry that commits late is sealed late; the sequence has no holes.
CREATE FUNCTION audit.seal(p_epoch int8, p_limit int4) RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sequence int8;
    v_hash     bytea;
    v_count    int4 := 0;
    v_row      record;
BEGIN
    PERFORM 1 FROM cluster.shard WHERE kind = 'audit' AND id = 'main' AND epoch = p_epoch FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit.seal'));
    SELECT e.sequence, e.hash INTO v_sequence, v_hash FROM audit.entry e ORDER BY e.sequence DESC LIMIT 1;
    v_sequence := coalesce(v_sequence, 0);
    v_hash := coalesce(v_hash, sha256('ebb audit'::bytea));
    FOR v_row IN SELECT o.* FROM audit.outbox o ORDER BY o.id LIMIT p_limit LOOP
        v_sequence := v_sequence + 1;
        v_count := v_count + 1;
        v_hash := sha256(v_hash || convert_to(audit.canonical(v_sequence, v_row.at_ns, v_row.actor, v_row.action,
            v_row.subject, v_row.detail), 'UTF8'));
        INSERT INTO audit.entry VALUES (v_sequence, v_row.id, v_row.at_ns, v_row.actor, v_row.action, v_row.subject,
            v_row.detail, v_hash);
        DELETE FROM audit.outbox WHERE id = v_row.id;
    END LOOP;
    RETURN v_count;
END $$;

-- Grants: least privilege per service; nobody may UPDATE or DELETE readings, policies, decisions and audit. ----------

DO $$
DECLARE v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['ebb_monitor', 'ebb_scheduler', 'ebb_billing', 'ebb_logger', 'ebb_usergateway'] LOOP
        -- Roles belong to the whole server: another database's migration may make them at this moment.
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = v_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA cluster, audit TO %I', v_role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON cluster.instance, cluster.shard TO %I', v_role);
        EXECUTE format('GRANT INSERT ON audit.outbox TO %I', v_role);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA inventory TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
GRANT USAGE ON SCHEMA account TO ebb_monitor, ebb_billing, ebb_usergateway;
GRANT USAGE ON SCHEMA scheduling TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_usergateway;
GRANT USAGE ON SCHEMA billing TO ebb_billing;
GRANT USAGE ON SCHEMA log TO ebb_logger, ebb_scheduler, ebb_usergateway;

GRANT SELECT, INSERT, UPDATE ON cluster.command TO ebb_monitor, ebb_scheduler, ebb_usergateway;
-- Referential checks of rows that name a tenant.
GRANT SELECT ON account.tenant TO ebb_monitor, ebb_billing;

GRANT SELECT, INSERT, UPDATE ON inventory.host, inventory.domain TO ebb_monitor;
-- Segments are written by inventory.observe_size alone.
GRANT SELECT ON inventory.size_segment TO ebb_monitor;
GRANT SELECT, INSERT ON inventory.meter_reading TO ebb_monitor;
GRANT SELECT, UPDATE (state) ON scheduling.permit TO ebb_monitor;

-- A permit locks the host's row, which needs UPDATE on one column of it.
GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO ebb_scheduler;
GRANT UPDATE (cpu_bound_ppm) ON inventory.host TO ebb_scheduler;
GRANT SELECT, INSERT ON scheduling.policy, scheduling.decision, scheduling.decision_outcome TO ebb_scheduler;
GRANT SELECT, INSERT, UPDATE ON scheduling.permit TO ebb_scheduler;
GRANT SELECT ON log.sample, log.host_sample, log.watermark TO ebb_scheduler;

GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO ebb_billing;
GRANT SELECT ON scheduling.policy TO ebb_billing;
GRANT SELECT, INSERT ON billing.rate_card TO ebb_billing;

GRANT SELECT ON inventory.host TO ebb_logger;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA log TO ebb_logger;
GRANT UPDATE ON log.watermark TO ebb_logger;
GRANT SELECT ON audit.entry TO ebb_logger, ebb_usergateway;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA account TO ebb_usergateway;
GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO ebb_usergateway;
GRANT INSERT ON inventory.host TO ebb_usergateway;
GRANT UPDATE (mode) ON inventory.host TO ebb_usergateway;
GRANT SELECT ON scheduling.policy, scheduling.permit, scheduling.decision, scheduling.decision_outcome
    TO ebb_usergateway;
GRANT SELECT ON log.sample, log.host_sample, log.event TO ebb_usergateway;

REVOKE EXECUTE ON FUNCTION log.maintain_partitions(int8, int8, int8), audit.seal(int8, int4), inventory.observe_size(
    text, int8, uuid, int8, int8, int8, int8, int4, int8, int8, int4, int4) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.maintain_partitions(int8, int8, int8), audit.seal(int8, int4) TO ebb_logger;
GRANT EXECUTE ON FUNCTION inventory.observe_size(
    text, int8, uuid, int8, int8, int8, int8, int4, int8, int8, int4, int4) TO ebb_monitor;
