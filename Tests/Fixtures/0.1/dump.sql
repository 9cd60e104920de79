SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA account;

CREATE SCHEMA audit;

CREATE SCHEMA billing;

CREATE SCHEMA cluster;

CREATE SCHEMA inventory;

CREATE SCHEMA log;

CREATE SCHEMA scheduling;

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE FUNCTION audit.canonical(p_sequence bigint, p_at_ns bigint, p_actor text, p_action text, p_subject text, p_detail jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT jsonb_build_array(p_sequence, p_at_ns, p_actor, p_action, p_subject, p_detail)::text $$;

CREATE FUNCTION audit.seal(p_epoch bigint, p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION cluster.keep_freeze() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO cluster.freeze_history SELECT OLD.*, greatest(cluster.now_ns(), OLD.created_ns);
    RETURN NULL;
END $$;

CREATE FUNCTION cluster.now_ns() RETURNS bigint
    LANGUAGE sql
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::int8 $$;

CREATE FUNCTION inventory.observe_size(p_host text, p_epoch bigint, p_domain uuid, p_incarnation_start_ns bigint, p_observed_ns bigint, p_until_ns bigint, p_since_ns bigint, p_vcpus integer, p_memory_bytes bigint, p_disk_bytes bigint, p_asked_vcpus integer, p_granted_vcpus integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION log.maintain_partitions(p_from_ns bigint, p_to_ns bigint, p_keep_from_ns bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
END $_$;

CREATE FUNCTION scheduling.keep_setting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    EXECUTE format('INSERT INTO scheduling.%I SELECT ($1).*, $2', TG_TABLE_NAME || '_history')
        USING OLD, greatest(NEW.changed_ns, OLD.changed_ns);
    RETURN NULL;
END $_$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE account.principal (
    id uuid NOT NULL,
    name text NOT NULL,
    tenant text,
    role text NOT NULL,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT principal_check CHECK (((tenant IS NULL) = (role = ANY (ARRAY['operator'::text, 'auditor'::text, 'administrator'::text])))),
    CONSTRAINT principal_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'member'::text, 'billing-viewer'::text, 'operator'::text, 'auditor'::text, 'administrator'::text])))
);

CREATE TABLE account.tenant (
    id text NOT NULL,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL
);

CREATE TABLE account.token (
    hash bytea NOT NULL,
    principal uuid NOT NULL,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    expires_ns bigint NOT NULL,
    revoked_ns bigint,
    CONSTRAINT token_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE audit.entry (
    sequence bigint NOT NULL,
    outbox bigint NOT NULL,
    at_ns bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT entry_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE audit.outbox (
    id bigint NOT NULL,
    at_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);

ALTER TABLE audit.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE billing.rate_card (
    version bigint NOT NULL,
    valid_from_ns bigint NOT NULL,
    currency text NOT NULL,
    card jsonb NOT NULL,
    CONSTRAINT rate_card_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT rate_card_version_check CHECK ((version > 0))
);

CREATE TABLE cluster.command (
    id uuid NOT NULL,
    host text NOT NULL,
    domain uuid NOT NULL,
    verb text NOT NULL,
    arguments jsonb NOT NULL,
    expected_revision bigint,
    principal text NOT NULL,
    idempotency_key text NOT NULL,
    permit uuid,
    decision uuid,
    state text DEFAULT 'queued'::text NOT NULL,
    claimed_by uuid,
    claimed_epoch bigint,
    code text,
    message text,
    result jsonb,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    deadline_ns bigint NOT NULL,
    claimed_ns bigint,
    finished_ns bigint,
    progress_ppm bigint,
    progress_text text,
    life_mark jsonb,
    CONSTRAINT command_progress_ppm_check CHECK (((progress_ppm >= 0) AND (progress_ppm <= 1000000))),
    CONSTRAINT command_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'claimed'::text, 'succeeded'::text, 'failed'::text])))
);

CREATE TABLE cluster."freeze" (
    scope text NOT NULL,
    id text NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    is_automatic boolean DEFAULT false NOT NULL,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT freeze_scope_check CHECK ((scope = ANY (ARRAY['cluster'::text, 'tenant'::text, 'vm'::text])))
);

CREATE TABLE cluster.freeze_history (
    scope text NOT NULL,
    id text NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    is_automatic boolean NOT NULL,
    created_ns bigint NOT NULL,
    ended_ns bigint NOT NULL
);

CREATE VIEW cluster.freeze_timeline AS
 SELECT "freeze".scope,
    "freeze".id,
    "freeze".reason,
    "freeze".principal,
    "freeze".is_automatic,
    "freeze".created_ns,
    NULL::bigint AS ended_ns
   FROM cluster."freeze"
UNION ALL
 SELECT freeze_history.scope,
    freeze_history.id,
    freeze_history.reason,
    freeze_history.principal,
    freeze_history.is_automatic,
    freeze_history.created_ns,
    freeze_history.ended_ns
   FROM cluster.freeze_history;

CREATE TABLE cluster.instance (
    id uuid NOT NULL,
    service text NOT NULL,
    publish_endpoint text,
    command_endpoint text NOT NULL,
    admin_endpoint text,
    public_key text,
    version text NOT NULL,
    heartbeat bigint DEFAULT 0 NOT NULL,
    started_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT instance_service_check CHECK ((service = ANY (ARRAY['monitor'::text, 'scheduler'::text, 'billing'::text, 'logger'::text, 'usergateway'::text])))
);

CREATE TABLE cluster.shard (
    kind text NOT NULL,
    id text NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    owner uuid,
    CONSTRAINT shard_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT shard_kind_check CHECK ((kind = ANY (ARRAY['host'::text, 'cluster'::text, 'tenant'::text, 'log'::text, 'audit'::text])))
);

CREATE TABLE inventory.domain (
    id uuid NOT NULL,
    name text NOT NULL,
    tenant text,
    host text NOT NULL,
    state text NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    maximum_vcpus integer NOT NULL,
    asked_vcpus integer,
    granted_vcpus integer,
    confirmed_vcpus integer,
    maximum_memory_bytes bigint NOT NULL,
    memory_bytes bigint,
    disk_bytes bigint DEFAULT 0 NOT NULL,
    managed boolean NOT NULL,
    boot jsonb DEFAULT '{}'::jsonb NOT NULL,
    incarnation_hypervisor bigint,
    incarnation_start_ns bigint,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    deleted_ns bigint,
    foreign_manager text,
    cpu_cap_ppm bigint,
    network_cap_bytes_per_second bigint,
    pending_maximum_vcpus integer,
    pending_maximum_memory_bytes bigint,
    CONSTRAINT domain_cpu_cap_ppm_check CHECK ((cpu_cap_ppm > 0)),
    CONSTRAINT domain_network_cap_bytes_per_second_check CHECK ((network_cap_bytes_per_second > 0)),
    CONSTRAINT domain_pending_maximum_memory_bytes_check CHECK ((pending_maximum_memory_bytes > 0)),
    CONSTRAINT domain_pending_maximum_vcpus_check CHECK ((pending_maximum_vcpus > 0))
);

CREATE TABLE inventory.duplicate (
    host text NOT NULL,
    domain uuid NOT NULL,
    noticed_ns bigint NOT NULL
);

CREATE TABLE inventory.host (
    id text NOT NULL,
    cluster text NOT NULL,
    uri text NOT NULL,
    mode text DEFAULT 'observe'::text NOT NULL,
    state text DEFAULT 'unknown'::text NOT NULL,
    cpu_count integer,
    memory_bytes bigint,
    cpu_overcommit_ppm bigint DEFAULT 2000000 NOT NULL,
    memory_overcommit_ppm bigint DEFAULT 1000000 NOT NULL,
    reserved_vcpus integer DEFAULT 0 NOT NULL,
    reserved_memory_bytes bigint DEFAULT 0 NOT NULL,
    cpu_bound_ppm bigint DEFAULT 900000 NOT NULL,
    capabilities jsonb,
    proved_until_ns bigint,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    removed_ns bigint,
    uuid uuid,
    CONSTRAINT host_cpu_bound_ppm_check CHECK ((cpu_bound_ppm > 0)),
    CONSTRAINT host_cpu_overcommit_ppm_check CHECK ((cpu_overcommit_ppm > 0)),
    CONSTRAINT host_labels_check CHECK ((jsonb_typeof(labels) = 'object'::text)),
    CONSTRAINT host_memory_overcommit_ppm_check CHECK ((memory_overcommit_ppm > 0)),
    CONSTRAINT host_mode_check CHECK ((mode = ANY (ARRAY['observe'::text, 'enabled'::text, 'draining'::text]))),
    CONSTRAINT host_reserved_memory_bytes_check CHECK ((reserved_memory_bytes >= 0)),
    CONSTRAINT host_reserved_vcpus_check CHECK ((reserved_vcpus >= 0)),
    CONSTRAINT host_state_check CHECK ((state = ANY (ARRAY['unknown'::text, 'up'::text])))
);

CREATE TABLE inventory.meter_reading (
    domain uuid NOT NULL,
    host text NOT NULL,
    incarnation_start_ns bigint NOT NULL,
    at_ns bigint NOT NULL,
    cpu_time_ns bigint,
    network_received_bytes bigint,
    network_transmitted_bytes bigint,
    block_read_bytes bigint,
    block_written_bytes bigint
);

CREATE TABLE inventory.saved_definition (
    domain uuid NOT NULL,
    definition text NOT NULL,
    saved_ns bigint NOT NULL
);

CREATE TABLE inventory.size_segment (
    domain uuid NOT NULL,
    host text NOT NULL,
    incarnation_start_ns bigint NOT NULL,
    start_ns bigint NOT NULL,
    end_ns bigint,
    vcpus integer NOT NULL,
    memory_bytes bigint NOT NULL,
    disk_bytes bigint NOT NULL,
    asked_vcpus integer,
    granted_vcpus integer,
    CONSTRAINT size_segment_check CHECK (((end_ns IS NULL) OR (end_ns > start_ns))),
    CONSTRAINT size_segment_disk_bytes_check CHECK ((disk_bytes >= 0)),
    CONSTRAINT size_segment_memory_bytes_check CHECK ((memory_bytes >= 0)),
    CONSTRAINT size_segment_vcpus_check CHECK ((vcpus >= 0))
);

CREATE TABLE inventory.size_state (
    domain uuid NOT NULL,
    host text NOT NULL,
    incarnation_start_ns bigint NOT NULL,
    observed_ns bigint NOT NULL,
    boundary_ns bigint NOT NULL
);

CREATE TABLE log.event (
    at_ns bigint NOT NULL,
    topic text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    host text,
    domain uuid,
    detail text NOT NULL,
    is_foreign boolean DEFAULT false NOT NULL
);

CREATE TABLE log.gap (
    topic text NOT NULL,
    epoch bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    noticed_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT gap_check CHECK ((first <= last))
);

CREATE TABLE log.host_sample (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    interval_ns bigint,
    cpu_count integer NOT NULL,
    memory_bytes bigint NOT NULL,
    cpu_utilization_ppm bigint,
    control_domain_utilization_ppm bigint,
    domains_utilization_ppm bigint,
    memory_used_bytes bigint,
    response_time_ns bigint,
    response_method text NOT NULL,
    response_loss_ppm bigint
)
PARTITION BY RANGE (sampled_ns);

CREATE TABLE log.host_sample_20785 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    interval_ns bigint,
    cpu_count integer NOT NULL,
    memory_bytes bigint NOT NULL,
    cpu_utilization_ppm bigint,
    control_domain_utilization_ppm bigint,
    domains_utilization_ppm bigint,
    memory_used_bytes bigint,
    response_time_ns bigint,
    response_method text NOT NULL,
    response_loss_ppm bigint
);

CREATE TABLE log.host_sample_20786 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    interval_ns bigint,
    cpu_count integer NOT NULL,
    memory_bytes bigint NOT NULL,
    cpu_utilization_ppm bigint,
    control_domain_utilization_ppm bigint,
    domains_utilization_ppm bigint,
    memory_used_bytes bigint,
    response_time_ns bigint,
    response_method text NOT NULL,
    response_loss_ppm bigint
);

CREATE TABLE log.host_sample_20787 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    interval_ns bigint,
    cpu_count integer NOT NULL,
    memory_bytes bigint NOT NULL,
    cpu_utilization_ppm bigint,
    control_domain_utilization_ppm bigint,
    domains_utilization_ppm bigint,
    memory_used_bytes bigint,
    response_time_ns bigint,
    response_method text NOT NULL,
    response_loss_ppm bigint
);

CREATE TABLE log.sample (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    domain uuid NOT NULL,
    state text NOT NULL,
    hypervisor_id bigint,
    incarnation_start_ns bigint,
    maximum_vcpus integer,
    asked_vcpus integer,
    granted_vcpus integer,
    confirmed_vcpus integer,
    memory_maximum_bytes bigint,
    memory_allocated_bytes bigint,
    memory_used_bytes bigint,
    cpu_time_ns bigint,
    steal_time_ns bigint,
    network_received_bytes bigint,
    network_transmitted_bytes bigint,
    block_read_bytes bigint,
    block_written_bytes bigint,
    virt_cpu_usage_ppm bigint,
    cpu_utilization_ppm bigint,
    steal_utilization_ppm bigint,
    memory_utilization_ppm bigint,
    network_bytes_per_second bigint,
    swap_in_bytes bigint,
    major_faults bigint,
    network_cap_bytes_per_second bigint,
    network_utilization_ppm bigint,
    swap_in_delta_bytes bigint,
    major_faults_delta bigint
)
PARTITION BY RANGE (sampled_ns);

CREATE TABLE log.sample_20785 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    domain uuid NOT NULL,
    state text NOT NULL,
    hypervisor_id bigint,
    incarnation_start_ns bigint,
    maximum_vcpus integer,
    asked_vcpus integer,
    granted_vcpus integer,
    confirmed_vcpus integer,
    memory_maximum_bytes bigint,
    memory_allocated_bytes bigint,
    memory_used_bytes bigint,
    cpu_time_ns bigint,
    steal_time_ns bigint,
    network_received_bytes bigint,
    network_transmitted_bytes bigint,
    block_read_bytes bigint,
    block_written_bytes bigint,
    virt_cpu_usage_ppm bigint,
    cpu_utilization_ppm bigint,
    steal_utilization_ppm bigint,
    memory_utilization_ppm bigint,
    network_bytes_per_second bigint,
    swap_in_bytes bigint,
    major_faults bigint,
    network_cap_bytes_per_second bigint,
    network_utilization_ppm bigint,
    swap_in_delta_bytes bigint,
    major_faults_delta bigint
);

CREATE TABLE log.sample_20786 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    domain uuid NOT NULL,
    state text NOT NULL,
    hypervisor_id bigint,
    incarnation_start_ns bigint,
    maximum_vcpus integer,
    asked_vcpus integer,
    granted_vcpus integer,
    confirmed_vcpus integer,
    memory_maximum_bytes bigint,
    memory_allocated_bytes bigint,
    memory_used_bytes bigint,
    cpu_time_ns bigint,
    steal_time_ns bigint,
    network_received_bytes bigint,
    network_transmitted_bytes bigint,
    block_read_bytes bigint,
    block_written_bytes bigint,
    virt_cpu_usage_ppm bigint,
    cpu_utilization_ppm bigint,
    steal_utilization_ppm bigint,
    memory_utilization_ppm bigint,
    network_bytes_per_second bigint,
    swap_in_bytes bigint,
    major_faults bigint,
    network_cap_bytes_per_second bigint,
    network_utilization_ppm bigint,
    swap_in_delta_bytes bigint,
    major_faults_delta bigint
);

CREATE TABLE log.sample_20787 (
    sampled_ns bigint NOT NULL,
    host text NOT NULL,
    stream_epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    domain uuid NOT NULL,
    state text NOT NULL,
    hypervisor_id bigint,
    incarnation_start_ns bigint,
    maximum_vcpus integer,
    asked_vcpus integer,
    granted_vcpus integer,
    confirmed_vcpus integer,
    memory_maximum_bytes bigint,
    memory_allocated_bytes bigint,
    memory_used_bytes bigint,
    cpu_time_ns bigint,
    steal_time_ns bigint,
    network_received_bytes bigint,
    network_transmitted_bytes bigint,
    block_read_bytes bigint,
    block_written_bytes bigint,
    virt_cpu_usage_ppm bigint,
    cpu_utilization_ppm bigint,
    steal_utilization_ppm bigint,
    memory_utilization_ppm bigint,
    network_bytes_per_second bigint,
    swap_in_bytes bigint,
    major_faults bigint,
    network_cap_bytes_per_second bigint,
    network_utilization_ppm bigint,
    swap_in_delta_bytes bigint,
    major_faults_delta bigint
);

CREATE TABLE log.watermark (
    topic text NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL
);

CREATE TABLE public.schema_migration (
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_ns bigint NOT NULL
);

CREATE TABLE scheduling.cluster_setting (
    cluster text NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    blackouts jsonb DEFAULT '[]'::jsonb NOT NULL,
    weight_response_ppm bigint,
    weight_cpu_ppm bigint,
    weight_memory_ppm bigint,
    moves_in_per_host integer,
    moves_out_per_host integer,
    moves_per_cluster integer,
    move_rest_ns bigint,
    principal text NOT NULL,
    changed_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT cluster_setting_blackouts_check CHECK ((jsonb_typeof(blackouts) = 'array'::text)),
    CONSTRAINT cluster_setting_check CHECK ((num_nonnulls(weight_response_ppm, weight_cpu_ppm, weight_memory_ppm) = ANY (ARRAY[0, 3]))),
    CONSTRAINT cluster_setting_check1 CHECK (((weight_response_ppm IS NULL) OR ((LEAST(weight_response_ppm, weight_cpu_ppm, weight_memory_ppm) >= 0) AND (((weight_response_ppm + weight_cpu_ppm) + weight_memory_ppm) = 1000000)))),
    CONSTRAINT cluster_setting_move_rest_ns_check CHECK ((move_rest_ns >= 0)),
    CONSTRAINT cluster_setting_moves_in_per_host_check CHECK (((moves_in_per_host >= 0) AND (moves_in_per_host <= 1000))),
    CONSTRAINT cluster_setting_moves_out_per_host_check CHECK (((moves_out_per_host >= 0) AND (moves_out_per_host <= 1000))),
    CONSTRAINT cluster_setting_moves_per_cluster_check CHECK (((moves_per_cluster >= 0) AND (moves_per_cluster <= 1000)))
);

CREATE TABLE scheduling.cluster_setting_history (
    cluster text NOT NULL,
    dry_run boolean NOT NULL,
    blackouts jsonb NOT NULL,
    weight_response_ppm bigint,
    weight_cpu_ppm bigint,
    weight_memory_ppm bigint,
    moves_in_per_host integer,
    moves_out_per_host integer,
    moves_per_cluster integer,
    move_rest_ns bigint,
    principal text NOT NULL,
    changed_ns bigint NOT NULL,
    ended_ns bigint NOT NULL
);

CREATE VIEW scheduling.cluster_setting_timeline AS
 SELECT cluster_setting.cluster,
    cluster_setting.dry_run,
    cluster_setting.blackouts,
    cluster_setting.weight_response_ppm,
    cluster_setting.weight_cpu_ppm,
    cluster_setting.weight_memory_ppm,
    cluster_setting.moves_in_per_host,
    cluster_setting.moves_out_per_host,
    cluster_setting.moves_per_cluster,
    cluster_setting.move_rest_ns,
    cluster_setting.principal,
    cluster_setting.changed_ns,
    NULL::bigint AS ended_ns
   FROM scheduling.cluster_setting
UNION ALL
 SELECT cluster_setting_history.cluster,
    cluster_setting_history.dry_run,
    cluster_setting_history.blackouts,
    cluster_setting_history.weight_response_ppm,
    cluster_setting_history.weight_cpu_ppm,
    cluster_setting_history.weight_memory_ppm,
    cluster_setting_history.moves_in_per_host,
    cluster_setting_history.moves_out_per_host,
    cluster_setting_history.moves_per_cluster,
    cluster_setting_history.move_rest_ns,
    cluster_setting_history.principal,
    cluster_setting_history.changed_ns,
    cluster_setting_history.ended_ns
   FROM scheduling.cluster_setting_history;

CREATE TABLE scheduling.decision (
    id uuid NOT NULL,
    cluster text NOT NULL,
    epoch bigint NOT NULL,
    domain uuid NOT NULL,
    at_ns bigint NOT NULL,
    verdict text NOT NULL,
    rules_version integer NOT NULL,
    summary text NOT NULL,
    record text NOT NULL,
    command uuid
);

CREATE TABLE scheduling.decision_measurement (
    decision uuid NOT NULL,
    minutes integer NOT NULL,
    at_ns bigint NOT NULL,
    resource text NOT NULL,
    predicted_ppm bigint,
    real_ppm bigint,
    samples integer NOT NULL,
    is_reversed boolean NOT NULL,
    CONSTRAINT decision_measurement_minutes_check CHECK ((minutes > 0)),
    CONSTRAINT decision_measurement_resource_check CHECK ((resource = ANY (ARRAY['cpu'::text, 'memory'::text, 'network'::text]))),
    CONSTRAINT decision_measurement_samples_check CHECK ((samples >= 0))
);

CREATE TABLE scheduling.decision_outcome (
    decision uuid NOT NULL,
    at_ns bigint NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL
);

CREATE TABLE scheduling.permit (
    id uuid NOT NULL,
    host text NOT NULL,
    domain uuid NOT NULL,
    purpose text NOT NULL,
    vcpus integer NOT NULL,
    memory_bytes bigint NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    decision uuid,
    created_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    expires_ns bigint NOT NULL,
    CONSTRAINT permit_memory_bytes_check CHECK ((memory_bytes >= 0)),
    CONSTRAINT permit_purpose_check CHECK ((purpose = ANY (ARRAY['create'::text, 'start'::text, 'restore'::text, 'grow'::text, 'migrate'::text]))),
    CONSTRAINT permit_state_check CHECK ((state = ANY (ARRAY['open'::text, 'used'::text, 'released'::text, 'expired'::text]))),
    CONSTRAINT permit_vcpus_check CHECK ((vcpus >= 0))
);

CREATE TABLE scheduling.policy (
    domain uuid NOT NULL,
    version bigint NOT NULL,
    valid_from_ns bigint NOT NULL,
    lower_ppm bigint,
    upper_ppm bigint,
    ratio_ppm bigint,
    minimum_vcpus integer,
    maximum_vcpus integer,
    window_length integer NOT NULL,
    memory_lower_ppm bigint,
    memory_upper_ppm bigint,
    minimum_memory_bytes bigint,
    maximum_memory_bytes bigint,
    network_lower_ppm bigint,
    network_upper_ppm bigint,
    minimum_network_bytes_per_second bigint,
    maximum_network_bytes_per_second bigint,
    options jsonb,
    choice jsonb,
    CONSTRAINT policy_check CHECK ((num_nonnulls(lower_ppm, upper_ppm, ratio_ppm, minimum_vcpus, maximum_vcpus) = ANY (ARRAY[0, 5]))),
    CONSTRAINT policy_check1 CHECK (((lower_ppm IS NULL) OR ((lower_ppm >= 0) AND (lower_ppm < upper_ppm) AND (upper_ppm <= 1000000) AND (ratio_ppm > 0) AND (ratio_ppm <= 1000000) AND (minimum_vcpus >= 1) AND (minimum_vcpus <= maximum_vcpus)))),
    CONSTRAINT policy_check2 CHECK ((num_nonnulls(memory_lower_ppm, memory_upper_ppm, minimum_memory_bytes, maximum_memory_bytes) = ANY (ARRAY[0, 4]))),
    CONSTRAINT policy_check3 CHECK ((num_nonnulls(network_lower_ppm, network_upper_ppm, minimum_network_bytes_per_second, maximum_network_bytes_per_second) = ANY (ARRAY[0, 4]))),
    CONSTRAINT policy_check4 CHECK (((memory_lower_ppm IS NULL) OR ((lower_ppm IS NOT NULL) AND (memory_lower_ppm >= 0) AND (memory_lower_ppm < memory_upper_ppm) AND (memory_upper_ppm <= 1000000) AND (minimum_memory_bytes > 0) AND (minimum_memory_bytes <= maximum_memory_bytes)))),
    CONSTRAINT policy_check5 CHECK (((network_lower_ppm IS NULL) OR ((lower_ppm IS NOT NULL) AND (network_lower_ppm >= 0) AND (network_lower_ppm < network_upper_ppm) AND (network_upper_ppm <= 1000000) AND (minimum_network_bytes_per_second > 0) AND (minimum_network_bytes_per_second <= maximum_network_bytes_per_second)))),
    CONSTRAINT policy_choice_check CHECK ((jsonb_typeof(choice) = 'object'::text)),
    CONSTRAINT policy_options_check CHECK ((jsonb_typeof(options) = 'object'::text)),
    CONSTRAINT policy_version_check CHECK ((version > 0)),
    CONSTRAINT policy_window_length_check CHECK ((window_length > 0))
);

CREATE TABLE scheduling.tenant_setting (
    tenant text NOT NULL,
    weight integer DEFAULT 100 NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    principal text NOT NULL,
    changed_ns bigint DEFAULT cluster.now_ns() NOT NULL,
    CONSTRAINT tenant_setting_weight_check CHECK (((weight >= 1) AND (weight <= 10000)))
);

CREATE TABLE scheduling.tenant_setting_history (
    tenant text NOT NULL,
    weight integer NOT NULL,
    dry_run boolean NOT NULL,
    principal text NOT NULL,
    changed_ns bigint NOT NULL,
    ended_ns bigint NOT NULL
);

CREATE VIEW scheduling.tenant_setting_timeline AS
 SELECT tenant_setting.tenant,
    tenant_setting.weight,
    tenant_setting.dry_run,
    tenant_setting.principal,
    tenant_setting.changed_ns,
    NULL::bigint AS ended_ns
   FROM scheduling.tenant_setting
UNION ALL
 SELECT tenant_setting_history.tenant,
    tenant_setting_history.weight,
    tenant_setting_history.dry_run,
    tenant_setting_history.principal,
    tenant_setting_history.changed_ns,
    tenant_setting_history.ended_ns
   FROM scheduling.tenant_setting_history;

CREATE TABLE scheduling.waiting_growth (
    domain uuid NOT NULL,
    resource text NOT NULL,
    cluster text NOT NULL,
    missing bigint NOT NULL,
    weight integer NOT NULL,
    since_ns bigint NOT NULL,
    CONSTRAINT waiting_growth_missing_check CHECK ((missing >= 0)),
    CONSTRAINT waiting_growth_resource_check CHECK ((resource = ANY (ARRAY['cpu'::text, 'memory'::text, 'network'::text])))
);

ALTER TABLE ONLY log.host_sample ATTACH PARTITION log.host_sample_20785 FOR VALUES FROM ('1795824000000000000') TO ('1795910400000000000');

ALTER TABLE ONLY log.host_sample ATTACH PARTITION log.host_sample_20786 FOR VALUES FROM ('1795910400000000000') TO ('1795996800000000000');

ALTER TABLE ONLY log.host_sample ATTACH PARTITION log.host_sample_20787 FOR VALUES FROM ('1795996800000000000') TO ('1796083200000000000');

ALTER TABLE ONLY log.sample ATTACH PARTITION log.sample_20785 FOR VALUES FROM ('1795824000000000000') TO ('1795910400000000000');

ALTER TABLE ONLY log.sample ATTACH PARTITION log.sample_20786 FOR VALUES FROM ('1795910400000000000') TO ('1795996800000000000');

ALTER TABLE ONLY log.sample ATTACH PARTITION log.sample_20787 FOR VALUES FROM ('1795996800000000000') TO ('1796083200000000000');

COPY account.principal (id, name, tenant, role, created_ns) FROM stdin;
0c8670a5-f527-4372-ad17-795b162870f7	admin	\N	administrator	1795987342902213000
2a157539-a3c0-4de7-8391-0e1bbd2bbf34	gus	globex	owner	1795987349604111000
36ccd687-e964-4077-93aa-dc65c41052b7	ida	initech	owner	1795987349804629000
61bc37bc-e1ae-43b5-9239-3775a5e7482a	second	\N	administrator	1795987343166812000
657259f2-d064-4994-a639-24a2196f0dba	ada	acme	owner	1795987348922039000
726a6771-fbe0-42cb-a733-241b59da1ad5	olga	\N	operator	1795987350003405000
8b7011ed-37f8-43ce-9ce9-6a1796f08195	abe	acme	member	1795987349182022000
8ece0306-a86c-41d0-8496-2abfeefd9ebb	otto	\N	auditor	1795987350195149000
cba16bb2-d14d-47a2-b3e3-e279b195d8cc	bea	acme	billing-viewer	1795987349394447000
\.

COPY account.tenant (id, created_ns) FROM stdin;
acme	1795987348286194000
globex	1795987348502044000
initech	1795987348695638000
\.

COPY account.token (hash, principal, created_ns, expires_ns, revoked_ns) FROM stdin;
\\x1346e563eac22a5e5ba6779d04f39f647026a9bb8be948348f21a31b5461f068	726a6771-fbe0-42cb-a733-241b59da1ad5	1795987350001967034	1803763350001967034	\N
\\x32aa138571f8f25d6713c72bb956cc3246021a3bdcd3969bc08569b34749d4ed	657259f2-d064-4994-a639-24a2196f0dba	1795987348913120209	1803763348913120209	\N
\\x4ce0b82096d9fa4c90493a1c6b791f97f76743bdd6ce452949b6324bed39a367	2a157539-a3c0-4de7-8391-0e1bbd2bbf34	1795987349601575040	1803763349601575040	\N
\\x514b7b845355946aab33dd7ed923d7177d61dfdc0a65efd76c7ed6daa96bbfeb	61bc37bc-e1ae-43b5-9239-3775a5e7482a	1795987436055645000	1827523436055645000	\N
\\x8feb578abfbb893356d60c7d24abf848968df6491754f2e938f798a164fcfa73	8ece0306-a86c-41d0-8496-2abfeefd9ebb	1795987350193683017	1803763350193683017	\N
\\xbdacd5454e98fcd67c796c3ccbf54e4063a1b439135bfecfc4cdd8b8040b3902	cba16bb2-d14d-47a2-b3e3-e279b195d8cc	1795987349392938197	1803763349392938197	\N
\\xc53c40e25790a83eac9370951c96ef323a782a04df6861b0823f1017fd852411	36ccd687-e964-4077-93aa-dc65c41052b7	1795987349802987971	1803763349802987971	\N
\\xc6400bce2dd583baec1752539f577649afdcf40e50209efda7d4ee9c3c4dd5a2	61bc37bc-e1ae-43b5-9239-3775a5e7482a	1795987343166470000	1827523343166470000	1795987436055645000
\\xc7d38a7e86add4342139e4a3ebc1665303937602bec87ab224fc8437985659b5	8b7011ed-37f8-43ce-9ce9-6a1796f08195	1795987349169069348	1803763349169069348	\N
\\xf085b87477da527a32ba62ad83782660b51a3b59c5ca959b8f11bb2ed77cbe10	0c8670a5-f527-4372-ad17-795b162870f7	1795987342898265000	1827523342898265000	\N
\.

COPY audit.entry (sequence, outbox, at_ns, actor, action, subject, detail, hash) FROM stdin;
1	1	1795987342898265000	ebb-migrate	principal.create	0c8670a5-f527-4372-ad17-795b162870f7	{}	\\xe26e7e237fe01a7f44908465e9ff30798a275e00d9de27865f3b7dbf173d54b5
2	2	1795987343166470000	ebb-migrate	principal.create	61bc37bc-e1ae-43b5-9239-3775a5e7482a	{}	\\x88efac1720afbaaacdcb43169e84eecdff5ca1101bf0f1981aadccf0869a8cc9
3	3	1795987344168838438	admin	host.add	host-1	{"uri": "fleet://127.0.0.2:21670/host-1", "cluster": "main"}	\\xde4ff989356698cbb381da2089332a1b224e4e3fb3b9a1c1b12195367e594675
4	4	1795987344444412767	admin	host.enable	host-1	{"host": "host-1"}	\\x6ee96f2c27d2c94a8e71dbbd8c1e9f33270fab7ed1bbf87baf859d7db4572067
5	5	1795987344636955300	admin	host.add	host-2	{"uri": "fleet://127.0.0.2:21670/host-2", "cluster": "main"}	\\xf124ef04146b964aa45e5279d438dfd9c6b827ea64e1b0814a24b537696cada9
6	6	1795987344792691887	admin	host.enable	host-2	{"host": "host-2"}	\\xc3d111b3277298585448ec916714d4da23cb398ddece5b75f593ab933771c0e6
7	7	1795987345064370684	admin	host.add	host-3	{"uri": "fleet://127.0.0.2:21670/host-3", "cluster": "main"}	\\x75fe6f0a24c889dd6fea293b22579288d203a79284dd3f3d67d0ebfa02005627
8	8	1795987345272846777	admin	host.enable	host-3	{"host": "host-3"}	\\xeef5929542a04f969666254dd7c63ac34b2deeb93ef5ed559d32e240028a4e41
9	9	1795987345523970041	admin	host.add	host-4	{"uri": "fleet://127.0.0.2:21670/host-4", "cluster": "edge"}	\\x0f6ddf0137f14fde966624060408d6af19f79096035fb3942e6c17a6c644e489
10	10	1795987345714019316	admin	host.enable	host-4	{"host": "host-4"}	\\x63b9a379b0e13f111408c606d4e442036c0994a5498d9c3fc8bfae622c8a780f
11	11	1795987346012753970	admin	host.add	host-5	{"uri": "fleet://127.0.0.2:21670/host-5", "cluster": "edge"}	\\x3d8cbce11704213e6aa4ba832993855e0c8c44a546debed6daea4fb3c5cc4303
12	12	1795987346325162576	admin	host.label	host-1	{"set": {"rack": "a3", "floor": "2"}, "host": "host-1"}	\\x06e82c0ee069f3a095ca0e6dc290eaa335534d8d0e6d7bf620093c633aa51423
13	13	1795987346601721167	admin	host.set	host-2	{"host": "host-2", "reservedVcpus": 1, "reservedMemoryBytes": 268435456}	\\xe39ff4d2df9916c1f1ef5bdd5cfc7d2ca1eac65b7cd04ef8682e1aacf69af6f4
14	14	1795987348285458998	admin	tenant.create	acme	{}	\\xc0a7b9e2247447a6c7be7031360971d51d18ac5b236329c906535c14db017a9a
15	15	1795987348501102598	admin	tenant.create	globex	{}	\\x78d0fbca996f43581b8a9b258cf743dc875d809d7af7e3eb2720c440eb75a751
16	16	1795987348694608343	admin	tenant.create	initech	{}	\\xc465fe99e689a58a973b3aea603c3d2ded38a9c4c3d0e67c8d1d7ee638e9dd57
17	17	1795987348932824446	admin	token.create	ada	{"role": "owner"}	\\xc9b0d58df5317cae12710d8873e6caf91cb08046a46d39a17ae1e7afe8c9d536
18	18	1795987349190100628	admin	token.create	abe	{"role": "member"}	\\xfbe4d27f725ae0aab95de7c9eafef54ebf8771194561c3113126c2df9f07f76a
19	19	1795987349393804235	admin	token.create	bea	{"role": "billing-viewer"}	\\x88fbd3a88c9bec251893fad31ff439e386e0a8413f883511e1b2509ec825a0d6
20	20	1795987349603490127	admin	token.create	gus	{"role": "owner"}	\\xa1f4c2a8d6e259809294473eac644a53493d7971577ada5272b6c653e59d55bb
21	21	1795987349804924390	admin	token.create	ida	{"role": "owner"}	\\xa39bfaa8c7d7e5a305d8574efe68945aac1592fa90b9cfa9d08be7cca93e3627
22	22	1795987350002550291	admin	token.create	olga	{"role": "operator"}	\\xa3a6650bc79c2f9248228eaccac0008bb8cf92a17498068e8fc6760a65fbd616
23	23	1795987350194299834	admin	token.create	otto	{"role": "auditor"}	\\xf7f61c78be338f8f6207137b4a0c3a268e4cd458ed181a32de9cbc5c1ae9d3e7
24	24	1795987350482092049	admin	vm.create	web-1	{"boot": {}, "name": "web-1", "vcpus": 2, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4, "maximum_memory_bytes": 1073741824}	\\xac4a7f3bbc5862d67f50dab11b5d6f287c6359be7a56254cf8dfcc15294e1254
25	25	1795987350961317226	admin	vm.create	db-1	{"boot": {}, "name": "db-1", "vcpus": 1, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\\xde0ca220f58e9d78f1107e51ad4a028be615cb4aff3afe3a25d7562f00d64cc3
26	26	1795987351386834688	admin	vm.create	cache-1	{"boot": {}, "name": "cache-1", "vcpus": 2, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 268435456, "maximum_vcpus": 4}	\\x867d9f9f5b74440224cdad561aca65acc4e7641b8b2a3e8c560e8c9b41ac6fe0
27	27	1795987351938207840	admin	vm.create	app-1	{"boot": {}, "name": "app-1", "vcpus": 2, "tenant": "globex", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\\x6345238938d44e31adcdb71cccf570a392d498f432d2c4c00d54dfef5cdc0836
28	28	1795987352449634195	admin	vm.create	temp-1	{"boot": {}, "name": "temp-1", "vcpus": 1, "tenant": "globex", "disk_bytes": 10737418240, "memory_bytes": 268435456, "maximum_vcpus": 2}	\\x1e909ef4a39ea6bab27e14bd1ab89a2de6685ac45d3ba074290b9692948d86ce
29	29	1795987352916135304	admin	vm.create	big-1	{"boot": {}, "name": "big-1", "vcpus": 4, "tenant": "initech", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\\xff0f1171594021dcee12da371d8442d1d535d95c3ad0cd593c3d22053a5693e4
30	30	1795987353383913651	admin	vm.create	job-1	{"boot": {}, "name": "job-1", "vcpus": 1, "tenant": "globex", "disk_bytes": 5368709120, "memory_bytes": 268435456, "maximum_vcpus": 2}	\\xc8062a80693a927d400207dfa6c1b2101dc54eb5f5f1fd919633dc44c383f350
31	31	1795987354004911654	ada	policy.set	web-1	{"vm": "web-1", "lowerPpm": 150000, "maxVcpus": 4, "minVcpus": 1, "ratioPpm": 666666, "upperPpm": 800000, "idempotencyKey": "8tdko7zzjonjdjcxnetllskyn"}	\\xc8b9b47a1e794b9e649cfadffbdcb2403afc43f7e8e1292de397f4052ae64a6f
32	32	1795987354478765375	ada	policy.set	db-1	{"vm": "db-1", "lowerPpm": 200000, "maxVcpus": 1, "minVcpus": 1, "ratioPpm": 500000, "upperPpm": 700000, "antiAffinity": "data", "idempotencyKey": "ejwicbv34u2hy0ldy4n0x6g2"}	\\x25ea6c2c245622831d35b2b3b9c243b23c6095fb022556c17627ec983cbe1bee
33	33	1795987354987236036	ada	policy.set	cache-1	{"vm": "cache-1", "dryRun": true, "preset": "balanced", "idempotencyKey": "d2n15ibf0uhcioj63cqtxi7vo"}	\\x6d03e08e53643917c916280680235f3d3365c867332c3315c6d7ed174b79c8b5
34	34	1795987355465694313	gus	policy.set	app-1	{"vm": "app-1", "goalPpm": 10000, "managed": true, "idempotencyKey": "9c7n9pchogafdkv2bky8e3f6z", "cooldownUpNanoseconds": 1000000000}	\\x755c144ed6aa14c907a11e7ad69ffa3c8ffb77f272fdb91b21a6b6d004f73c1c
35	35	1795987355964746741	ida	policy.set	big-1	{"vm": "big-1", "preset": "aggressive", "minVcpus": 4, "idempotencyKey": "d6decbx32p91iaybf9xzi7t03"}	\\xfabb3185f7174f0038dc387a916ad5d5d1c9dec142b16d32945c8fef7fcdbf58
36	36	1795987369722449703	ada	policy.set	web-1	{"vm": "web-1", "idempotencyKey": "3pdjrpggrrt1zvr0ilxwibpp7", "maxMemoryBytes": 1073741824, "minMemoryBytes": 268435456}	\\xd81cc648c842c2b5ec15dfeab01ef12c6c1574228eca2a78785a8197d981b16a
37	37	1795987370110092551	olga	vm.networkcap	web-1	{"bytes_per_second": 102400}	\\x6cd6d2d6a70228bd1705d1c26c66bfe56359656beb7ebf779fe5d708270a4d34
38	38	1795987370741262428	ada	policy.set	web-1	{"vm": "web-1", "idempotencyKey": "d0wxbzjqn0ilohgd6uieo94dk", "cooldownUpNanoseconds": 1000000000, "maxNetworkBytesPerSecond": 10485760, "minNetworkBytesPerSecond": 51200}	\\x032697386365804eb63351e408f9c4e48c44dc1570602028caa72a6838fc12ed
39	39	1795987374374199196	admin	rate.set	rate-card	{"card": {"factor": {"base": 700000, "maximum": 1200000, "minimum": 600000, "lowerWeight": 100000, "ratioWeight": 150000, "upperWeight": 200000}, "prices": {"cpuHour": 1000000, "vcpuHour": 25000000, "networkGiB": 50000000, "diskGiBHour": 100000, "memoryGiBHour": 5000000}, "currency": "EUR"}, "idempotencyKey": "d8h3cr7bfgst2gqni4qlkw94b"}	\\xbab63461adba8050f0b582c0bc295724ce27f709ad7151f6b4651848ad9eac17
40	40	1795987375077553070	gus	vm.suspend	app-1	{}	\\x458ad2d1c054449809148155da4a96ddd1c7f9b039a5d7f6ea9dbcba755ffc56
41	41	1795987375866913939	gus	vm.resume	app-1	{}	\\xf91f192fee99412d6fb1a205d6750228e1869c2a69ef314e4d4c4116989bfeef
42	42	1795987376416178464	gus	vm.save	app-1	{}	\\x5375d862c9c237d6ab3cd29e3654ce8db4588289610dd73f2b4a813514ee65c5
43	43	1795987377264447430	gus	vm.restore	app-1	{}	\\xfe6005a22b3413ef89f6b01ba020db428371634a700f5d58a7bf1a933bb3ddb6
44	44	1795987377908228238	gus	vm.reboot	app-1	{}	\\xee4dccd3a132dd8a316ce590e7e5d0ae2c97640c0dc31f5383a59319907d35aa
45	45	1795987378283072712	gus	vm.snapshot	app-1	{"name": "first"}	\\x79571b6ff6613f3e49b72a3748cb36b102c6833bc6f673038dcec731e1aeb6ca
46	46	1795987378636162013	gus	vm.snapshot	app-1	{"name": "second"}	\\x6ff8cf3022839f005efdb2f305b56f0575493e0fdf9eca429fd33451fc649836
47	47	1795987378935273048	gus	vm.revert	app-1	{"name": "first"}	\\x4fe94249224b1842bbed7b1716452898d5a6b90ae218a1a3286ddca910e704a7
48	48	1795987379503541099	gus	vm.snapshotdelete	app-1	{"name": "second"}	\\x22f4271fe59d7520bcf4d388210e3936fbf14d973d71311fcc60d8e530b3f165
49	49	1795987379908037455	gus	vm.prepare	temp-1	{"maximum_vcpus": 3, "maximum_memory_bytes": 536870912}	\\xf6ea8e19e1f0dbab6c8de7b98c591a7f9979b67b1830806d27480e21797df8c2
50	50	1795987380457702772	gus	vm.shutdown	temp-1	{"then_destroy": true, "grace_seconds": 5}	\\x02d7e95a2e304d0d9bd016f670bbc2908da2c34c847b6b18d53183e52aef80bb
51	51	1795987381091519835	gus	vm.start	temp-1	{}	\\xa7b977f1fa741eb5bfdeff2dd31a72c946c48a1179dbcc36b12c76432187341e
52	52	1795987381583985319	olga	vm.cap	temp-1	{"cpu_cap_ppm": 500000}	\\x6023daf1f9a83a5914a556e20bbbaa9b3a45f38befe341207c28aae3b125c23b
53	53	1795987381890834088	olga	vm.cap	temp-1	{"cpu_cap_ppm": 0}	\\x3bb573ffafb14ea21380ce39b4ef623941ff301931baa353aab08881a5aefe3a
54	54	1795987382241408540	gus	vm.resize	temp-1	{"vcpus": 2}	\\xed18e65932f65ceb387ce9f12b80273ff5f968968dd5a219b18ac70b160699d9
55	55	1795987382893103886	gus	vm.shutdown	temp-1	{}	\\xeec138d84b51d49b135b1cfee5157d592c1552e77d7eee6f09850e48b30e40dd
56	56	1795987383510271508	gus	vm.delete	temp-1	{}	\\x96de1dc79a7368f4319f4be522b50aecd096a237ff309475dce0f5129486df1e
57	57	1795987383946922814	admin	vm.create	temp-1	{"boot": {}, "name": "temp-1", "vcpus": 1, "flavor": "tiny", "tenant": "globex", "disk_bytes": 5368709120, "memory_bytes": 536870912, "maximum_vcpus": 2}	\\x88a7c65370f7fe505376558e554646be186a257ab33be75ede0a19eb599c312f
58	58	1795987384665214138	gus	vm.shutdown	job-1	{}	\\x86e2f8d5aaf576fa889c4d9f83fd3ee96fd376a69e82f744522248c729a40576
59	59	1795987385114587801	olga	vm.migrate	app-1	{"target": "host-3"}	\\xc2abcd91b1671e08b8397aa109c31fbb2270665b1cefeeffc9d7f15abe30a0c7
60	60	1795987387361347672	olga	vm.migrate	app-1	{"target": "host-1"}	\\xe43450cafb545a4520109355672884346e0f04575f79dcf9f49665288a53d21c
61	61	1795987388447625858	olga	vm.abort	app-1	{}	\\xdfac759b506173729e9cea1fea6c9701c202cf989f001ef4b634861112bfb0b3
62	62	1795987388771484829	ada	policy.clear	db-1	{"vm": "db-1", "idempotencyKey": "az4lk020o4ilwcfgfmr3nkmfw"}	\\x98ffd4d76801a329d82e623ad7b9183c5e358ee0acea70f23f0ba93261e1484f
63	63	1795987389198361111	olga	vm.adopt	guest-4-1	{"tenant": "acme"}	\\x421733430ae0cea71a9e59153f34fb5af3558e75dcbc89a17bc7b3b85d98c4e9
64	64	1795987389666954801	olga	vm.adopt	guest-1-2	{"tenant": "initech"}	\\x9229d48002ae93121b83c9350d38f5434f50a5a75f03c6f44878c59762c04c79
65	65	1795987390375084616	ada	policy.set	guest-4-1	{"vm": "guest-4-1", "preset": "aggressive", "minVcpus": 1, "idempotencyKey": "diytydq6wbppnj4u9av9yrpkf"}	\\xb12ea138608052030e6986a616db1f348dcc3683a7fc549a4abb5e52a6c12fce
66	66	1795987395805434929	olga	vm.release	guest-4-1	{}	\\x08142b34842fb7ef0dc078fbce1b5b9473d81629b342394b138936108afa28ed
67	67	1795987398197557304	olga	vm.adopt	guest-4-1	{"tenant": "globex"}	\\x440063933ecb104169aa1b4b06808a465ddec5e88b96292c4c242760a4a0274a
68	68	1795987398842186332	gus	policy.set	guest-4-1	{"vm": "guest-4-1", "lowerPpm": 100000, "ratioPpm": 500000, "upperPpm": 900000, "idempotencyKey": "44it6o08ka3tgj6vwst5h5y96"}	\\x239d59024c02b3762502f9908acf82ddb2dabe997d90f73fdfb6cd290eaa94ce
69	69	1795987402414356745	olga	vm.release	guest-1-2	{}	\\x1360df7bcf69d5875f34eea156fe6d05094dc30c3508acf7dedd313b80ca569b
70	70	1795987403259760957	gus	vm.resize	temp-1	{"vcpus": 2}	\\xcbbafa6838d43b54821c92f6333d23ad469b16b4222a87892c1bbc67af18da4d
71	71	1795987404105173769	gus	vm.suspend	temp-1	{}	\\x96d4e9be6f2d445b7416a1cce6249c693be8fca0a5606d8cfdead5e8c9064b88
72	72	1795987409472187819	olga	vm.migrate	app-1	{"target": "host-2"}	\\xe37f4745ca38ebed06ae716957fb199d0943cecafccba4141ee04f952d528edd
73	73	1795987412972734537	ada	freeze.set	web-1	{"vm": "web-1", "reason": "an experiment"}	\\xdb1f8936d41b5b5b246c5c814211901d9f9e19092a8ab8fc26dd44af82601aaf
74	74	1795987413414139882	olga	freeze.set	globex	{"reason": "unpaid", "tenant": "globex"}	\\x8fa7f41205a97d44cc4b985e7c882d2721e03be3697381fb39037a21849d7ad6
75	75	1795987413652024572	olga	freeze.set	main	{"reason": "repairs", "cluster": "main"}	\\x63afbe3e40d5f6112d8906a990d4a6856a11a0e0ccf7b3432ecac536688ba54f
76	76	1795987416293861916	ada	freeze.clear	web-1	{"vm": "web-1"}	\\x727cd2a6b80ec70c58c6ed5ea5301c73771ce20558a98eeded31dd8f3aea03d2
77	77	1795987416689848129	olga	freeze.clear	main	{"cluster": "main"}	\\xd1642d95095168eb9d2b59b57addfdafa80c2dabe3a1127647060c1e7f7a55e4
78	78	1795987417417012596	olga	cluster.set	main	{"dryRun": true, "cluster": "main", "blackouts": [{"weekdays": [0, 4], "startSecond": 10800, "lengthSeconds": 3600}], "idempotencyKey": "bdyvyoqnuaaeo5lv2xptitjzk"}	\\xa886ed3da6d8b5b601ce7176e1b3ddfba7c46f07f41cecdbfa0486d0dd79732e
79	79	1795987417688936016	olga	cluster.set	main	{"dryRun": false, "cluster": "main", "weightCpuPpm": 500000, "idempotencyKey": "74db493ck00orfwdogo1zndu3", "movesPerCluster": 4, "weightMemoryPpm": 300000, "weightResponsePpm": 200000, "moveRestNanoseconds": 10000000000}	\\xd78e362de25390a2c04332576fff9d8ca5a291712b2f1686f999dbbcedbc1d13
80	80	1795987417951981396	olga	tenant.set	acme	{"tenant": "acme", "weight": 200, "idempotencyKey": "abvx20wwwv5d2823fmatuugr6"}	\\x5547db0ea3eedefebad5525feae86e7f6baf59af0945e3ad80f3b8607b0ccb98
81	81	1795987418233037064	olga	tenant.set	acme	{"dryRun": true, "tenant": "acme", "weight": 300, "idempotencyKey": "cxnp0txl3xwux4shh8nm1v6y9"}	\\x0892e748d13bffce33b5f214d783f8f1f453888d6bf296df02b106438f9c5d51
82	82	1795987418592677667	olga	tenant.set	acme	{"dryRun": false, "tenant": "acme", "idempotencyKey": "c80c22obmu9uv0qx7879qod48"}	\\x7cb87c4993ca2d94092845907218dfc8a539c750d446ae93c3f0d95753f5d38f
83	83	1795987418954812719	ada	policy.set	web-1	{"vm": "web-1", "optOut": true, "idempotencyKey": "5he344bf0ir8gojrdz7gevfrz"}	\\x99c1936dbc9af46f294ab06ae44fb67380f4a060e032602795568143d06850b9
84	84	1795987435637362904	ida	vm.start	big-1	{}	\\xe80edc5f222cf32496bd2f17110fe0501490251a3c9e5cd1bb57f32e7e4c4093
85	85	1795987436055645000	ebb-migrate	token.renew	61bc37bc-e1ae-43b5-9239-3775a5e7482a	{}	\\x27275a05c74e2d0fb04b8391e75fe4c38eede14e037a797e25bf5bd83576c4e6
86	86	1795987436293119182	admin	host.remove	host-5	{"host": "host-5"}	\\x01ca9dac96007c8268a4bd882b40aa7059820029de054a59060fb0ef05b989de
87	87	1795987436578503657	admin	host.add	attic	{"uri": "fleet://127.0.0.2:21670/host-5", "cluster": "edge"}	\\x8183b1269b79a786d78bb7e6db47bea89fd5dbc3a6f5db020f2d1885c248f52d
88	88	1795987436792485557	olga	host.drain	host-2	{"host": "host-2"}	\\x228fd067f058664210ee5666798afdaefc381e672e19e715e10a63859048cded
89	89	1795987437377876672	ida	vm.shutdown	big-1	{}	\\x122385f98f449e49abe423bffccad6252c94a313bbd5d71894e318948d99b488
90	90	1795987437716043241	ida	vm.prepare	big-1	{"maximum_vcpus": 8}	\\x9184cb3a2c3e9918bfc062ef3e0932d6a66d15a7af48c142c3db94cba616c1e6
91	91	1795987438271944009	ida	vm.start	big-1	{}	\\xd6b680f0b42996d7e64dcdd3fcee439951c5b55267e7383e20fe720dc945dc94
92	92	1795987438926013339	ida	policy.set	big-1	{"vm": "big-1", "lowerPpm": 100000, "maxVcpus": 8, "minVcpus": 4, "ratioPpm": 500000, "upperPpm": 600000, "idempotencyKey": "7z8iim4ol7voa6euwf79k92s1"}	\\xe1111f5fc2ae822fbff912d43b00e104495a3d45cd634a9014493a009b8bc41c
93	93	1795987439286418223	admin	host.set	host-1	{"host": "host-1", "cpuOvercommitPpm": 1000000}	\\x2531878e5b62ff360bfdf7f6248ed0a5aa5a8c1a0776443e70d2f3a620858ddd
94	94	1795987439584713034	admin	host.set	host-2	{"host": "host-2", "cpuOvercommitPpm": 1000000}	\\xa9ecc165314aa87389cce19504ffe3c5dbf88490f641a560c5d34d7643e3532b
95	95	1795987439881401847	admin	host.set	host-3	{"host": "host-3", "cpuOvercommitPpm": 1000000}	\\xc2717af6f29b4c723b52a03a08385e73ff5d6d5fbf1413e5b5f3b6bec1dec397
\.

COPY audit.outbox (id, at_ns, actor, action, subject, detail) FROM stdin;
\.

COPY billing.rate_card (version, valid_from_ns, currency, card) FROM stdin;
1	0	EUR	{"factor": {"base": 600000, "maximum": 1000000, "minimum": 600000, "lowerWeight": 100000, "ratioWeight": 100000, "upperWeight": 200000}, "prices": {"cpuHour": 0, "vcpuHour": 20000000, "networkGiB": 50000000, "diskGiBHour": 100000, "memoryGiBHour": 5000000}, "currency": "EUR"}
2	1795987374362021370	EUR	{"factor": {"base": 700000, "maximum": 1200000, "minimum": 600000, "lowerWeight": 100000, "ratioWeight": 150000, "upperWeight": 200000}, "prices": {"cpuHour": 1000000, "vcpuHour": 25000000, "networkGiB": 50000000, "diskGiBHour": 100000, "memoryGiBHour": 5000000}, "currency": "EUR"}
\.

COPY cluster.command (id, host, domain, verb, arguments, expected_revision, principal, idempotency_key, permit, decision, state, claimed_by, claimed_epoch, code, message, result, created_ns, deadline_ns, claimed_ns, finished_ns, progress_ppm, progress_text, life_mark) FROM stdin;
03aaa7de-5843-4d88-beff-9bbe2823a118	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	destroy	{}	\N	ida	53f56olrbvyinc80gnxc33wq3	\N	\N	succeeded	ca568e1a-c100-4eed-9a1c-840c008834e3	2	\N	\N	{"host": "host-3", "state": "shutoff", "vcpus": 4, "memory": 536870912, "granted": 4, "effectiveAt": 1795987437394395738}	1795987437365904081	1795987497365904081	1795987437392099638	1795987437395257624	\N	\N	\N
09386f47-12cf-42e7-8de5-baa75c7d1480	host-2	2855fea2-ff49-89e9-b985-85559fe48427	create	{"boot": {}, "name": "temp-1", "vcpus": 1, "tenant": "globex", "disk_bytes": 10737418240, "memory_bytes": 268435456, "maximum_vcpus": 2}	\N	admin	8r6xbn9abcjxqbvtnkmsa5py3	120126d1-1389-4ca8-8e7e-f016cc11865a	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987352576186695}	1795987352448827966	1795987952448827966	1795987352464354261	1795987352575619637	\N	\N	\N
093f62aa-a10b-40fe-97cb-4c1f9ff37025	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	delete-snapshot	{"name": "second"}	\N	gus	dexqzqlq3g4smanzr9j6cazjr	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987379527757550}	1795987379502929970	1795987979502929970	1795987379518628491	1795987379525264377	\N	\N	\N
0e445c74-f084-42eb-86ca-8f5f435538ca	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	resize	{"vcpus": 2}	\N	gus	6fowojd6qwavqp8prwly9vw8e	3a7b684e-7651-49c2-866a-acf6a323592f	\N	failed	9af39be4-f81b-4599-903d-7d355e59db55	1	hypervisor	resize: host host-3: the balloon is stuck	{"host": "host-3", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987403258781000	1795987463258781000	1795987403261348196	1795987403267087079	\N	\N	\N
114d1afc-5363-44de-9cd7-fc7a021b46e5	host-3	2855fea2-ff49-89e9-b985-85559fe48427	shutdown	{"then_destroy": true, "grace_seconds": 5}	\N	gus	abpb07m6k7p1eitov3avlplv7	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "shutoff", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987380596512727}	1795987380451717703	1795987445451717703	1795987380470030230	1795987380594758203	\N	waiting for the guest to shut down	\N
185b5715-d16d-4b0e-9bef-3ba70dbb94d2	host-2	2855fea2-ff49-89e9-b985-85559fe48427	migrate	{"target": "host-3"}	\N	scheduler	b3877082-5d6c-8b09-ba3e-5649222d4a56/migrate	c62ccbdb-3e66-4b85-800e-bb1dce4b1e37	b3877082-5d6c-8b09-ba3e-5649222d4a56	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 1, "granted": 1, "effectiveAt": 1795987362570317445}	1795987360995717783	1795987420995717783	1795987361054411023	1795987362587601062	661376	177537005 B sent, 90898451 B to go	\N
1c63faeb-b846-456c-af95-0f39081664f2	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	resize	{"vcpus": 2}	\N	scheduler	a7c927c9-2000-8e13-bac0-11522b998d76/resize	9fcd2aa4-b622-4658-a0c0-76ba854d4296	a7c927c9-2000-8e13-bac0-11522b998d76	succeeded	ca568e1a-c100-4eed-9a1c-840c008834e3	2	\N	\N	{"host": "host-1", "state": "running", "vcpus": 2, "memory": 740294656, "granted": 2, "effectiveAt": 1795987417236606622}	1795987416968600881	1795987476968600881	1795987417129718134	1795987417239301018	\N	\N	\N
266fc868-8eee-4f53-b667-4b19df33c5f1	host-1	f893a2ee-fb32-455e-b1c1-8690ee42c90b	release	{}	\N	olga	9lora4ybtt3icfczwuv19ohgj	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987402413699428	1795987462413699428	1795987402482232936	1795987402505345812	\N	\N	\N
269bc48c-58e5-4d80-b9ae-c6cf4093a034	host-3	2855fea2-ff49-89e9-b985-85559fe48427	start	{}	\N	gus	7m3kt8v247d0zvyl40mvavgm8	bc27e01c-067e-4e98-abec-d5d7afea877d	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987381240959895}	1795987381090752934	1795987441090752934	1795987381118193494	1795987381239492398	\N	\N	\N
29ba3917-9bee-4199-a2aa-9bca6f111ce8	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	resize	{"vcpus": 1}	\N	scheduler	2a4e05e2-2aec-8d6c-bcce-34902f086e3f/resize	\N	2a4e05e2-2aec-8d6c-bcce-34902f086e3f	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-4", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987395219983745}	1795987395087607814	1795987455087607814	1795987395101986013	1795987395226916246	\N	\N	\N
39299d9c-3d6a-402d-9ff1-4c562724cb78	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	resize	{"vcpus": 3}	\N	scheduler	6e25d1cc-d2e0-8958-982e-bf6ca4505363/resize	5d3d27e1-937a-42a2-94cc-4ee9c1a57529	6e25d1cc-d2e0-8958-982e-bf6ca4505363	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 3, "memory": 536870912, "granted": 3, "effectiveAt": 1795987358670882022}	1795987358488423335	1795987418488423335	1795987358560268810	1795987358671451302	\N	\N	\N
3c65d9ec-0810-478e-ae88-223db72232ec	host-3	2855fea2-ff49-89e9-b985-85559fe48427	cap	{"cpu_cap_ppm": 500000}	\N	olga	bkmh836ys8n28g9n6nod6zzy5	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987381619596107}	1795987381583392337	1795987441583392337	1795987381613782732	1795987381617027457	\N	\N	\N
43885064-c3ca-4fe0-9449-8ac7757f07b7	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	network-cap	{"bytes_per_second": 102400}	\N	olga	cweukay2b44hbkxa5p9ky6npn	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987370157379060}	1795987370105853168	1795987430105853168	1795987370137624026	1795987370155629617	\N	\N	\N
4512ce2a-6a78-4bcd-9a1b-abfd7ce800cf	host-3	2855fea2-ff49-89e9-b985-85559fe48427	resize	{"vcpus": 2}	\N	gus	epslwlfujyg1ih8ih5r6iyv45	b1d4c8e1-916b-4489-a15d-188bfc162453	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 2, "memory": 268435456, "granted": 2, "effectiveAt": 1795987382366369494}	1795987382237865883	1795987442237865883	1795987382251826940	1795987382366870353	\N	\N	\N
49c4fb6c-c3c4-4dfd-b0bd-c1a4dd2e07f4	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	resize	{"vcpus": 2}	\N	scheduler	14fc0ab6-be71-8ccf-b975-f6d383c511cd/resize	\N	14fc0ab6-be71-8ccf-b975-f6d383c511cd	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987366082779654}	1795987365960703126	1795987425960703126	1795987365976624240	1795987366086872764	\N	\N	\N
4c83ca02-7113-430a-b08d-1c5bbc7667d1	host-3	d34beef0-bcee-8070-9347-f9ef98c4049c	destroy	{}	\N	gus	1b2rzdlnnhkbxc0fjmh7lesd7	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "shutoff", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987384726609875}	1795987384664582669	1795987444664582669	1795987384708610381	1795987384731080761	\N	\N	\N
56c7f494-8c6a-49d3-8508-f0efe9232942	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	resize	{"vcpus": 1}	\N	scheduler	942af77a-bde3-848c-954e-26e212743ede/resize	\N	942af77a-bde3-848c-954e-26e212743ede	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987368636231882}	1795987368480091497	1795987428480091497	1795987368503460279	1795987368634778460	\N	\N	\N
5b6b6be0-4b66-4ada-a626-5395a9f04974	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	create	{"boot": {}, "name": "temp-1", "vcpus": 1, "flavor": "tiny", "tenant": "globex", "disk_bytes": 5368709120, "memory_bytes": 536870912, "maximum_vcpus": 2}	\N	admin	7flk0580jw8lw0ce8u5k9z1vy	832a0e9b-d03b-4b64-a09f-6dddac08d744	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "effectiveAt": 1795987384111720074}	1795987383945746155	1795987983945746155	1795987383967027086	1795987384115287037	\N	\N	\N
5dfec8f0-b5fc-4953-8a5f-c791c75a2ff8	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	prepare	{"maximum_vcpus": 8}	\N	ida	cyavlq20j1982srvxtsnz3ptr	\N	\N	succeeded	ca568e1a-c100-4eed-9a1c-840c008834e3	2	\N	\N	{"host": "host-3", "changes": [{"what": "maximum vCPUs", "after": "8", "before": "4"}]}	1795987437715412514	1795987497715412514	1795987437733878974	1795987437762254023	\N	\N	\N
6001af4b-e170-4e8a-b0ac-6ff4ceea1df3	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	restore	{}	\N	gus	4vxpjfythggd0q0o37p2nibby	ff5d74f3-c415-4dc2-a5cf-3cb148456025	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987377386764773}	1795987377252811900	1795987977252811900	1795987377279253244	1795987377391496834	\N	\N	\N
6dd363c4-7cf7-4d02-94d9-74d3810d2862	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	resize	{"memory_bytes": 740294656}	\N	scheduler	be25bec8-73d1-8c37-93fa-1e921da5a9b7/resize	4d457cbd-ba35-4916-8b52-1f7775318101	be25bec8-73d1-8c37-93fa-1e921da5a9b7	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 740294656, "granted": 1, "effectiveAt": 1795987373135932490}	1795987372956621404	1795987432956621404	1795987373010740172	1795987373147845628	\N	\N	\N
6f2a0dbd-14c3-46d4-afc2-3e06cc714e8e	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	resume	{}	\N	gus	1trsrq0hmh9o3x3d6993h34yv	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987375910365500}	1795987375859977455	1795987435859977455	1795987375890209049	1795987375908605632	\N	\N	\N
6f76956e-dbe3-4c33-8c6e-492a3a7b894a	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	revert	{"name": "first"}	\N	gus	csdi0mo0q0nd1om3o7ipv6g1i	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987378953426675}	1795987378934695980	1795987978934695980	1795987378943902938	1795987378955242849	\N	\N	{"boot": 3, "snapshot": "second", "hypervisorID": 6}
79ac365b-b019-4f40-84c0-0cd8cffabf03	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	save	{}	\N	gus	d0kmq52ra92u041viks4q4qmk	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "saved", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987376578632630}	1795987376415610780	1795987976415610780	1795987376440762341	1795987376587412889	\N	\N	\N
79f90d5e-5236-4718-8b04-a71e03be41f2	host-3	2855fea2-ff49-89e9-b985-85559fe48427	delete	{}	\N	gus	6mmjrr8cj46ind3br1ljdhd1t	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3"}	1795987383508868162	1795987983508868162	1795987383562241810	1795987383581054161	\N	\N	\N
7c10f545-09cc-49b2-82a9-f52624409917	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	create	{"boot": {}, "name": "big-1", "vcpus": 4, "tenant": "initech", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\N	admin	1allz067n69mmuk1qfru9jz8u	89c01f8b-fad3-468f-9ca0-11081bbd04e1	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "effectiveAt": 1795987353037145584}	1795987352915083750	1795987952915083750	1795987352925494529	1795987353036438637	\N	\N	\N
800d3361-e96f-412d-9ccc-eb86101bcda9	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	start	{}	\N	ida	11m0b7gavjwc1iwi938a3r2jp	ecec4699-3fab-4873-8e1c-da70c51fe78f	\N	succeeded	ca568e1a-c100-4eed-9a1c-840c008834e3	2	\N	\N	{"host": "host-3", "state": "running", "vcpus": 4, "memory": 536870912, "granted": 4, "effectiveAt": 1795987435774968022}	1795987435635087771	1795987495635087771	1795987435669521302	1795987435785872009	\N	\N	\N
875238fb-51d6-4e38-b905-fdce74e95f22	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	snapshot	{"name": "first"}	\N	gus	9p96x3squ1e3v2yipp8qcwaed	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987378304050167}	1795987378282482013	1795987978282482013	1795987378285158112	1795987378301687398	\N	\N	\N
88e3510c-87e7-42cf-8ada-656f3cdae9e1	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	suspend	{}	\N	gus	3t3w0xkznvcqd36oxtc438zh4	\N	\N	failed	9af39be4-f81b-4599-903d-7d355e59db55	1	outcome-unknown	suspend: host host-3: request fleet.call.v1 of 6562622d-666c-4565-f370-bd368c1a42e4: no reply within the deadline; whether it ran is unknown; see `ebb vm show 9cd9686b-91fa-850f-83e8-da2f496e7281`	{"host": "host-3", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987404104519977	1795987464104519977	1795987404121110795	1795987408234318934	\N	\N	\N
8ad32021-c108-4c23-aa00-9511805aa3df	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	{"target": "host-1"}	\N	olga	4lnhew5ty7njqs4okxpmb7gay	75c17647-70fb-4bb6-942c-e96bd901564b	\N	failed	9af39be4-f81b-4599-903d-7d355e59db55	1	aborted	the migration was called off; the domain goes on running here	{"host": "host-3", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2}	1795987387353324093	1795987987353324093	1795987387968475782	1795987389476977883	\N	\N	\N
8f1da958-a771-4db0-b70e-f0644a194c62	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	create	{"boot": {}, "name": "web-1", "vcpus": 2, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4, "maximum_memory_bytes": 1073741824}	\N	admin	82e891qmc3dlukijvu5sz5xto	3bc2ca58-0059-40cd-820e-0510760e8a98	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987350591691843}	1795987350480764195	1795987950480764195	1795987350485606944	1795987350591092656	\N	\N	\N
8f1f76e8-649a-425c-9131-f33f0a875aa4	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	resize	{"vcpus": 2}	\N	scheduler	46640b6a-12b8-8223-8f9c-adbb751ef229/resize	6a0504a8-b1e3-48b4-ac0f-45113386c79a	46640b6a-12b8-8223-8f9c-adbb751ef229	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-4", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987392811588985}	1795987392603528943	1795987452603528943	1795987392674329305	1795987392822292715	\N	\N	\N
8f4c736e-9dfb-4acc-b3c3-7191c00764a7	host-3	2855fea2-ff49-89e9-b985-85559fe48427	destroy	{}	\N	gus	785tpbw43t9mdcsinlu5hw29k	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "shutoff", "vcpus": 2, "memory": 268435456, "granted": 2, "effectiveAt": 1795987382939792515}	1795987382892492777	1795987442892492777	1795987382927463402	1795987382937271065	\N	\N	\N
9e232b62-2bbb-41ba-a6af-a09a76e96dc7	host-3	d34beef0-bcee-8070-9347-f9ef98c4049c	create	{"boot": {}, "name": "job-1", "vcpus": 1, "tenant": "globex", "disk_bytes": 5368709120, "memory_bytes": 268435456, "maximum_vcpus": 2}	\N	admin	4v58x11yq6zfpjd93tz9ne3mm	14ef7e97-5cb3-41de-a576-b90cac2699ca	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "effectiveAt": 1795987353532756204}	1795987353382873214	1795987953382873214	1795987353423215317	1795987353531112674	\N	\N	\N
a002714c-ab56-4c28-b82b-e16581b1ea25	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	snapshot	{"name": "second"}	\N	gus	96gsatv4jr5dylmc923l0zfcm	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987378661215860}	1795987378635567890	1795987978635567890	1795987378644947976	1795987378658619804	\N	\N	\N
a035d2e6-6508-4699-83f6-46f376df12b7	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	adopt	{"tenant": "acme"}	\N	olga	dnrux0094kbcasinkcknpevuc	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-4", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987389194454383	1795987449194454383	1795987389228067530	1795987389279323280	\N	\N	\N
a56240d9-5ac4-4f71-9fc5-20efd9235733	host-1	f893a2ee-fb32-455e-b1c1-8690ee42c90b	adopt	{"tenant": "initech"}	\N	olga	dyxm4mak58xahb6bxppdshfpn	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987389663815744	1795987449663815744	1795987389697186651	1795987389730556938	\N	\N	\N
bef8c2aa-3850-412b-becb-dcdc2953fa1a	host-2	dccf7df0-51c6-834e-910a-3090db71d8c1	create	{"boot": {}, "name": "cache-1", "vcpus": 2, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 268435456, "maximum_vcpus": 4}	\N	admin	ejvt7oydd9dbsr29wihgl5pvc	4548052d-cba7-4a71-93dd-03553198c1b7	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 268435456, "granted": 2, "effectiveAt": 1795987351549020340}	1795987351385072688	1795987951385072688	1795987351431394912	1795987351547146658	\N	\N	\N
c6199364-2398-46fd-83a3-170422195e5c	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	adopt	{"tenant": "globex"}	\N	olga	cysqlb0iizxo8jbm3uez1bb7c	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-4", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987398196953176	1795987458196953176	1795987398245487288	1795987398256495556	\N	\N	\N
c86f130d-3e8e-4e6d-b215-e997757935e1	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	{"target": "host-2"}	\N	olga	59rrxtgldj2owpa21ngqwhp2n	71ee5e2d-45ea-45e9-bc87-3659a760fb0b	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2"}	1795987409471001735	1795988009471001735	1795987409513913985	1795987412646767025	\N	\N	\N
d1b0dc52-7e40-4afc-952e-67bf11980b7e	host-1	902805dc-bec3-8640-b976-d50e7844e7a5	create	{"boot": {}, "name": "db-1", "vcpus": 1, "tenant": "acme", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\N	admin	ectu81cqgfyrt8uu9y73iojoc	5b1964dc-23cf-49be-82b9-cba3d11c8969	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987351091650188}	1795987350960078815	1795987950960078815	1795987350985770154	1795987351090042501	\N	\N	\N
d4993ea8-c96d-463e-9b90-9bb3239e6d69	host-3	2855fea2-ff49-89e9-b985-85559fe48427	prepare	{"maximum_vcpus": 3, "maximum_memory_bytes": 536870912}	\N	gus	5zztlc7kn7bjx7yv938q5xcy7	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "changes": [{"what": "maximum vCPUs", "after": "3", "before": "2"}, {"what": "maximum memory", "after": "512 MiB", "before": "256 MiB"}]}	1795987379905664307	1795987439905664307	1795987379916679434	1795987379925011773	\N	\N	\N
d888c5d8-7190-4b14-b9b5-a318c03c1501	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	start	{}	\N	ida	4cmjlyxlo633kll8a3orhms6r	1561bcf4-b83c-45e5-9381-281edfbbe6e4	\N	succeeded	ca568e1a-c100-4eed-9a1c-840c008834e3	2	\N	\N	{"host": "host-3", "state": "running", "vcpus": 4, "memory": 536870912, "granted": 4, "effectiveAt": 1795987438383112149}	1795987438270618518	1795987498270618518	1795987438281235548	1795987438392178759	\N	\N	\N
da5ee2ff-59d2-4b59-9744-416582abb2ed	host-3	2855fea2-ff49-89e9-b985-85559fe48427	cap	{"cpu_cap_ppm": 0}	\N	olga	4kw8lpem821rqtqoncf433ykn	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 1, "memory": 268435456, "granted": 1, "effectiveAt": 1795987381923838781}	1795987381890049631	1795987441890049631	1795987381917423542	1795987381921519652	\N	\N	\N
e9a51453-2957-4a3c-bc30-aea8b8684a1c	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	reboot	{}	\N	gus	5ig7rgigm1sc4jkuqdyk9ovnb	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987377996635317}	1795987377907502178	1795987437907502178	1795987377954654316	1795987377995463553	\N	\N	{"boot": 2, "hypervisorID": 6}
ecea47d5-35eb-4715-8119-c3a6100116cb	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	{"target": "host-3"}	\N	olga	d6oh6biu4dmzd6vlueahntgih	925e919d-ea5f-4f9d-a518-d223254096cc	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 2, "granted": 2, "effectiveAt": 1795987386653006754}	1795987385113817435	1795987985113817435	1795987385138742735	1795987386651760981	666197	357662119 B sent, 179208793 B to go	\N
ef2c14fa-f29c-4ef1-918c-05e792c27817	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	suspend	{}	\N	gus	1wjraabm4mgaidpvrjzdy0vgu	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "paused", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987375132011632}	1795987375067005627	1795987435067005627	1795987375121722453	1795987375130457190	\N	\N	\N
f25b20d2-e5db-41b6-b36a-68c2c028b1ae	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	create	{"boot": {}, "name": "app-1", "vcpus": 2, "tenant": "globex", "disk_bytes": 10737418240, "memory_bytes": 536870912, "maximum_vcpus": 4}	\N	admin	3gmrxqorn18x3qm4v5vyznzih	239bc7ab-c2e8-46f0-9e72-4a1adfc8bc47	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-2", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987352093257831}	1795987351935180518	1795987951935180518	1795987351958427873	1795987352091345682	\N	\N	\N
f6cb1c7b-5a56-4a20-bd90-e8b1beb37063	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	network-cap	{"bytes_per_second": 186182}	\N	scheduler	5a54ac1c-5422-8a14-8b03-25e99a04c672/network-cap	\N	5a54ac1c-5422-8a14-8b03-25e99a04c672	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 740294656, "granted": 1, "effectiveAt": 1795987373478257212}	1795987373390963677	1795987433390963677	1795987373449517720	1795987373484043545	\N	\N	\N
f87b5680-b1bc-4015-8082-7a540864fff1	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	release	{}	\N	olga	dpkum1ujkvedogkeuzlqpi425	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-4", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1}	1795987395804857511	1795987455804857511	1795987395822230020	1795987395830626675	\N	\N	\N
fc3f1a69-85b4-4bb1-9e71-30b8fd799d4d	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	abort-migration	{}	\N	olga	5t4mbridllg0zs6124idewdw5	\N	\N	succeeded	9af39be4-f81b-4599-903d-7d355e59db55	1	\N	\N	{"host": "host-3", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2}	1795987388445083388	1795987448445083388	1795987388453558569	1795987388469344350	\N	\N	\N
\.

COPY cluster."freeze" (scope, id, reason, principal, is_automatic, created_ns) FROM stdin;
tenant	globex	unpaid	olga	f	1795987413413184942
\.

COPY cluster.freeze_history (scope, id, reason, principal, is_automatic, created_ns, ended_ns) FROM stdin;
vm	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	an experiment	ada	f	1795987412971931183	1795987416290961000
cluster	main	repairs	olga	f	1795987413651421305	1795987416686999000
\.

COPY cluster.instance (id, service, publish_endpoint, command_endpoint, admin_endpoint, public_key, version, heartbeat, started_ns) FROM stdin;
547e784c-7bc5-4c05-b04a-fb7c54d819df	billing	tcp://127.0.0.2:28624	tcp://127.0.0.2:23883	http://127.0.0.1:43353	\N	0.1.0	569	1795987343698445000
7ed3ccd2-e0b2-4a5b-a8b2-97060154e03f	usergateway	tcp://127.0.0.2:16817	tcp://127.0.0.2:29991	http://127.0.0.1:37437	\N	0.1.0	583	1795987343632893000
\.

COPY cluster.shard (kind, id, epoch, owner) FROM stdin;
audit	main	2	\N
cluster	edge	1	\N
cluster	main	1	\N
host	attic	1	\N
host	host-1	2	\N
host	host-2	2	\N
host	host-3	2	\N
host	host-4	2	\N
host	host-5	2	\N
log	attic	1	\N
log	cluster:edge	2	\N
log	cluster:main	2	\N
log	host-1	2	\N
log	host-2	2	\N
log	host-3	2	\N
log	host-4	2	\N
log	host-5	2	\N
tenant	acme	1	547e784c-7bc5-4c05-b04a-fb7c54d819df
tenant	globex	1	547e784c-7bc5-4c05-b04a-fb7c54d819df
tenant	initech	1	547e784c-7bc5-4c05-b04a-fb7c54d819df
\.

COPY inventory.domain (id, name, tenant, host, state, revision, maximum_vcpus, asked_vcpus, granted_vcpus, confirmed_vcpus, maximum_memory_bytes, memory_bytes, disk_bytes, managed, boot, incarnation_hypervisor, incarnation_start_ns, created_ns, deleted_ns, foreign_manager, cpu_cap_ppm, network_cap_bytes_per_second, pending_maximum_vcpus, pending_maximum_memory_bytes) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	big-1	initech	host-3	running	10	8	\N	4	4	536870912	536870912	10737418240	t	{}	10	1795987438383112149	1795987352930976000	\N	\N	\N	\N	\N	\N
2855fea2-ff49-89e9-b985-85559fe48427	temp-1	globex	host-3	shutoff	13	3	2	2	2	536870912	268435456	10737418240	t	{}	6	1795987381240959895	1795987352469575000	1795987383582881674	\N	\N	\N	\N	\N
491718de-357e-4da8-8b43-5c8e74616796	guest-3-1	\N	host-3	shutoff	4	4	\N	1	1	536870912	536870912	21474836480	f	{}	1	1795987343528769311	1795987347046943000	\N	\N	\N	\N	\N	\N
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	web-1	acme	host-1	running	13	4	2	2	2	1073741824	740294656	10737418240	t	{}	3	1795987350591691843	1795987350490346000	\N	\N	\N	186182	\N	\N
6775dc77-0156-4f61-9afc-d44d14cf8bfe	guest-3-2	\N	host-3	shutoff	4	4	\N	1	1	536870912	536870912	21474836480	f	{}	2	1795987343528769311	1795987347054819000	\N	\N	\N	\N	\N	\N
6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	guest-4-2	\N	host-4	running	4	4	\N	1	1	536870912	536870912	21474836480	f	{}	2	1795987343528769311	1795987347114810000	\N	\N	\N	\N	\N	\N
71bb54d8-d101-45b9-834d-0bff90150280	guest-2-1	\N	host-2	running	2	4	\N	1	1	536870912	536870912	21474836480	f	{}	1	1795987343528769311	1795987345983845000	\N	\N	\N	\N	\N	\N
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	guest-4-1	globex	host-4	running	12	4	1	1	1	536870912	536870912	21474836480	t	{}	1	1795987343528769311	1795987347126692000	\N	\N	\N	\N	\N	\N
902805dc-bec3-8640-b976-d50e7844e7a5	db-1	acme	host-1	running	2	4	\N	1	1	536870912	536870912	10737418240	t	{}	4	1795987351091650188	1795987350990481000	\N	\N	\N	\N	\N	\N
910a2dec-8902-4cc1-beeb-8da1658eec67	guest-1-1	\N	host-1	running	2	4	\N	1	1	536870912	536870912	21474836480	f	{}	1	1795987343528769311	1795987346011275000	\N	\N	\N	\N	\N	\N
9cd9686b-91fa-850f-83e8-da2f496e7281	temp-1	globex	host-3	shutoff	7	2	2	1	1	536870912	536870912	5368709120	t	{}	7	1795987384111720074	1795987383982043000	\N	\N	\N	\N	\N	\N
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	app-1	globex	host-2	running	9	4	\N	2	2	536870912	536870912	10737418240	t	{}	8	1795987411054214139	1795987351973138000	\N	\N	\N	\N	\N	\N
a534a6a6-b7fd-4b63-90ba-d0da572baaf1	guest-5-1	\N	attic	running	4	4	\N	1	1	536870912	536870912	21474836480	f	{}	1	1795987343528769311	1795987347888259000	\N	\N	\N	\N	\N	\N
ae843796-30af-49ee-a263-183773ef6508	guest-5-2	\N	attic	running	4	4	\N	1	1	536870912	536870912	21474836480	f	{}	2	1795987343528769311	1795987347907944000	\N	\N	\N	\N	\N	\N
d34beef0-bcee-8070-9347-f9ef98c4049c	job-1	globex	host-3	shutoff	6	2	\N	1	1	268435456	268435456	5368709120	t	{}	4	1795987353532756204	1795987353431451000	\N	\N	\N	\N	\N	\N
dccf7df0-51c6-834e-910a-3090db71d8c1	cache-1	acme	host-2	running	2	4	\N	2	2	268435456	268435456	10737418240	t	{}	3	1795987351549020340	1795987351447310000	\N	\N	\N	\N	\N	\N
e099ec6c-d736-4ca5-85e7-bb0f12278575	guest-2-2	\N	host-2	running	2	4	\N	1	1	536870912	536870912	21474836480	f	{}	2	1795987343528769311	1795987346016918000	\N	\N	\N	\N	\N	\N
f893a2ee-fb32-455e-b1c1-8690ee42c90b	guest-1-2	\N	host-1	running	5	4	\N	1	1	536870912	536870912	21474836480	f	{}	2	1795987343528769311	1795987346040364000	\N	\N	\N	\N	\N	\N
\.

COPY inventory.duplicate (host, domain, noticed_ns) FROM stdin;
\.

COPY inventory.host (id, cluster, uri, mode, state, cpu_count, memory_bytes, cpu_overcommit_ppm, memory_overcommit_ppm, reserved_vcpus, reserved_memory_bytes, cpu_bound_ppm, capabilities, proved_until_ns, created_ns, labels, removed_ns, uuid) FROM stdin;
attic	edge	fleet://127.0.0.2:21670/host-5	observe	up	4	4294967296	2000000	1000000	0	0	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987462749209210	1795987436578450000	{}	\N	\N
host-1	main	fleet://127.0.0.2:21670/host-1	enabled	up	4	4294967296	1000000	1000000	0	0	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987462951033854	1795987344166438000	{"rack": "a3", "floor": "2"}	\N	\N
host-2	main	fleet://127.0.0.2:21670/host-2	draining	up	4	4294967296	1000000	1000000	1	268435456	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987462950768799	1795987344637953000	{}	\N	\N
host-3	main	fleet://127.0.0.2:21670/host-3	enabled	up	4	4294967296	1000000	1000000	0	0	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987462951004961	1795987345065360000	{}	\N	\N
host-4	edge	fleet://127.0.0.2:21670/host-4	enabled	up	4	4294967296	3000000	1000000	0	0	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987462975567942	1795987345524933000	{}	\N	\N
host-5	edge	fleet://127.0.0.2:21670/host-5	observe	up	4	4294967296	3000000	1000000	0	0	900000	{"driver": "fleet", "events": [], "version": "1", "canCapCPU": true, "canMigrate": true, "hasStorage": true, "canUnplugVCPUs": true, "hasBulkStatistics": true, "hasHostCPUStatistics": true, "hasHostMemoryStatistics": true}	1795987437003610898	1795987346012731000	{}	1795987436292739848	\N
\.

COPY inventory.meter_reading (domain, host, incarnation_start_ns, at_ns, cpu_time_ns, network_received_bytes, network_transmitted_bytes, block_read_bytes, block_written_bytes) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987353529470404	787719712	9846	4923	2016	4033
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987356550218672	5198165343	70261	35130	14389	28779
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987366535284477	9192191665	269962	134981	55288	110576
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987376534163486	13191743268	469940	234970	96243	192487
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987386530935342	17190452011	669875	334937	137190	274381
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987396529000265	21189677980	869837	434918	178142	356285
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987406529305434	25189800048	1069843	534921	219103	438207
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987412457239982	27560973867	1188401	594200	243384	486769
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987416450671828	29158346605	1268270	634135	259741	519483
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987418955927535	30160448888	1318375	659187	270003	540006
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987435774968022	1795987435774968022	934838	46	23	9	19
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987435774968022	1795987436456417763	272579896	13628	6814	2791	5582
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987435774968022	1795987436961981832	474805524	23740	11870	4862	9724
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987438383112149	1795987438383112149	1335475	66	33	13	27
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987438383112149	1795987446449239580	24635109339	161322	80661	33038	66077
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987438383112149	1795987456454797655	63856896993	361433	180716	74021	148043
2855fea2-ff49-89e9-b985-85559fe48427	host-2	1795987352576186695	1795987352576186695	709561	35	17	7	14
2855fea2-ff49-89e9-b985-85559fe48427	host-2	1795987352576186695	1795987356440876867	1545876068	77293	38646	15829	31659
2855fea2-ff49-89e9-b985-85559fe48427	host-2	1795987352576186695	1795987360963105927	3329267807	167738	83869	34352	68705
2855fea2-ff49-89e9-b985-85559fe48427	host-2	1795987352576186695	1795987362442252671	3912005771	197321	98660	40411	80822
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987362570317445	0	0	0	0	0
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987363036713227	186558312	9327	4663	1910	3820
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987366535284477	1585986812	79299	39649	16240	32481
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987376534163486	5585538416	279276	139638	57195	114391
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987379528798408	6783392385	339169	169584	69461	138923
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987380035882928	6986226193	349311	174655	71538	143077
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987380530130482	7183925214	359196	179598	73563	147126
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987381240959895	79732	3	1	0	1
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987381538186102	118890482	5944	2972	1217	2434
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987382030530756	315828344	15791	7895	3234	6468
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987382366369494	450569877	22528	11264	4613	9227
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987382529351199	515356521	25767	12883	5277	10554
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987350591691843	433208	10	5	2	4
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987356463839299	4697717964	117442	58721	24052	48104
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987358466408745	8483952563	157494	78747	32254	64509
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987358670882022	8873311706	161592	80796	33094	66188
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987365968214648	17953925296	307530	153765	62982	125964
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987366082779654	17965802068	309905	154952	63468	126937
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987366462417144	18003345431	317414	158707	65006	130012
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987368466888408	18203792557	357503	178751	73216	146433
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987368636231882	18220760366	360897	180448	73911	147823
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987369963831923	18806785752	387442	193721	79348	158696
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987372961786606	20605558562	590406	295203	91627	183255
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987373135932490	20710202064	607672	303836	92342	184684
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987376478761051	22715743229	728106	364053	106033	212066
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987386462809469	28706172280	927787	463893	146928	293856
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987396460315150	34704675688	1127737	563868	187877	375755
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987406459928351	40704443609	1327729	663864	228836	457672
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987412457766855	44303146711	1447686	723843	253403	506806
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987416450365743	47613873255	1527538	763769	269757	539514
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987416975099936	48138607448	1538033	769016	271906	543812
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987417236606622	48344164409	1543285	771642	272982	545964
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987426449143446	53871028384	1727514	863757	310712	621424
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987436456445584	59875409666	1927660	963830	351702	703404
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987446449268223	65871103250	2127516	1063758	392632	785265
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987456454707901	71874367057	2327625	1163812	433614	867229
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987389398115137	18347738330	917386	458693	187880	375761
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987392575979524	20690120826	980944	490472	200897	401794
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987392811588985	20923619300	985661	492830	201863	403726
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987395078559182	22103692759	1030995	515497	211147	422295
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987395219983745	22160370122	1033829	516914	211728	423456
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987395578500111	22303669131	1040994	520497	213195	426391
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987398375285745	23422383384	1096930	548465	224651	449302
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987406571501494	26700869684	1260854	630427	258223	516446
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987412467925049	29059439106	1378783	689391	282374	564749
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987416476243409	30662766450	1458949	729474	298792	597585
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987429972568862	36061296631	1728875	864437	354073	708147
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987436503677281	38673739999	1859498	929749	380825	761650
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987446470841049	42660605506	2058841	1029420	421650	843301
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987456475237496	46662364085	2258929	1129464	462628	925257
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987351091650188	98412	4	2	1	2
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987356463839299	2148875644	107443	53721	22004	44008
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987366462417144	9834598453	307415	153707	62958	125917
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987376478761051	12839501625	507742	253871	103985	207971
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987386462809469	15834716150	707423	353711	144880	289760
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987396460315150	18833967854	907373	453686	185830	371660
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987406459928351	21833851815	1107365	553682	226788	453576
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987412457766855	23633203366	1227322	613661	251355	502711
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987416450365743	24830983032	1307174	653587	267709	535418
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987426449143446	27830616343	1507149	753574	308664	617328
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987436456445584	30832806985	1707295	853647	349654	699308
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987446449268223	33830653776	1907152	953576	390584	781169
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987456454707901	36832285680	2107261	1053630	431567	863134
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987384528534916	166725936	8336	4168	1707	3414
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987386530935342	967686107	48384	24192	9909	19818
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987396529000265	4966912076	248345	124172	50861	101722
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987403029043815	7566929496	378346	189173	77485	154970
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987404040173225	7971381260	398569	199284	81626	163253
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987406529305434	8967034144	448351	224175	91822	183644
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987412457239982	11338207963	566910	283455	116103	232206
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987416450671828	11608993296	580449	290224	118876	237752
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987418955927535	11608993296	580449	290224	118876	237752
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987352093257831	167565	4	2	0	1
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987356440876867	3478095228	86952	43476	17807	35615
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987366443400830	11409734278	287002	143501	58778	117556
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987374939982333	18206999481	456934	228467	93580	187160
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987375132011632	18360622920	460775	230387	94366	188733
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987375439161088	18360622920	460775	230387	94366	188733
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987375910365500	18360622920	460775	230387	94366	188733
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987375960297251	18400568321	461773	230886	94571	189142
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987376442008114	18785937011	471407	235703	96544	193088
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987377386764773	298360	7	3	1	3
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987377944948826	446547242	11163	5581	2286	4572
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987377996635317	487896435	12197	6098	2498	4996
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987378304050167	733828315	18345	9172	3757	7514
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987378445937593	847338256	21183	10591	4338	8676
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987378661215860	1019560869	25489	12744	5220	10440
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987378940750958	1243188948	31079	15539	6365	12730
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987378953426675	0	0	0	0	0
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987379446692499	394612659	9865	4932	2020	4040
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987379527757550	459464700	11486	5743	2352	4704
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987384944019401	4792474180	119811	59905	24537	49074
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987386441195992	5990215453	149755	74877	30669	61339
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987411054214139	0	0	0	0	0
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987412457627268	1122730503	28068	14034	5748	11496
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987416450812017	4317278302	107931	53965	22104	44208
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987426449369853	12316124571	307903	153951	63058	126117
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987436456184556	20321576333	508039	254019	104046	208092
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987446448999824	28315828548	707895	353947	144977	289954
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987456454466012	36320201498	908005	454002	185959	371918
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987386653006754	0	0	0	0	0
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987387028962194	300764352	7519	3759	1539	3079
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987387529387654	701104720	17527	8763	3589	7179
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987396529000265	7900794808	197519	98759	40452	80904
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987406529305434	15901038944	397525	198762	81413	162826
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987409029615979	17901287380	447532	223766	91654	183309
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987354033506371	200300066	10015	5007	2051	4102
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987356550218672	1206984987	60349	30174	12359	24719
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987366535284477	5201011309	260050	130025	53258	106516
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987376534163486	9200562912	460028	230014	94213	188427
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987384528534916	12398311484	619915	309957	126958	253917
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987351549020340	163335	4	2	0	1
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987356440876867	3913485221	97837	48918	20037	40074
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987366443400830	19057383275	297887	148943	61007	122014
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987376442008114	27056269102	497859	248929	101961	203923
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987386441195992	35055619404	697843	348921	142918	285836
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987396442081770	43056328027	897861	448930	183881	367763
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987406442737200	51056852371	1097874	548937	224844	449689
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987412457627268	55868764425	1218172	609086	249481	498963
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987416450812017	59063312224	1298035	649017	265837	531675
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987426449369853	67062158493	1498006	749003	306791	613583
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987436456184556	75067610255	1698143	849071	347779	695559
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987446448999824	83061862470	1897999	948999	388710	777420
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987456454466012	91066235420	2098108	1049054	429692	859385
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987389848021822	18527701004	926385	463192	189723	379447
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987396460315150	21172618335	1058630	529315	216807	433615
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987401967790357	23375608418	1168780	584390	239366	478732
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987402476531280	23579104787	1178955	589477	241450	482900
\.

COPY inventory.saved_definition (domain, definition, saved_ns) FROM stdin;
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	{"disk_bytes":21474836480,"id":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","memory_bytes":536870912,"name":"guest-4-1","vcpus":1,"vcpus_maximum":4}	1795987398250301065
\.

COPY inventory.size_segment (domain, host, incarnation_start_ns, start_ns, end_ns, vcpus, memory_bytes, disk_bytes, asked_vcpus, granted_vcpus) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987353037145584	1795987418955927535	4	536870912	10737418240	\N	4
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987353037145584	1795987419303764007	1795987435774968022	0	0	10737418240	\N	4
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987435774968022	1795987435774968022	1795987437394395738	4	536870912	10737418240	\N	4
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987435774968022	1795987437394395738	1795987438383112149	0	0	10737418240	\N	4
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987438383112149	1795987438383112149	\N	4	536870912	10737418240	\N	4
2855fea2-ff49-89e9-b985-85559fe48427	host-2	1795987352576186695	1795987352576186695	1795987362570317445	1	268435456	10737418240	\N	1
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987362570317445	1795987380596512727	1	268435456	10737418240	\N	1
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987362570317445	1795987380596512727	1795987381240959895	0	0	10737418240	\N	1
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987381240959895	1795987382366369494	1	268435456	10737418240	\N	1
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987382366369494	1795987382939792515	2	268435456	10737418240	2	2
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987382939792515	1795987383582881674	0	0	10737418240	2	2
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987350591691843	1795987358670882022	2	536870912	10737418240	\N	2
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987358670882022	1795987366082779654	3	536870912	10737418240	3	3
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987366082779654	1795987368636231882	2	536870912	10737418240	2	2
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987368636231882	1795987373135932490	1	536870912	10737418240	1	1
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987373135932490	1795987417236606622	1	740294656	10737418240	1	1
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987417236606622	\N	2	740294656	10737418240	2	2
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987343528769311	1795987392811588985	1	536870912	21474836480	\N	1
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987392811588985	1795987395219983745	2	536870912	21474836480	2	2
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987395219983745	1795987395830346729	1	536870912	21474836480	1	1
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987395830346729	\N	1	536870912	21474836480	1	1
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987351091650188	\N	1	536870912	10737418240	\N	1
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987384111720074	1795987418955927535	1	536870912	5368709120	\N	1
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987419303764007	\N	0	0	5368709120	2	1
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987352093257831	1795987376578632630	2	536870912	10737418240	\N	2
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987352093257831	1795987376578632630	1795987377386764773	0	0	10737418240	\N	2
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987377386764773	1795987377386764773	1795987378940750958	2	536870912	10737418240	\N	2
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987378953426675	1795987378953426675	1795987386653006754	2	536870912	10737418240	\N	2
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-3	1795987386653006754	1795987386653006754	1795987411054214139	2	536870912	10737418240	\N	2
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987411054214139	\N	2	536870912	10737418240	\N	2
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987353532756204	1795987384726609875	1	268435456	5368709120	\N	1
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987384726609875	\N	0	0	5368709120	\N	1
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987351549020340	\N	2	268435456	10737418240	\N	2
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987343528769311	1795987402504858988	1	536870912	21474836480	\N	1
\.

COPY inventory.size_state (domain, host, incarnation_start_ns, observed_ns, boundary_ns) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	host-3	1795987438383112149	1795987438383112149	1795987438383112149
2855fea2-ff49-89e9-b985-85559fe48427	host-3	1795987381240959895	1795987383580672423	1795987383582881674
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	host-1	1795987350591691843	1795987417236606622	1795987417236606622
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	host-4	1795987343528769311	1795987412467925049	1795987395830346729
902805dc-bec3-8640-b976-d50e7844e7a5	host-1	1795987351091650188	1795987412457766855	1795987351091650188
9cd9686b-91fa-850f-83e8-da2f496e7281	host-3	1795987384111720074	1795987428449175650	1795987419303764007
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	host-2	1795987411054214139	1795987412457627268	1795987411054214139
d34beef0-bcee-8070-9347-f9ef98c4049c	host-3	1795987353532756204	1795987412457239982	1795987384726609875
dccf7df0-51c6-834e-910a-3090db71d8c1	host-2	1795987351549020340	1795987412457627268	1795987351549020340
f893a2ee-fb32-455e-b1c1-8690ee42c90b	host-1	1795987343528769311	1795987402504858988	1795987402504858988
\.

COPY log.event (at_ns, topic, stream_epoch, sequence, kind, host, domain, detail, is_foreign) FROM stdin;
1795987347285586142	decision/edge/	1	1	decision-nothing	\N	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	nothing: no policy is subscribed	f
1795987347285586142	decision/edge/	1	2	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: no policy is subscribed	f
1795987348325901067	decision/edge/	1	3	decision-nothing	\N	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	nothing: no policy is subscribed	f
1795987348325901067	decision/edge/	1	4	decision-nothing	\N	ae843796-30af-49ee-a263-183773ef6508	nothing: no policy is subscribed	f
1795987390362392953	decision/edge/	1	5	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: 0 of the last 12 known samples were above 80 % and 0 below 30 %; 3 are needed	f
1795987392603265962	decision/edge/	1	6	decision-grow	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	grow from 1 to 2 vCPUs: 3 of the last 12 known samples were above 80 % and 3 are needed	f
1795987393023008898	decision/edge/	1	7	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: no sample is known that is recent enough	f
1795987393571020554	decision/edge/	1	8	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed	f
1795987395078559182	decision/edge/	1	9	decision-shrink	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	shrink from 2 to 1 vCPUs: 3 of the last 4 known samples were below 30 % and 3 are needed	f
1795987395564618909	decision/edge/	1	10	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: no sample is known that is recent enough	f
1795987396070401917	decision/edge/	1	11	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed	f
1795987425688089830	decision/edge/	1	12	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: no sample is known that is recent enough	f
1795987429972568862	decision/edge/	1	13	decision-nothing	\N	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	nothing: 0 of the last 1 known samples were above 90 % and 0 below 10 %; 3 are needed	f
1795987438412697296	decision/edge/	1	14	decision-nothing	\N	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	nothing: no policy is subscribed	f
1795987438412697296	decision/edge/	1	15	decision-nothing	\N	ae843796-30af-49ee-a263-183773ef6508	nothing: no policy is subscribed	f
1795987346233374969	decision/main/	1	1	decision-nothing	\N	71bb54d8-d101-45b9-834d-0bff90150280	nothing: no policy is subscribed	f
1795987346233374969	decision/main/	1	2	decision-nothing	\N	910a2dec-8902-4cc1-beeb-8da1658eec67	nothing: no policy is subscribed	f
1795987346233374969	decision/main/	1	3	decision-nothing	\N	e099ec6c-d736-4ca5-85e7-bb0f12278575	nothing: no policy is subscribed	f
1795987346233374969	decision/main/	1	4	decision-nothing	\N	f893a2ee-fb32-455e-b1c1-8690ee42c90b	nothing: no policy is subscribed	f
1795987347263758477	decision/main/	1	5	decision-nothing	\N	491718de-357e-4da8-8b43-5c8e74616796	nothing: no policy is subscribed	f
1795987347263758477	decision/main/	1	6	decision-nothing	\N	6775dc77-0156-4f61-9afc-d44d14cf8bfe	nothing: no policy is subscribed	f
1795987350821533897	decision/main/	1	7	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no policy is subscribed	f
1795987351334117553	decision/main/	1	8	decision-nothing	\N	902805dc-bec3-8640-b976-d50e7844e7a5	nothing: no policy is subscribed	f
1795987351871199726	decision/main/	1	9	decision-nothing	\N	dccf7df0-51c6-834e-910a-3090db71d8c1	nothing: no policy is subscribed	f
1795987352410433116	decision/main/	1	10	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: no policy is subscribed	f
1795987352927151901	decision/main/	1	11	decision-nothing	\N	2855fea2-ff49-89e9-b985-85559fe48427	nothing: no policy is subscribed	f
1795987353447182400	decision/main/	1	12	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: no policy is subscribed	f
1795987353447182400	decision/main/	1	13	decision-nothing	\N	d34beef0-bcee-8070-9347-f9ef98c4049c	nothing: no policy is subscribed	f
1795987353993261099	decision/main/	1	14	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 6 known samples were above 80 % and 0 below 15 %; 4 are needed	f
1795987354464718056	decision/main/	1	15	decision-nothing	\N	902805dc-bec3-8640-b976-d50e7844e7a5	nothing: 0 of the last 5 known samples were above 70 % and 0 below 20 %; 3 are needed	f
1795987354964722119	decision/main/	1	16	decision-nothing	\N	dccf7df0-51c6-834e-910a-3090db71d8c1	nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 8 are needed	f
1795987355454588218	decision/main/	1	17	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987355953809286	decision/main/	1	18	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: 0 of the last 4 known samples were above 80 % and 0 below 30 %; 3 are needed	f
1795987357534180199	decision/main/	1	19	decision-refuse	\N	2125a37b-0503-804c-8b59-ff0706bf1761	not shrunk: 3 of the last 8 known samples were below 30 % and 3 are needed, but the policy's minimum is 4 vCPUs	f
1795987358466408745	decision/main/	1	20	decision-refuse	\N	902805dc-bec3-8640-b976-d50e7844e7a5	not grown: 3 of the last 6 known samples were above 70 % and 3 are needed, but the policy's maximum is 1 vCPUs	f
1795987358469062989	decision/main/	1	21	decision-grow	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow from 2 to 3 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed	f
1795987359284938486	decision/main/	1	22	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987359459126050	decision/main/	1	23	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	f
1795987360963105927	decision/main/	1	24	decision-grow	\N	dccf7df0-51c6-834e-910a-3090db71d8c1	grow from 2 to 3 vCPUs: 8 of the last 12 known samples were above 80 % and 8 are needed (not done: its policy is a dry run)	f
1795987360971433269	decision/main/	1	25	decision-refuse	\N	910a2dec-8902-4cc1-beeb-8da1658eec67	not moved: host-1 has been above its bound, but Ebb does not manage it	f
1795987360989972871	decision/main/	1	26	decision-migrate	\N	2855fea2-ff49-89e9-b985-85559fe48427	migrate from host-2 to host-3: host-2 has been above its bound	f
1795987365439121324	decision/main/	1	27	decision-nothing	\N	dccf7df0-51c6-834e-910a-3090db71d8c1	nothing: 7 of the last 12 known samples were above 80 % and 0 below 30 %; 8 are needed	f
1795987365463728562	decision/main/	1	28	decision-refuse	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	not shrunk: 4 of the last 6 known samples were below 15 % and 4 are needed, but the same load would be 95 % of one vCPU less, above 80 %	f
1795987365463728562	decision/main/	1	29	decision-nothing	\N	902805dc-bec3-8640-b976-d50e7844e7a5	nothing: 2 of the last 6 known samples were above 70 % and 0 below 20 %; 3 are needed	f
1795987365968214648	decision/main/	1	30	decision-shrink	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	shrink from 3 to 2 vCPUs: 5 of the last 6 known samples were below 15 % and 4 are needed	f
1795987366565988917	decision/main/	1	31	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987366967720846	decision/main/	1	32	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 80 % and 1 below 15 %; 4 are needed	f
1795987368466888408	decision/main/	1	33	decision-shrink	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	shrink from 2 to 1 vCPUs: 4 of the last 4 known samples were below 15 % and 4 are needed	f
1795987369186013369	decision/main/	1	34	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987369467047989	decision/main/	1	35	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	f
1795987370237393366	decision/main/	1	36	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987370464687252	decision/main/	1	37	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed	f
1795987370741107946	decision/main/	1	38	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987370741107946	decision/main/	1	39	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987371480058590	decision/main/	1	40	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 1 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed	f
1795987371480058590	decision/main/	1	41	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 1 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987372956445052	decision/main/	1	42	decision-grow	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow from 512 MiB to 706 MiB: 4 of the last 4 known samples were above 85 % and 4 are needed	f
1795987373390624983	decision/main/	1	43	decision-grow	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow from 102400 B/s to 186182 B/s: 4 of the last 4 known samples were above 80 % and 4 are needed	f
1795987373390624983	decision/main/	1	44	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987373894694811	decision/main/	1	45	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987373960101925	decision/main/	1	46	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 85 % and 1 below 50 %; 4 are needed	f
1795987374462627166	decision/main/	1	47	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 4 are needed	f
1795987375458858936	decision/main/	1	48	decision-refuse	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	not shrunk: 4 of the last 4 known samples were below 50 % and 4 are needed, but it changed at 2026-11-29T21:22:53.135932490Z and rests until 2026-11-29T21:27:53.135932490Z	f
1795987375960465702	decision/main/	1	49	decision-refuse	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	not shrunk: 4 of the last 4 known samples were below 30 % and 4 are needed, but it changed at 2026-11-29T21:22:53.478257212Z and rests until 2026-11-29T21:27:53.478257212Z	f
1795987376930716990	decision/main/	1	50	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: the number of vCPUs is not known	f
1795987377938779681	decision/main/	1	51	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: no sample is known that is recent enough	f
1795987377944948826	decision/main/	1	52	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987379454060992	decision/main/	1	53	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: no sample is known that is recent enough	f
1795987379951715323	decision/main/	1	54	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987384009280684	decision/main/	1	55	decision-nothing	\N	9cd9686b-91fa-850f-83e8-da2f496e7281	nothing: no policy is subscribed	f
1795987387028962194	decision/main/	1	56	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: somebody else moved it from host-2 to host-3, so Ebb moves nothing there until 2026-11-29T21:53:07.028962194Z	f
1795987387038037606	decision/main/	1	57	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: no sample is known that is recent enough	f
1795987387529387654	decision/main/	1	58	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987388756940121	decision/main/	1	59	decision-nothing	\N	902805dc-bec3-8640-b976-d50e7844e7a5	nothing: no policy is subscribed	f
1795987412457627268	decision/main/	1	60	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: somebody else moved it from host-3 to host-2, so Ebb moves nothing there until 2026-11-29T21:53:32.457627268Z	f
1795987412761227913	decision/main/	1	61	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: no sample is known that is recent enough	f
1795987412955080257	decision/main/	1	62	decision-nothing	\N	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	f
1795987415949201295	decision/main/	1	63	decision-grow	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow from 1 to 2 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed (not done: automatic actions are frozen: repairs)	f
1795987416968439020	decision/main/	1	64	decision-grow	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow from 1 to 2 vCPUs: 5 of the last 6 known samples were above 80 % and 4 are needed	f
1795987417477618505	decision/main/	1	65	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: no sample is known that is recent enough	f
1795987417962380968	decision/main/	1	66	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	f
1795987418946834764	decision/main/	1	67	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: its owner has it left alone	f
1795987419015270728	decision/main/	1	68	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: its owner has it left alone	f
1795987419015270728	decision/main/	1	69	decision-nothing	\N	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	nothing: its owner has it left alone	f
1795987430285245004	decision/main/	1	70	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: the number of vCPUs is not known	f
1795987436456417763	decision/main/	1	71	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 3 are needed	f
1795987438196425392	decision/main/	1	72	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: the number of vCPUs is not known	f
1795987438751982984	decision/main/	1	73	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: no sample is known that is recent enough	f
1795987438976090926	decision/main/	1	74	decision-nothing	\N	2125a37b-0503-804c-8b59-ff0706bf1761	nothing: 0 of the last 1 known samples were above 60 % and 0 below 10 %; 3 are needed	f
1795987441974145932	decision/main/	1	75	decision-refuse	\N	2125a37b-0503-804c-8b59-ff0706bf1761	not grown: 3 of the last 6 known samples were above 60 % and 3 are needed, but no host has room	f
1795987358670882022	event/host-1/	1	1	resized	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	2 → 3 vCPUs	f
1795987366082779654	event/host-1/	1	2	resized	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	3 → 2 vCPUs	f
1795987368636231882	event/host-1/	1	3	resized	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	2 → 1 vCPUs	f
1795987373135932490	event/host-1/	1	4	resized	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	512 MiB → 706 MiB of memory	f
1795987417236606622	event/host-1/	2	1	resized	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1 → 2 vCPUs	f
1795987362570317445	event/host-2/	1	1	migrated-out	host-2	2855fea2-ff49-89e9-b985-85559fe48427	moved by Ebb	f
1795987375132011632	event/host-2/	1	2	paused	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running → paused	f
1795987375910365500	event/host-2/	1	3	resumed	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	paused → running	f
1795987376578632630	event/host-2/	1	4	saved	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running → saved	f
1795987377386764773	event/host-2/	1	5	restored	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	saved → running	f
1795987378953426675	event/host-2/	1	6	restarted	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	its counters begin again	f
1795987386653006754	event/host-2/	1	7	migrated-out	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	moved by Ebb	f
1795987411054214139	event/host-2/	2	1	migrated-in	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	moved by Ebb	f
1795987353030422362	event/host-3/	1	1	migrated-out	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	moved by Ebb	f
1795987353529470404	event/host-3/	1	2	migrated-out	host-3	d34beef0-bcee-8070-9347-f9ef98c4049c	moved by Ebb	f
1795987362570317445	event/host-3/	1	3	migrated-in	host-3	2855fea2-ff49-89e9-b985-85559fe48427	moved by Ebb	f
1795987380596512727	event/host-3/	1	4	stopped	host-3	2855fea2-ff49-89e9-b985-85559fe48427	shutting-down → shutoff	f
1795987381240959895	event/host-3/	1	5	started	host-3	2855fea2-ff49-89e9-b985-85559fe48427	shutoff → running	f
1795987382366369494	event/host-3/	1	6	resized	host-3	2855fea2-ff49-89e9-b985-85559fe48427	1 → 2 vCPUs	f
1795987382939792515	event/host-3/	1	7	stopped	host-3	2855fea2-ff49-89e9-b985-85559fe48427	running → shutoff	f
1795987384030933201	event/host-3/	1	8	migrated-out	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	moved by Ebb	f
1795987384726609875	event/host-3/	1	9	stopped	host-3	d34beef0-bcee-8070-9347-f9ef98c4049c	running → shutoff	f
1795987386653006754	event/host-3/	1	10	migrated-in	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	moved by Ebb	f
1795987412646489632	event/host-3/	2	1	migrated-out	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	moved by Ebb	f
1795987413134203314	event/host-3/	2	2	paused	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	running → paused	t
1795987419303764007	event/host-3/	2	3	stopped	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	running → shutoff	t
1795987419303764007	event/host-3/	2	4	stopped	host-3	491718de-357e-4da8-8b43-5c8e74616796	running → shutoff	t
1795987419303764007	event/host-3/	2	5	stopped	host-3	6775dc77-0156-4f61-9afc-d44d14cf8bfe	running → shutoff	t
1795987419303764007	event/host-3/	2	6	stopped	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	paused → shutoff	t
1795987435774968022	event/host-3/	2	7	started	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	shutoff → running	f
1795987437394395738	event/host-3/	2	8	stopped	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	running → shutoff	f
1795987438383112149	event/host-3/	2	9	started	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	shutoff → running	f
1795987392811588985	event/host-4/	1	1	resized	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1 → 2 vCPUs	f
1795987395219983745	event/host-4/	1	2	resized	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	2 → 1 vCPUs	f
\.

COPY log.gap (topic, epoch, first, last, noticed_ns) FROM stdin;
host/host-1/	2	16	40	1795987434702338000
host/host-2/	2	16	40	1795987434729392000
host/host-3/	2	16	39	1795987434766020000
host/host-4/	2	16	22	1795987434787271000
host/host-5/	2	16	40	1795987434795258000
\.

COPY log.host_sample_20785 (sampled_ns, host, stream_epoch, sequence, interval_ns, cpu_count, memory_bytes, cpu_utilization_ppm, control_domain_utilization_ppm, domains_utilization_ppm, memory_used_bytes, response_time_ns, response_method, response_loss_ppm) FROM stdin;
\.

COPY log.host_sample_20786 (sampled_ns, host, stream_epoch, sequence, interval_ns, cpu_count, memory_bytes, cpu_utilization_ppm, control_domain_utilization_ppm, domains_utilization_ppm, memory_used_bytes, response_time_ns, response_method, response_loss_ppm) FROM stdin;
1795987365580666591	host-4	1	40	510799003	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987366341837129	host-5	1	40	500480249	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987364477359576	host-1	1	40	510283567	4	4294967296	320000	20000	299999	2147483648	200000	simulated	0
1795987364452000661	host-2	1	40	507768868	4	4294967296	620000	20000	600000	1879048192	200000	simulated	0
1795987365530846376	host-3	1	40	488271057	4	4294967296	520000	20000	500000	2147483648	200000	simulated	0
1795987384486159450	host-1	1	80	510066719	4	4294967296	445000	20000	424999	2350907392	200000	simulated	0
1795987384450135799	host-2	1	80	501507393	4	4294967296	620000	20000	600000	1879048192	200000	simulated	0
1795987385528670691	host-3	1	80	489039710	4	4294967296	420000	20000	400000	2147483648	200000	simulated	0
1795987385580600193	host-4	1	80	505434397	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987386346969191	host-5	1	80	508018289	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987404571288906	host-4	1	120	500925182	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987403964828409	host-1	1	120	490967527	4	4294967296	445000	20000	425000	2350907392	200000	simulated	0
1795987404443170994	host-2	1	120	478546759	4	4294967296	420000	20000	400000	1342177280	200000	simulated	0
1795987405531271044	host-3	1	120	480534324	4	4294967296	620000	20000	600000	2684354560	200000	simulated	0
1795987406342683255	host-5	1	120	489681825	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987432450755501	host-3	2	40	500995236	4	4294967296	20000	20000	0	0	\N	unknown	500000
1795987440986143589	host-4	2	40	510225270	4	4294967296	220000	20000	200000	1073741824	200000	simulated	166666
1795987456762162121	attic	1	40	489440567	4	4294967296	220000	20000	200000	1073741824	200000	simulated	0
1795987451953058050	host-1	2	80	503467943	4	4294967296	445000	20000	424999	2350907392	200000	simulated	0
1795987451952967024	host-2	2	80	503468063	4	4294967296	620000	20000	600000	1879048192	200000	simulated	0
1795987452449553435	host-3	2	80	496807419	4	4294967296	1000000	20000	980000	536870912	200000	simulated	250000
1795987460990104710	host-4	2	80	517144117	4	4294967296	220000	20000	200000	1073741824	200000	simulated	100000
\.

COPY log.host_sample_20787 (sampled_ns, host, stream_epoch, sequence, interval_ns, cpu_count, memory_bytes, cpu_utilization_ppm, control_domain_utilization_ppm, domains_utilization_ppm, memory_used_bytes, response_time_ns, response_method, response_loss_ppm) FROM stdin;
\.

COPY log.sample_20785 (sampled_ns, host, stream_epoch, sequence, domain, state, hypervisor_id, incarnation_start_ns, maximum_vcpus, asked_vcpus, granted_vcpus, confirmed_vcpus, memory_maximum_bytes, memory_allocated_bytes, memory_used_bytes, cpu_time_ns, steal_time_ns, network_received_bytes, network_transmitted_bytes, block_read_bytes, block_written_bytes, virt_cpu_usage_ppm, cpu_utilization_ppm, steal_utilization_ppm, memory_utilization_ppm, network_bytes_per_second, swap_in_bytes, major_faults, network_cap_bytes_per_second, network_utilization_ppm, swap_in_delta_bytes, major_faults_delta) FROM stdin;
\.

COPY log.sample_20786 (sampled_ns, host, stream_epoch, sequence, domain, state, hypervisor_id, incarnation_start_ns, maximum_vcpus, asked_vcpus, granted_vcpus, confirmed_vcpus, memory_maximum_bytes, memory_allocated_bytes, memory_used_bytes, cpu_time_ns, steal_time_ns, network_received_bytes, network_transmitted_bytes, block_read_bytes, block_written_bytes, virt_cpu_usage_ppm, cpu_utilization_ppm, steal_utilization_ppm, memory_utilization_ppm, network_bytes_per_second, swap_in_bytes, major_faults, network_cap_bytes_per_second, network_utilization_ppm, swap_in_delta_bytes, major_faults_delta) FROM stdin;
1795987364477359576	host-1	1	40	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	running	3	1795987350591691843	4	3	3	3	1073741824	536870912	322122547	17804841279	0	277713	138856	56875	113751	99999	33333	0	600000	30001	0	0	\N	\N	0	0
1795987364477359576	host-1	1	40	902805dc-bec3-8640-b976-d50e7844e7a5	running	4	1795987351091650188	4	\N	1	1	536870912	536870912	322122547	9239081182	0	267714	133857	54827	109655	300000	300000	0	600000	30001	0	0	\N	\N	0	0
1795987364477359576	host-1	1	40	910a2dec-8902-4cc1-beeb-8da1658eec67	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8379436106	0	418971	209485	85805	171610	400000	400000	0	600000	29997	0	0	\N	\N	0	0
1795987364477359576	host-1	1	40	f893a2ee-fb32-455e-b1c1-8690ee42c90b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8379436106	0	418971	209485	85805	171610	400000	400000	0	600000	29997	0	0	\N	\N	0	0
1795987364452000661	host-2	1	40	71bb54d8-d101-45b9-834d-0bff90150280	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8334099562	35192977	418464	209232	85701	171403	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987365580666591	host-4	1	40	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8820758912	0	441037	220518	90324	180649	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987365580666591	host-4	1	40	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8820758912	0	441037	220518	90324	180649	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987364452000661	host-2	1	40	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running	4	1795987352093257831	4	\N	2	2	536870912	536870912	322122547	9816614143	70380120	247174	123587	50621	101242	800000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987364452000661	host-2	1	40	dccf7df0-51c6-834e-910a-3090db71d8c1	running	3	1795987351549020340	4	\N	2	2	268435456	268435456	161061273	17464263139	174185108	258059	129029	52850	105701	800000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987364452000661	host-2	1	40	e099ec6c-d736-4ca5-85e7-bb0f12278575	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8334099562	35192977	418464	209232	85701	171403	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987365530846376	host-3	1	40	2125a37b-0503-804c-8b59-ff0706bf1761	running	3	1795987353037145584	4	\N	4	4	536870912	536870912	322122547	8790416424	0	249874	124937	51174	102348	400000	100000	0	600000	30002	0	0	\N	\N	0	0
1795987365530846376	host-3	1	40	2855fea2-ff49-89e9-b985-85559fe48427	running	5	1795987362570317445	2	\N	1	1	268435456	268435456	161061273	1184211572	0	59210	29605	12126	24252	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987365530846376	host-3	1	40	491718de-357e-4da8-8b43-5c8e74616796	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8800830826	0	440041	220020	90120	180241	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987365530846376	host-3	1	40	6775dc77-0156-4f61-9afc-d44d14cf8bfe	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	8800830826	0	440041	220020	90120	180241	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987365530846376	host-3	1	40	d34beef0-bcee-8070-9347-f9ef98c4049c	running	4	1795987353532756204	2	\N	1	1	268435456	268435456	161061273	4799236068	0	239961	119980	49144	98288	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987366341837129	host-5	1	40	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	9125227127	0	456261	228130	93442	186884	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987366341837129	host-5	1	40	ae843796-30af-49ee-a263-183773ef6508	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	9125227127	0	456261	228130	93442	186884	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987385528670691	host-3	1	80	2125a37b-0503-804c-8b59-ff0706bf1761	running	3	1795987353037145584	4	\N	4	4	536870912	536870912	322122547	16789546150	0	649830	324915	133085	266170	400000	100000	0	600000	30002	0	0	\N	\N	0	0
1795987385528670691	host-3	1	80	491718de-357e-4da8-8b43-5c8e74616796	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16799960552	0	839998	419999	172031	344063	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987384486159450	host-1	1	80	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	running	3	1795987350591691843	4	1	1	1	1073741824	740294656	322122547	27520182268	0	888254	444127	138831	277663	600000	600000	0	435127	30000	0	0	186182	161133	0	0
1795987384486159450	host-1	1	80	902805dc-bec3-8640-b976-d50e7844e7a5	running	4	1795987351091650188	4	\N	1	1	536870912	536870912	322122547	15241721144	0	667890	333945	136783	273567	300000	300000	0	600000	30002	0	0	\N	\N	0	0
1795987384486159450	host-1	1	80	910a2dec-8902-4cc1-beeb-8da1658eec67	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16382956055	0	819147	409573	167761	335522	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987384486159450	host-1	1	80	f893a2ee-fb32-455e-b1c1-8690ee42c90b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16382956055	0	819147	409573	167761	335522	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987384450135799	host-2	1	80	71bb54d8-d101-45b9-834d-0bff90150280	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16333353617	35192977	818427	409213	167613	335227	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987384450135799	host-2	1	80	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running	7	1795987378953426675	4	\N	2	2	536870912	536870912	322122547	4397367299	0	109934	54967	22514	45029	800000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987384450135799	host-2	1	80	dccf7df0-51c6-834e-910a-3090db71d8c1	running	3	1795987351549020340	4	\N	2	2	268435456	268435456	161061273	33462771250	174185108	658022	329011	134762	269525	800000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987384450135799	host-2	1	80	e099ec6c-d736-4ca5-85e7-bb0f12278575	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16333353617	35192977	818427	409213	167613	335227	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987385528670691	host-3	1	80	6775dc77-0156-4f61-9afc-d44d14cf8bfe	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16799960552	0	839998	419999	172031	344063	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987385528670691	host-3	1	80	9cd9686b-91fa-850f-83e8-da2f496e7281	running	7	1795987384111720074	2	\N	1	1	536870912	536870912	322122547	566780246	0	28339	14169	5803	11607	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987385528670691	host-3	1	80	d34beef0-bcee-8070-9347-f9ef98c4049c	shutoff	\N	\N	2	\N	1	\N	268435456	268435456	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987385580600193	host-4	1	80	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16820732352	0	841036	420518	172244	344488	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987385580600193	host-4	1	80	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	16820732352	0	841036	420518	172244	344488	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987386346969191	host-5	1	80	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	17127279952	0	856363	428181	175383	350766	400000	400000	0	600000	29999	0	0	\N	\N	0	0
1795987386346969191	host-5	1	80	ae843796-30af-49ee-a263-183773ef6508	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	17127279952	0	856363	428181	175383	350766	400000	400000	0	600000	29999	0	0	\N	\N	0	0
1795987404571288906	host-4	1	120	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24417007838	0	1220850	610425	250030	500060	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987404571288906	host-4	1	120	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	running	1	1795987343528769311	4	1	1	1	536870912	536870912	322122547	25900784649	0	1220850	610425	250030	500060	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987403964828409	host-1	1	120	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	running	3	1795987350591691843	4	1	1	1	1073741824	740294656	322122547	39207383644	0	1277827	638913	218616	437232	600000	600000	0	435127	29998	0	0	186182	161121	0	0
1795987403964828409	host-1	1	120	902805dc-bec3-8640-b976-d50e7844e7a5	running	4	1795987351091650188	4	\N	1	1	536870912	536870912	322122547	21085321832	0	1057463	528731	216568	433137	300000	300000	0	600000	29998	0	0	\N	\N	0	0
1795987403964828409	host-1	1	120	910a2dec-8902-4cc1-beeb-8da1658eec67	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24174423639	0	1208721	604360	247546	495092	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987403964828409	host-1	1	120	f893a2ee-fb32-455e-b1c1-8690ee42c90b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24174423639	0	1208721	604360	247546	495092	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987404443170994	host-2	1	120	71bb54d8-d101-45b9-834d-0bff90150280	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24330567695	35192977	1218288	609144	249505	499010	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987404443170994	host-2	1	120	dccf7df0-51c6-834e-910a-3090db71d8c1	running	3	1795987351549020340	4	\N	2	2	268435456	268435456	161061273	49457199406	174185108	1057883	528941	216654	433308	800000	400000	0	600000	29999	0	0	\N	\N	0	0
1795987404443170994	host-2	1	120	e099ec6c-d736-4ca5-85e7-bb0f12278575	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24330567695	35192977	1218288	609144	249505	499010	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	2125a37b-0503-804c-8b59-ff0706bf1761	running	3	1795987353037145584	4	\N	4	4	536870912	536870912	322122547	24790586292	0	1049882	524941	215015	430031	400000	100000	0	600000	30002	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	491718de-357e-4da8-8b43-5c8e74616796	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24801000693	0	1240050	620025	253962	507924	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	6775dc77-0156-4f61-9afc-d44d14cf8bfe	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	24801000693	0	1240050	620025	253962	507924	400000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	9cd9686b-91fa-850f-83e8-da2f496e7281	running	7	1795987384111720074	2	2	1	1	536870912	536870912	322122547	8567820388	0	428391	214195	87734	175468	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running	8	1795987386653006754	4	\N	2	2	536870912	536870912	322122547	15102611432	0	377565	188782	77325	154650	800000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987405531271044	host-3	1	120	d34beef0-bcee-8070-9347-f9ef98c4049c	shutoff	\N	\N	2	\N	1	\N	268435456	268435456	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987406342683255	host-5	1	120	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	25125565577	0	1256278	628139	257285	514571	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987406342683255	host-5	1	120	ae843796-30af-49ee-a263-183773ef6508	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	25125565577	0	1256278	628139	257285	514571	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987432450755501	host-3	2	40	2125a37b-0503-804c-8b59-ff0706bf1761	shutoff	\N	\N	4	\N	4	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987432450755501	host-3	2	40	491718de-357e-4da8-8b43-5c8e74616796	shutoff	\N	\N	4	\N	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987432450755501	host-3	2	40	6775dc77-0156-4f61-9afc-d44d14cf8bfe	shutoff	\N	\N	4	\N	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987432450755501	host-3	2	40	9cd9686b-91fa-850f-83e8-da2f496e7281	shutoff	\N	\N	2	2	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987432450755501	host-3	2	40	d34beef0-bcee-8070-9347-f9ef98c4049c	shutoff	\N	\N	2	\N	1	\N	268435456	268435456	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987440986143589	host-4	2	40	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	38982949711	0	1949147	974573	399185	798370	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987440986143589	host-4	2	40	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	running	1	1795987343528769311	4	1	1	1	536870912	536870912	322122547	40466726522	0	1949147	974573	399185	798370	400000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987451953058050	host-1	2	80	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	running	3	1795987350591691843	4	2	2	2	1073741824	740294656	322122547	69173377146	0	2237592	1118796	415176	830352	600000	300000	0	435127	30002	0	0	186182	161143	0	0
1795987451953058050	host-1	2	80	902805dc-bec3-8640-b976-d50e7844e7a5	running	4	1795987351091650188	4	\N	1	1	536870912	536870912	322122547	35481790724	0	2017228	1008614	413128	826256	300000	300000	0	600000	30002	0	0	\N	\N	0	0
1795987451953058050	host-1	2	80	910a2dec-8902-4cc1-beeb-8da1658eec67	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	43369715495	0	2168485	1084242	444105	888211	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987451953058050	host-1	2	80	f893a2ee-fb32-455e-b1c1-8690ee42c90b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	43369715495	0	2168485	1084242	444105	888211	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987451952967024	host-2	2	80	71bb54d8-d101-45b9-834d-0bff90150280	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	43334486107	35192977	2168483	1084241	444105	888211	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987451952967024	host-2	2	80	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	running	8	1795987411054214139	4	\N	2	2	536870912	536870912	322122547	32719002308	0	817975	408987	167521	335042	800000	400000	0	600000	30002	0	0	\N	\N	0	0
1795987451952967024	host-2	2	80	dccf7df0-51c6-834e-910a-3090db71d8c1	running	3	1795987351549020340	4	\N	2	2	268435456	268435456	161061273	87465036230	174185108	2008078	1004039	411254	822509	800000	400000	0	600000	30000	0	0	\N	\N	0	0
1795987451952967024	host-2	2	80	e099ec6c-d736-4ca5-85e7-bb0f12278575	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	43334486107	35192977	2168483	1084241	444105	888211	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987452449553435	host-3	2	80	2125a37b-0503-804c-8b59-ff0706bf1761	running	10	1795987438383112149	8	\N	4	4	536870912	536870912	322122547	48156339651	966585525	281328	140664	57616	115232	3920000	1000000	20000	600000	30000	0	0	\N	\N	0	0
1795987452449553435	host-3	2	80	491718de-357e-4da8-8b43-5c8e74616796	shutoff	\N	\N	4	\N	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987452449553435	host-3	2	80	6775dc77-0156-4f61-9afc-d44d14cf8bfe	shutoff	\N	\N	4	\N	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987452449553435	host-3	2	80	9cd9686b-91fa-850f-83e8-da2f496e7281	shutoff	\N	\N	2	2	1	\N	536870912	536870912	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987452449553435	host-3	2	80	d34beef0-bcee-8070-9347-f9ef98c4049c	shutoff	\N	\N	2	\N	1	\N	268435456	268435456	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
1795987456762162121	attic	1	40	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	running	1	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	45293357124	0	2264667	1132333	463803	927607	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987456762162121	attic	1	40	ae843796-30af-49ee-a263-183773ef6508	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	45293357124	0	2264667	1132333	463803	927607	400000	400000	0	600000	29998	0	0	\N	\N	0	0
1795987460990104710	host-4	2	80	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	running	2	1795987343528769311	4	\N	1	1	536870912	536870912	322122547	46984534159	0	2349226	1174613	481121	962243	400000	400000	0	600000	30001	0	0	\N	\N	0	0
1795987460990104710	host-4	2	80	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	running	1	1795987343528769311	4	1	1	1	536870912	536870912	322122547	48468310970	0	2349226	1174613	481121	962243	400000	400000	0	600000	30001	0	0	\N	\N	0	0
\.

COPY log.sample_20787 (sampled_ns, host, stream_epoch, sequence, domain, state, hypervisor_id, incarnation_start_ns, maximum_vcpus, asked_vcpus, granted_vcpus, confirmed_vcpus, memory_maximum_bytes, memory_allocated_bytes, memory_used_bytes, cpu_time_ns, steal_time_ns, network_received_bytes, network_transmitted_bytes, block_read_bytes, block_written_bytes, virt_cpu_usage_ppm, cpu_utilization_ppm, steal_utilization_ppm, memory_utilization_ppm, network_bytes_per_second, swap_in_bytes, major_faults, network_cap_bytes_per_second, network_utilization_ppm, swap_in_delta_bytes, major_faults_delta) FROM stdin;
\.

COPY log.watermark (topic, epoch, sequence) FROM stdin;
decision/edge/	1	15
decision/main/	1	75
event/host-1/	1	4
event/host-1/	2	1
event/host-2/	1	7
event/host-2/	2	1
event/host-3/	1	10
event/host-3/	2	9
event/host-4/	1	2
host/attic/	1	52
host/host-1/	1	133
host/host-1/	2	102
host/host-2/	1	132
host/host-2/	2	102
host/host-3/	1	130
host/host-3/	2	101
host/host-4/	1	131
host/host-4/	2	84
host/host-5/	1	128
host/host-5/	2	50
\.

COPY public.schema_migration (version, name, checksum, applied_ns) FROM stdin;
1	foundation	\\xc340ec44f13ddf395b7e2388d5047c3dfa5bdaf1c1ff8a49a56c701e76169e37	1795987341686134000
2	monitor	\\x95d09662a9b4328793d760a6f5b88c29453d81f6e25b87ad2978d8bea10ee93b	1795987341798407000
3	scheduler	\\x13cf8cb6f261bcb78dd5d277ba5a4e8843b3e8d7281eaf645fee65c41b46992c	1795987341918273000
4	life_mark	\\x54916059545cc1eb57b8e7c8e390fd3230a7c24f653144493d6f73f69334a9cd	1795987341924373000
5	history	\\x79f39ed8155c838932b5e3f81cc5b54e1de44288ac99964b92f44361192bb0f1	1795987341982351000
\.

COPY scheduling.cluster_setting (cluster, dry_run, blackouts, weight_response_ppm, weight_cpu_ppm, weight_memory_ppm, moves_in_per_host, moves_out_per_host, moves_per_cluster, move_rest_ns, principal, changed_ns) FROM stdin;
main	f	[{"weekdays": [0, 4], "startSecond": 10800, "lengthSeconds": 3600}]	200000	500000	300000	\N	\N	4	10000000000	olga	1795987417687866466
\.

COPY scheduling.cluster_setting_history (cluster, dry_run, blackouts, weight_response_ppm, weight_cpu_ppm, weight_memory_ppm, moves_in_per_host, moves_out_per_host, moves_per_cluster, move_rest_ns, principal, changed_ns, ended_ns) FROM stdin;
main	t	[{"weekdays": [0, 4], "startSecond": 10800, "lengthSeconds": 3600}]	\N	\N	\N	\N	\N	\N	\N	olga	1795987417416490610	1795987417687866466
\.

COPY scheduling.decision (id, cluster, epoch, domain, at_ns, verdict, rules_version, summary, record, command) FROM stdin;
019e8617-c2bf-8029-a38d-431a64906d3b	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987373960101925	nothing	2	nothing: 0 of the last 1 known samples were above 85 % and 1 below 50 %; 4 are needed	{"decidedAt":1795987373960101925,"denials":[],"finding":{"counts":{"above":0,"below":1,"known":1,"needed":4,"windowLength":6},"mean":435127,"peak":435127,"reason":"too-few-breaches","verdict":"nothing"},"id":"019e8617-c2bf-8029-a38d-431a64906d3b","inputs":{"at":1795987373960101925,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373135932490,"maximumDenials":4,"memory":740294656,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[{"position":{"epoch":1,"sequence":59},"sampledAt":1795987373960101925,"size":740294656,"utilization":435127}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 85 % and 1 below 50 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":59},"sampledAt":1795987373960101925,"size":740294656,"utilization":435127}}	\N
03063a53-26b5-8e86-9502-d837f70a6aa1	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987353447182400	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987353447182400,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"03063a53-26b5-8e86-9502-d837f70a6aa1","inputs":{"at":1795987353447182400,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"initech"}	\N
0593ba34-19ba-8d6d-b7f6-fddfac7f71d4	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987429972568862	nothing	2	nothing: 0 of the last 1 known samples were above 90 % and 0 below 10 %; 3 are needed	{"decidedAt":1795987429972568862,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":3,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"0593ba34-19ba-8d6d-b7f6-fddfac7f71d4","inputs":{"at":1795987429972568862,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","freezeReason":"unpaid","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987395219983745,"maximumDenials":4,"policy":{"lower":100000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":500000,"upper":900000},"policyVersion":2,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":18},"sampledAt":1795987429972568862,"size":1,"steal":0,"unknownBefore":2,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 90 % and 0 below 10 %; 3 are needed","tenant":"globex","trigger":{"position":{"epoch":2,"sequence":18},"sampledAt":1795987429972568862,"size":1,"steal":0,"unknownBefore":2,"utilization":400000}}	\N
070dec6d-7b4e-87a7-a7cd-a229e72b1686	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987377938779681	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987377938779681,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"070dec6d-7b4e-87a7-a7cd-a229e72b1686","inputs":{"at":1795987377938779681,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"globex"}	\N
140de6c8-c002-876c-8e9c-a53b01da27ac	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987441974145932	refuse	2	not grown: 3 of the last 6 known samples were above 60 % and 3 are needed, but no host has room	{"decidedAt":1795987441974145932,"denials":[{"at":1795987441974145932,"host":"host-3","reason":"1 vCPUs asked, 0 free: of 4, domains have 4 and open permits 0"}],"finding":{"counts":{"above":3,"below":0,"known":6,"needed":3,"windowLength":6},"mean":576966,"peak":1000000,"projection":800000,"reason":"enough-above","steal":10599,"target":5,"verdict":"grow"},"id":"140de6c8-c002-876c-8e9c-a53b01da27ac","inputs":{"at":1795987441954982631,"ceiling":8,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":100000,"maximumVCPUs":8,"minimumVCPUs":4,"ratio":500000,"upper":600000},"policyVersion":2,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":54},"sampledAt":1795987439462533104,"size":4,"steal":0,"utilization":100000},{"position":{"epoch":2,"sequence":55},"sampledAt":1795987439982264258,"size":4,"steal":0,"utilization":100000},{"position":{"epoch":2,"sequence":56},"sampledAt":1795987440451609586,"size":4,"steal":3595,"utilization":261795},{"position":{"epoch":2,"sequence":57},"sampledAt":1795987440956254949,"size":4,"steal":20000,"utilization":1000000},{"position":{"epoch":2,"sequence":58},"sampledAt":1795987441449554543,"size":4,"steal":20000,"utilization":1000000},{"position":{"epoch":2,"sequence":59},"sampledAt":1795987441954982631,"size":4,"steal":20000,"utilization":1000000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":4,"windowLength":6},"outcome":{"reason":"no-room","verdict":"refuse"},"placement":{"candidates":[{"facts":{"committedMemory":2350907392,"committedVCPUs":5,"cpuUtilization":445000,"memoryUsed":2350907392,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":1000000,"host":"host-1","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"enabled","reservedMemory":0,"reservedVCPUs":0},"responseTimeNanoseconds":200000},"rejection":{"available":-1,"code":"not-enough-vcpus","needed":5}},{"facts":{"committedMemory":1879048192,"committedVCPUs":6,"cpuUtilization":620000,"memoryUsed":1879048192,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":1000000,"host":"host-2","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"draining","reservedMemory":268435456,"reservedVCPUs":1},"responseTimeNanoseconds":200000},"rejection":{"code":"draining"}},{"facts":{"committedMemory":536870912,"committedVCPUs":4,"cpuUtilization":1000000,"memoryUsed":536870912,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":1000000,"host":"host-3","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"enabled","reservedMemory":0,"reservedVCPUs":0},"responseTimeNanoseconds":200000},"rejection":{"code":"is-the-source"}}],"request":{"demand":{"ppmOfOneCore":2307864},"denied":["host-3"],"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","incomingBudget":1,"memory":536870912,"presentVCPUs":4,"source":"host-3","vcpus":5},"weights":{"cpuPPM":500000,"memoryPPM":300000,"responsePPM":200000}},"rulesVersion":2,"summary":"not grown: 3 of the last 6 known samples were above 60 % and 3 are needed, but no host has room","tenant":"initech","trigger":{"position":{"epoch":2,"sequence":59},"sampledAt":1795987441954982631,"size":4,"steal":20000,"utilization":1000000}}	\N
14fc0ab6-be71-8ccf-b975-f6d383c511cd	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987365968214648	shrink	2	shrink from 3 to 2 vCPUs: 5 of the last 6 known samples were below 15 % and 4 are needed	{"decidedAt":1795987365968214648,"denials":[],"finding":{"counts":{"above":0,"below":5,"known":6,"needed":4,"windowLength":6},"mean":101755,"peak":443863,"projection":665795,"reason":"enough-below","steal":0,"target":2,"verdict":"shrink"},"id":"14fc0ab6-be71-8ccf-b975-f6d383c511cd","inputs":{"at":1795987365968214648,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987358670882022,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":38},"sampledAt":1795987363467421456,"size":3,"steal":0,"utilization":443863},{"position":{"epoch":1,"sequence":39},"sampledAt":1795987363967076009,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":40},"sampledAt":1795987364477359576,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":41},"sampledAt":1795987364970612821,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365463728562,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":43},"sampledAt":1795987365968214648,"size":3,"steal":0,"utilization":33333}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":3,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-below","target":2,"verdict":"shrink"},"rulesVersion":2,"summary":"shrink from 3 to 2 vCPUs: 5 of the last 6 known samples were below 15 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":43},"sampledAt":1795987365968214648,"size":3,"steal":0,"utilization":33333}}	49c4fb6c-c3c4-4dfd-b0bd-c1a4dd2e07f4
166ac2ad-502b-81aa-8074-9f91adf7037d	edge	1	6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b	1795987347285586142	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987347285586142,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"166ac2ad-502b-81aa-8074-9f91adf7037d","inputs":{"at":1795987347285586142,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"6f9b6dae-6f4c-47a8-aac2-ce17a5794a3b","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
1879ef9c-819c-8fd0-bce6-ef92420f6411	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987417962380968	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	{"decidedAt":1795987417962380968,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":300000,"peak":300000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"1879ef9c-819c-8fd0-bce6-ef92420f6411","inputs":{"at":1795987417962380968,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987417236606622,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":12},"sampledAt":1795987417962380968,"size":2,"steal":0,"utilization":300000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":2,"sequence":12},"sampledAt":1795987417962380968,"size":2,"steal":0,"utilization":300000}}	\N
1947a9b0-51a8-8132-90a5-46bd7e431f2f	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987379951715323	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987379951715323,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"1947a9b0-51a8-8132-90a5-46bd7e431f2f","inputs":{"at":1795987379951715323,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":71},"sampledAt":1795987379951715323,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":71},"sampledAt":1795987379951715323,"size":2,"steal":0,"utilization":400000}}	\N
1a7bb447-9cef-8ec7-85c5-62f49ad56182	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987353993261099	nothing	2	nothing: 0 of the last 6 known samples were above 80 % and 0 below 15 %; 4 are needed	{"decidedAt":1795987353993261099,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":6,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"1a7bb447-9cef-8ec7-85c5-62f49ad56182","inputs":{"at":1795987353993261099,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":14},"sampledAt":1795987351459049842,"size":2,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":15},"sampledAt":1795987351964108530,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":16},"sampledAt":1795987352470303748,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":17},"sampledAt":1795987352960302204,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987353460649357,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353962310884,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 6 known samples were above 80 % and 0 below 15 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353962310884,"size":2,"steal":0,"utilization":400000}}	\N
1f6167cd-f354-83ab-ae39-dbb2cfb26e96	main	1	dccf7df0-51c6-834e-910a-3090db71d8c1	1795987354964722119	nothing	2	nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 8 are needed	{"decidedAt":1795987354964722119,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":5,"needed":8,"windowLength":12},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"1f6167cd-f354-83ab-ae39-dbb2cfb26e96","inputs":{"at":1795987354964722119,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"dccf7df0-51c6-834e-910a-3090db71d8c1","dryRun":"dry-run-of-domain","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":16},"sampledAt":1795987352441063913,"size":2,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":17},"sampledAt":1795987352938563932,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987353440907654,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353942667847,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":20},"sampledAt":1795987354442807241,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 8 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":20},"sampledAt":1795987354442807241,"size":2,"steal":0,"utilization":400000}}	\N
2512097c-1e79-873d-925c-71a34a79c1ad	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987357534180199	refuse	2	not shrunk: 3 of the last 8 known samples were below 30 % and 3 are needed, but the policy's minimum is 4 vCPUs	{"decidedAt":1795987357534180199,"denials":[],"finding":{"counts":{"above":0,"below":3,"known":8,"needed":3,"windowLength":12},"mean":299634,"peak":400000,"projection":533333,"reason":"at-policy-minimum","steal":0,"verdict":"refuse"},"id":"2512097c-1e79-873d-925c-71a34a79c1ad","inputs":{"at":1795987357534180199,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":17},"sampledAt":1795987354033506371,"size":4,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987354530427219,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987355037360605,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":20},"sampledAt":1795987355528770249,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":21},"sampledAt":1795987356029396246,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":22},"sampledAt":1795987356550218672,"size":4,"steal":0,"utilization":197075},{"position":{"epoch":1,"sequence":23},"sampledAt":1795987357032148952,"size":4,"steal":0,"utilization":100000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987357534180199,"size":4,"steal":0,"utilization":100000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":4,"windowLength":12},"outcome":{"reason":"at-policy-minimum","verdict":"refuse"},"rulesVersion":2,"summary":"not shrunk: 3 of the last 8 known samples were below 30 % and 3 are needed, but the policy's minimum is 4 vCPUs","tenant":"initech","trigger":{"position":{"epoch":1,"sequence":24},"sampledAt":1795987357534180199,"size":4,"steal":0,"utilization":100000}}	\N
2996c435-0f00-8b74-be47-7c72fcf9f589	main	1	910a2dec-8902-4cc1-beeb-8da1658eec67	1795987346233374969	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987346233374969,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"2996c435-0f00-8b74-be47-7c72fcf9f589","inputs":{"at":1795987346233374969,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"910a2dec-8902-4cc1-beeb-8da1658eec67","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
2a4e05e2-2aec-8d6c-bcce-34902f086e3f	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987395078559182	shrink	2	shrink from 2 to 1 vCPUs: 3 of the last 4 known samples were below 30 % and 3 are needed	{"decidedAt":1795987395078559182,"denials":[],"finding":{"counts":{"above":0,"below":3,"known":4,"needed":3,"windowLength":12},"mean":230271,"peak":321085,"projection":642170,"reason":"enough-below","steal":0,"target":1,"verdict":"shrink"},"id":"2a4e05e2-2aec-8d6c-bcce-34902f086e3f","inputs":{"at":1795987395078559182,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987392811588985,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":97},"sampledAt":1795987393571020554,"size":2,"steal":0,"utilization":321085},{"position":{"epoch":1,"sequence":98},"sampledAt":1795987394074896804,"size":2,"steal":0,"utilization":200000},{"position":{"epoch":1,"sequence":99},"sampledAt":1795987394569402521,"size":2,"steal":0,"utilization":200000},{"position":{"epoch":1,"sequence":100},"sampledAt":1795987395078559182,"size":2,"steal":0,"utilization":200000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"host":"host-4","reason":"enough-below","target":1,"verdict":"shrink"},"rulesVersion":2,"summary":"shrink from 2 to 1 vCPUs: 3 of the last 4 known samples were below 30 % and 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":100},"sampledAt":1795987395078559182,"size":2,"steal":0,"utilization":200000}}	29ba3917-9bee-4199-a2aa-9bca6f111ce8
2ca8d687-44ca-8999-9529-45b1849c50d1	main	1	910a2dec-8902-4cc1-beeb-8da1658eec67	1795987360971433269	refuse	2	not moved: host-1 has been above its bound, but Ebb does not manage it	{"decidedAt":1795987360971433269,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"2ca8d687-44ca-8999-9529-45b1849c50d1","inputs":{"at":1795987360971433269,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"910a2dec-8902-4cc1-beeb-8da1658eec67","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":22},"sampledAt":1795987355467478937,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":23},"sampledAt":1795987355959849660,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987356463839299,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":25},"sampledAt":1795987356960889459,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":26},"sampledAt":1795987357460817329,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":27},"sampledAt":1795987357966120370,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358466408745,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":29},"sampledAt":1795987358970251996,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":30},"sampledAt":1795987359459126050,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":31},"sampledAt":1795987359966165553,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":32},"sampledAt":1795987360470234009,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360971433269,"size":1,"steal":0,"utilization":400000}],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"move":{"cause":{"relief":{}},"minimumImprovement":10000,"need":{"cpu":170000,"memory":0,"vcpus":0},"options":[{"demand":{"ppmOfOneCore":400000},"domain":"910a2dec-8902-4cc1-beeb-8da1658eec67","memory":536870912,"obstacle":{"notManaged":{}},"vcpus":1},{"demand":{"ppmOfOneCore":400000},"domain":"f893a2ee-fb32-455e-b1c1-8690ee42c90b","memory":536870912,"obstacle":{"notManaged":{}},"vcpus":1},{"demand":{"ppmOfOneCore":990000},"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","memory":536870912,"obstacle":{"noTarget":{}},"vcpus":1},{"demand":{"ppmOfOneCore":1899999},"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","memory":536870912,"obstacle":{"noTarget":{}},"vcpus":3}],"source":"host-1"},"obstacle":{"notManaged":{}},"outcome":{"reason":"cannot-move","verdict":"refuse"},"rulesVersion":2,"summary":"not moved: host-1 has been above its bound, but Ebb does not manage it","trigger":{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360971433269,"size":1,"steal":0,"utilization":400000}}	\N
2d7e3dd1-0b0d-8a3e-9e65-dfac4d93d3f3	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987371480058590	nothing	2	nothing: 1 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987371480058590,"denials":[],"finding":{"counts":{"above":1,"below":0,"known":1,"needed":4,"windowLength":6},"mean":1000000,"reason":"too-few-breaches","verdict":"nothing"},"id":"2d7e3dd1-0b0d-8a3e-9e65-dfac4d93d3f3","inputs":{"at":1795987371480058590,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"networkCap":102400,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":102400,"utilization":1000000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 1 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":102400,"utilization":1000000}}	\N
2dd7e80a-b28b-8c9b-8100-ce65b61c6d86	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987415949201295	grow	2	grow from 1 to 2 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed (not done: automatic actions are frozen: repairs)	{"decidedAt":1795987415949201295,"denials":[],"finding":{"counts":{"above":4,"below":0,"known":6,"needed":4,"windowLength":6},"dry":"frozen","mean":838330,"peak":1000000,"projection":500000,"reason":"enough-above","steal":0,"target":2,"verdict":"grow"},"id":"2dd7e80a-b28b-8c9b-8100-ce65b61c6d86","inputs":{"at":1795987415949201295,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","freezeReason":"repairs","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987368636231882,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":3},"sampledAt":1795987413459793181,"size":1,"steal":0,"utilization":600000},{"position":{"epoch":2,"sequence":4},"sampledAt":1795987413950590204,"size":1,"steal":0,"utilization":600000},{"position":{"epoch":2,"sequence":5},"sampledAt":1795987414449014298,"size":1,"steal":0,"utilization":829978},{"position":{"epoch":2,"sequence":6},"sampledAt":1795987414956799399,"size":1,"steal":0,"utilization":1000000},{"position":{"epoch":2,"sequence":7},"sampledAt":1795987415450620599,"size":1,"steal":0,"utilization":1000000},{"position":{"epoch":2,"sequence":8},"sampledAt":1795987415949201295,"size":1,"steal":0,"utilization":1000000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"dry":"frozen","host":"host-1","reason":"enough-above","target":2,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 1 to 2 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed (not done: automatic actions are frozen: repairs)","tenant":"acme","trigger":{"position":{"epoch":2,"sequence":8},"sampledAt":1795987415949201295,"size":1,"steal":0,"utilization":1000000}}	\N
2fa4d9cb-e8a3-8aed-9ba6-8d669c9b4fa1	main	1	491718de-357e-4da8-8b43-5c8e74616796	1795987347263758477	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987347263758477,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"2fa4d9cb-e8a3-8aed-9ba6-8d669c9b4fa1","inputs":{"at":1795987347263758477,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"491718de-357e-4da8-8b43-5c8e74616796","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
35fe0c6b-87f4-84c2-aaca-123a4b719a0a	main	1	902805dc-bec3-8640-b976-d50e7844e7a5	1795987354464718056	nothing	2	nothing: 0 of the last 5 known samples were above 70 % and 0 below 20 %; 3 are needed	{"decidedAt":1795987354464718056,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":5,"needed":3,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"35fe0c6b-87f4-84c2-aaca-123a4b719a0a","inputs":{"at":1795987354464718056,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":200000,"maximumVCPUs":1,"minimumVCPUs":1,"ratio":500000,"upper":700000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":15},"sampledAt":1795987351964108530,"size":1,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":16},"sampledAt":1795987352470303748,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":17},"sampledAt":1795987352960302204,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987353460649357,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353962310884,"size":1,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 5 known samples were above 70 % and 0 below 20 %; 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353962310884,"size":1,"steal":0,"utilization":400000}}	\N
36f953ea-0fae-8734-987c-5eb4b20e4844	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987366967720846	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 1 below 15 %; 4 are needed	{"decidedAt":1795987366967720846,"denials":[],"finding":{"counts":{"above":0,"below":1,"known":1,"needed":4,"windowLength":6},"mean":50000,"peak":50000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"36f953ea-0fae-8734-987c-5eb4b20e4844","inputs":{"at":1795987366967720846,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987366082779654,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":45},"sampledAt":1795987366967720846,"size":2,"steal":0,"utilization":50000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 1 below 15 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":45},"sampledAt":1795987366967720846,"size":2,"steal":0,"utilization":50000}}	\N
37dc5186-3c8e-8d96-9797-ea531ba563da	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987377944948826	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987377944948826,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"37dc5186-3c8e-8d96-9797-ea531ba563da","inputs":{"at":1795987377944948826,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":67},"sampledAt":1795987377944948826,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":67},"sampledAt":1795987377944948826,"size":2,"steal":0,"utilization":400000}}	\N
3aeee918-eef5-8f34-96ec-f8195ad9d653	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987370741107946	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987370741107946,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"3aeee918-eef5-8f34-96ec-f8195ad9d653","inputs":{"at":1795987370741107946,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"memory":536870912,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
3cf80432-b1d4-825e-8938-790cbd1f3375	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987417477618505	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987417477618505,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"3cf80432-b1d4-825e-8938-790cbd1f3375","inputs":{"at":1795987417477618505,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","dryRun":"dry-run-of-cluster","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987417236606622,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
4340b21d-b572-88f6-b3a9-f43286714796	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987375960465702	refuse	2	not shrunk: 4 of the last 4 known samples were below 30 % and 4 are needed, but it changed at 2026-11-29T21:22:53.478257212Z and rests until 2026-11-29T21:27:53.478257212Z	{"decidedAt":1795987375960465702,"denials":[],"finding":{"counts":{"above":0,"below":4,"known":4,"needed":4,"windowLength":6},"mean":161133,"projection":322266,"reason":"cooldown","until":1795987673478257212,"verdict":"refuse"},"id":"4340b21d-b572-88f6-b3a9-f43286714796","inputs":{"at":1795987375960465702,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373478257212,"maximumDenials":4,"networkCap":186182,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[{"position":{"epoch":1,"sequence":60},"sampledAt":1795987374462627166,"size":186182,"utilization":161125},{"position":{"epoch":1,"sequence":61},"sampledAt":1795987374965506473,"size":186182,"utilization":161139},{"position":{"epoch":1,"sequence":62},"sampledAt":1795987375458858936,"size":186182,"utilization":161137},{"position":{"epoch":1,"sequence":63},"sampledAt":1795987375960465702,"size":186182,"utilization":161130}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"cooldown","verdict":"refuse"},"rulesVersion":2,"summary":"not shrunk: 4 of the last 4 known samples were below 30 % and 4 are needed, but it changed at 2026-11-29T21:22:53.478257212Z and rests until 2026-11-29T21:27:53.478257212Z","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":63},"sampledAt":1795987375960465702,"size":186182,"utilization":161130}}	\N
46345284-6cb9-8c70-9041-aaaf65dae61d	main	1	902805dc-bec3-8640-b976-d50e7844e7a5	1795987365463728562	nothing	2	nothing: 2 of the last 6 known samples were above 70 % and 0 below 20 %; 3 are needed	{"decidedAt":1795987365463728562,"denials":[],"finding":{"counts":{"above":2,"below":0,"known":6,"needed":3,"windowLength":6},"mean":578040,"peak":990000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"46345284-6cb9-8c70-9041-aaaf65dae61d","inputs":{"at":1795987365463728562,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":200000,"maximumVCPUs":1,"minimumVCPUs":1,"ratio":500000,"upper":700000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":37},"sampledAt":1795987362971259867,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":38},"sampledAt":1795987363467421456,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":39},"sampledAt":1795987363967076009,"size":1,"steal":0,"utilization":588242},{"position":{"epoch":1,"sequence":40},"sampledAt":1795987364477359576,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":41},"sampledAt":1795987364970612821,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365463728562,"size":1,"steal":0,"utilization":300000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 2 of the last 6 known samples were above 70 % and 0 below 20 %; 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365463728562,"size":1,"steal":0,"utilization":300000}}	\N
46640b6a-12b8-8223-8f9c-adbb751ef229	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987392603265962	grow	2	grow from 1 to 2 vCPUs: 3 of the last 12 known samples were above 80 % and 3 are needed	{"decidedAt":1795987392603265962,"denials":[],"finding":{"counts":{"above":3,"below":0,"known":12,"needed":3,"windowLength":12},"mean":578807,"peak":990000,"projection":495000,"reason":"enough-above","steal":0,"target":2,"verdict":"grow"},"id":"46640b6a-12b8-8223-8f9c-adbb751ef229","inputs":{"at":1795987392575979524,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":84},"sampledAt":1795987387574171050,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":85},"sampledAt":1795987388074433667,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":86},"sampledAt":1795987388574560592,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":87},"sampledAt":1795987389106541590,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":88},"sampledAt":1795987389398115137,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":89},"sampledAt":1795987389585123611,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":90},"sampledAt":1795987390074179485,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":91},"sampledAt":1795987390584151278,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":92},"sampledAt":1795987391069139595,"size":1,"steal":0,"utilization":775682},{"position":{"epoch":1,"sequence":93},"sampledAt":1795987391568920515,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":94},"sampledAt":1795987392084103016,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":95},"sampledAt":1795987392575979524,"size":1,"steal":0,"utilization":990000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":1,"windowLength":12},"outcome":{"host":"host-4","reason":"enough-above","target":2,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 1 to 2 vCPUs: 3 of the last 12 known samples were above 80 % and 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":95},"sampledAt":1795987392575979524,"size":1,"steal":0,"utilization":990000}}	8f1f76e8-649a-425c-9131-f33f0a875aa4
46bec82b-e5e6-8cac-99f1-b720b5fbe085	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987359284938486	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987359284938486,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"46bec82b-e5e6-8cac-99f1-b720b5fbe085","inputs":{"at":1795987359284938486,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987358670882022,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":3,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
497c9e4b-868f-8d50-aed8-e67500e9ee53	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987419015270728	nothing	2	nothing: its owner has it left alone	{"decidedAt":1795987419015270728,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"opted-out","verdict":"nothing"},"id":"497c9e4b-868f-8d50-aed8-e67500e9ee53","inputs":{"at":1795987419015270728,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"isOptedOut":true,"lastChangeAt":1795987373478257212,"maximumDenials":4,"networkCap":186182,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":4,"recordedResource":"network","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"opted-out","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: its owner has it left alone","tenant":"acme"}	\N
4f805f40-4129-870d-bbe2-c4d89b0449bf	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987376930716990	nothing	2	nothing: the number of vCPUs is not known	{"decidedAt":1795987376930716990,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":6,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"size-unknown","steal":0,"verdict":"nothing"},"id":"4f805f40-4129-870d-bbe2-c4d89b0449bf","inputs":{"at":1795987376930716990,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":57},"sampledAt":1795987372938964864,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":58},"sampledAt":1795987373445285238,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":59},"sampledAt":1795987373959871061,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":60},"sampledAt":1795987374441610046,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":61},"sampledAt":1795987374939982333,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":64},"sampledAt":1795987376442008114,"size":2,"steal":0,"unknownBefore":1,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":0,"windowLength":6},"outcome":{"reason":"size-unknown","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: the number of vCPUs is not known","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":64},"sampledAt":1795987376442008114,"size":2,"steal":0,"unknownBefore":1,"utilization":400000}}	\N
4fbc0b72-7eff-8f9f-800c-8abcab693146	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987438976090926	nothing	2	nothing: 0 of the last 1 known samples were above 60 % and 0 below 10 %; 3 are needed	{"decidedAt":1795987438976090926,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":3,"windowLength":6},"mean":100000,"peak":100000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"4fbc0b72-7eff-8f9f-800c-8abcab693146","inputs":{"at":1795987438976090926,"ceiling":8,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":100000,"maximumVCPUs":8,"minimumVCPUs":4,"ratio":500000,"upper":600000},"policyVersion":2,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":53},"sampledAt":1795987438976090926,"size":4,"steal":0,"utilization":100000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":4,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 60 % and 0 below 10 %; 3 are needed","tenant":"initech","trigger":{"position":{"epoch":2,"sequence":53},"sampledAt":1795987438976090926,"size":4,"steal":0,"utilization":100000}}	\N
5004851f-f8fa-8fc5-ad4b-b283b6eafab7	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987375458858936	refuse	2	not shrunk: 4 of the last 4 known samples were below 50 % and 4 are needed, but it changed at 2026-11-29T21:22:53.135932490Z and rests until 2026-11-29T21:27:53.135932490Z	{"decidedAt":1795987375458858936,"denials":[],"finding":{"counts":{"above":0,"below":4,"known":4,"needed":4,"windowLength":6},"mean":435127,"peak":435127,"projection":457824,"reason":"cooldown","until":1795987673135932490,"verdict":"refuse"},"id":"5004851f-f8fa-8fc5-ad4b-b283b6eafab7","inputs":{"at":1795987375458858936,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373135932490,"maximumDenials":4,"memory":740294656,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[{"position":{"epoch":1,"sequence":59},"sampledAt":1795987373960101925,"size":740294656,"utilization":435127},{"position":{"epoch":1,"sequence":60},"sampledAt":1795987374462627166,"size":740294656,"utilization":435127},{"position":{"epoch":1,"sequence":61},"sampledAt":1795987374965506473,"size":740294656,"utilization":435127},{"position":{"epoch":1,"sequence":62},"sampledAt":1795987375458858936,"size":740294656,"utilization":435127}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"cooldown","verdict":"refuse"},"rulesVersion":2,"summary":"not shrunk: 4 of the last 4 known samples were below 50 % and 4 are needed, but it changed at 2026-11-29T21:22:53.135932490Z and rests until 2026-11-29T21:27:53.135932490Z","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":62},"sampledAt":1795987375458858936,"size":740294656,"utilization":435127}}	\N
543a6cbe-1d64-8cf6-ba14-37cb84d8ab88	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987373390624983	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987373390624983,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"543a6cbe-1d64-8cf6-ba14-37cb84d8ab88","inputs":{"at":1795987373390624983,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373135932490,"maximumDenials":4,"memory":1,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
5508d78f-dcee-8b75-ae9c-827178867926	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987355454588218	nothing	2	nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987355454588218,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":5,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"5508d78f-dcee-8b75-ae9c-827178867926","inputs":{"at":1795987355454588218,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":17},"sampledAt":1795987352938563932,"size":2,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987353440907654,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987353942667847,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":20},"sampledAt":1795987354442807241,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":21},"sampledAt":1795987354947543169,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 5 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":21},"sampledAt":1795987354947543169,"size":2,"steal":0,"utilization":400000}}	\N
55c9b89d-09c5-887a-982a-920ddeb66d2b	main	1	f893a2ee-fb32-455e-b1c1-8690ee42c90b	1795987346233374969	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987346233374969,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"55c9b89d-09c5-887a-982a-920ddeb66d2b","inputs":{"at":1795987346233374969,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"f893a2ee-fb32-455e-b1c1-8690ee42c90b","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
5a54ac1c-5422-8a14-8b03-25e99a04c672	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987373390624983	grow	2	grow from 102400 B/s to 186182 B/s: 4 of the last 4 known samples were above 80 % and 4 are needed	{"decidedAt":1795987373390624983,"denials":[],"finding":{"counts":{"above":4,"below":0,"known":4,"needed":4,"windowLength":6},"mean":1000000,"projection":549999,"reason":"enough-above","target":186182,"verdict":"grow"},"id":"5a54ac1c-5422-8a14-8b03-25e99a04c672","inputs":{"at":1795987373390624983,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"networkCap":102400,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":102400,"utilization":1000000},{"position":{"epoch":1,"sequence":55},"sampledAt":1795987371959083624,"size":102400,"utilization":1000000},{"position":{"epoch":1,"sequence":56},"sampledAt":1795987372462408014,"size":102400,"utilization":1000000},{"position":{"epoch":1,"sequence":57},"sampledAt":1795987372961786606,"size":102400,"utilization":1000000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-above","target":186182,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 102400 B/s to 186182 B/s: 4 of the last 4 known samples were above 80 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":57},"sampledAt":1795987372961786606,"size":102400,"utilization":1000000}}	f6cb1c7b-5a56-4a20-bd90-e8b1beb37063
5d5d0af8-087e-82da-9be8-aaf110db75bd	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987373894694811	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987373894694811,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"5d5d0af8-087e-82da-9be8-aaf110db75bd","inputs":{"at":1795987373894694811,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373478257212,"maximumDenials":4,"networkCap":1,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
5f11f49f-1b0a-8f96-be47-4cd078e78bd7	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987387529387654	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987387529387654,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"5f11f49f-1b0a-8f96-be47-4cd078e78bd7","inputs":{"at":1795987387529387654,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":84},"sampledAt":1795987387529387654,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":84},"sampledAt":1795987387529387654,"size":2,"steal":0,"utilization":400000}}	\N
65503362-5142-85d6-bba6-f05aabe07cd8	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987379454060992	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987379454060992,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"65503362-5142-85d6-bba6-f05aabe07cd8","inputs":{"at":1795987379454060992,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"globex"}	\N
6768a44f-578c-8cd2-81d2-19edc78824ad	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987412955080257	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed	{"decidedAt":1795987412955080257,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"6768a44f-578c-8cd2-81d2-19edc78824ad","inputs":{"at":1795987412955080257,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":2},"sampledAt":1795987412955080257,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 4 are needed","tenant":"globex","trigger":{"position":{"epoch":2,"sequence":2},"sampledAt":1795987412955080257,"size":2,"steal":0,"utilization":400000}}	\N
68cd98e6-0b43-832d-a210-cb7bfb71249f	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987366565988917	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987366565988917,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"68cd98e6-0b43-832d-a210-cb7bfb71249f","inputs":{"at":1795987366565988917,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987366082779654,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
6c15efcc-80b3-84da-9f0b-acf98f31417a	edge	1	ae843796-30af-49ee-a263-183773ef6508	1795987348325901067	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987348325901067,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"6c15efcc-80b3-84da-9f0b-acf98f31417a","inputs":{"at":1795987348325901067,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"ae843796-30af-49ee-a263-183773ef6508","host":"host-5","hostMode":"observe","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
6e25d1cc-d2e0-8958-982e-bf6ca4505363	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987358469062989	grow	2	grow from 2 to 3 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed	{"decidedAt":1795987358469062989,"denials":[],"finding":{"counts":{"above":4,"below":0,"known":6,"needed":4,"windowLength":6},"mean":763540,"peak":950000,"projection":633333,"reason":"enough-above","steal":0,"target":3,"verdict":"grow"},"id":"6e25d1cc-d2e0-8958-982e-bf6ca4505363","inputs":{"at":1795987358466408745,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":23},"sampledAt":1795987355959849660,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987356463839299,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":25},"sampledAt":1795987356960889459,"size":2,"steal":0,"utilization":931242},{"position":{"epoch":1,"sequence":26},"sampledAt":1795987357460817329,"size":2,"steal":0,"utilization":950000},{"position":{"epoch":1,"sequence":27},"sampledAt":1795987357966120370,"size":2,"steal":0,"utilization":950000},{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358466408745,"size":2,"steal":0,"utilization":950000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-above","target":3,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 2 to 3 vCPUs: 4 of the last 6 known samples were above 80 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358466408745,"size":2,"steal":0,"utilization":950000}}	39299d9c-3d6a-402d-9ff1-4c562724cb78
6e28b81c-8507-81ed-89a5-cfa9437ad4b0	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987387038037606	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987387038037606,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"6e28b81c-8507-81ed-89a5-cfa9437ad4b0","inputs":{"at":1795987387038037606,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"globex"}	\N
7666f59d-b8a9-876d-bcf1-66721b6dad9a	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987436456417763	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 3 are needed	{"decidedAt":1795987436456417763,"denials":[],"finding":{"counts":{"above":0,"below":1,"known":1,"needed":3,"windowLength":12},"mean":100000,"peak":100000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"7666f59d-b8a9-876d-bcf1-66721b6dad9a","inputs":{"at":1795987436456417763,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":48},"sampledAt":1795987436456417763,"size":4,"steal":0,"utilization":100000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":4,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 3 are needed","tenant":"initech","trigger":{"position":{"epoch":2,"sequence":48},"sampledAt":1795987436456417763,"size":4,"steal":0,"utilization":100000}}	\N
79fe2de8-1cb8-8370-b96f-ac32cbdb759a	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987412761227913	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987412761227913,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"79fe2de8-1cb8-8370-b96f-ac32cbdb759a","inputs":{"at":1795987412761227913,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"globex"}	\N
7a75c7fe-d42d-868f-9a65-86690be198bc	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987395564618909	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987395564618909,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":3,"windowLength":12},"reason":"no-known-samples","verdict":"nothing"},"id":"7a75c7fe-d42d-868f-9a65-86690be198bc","inputs":{"at":1795987395564618909,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987395219983745,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":1,"windowLength":12},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
7fe338a2-8afb-81d6-a3bc-4a2adffc6fae	main	1	902805dc-bec3-8640-b976-d50e7844e7a5	1795987351334117553	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987351334117553,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"7fe338a2-8afb-81d6-a3bc-4a2adffc6fae","inputs":{"at":1795987351334117553,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"acme"}	\N
804c5eaf-c385-8c0f-bc64-ab4be2c3fcf9	edge	1	ae843796-30af-49ee-a263-183773ef6508	1795987438412697296	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987438412697296,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"804c5eaf-c385-8c0f-bc64-ab4be2c3fcf9","inputs":{"at":1795987438412697296,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"ae843796-30af-49ee-a263-183773ef6508","host":"attic","hostMode":"observe","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
827ba437-a0e2-8ceb-93eb-df24e462e2b9	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987419015270728	nothing	2	nothing: its owner has it left alone	{"decidedAt":1795987419015270728,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"opted-out","verdict":"nothing"},"id":"827ba437-a0e2-8ceb-93eb-df24e462e2b9","inputs":{"at":1795987419015270728,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"isOptedOut":true,"lastChangeAt":1795987373135932490,"maximumDenials":4,"memory":740294656,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":4,"recordedResource":"memory","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"opted-out","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: its owner has it left alone","tenant":"acme"}	\N
833710bb-1f09-8915-bae3-241239ddbcd0	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987359459126050	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	{"decidedAt":1795987359459126050,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":633333,"peak":633333,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"833710bb-1f09-8915-bae3-241239ddbcd0","inputs":{"at":1795987359459126050,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987358670882022,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":30},"sampledAt":1795987359459126050,"size":3,"steal":0,"utilization":633333}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":3,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":30},"sampledAt":1795987359459126050,"size":3,"steal":0,"utilization":633333}}	\N
84173af9-87d4-8ca0-98bf-7c879ae07af0	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987425688089830	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987425688089830,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":3,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"84173af9-87d4-8ca0-98bf-7c879ae07af0","inputs":{"at":1795987425688089830,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","freezeReason":"unpaid","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987395219983745,"maximumDenials":4,"policy":{"lower":100000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":500000,"upper":900000},"policyVersion":2,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"globex"}	\N
93b8e0ec-006f-834b-a41e-0156b05caee8	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987370237393366	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987370237393366,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"93b8e0ec-006f-834b-a41e-0156b05caee8","inputs":{"at":1795987370237393366,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"memory":536870912,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":2,"recordedResource":"memory","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
942af77a-bde3-848c-954e-26e212743ede	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987368466888408	shrink	2	shrink from 2 to 1 vCPUs: 4 of the last 4 known samples were below 15 % and 4 are needed	{"decidedAt":1795987368466888408,"denials":[],"finding":{"counts":{"above":0,"below":4,"known":4,"needed":4,"windowLength":6},"mean":50000,"peak":50000,"projection":100000,"reason":"enough-below","steal":0,"target":1,"verdict":"shrink"},"id":"942af77a-bde3-848c-954e-26e212743ede","inputs":{"at":1795987368466888408,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987366082779654,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":45},"sampledAt":1795987366967720846,"size":2,"steal":0,"utilization":50000},{"position":{"epoch":1,"sequence":46},"sampledAt":1795987367459949989,"size":2,"steal":0,"utilization":50000},{"position":{"epoch":1,"sequence":47},"sampledAt":1795987367962278958,"size":2,"steal":0,"utilization":50000},{"position":{"epoch":1,"sequence":48},"sampledAt":1795987368466888408,"size":2,"steal":0,"utilization":50000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-below","target":1,"verdict":"shrink"},"rulesVersion":2,"summary":"shrink from 2 to 1 vCPUs: 4 of the last 4 known samples were below 15 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":48},"sampledAt":1795987368466888408,"size":2,"steal":0,"utilization":50000}}	56c7f494-8c6a-49d3-8508-f0efe9232942
948cb3ab-dbd4-8f92-aacd-9514e976b43f	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987412457627268	nothing	2	nothing: somebody else moved it from host-3 to host-2, so Ebb moves nothing there until 2026-11-29T21:53:32.457627268Z	{"decidedAt":1795987412457627268,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"foreign-move","until":1795989212457627268,"verdict":"nothing"},"foreignSource":"host-3","id":"948cb3ab-dbd4-8f92-aacd-9514e976b43f","inputs":{"at":1795987412457627268,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"foreign-move","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: somebody else moved it from host-3 to host-2, so Ebb moves nothing there until 2026-11-29T21:53:32.457627268Z","tenant":"globex"}	\N
94c5a48f-6a3a-8a5f-9d1c-390a951ebe66	main	1	e099ec6c-d736-4ca5-85e7-bb0f12278575	1795987346233374969	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987346233374969,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"94c5a48f-6a3a-8a5f-9d1c-390a951ebe66","inputs":{"at":1795987346233374969,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"e099ec6c-d736-4ca5-85e7-bb0f12278575","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
970900ea-24f6-8338-9dc8-ce5ca483ca52	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987370741107946	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987370741107946,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"970900ea-24f6-8338-9dc8-ce5ca483ca52","inputs":{"at":1795987370741107946,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"networkCap":102400,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
970b73e2-8283-829e-b8bf-68c822a2e5d6	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987374462627166	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 4 are needed	{"decidedAt":1795987374462627166,"denials":[],"finding":{"counts":{"above":0,"below":1,"known":1,"needed":4,"windowLength":6},"mean":161125,"reason":"too-few-breaches","verdict":"nothing"},"id":"970b73e2-8283-829e-b8bf-68c822a2e5d6","inputs":{"at":1795987374462627166,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987373478257212,"maximumDenials":4,"networkCap":186182,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"network","samples":[{"position":{"epoch":1,"sequence":60},"sampledAt":1795987374462627166,"size":186182,"utilization":161125}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 1 below 30 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":60},"sampledAt":1795987374462627166,"size":186182,"utilization":161125}}	\N
9721116c-10d9-8227-a7ed-9368ffa2a1c2	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987393023008898	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987393023008898,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":3,"windowLength":12},"reason":"no-known-samples","verdict":"nothing"},"id":"9721116c-10d9-8227-a7ed-9368ffa2a1c2","inputs":{"at":1795987393023008898,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987392811588985,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
974a4509-84ba-8d8b-b68c-c463c28777e6	main	1	902805dc-bec3-8640-b976-d50e7844e7a5	1795987358466408745	refuse	2	not grown: 3 of the last 6 known samples were above 70 % and 3 are needed, but the policy's maximum is 1 vCPUs	{"decidedAt":1795987358466408745,"denials":[],"finding":{"counts":{"above":3,"below":0,"known":6,"needed":3,"windowLength":6},"mean":695978,"peak":990000,"projection":495000,"reason":"at-policy-maximum","steal":0,"verdict":"refuse"},"id":"974a4509-84ba-8d8b-b68c-c463c28777e6","inputs":{"at":1795987358466408745,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":200000,"maximumVCPUs":1,"minimumVCPUs":1,"ratio":500000,"upper":700000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":23},"sampledAt":1795987355959849660,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987356463839299,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":25},"sampledAt":1795987356960889459,"size":1,"steal":0,"utilization":405866},{"position":{"epoch":1,"sequence":26},"sampledAt":1795987357460817329,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":27},"sampledAt":1795987357966120370,"size":1,"steal":0,"utilization":990000},{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358466408745,"size":1,"steal":0,"utilization":990000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"at-policy-maximum","verdict":"refuse"},"rulesVersion":2,"summary":"not grown: 3 of the last 6 known samples were above 70 % and 3 are needed, but the policy's maximum is 1 vCPUs","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358466408745,"size":1,"steal":0,"utilization":990000}}	\N
9a4ef4a8-2685-8d92-a579-1af9dc5fe3e3	main	1	71bb54d8-d101-45b9-834d-0bff90150280	1795987346233374969	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987346233374969,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"9a4ef4a8-2685-8d92-a579-1af9dc5fe3e3","inputs":{"at":1795987346233374969,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"71bb54d8-d101-45b9-834d-0bff90150280","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
a7340af7-4220-8af5-b4a0-7b80618d3690	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987369467047989	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed	{"decidedAt":1795987369467047989,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":518049,"peak":518049,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"a7340af7-4220-8af5-b4a0-7b80618d3690","inputs":{"at":1795987369467047989,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987368636231882,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":50},"sampledAt":1795987369467047989,"size":1,"steal":0,"utilization":518049}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 15 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":50},"sampledAt":1795987369467047989,"size":1,"steal":0,"utilization":518049}}	\N
a7c927c9-2000-8e13-bac0-11522b998d76	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987416968439020	grow	2	grow from 1 to 2 vCPUs: 5 of the last 6 known samples were above 80 % and 4 are needed	{"decidedAt":1795987416968439020,"denials":[],"finding":{"counts":{"above":5,"below":0,"known":6,"needed":4,"windowLength":6},"mean":904996,"peak":1000000,"projection":500000,"reason":"enough-above","steal":0,"target":2,"verdict":"grow"},"id":"a7c927c9-2000-8e13-bac0-11522b998d76","inputs":{"at":1795987416966299119,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987368636231882,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":4},"sampledAt":1795987413950590204,"size":1,"steal":0,"utilization":600000},{"position":{"epoch":2,"sequence":5},"sampledAt":1795987414449014298,"size":1,"steal":0,"utilization":829978},{"position":{"epoch":2,"sequence":6},"sampledAt":1795987414956799399,"size":1,"steal":0,"utilization":1000000},{"position":{"epoch":2,"sequence":7},"sampledAt":1795987415450620599,"size":1,"steal":0,"utilization":1000000},{"position":{"epoch":2,"sequence":8},"sampledAt":1795987415949201295,"size":1,"steal":0,"utilization":1000000},{"position":{"epoch":2,"sequence":9},"sampledAt":1795987416450365743,"size":1,"steal":0,"utilization":1000000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-above","target":2,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 1 to 2 vCPUs: 5 of the last 6 known samples were above 80 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":2,"sequence":9},"sampledAt":1795987416450365743,"size":1,"steal":0,"utilization":1000000}}	1c63faeb-b846-456c-af95-0f39081664f2
a8bc9550-088f-83e1-8530-5be638fe2605	edge	1	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	1795987438412697296	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987438412697296,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"a8bc9550-088f-83e1-8530-5be638fe2605","inputs":{"at":1795987438412697296,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"a534a6a6-b7fd-4b63-90ba-d0da572baaf1","host":"attic","hostMode":"observe","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
a929e9bf-072a-8e93-9363-9742c82edc6c	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987350821533897	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987350821533897,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"a929e9bf-072a-8e93-9363-9742c82edc6c","inputs":{"at":1795987350821533897,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":2,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"acme"}	\N
af2a57f2-f3c2-8b6f-adf0-a059a09cd217	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987370464687252	nothing	2	nothing: 0 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed	{"decidedAt":1795987370464687252,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":4,"windowLength":6},"mean":600000,"peak":600000,"reason":"too-few-breaches","verdict":"nothing"},"id":"af2a57f2-f3c2-8b6f-adf0-a059a09cd217","inputs":{"at":1795987370464687252,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"memory":536870912,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":2,"recordedResource":"memory","samples":[{"position":{"epoch":1,"sequence":52},"sampledAt":1795987370464687252,"size":536870912,"utilization":600000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":52},"sampledAt":1795987370464687252,"size":536870912,"utilization":600000}}	\N
af9b3a7e-5b9d-8858-94d9-bcb88bd07271	main	1	d34beef0-bcee-8070-9347-f9ef98c4049c	1795987353447182400	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987353447182400,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"af9b3a7e-5b9d-8858-94d9-bcb88bd07271","inputs":{"at":1795987353447182400,"ceiling":2,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"d34beef0-bcee-8070-9347-f9ef98c4049c","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":0,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"globex"}	\N
b3877082-5d6c-8b09-ba3e-5649222d4a56	main	1	2855fea2-ff49-89e9-b985-85559fe48427	1795987360989972871	migrate	2	migrate from host-2 to host-3: host-2 has been above its bound	{"decidedAt":1795987360989972871,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"b3877082-5d6c-8b09-ba3e-5649222d4a56","inputs":{"at":1795987360963105927,"ceiling":2,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2855fea2-ff49-89e9-b985-85559fe48427","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":22},"sampledAt":1795987355450278453,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":23},"sampledAt":1795987355951731199,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987356440876867,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":25},"sampledAt":1795987356944766457,"size":1,"steal":2511,"utilization":400000},{"position":{"epoch":1,"sequence":26},"sampledAt":1795987357446327424,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":27},"sampledAt":1795987357942266373,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358452343863,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":29},"sampledAt":1795987358954359837,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":30},"sampledAt":1795987359443261762,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":31},"sampledAt":1795987359954207734,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":32},"sampledAt":1795987360447612304,"size":1,"steal":6031,"utilization":400000},{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360963105927,"size":1,"steal":6031,"utilization":400000}],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"move":{"cause":{"relief":{}},"chosen":"2855fea2-ff49-89e9-b985-85559fe48427","improvement":{"after":1080398200001,"before":1191404250001},"minimumImprovement":10000,"need":{"cpu":399996,"memory":0,"vcpus":0},"options":[{"demand":{"ppmOfOneCore":400000},"domain":"2855fea2-ff49-89e9-b985-85559fe48427","memory":268435456,"vcpus":1},{"demand":{"ppmOfOneCore":1627608},"domain":"dccf7df0-51c6-834e-910a-3090db71d8c1","memory":268435456,"vcpus":2},{"demand":{"ppmOfOneCore":400000},"domain":"71bb54d8-d101-45b9-834d-0bff90150280","memory":536870912,"obstacle":{"notManaged":{}},"vcpus":1},{"demand":{"ppmOfOneCore":400000},"domain":"e099ec6c-d736-4ca5-85e7-bb0f12278575","memory":536870912,"obstacle":{"notManaged":{}},"vcpus":1},{"demand":{"ppmOfOneCore":800000},"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","memory":536870912,"vcpus":2}],"source":"host-2"},"outcome":{"host":"host-3","reason":"host-overload","verdict":"migrate"},"placement":{"candidates":[{"facts":{"committedMemory":2147483648,"committedVCPUs":6,"cpuUtilization":942500,"memoryUsed":2147483648,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":3000000,"host":"host-1","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"enabled","reservedMemory":0,"reservedVCPUs":0},"responseTimeNanoseconds":200000},"rejection":{"available":900000,"code":"projected-cpu-above-bound","needed":1042500}},{"facts":{"committedMemory":2147483648,"committedVCPUs":7,"cpuUtilization":999999,"memoryUsed":2147483648,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":3000000,"host":"host-2","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"enabled","reservedMemory":268435456,"reservedVCPUs":1},"responseTimeNanoseconds":200000},"rejection":{"code":"is-the-source"}},{"facts":{"committedMemory":1879048192,"committedVCPUs":7,"cpuUtilization":420000,"memoryUsed":1879048192,"permittedMemory":0,"permittedVCPUs":0,"record":{"cpuBound":900000,"cpuCount":4,"cpuOvercommit":3000000,"host":"host-3","isUp":true,"memory":4294967296,"memoryBound":950000,"memoryOvercommit":1000000,"mode":"enabled","reservedMemory":0,"reservedVCPUs":0},"responseTimeNanoseconds":200000},"terms":{"freeCPUScore":1000000,"freeMemoryScore":1000000,"responseScore":1000000,"weightedCPU":333333,"weightedMemory":333333,"weightedResponse":333334}}],"chosen":"host-3","request":{"demand":{"ppmOfOneCore":400000},"denied":[],"domain":"2855fea2-ff49-89e9-b985-85559fe48427","incomingBudget":1,"memory":268435456,"presentVCPUs":1,"source":"host-2","vcpus":1},"weights":{"cpuPPM":333333,"memoryPPM":333333,"responsePPM":333334}},"rulesVersion":2,"summary":"migrate from host-2 to host-3: host-2 has been above its bound","tenant":"globex","trigger":{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360963105927,"size":1,"steal":6031,"utilization":400000}}	185b5715-d16d-4b0e-9bef-3ba70dbb94d2
b544b30b-4652-81a6-b44c-5829e1f003e3	main	1	dccf7df0-51c6-834e-910a-3090db71d8c1	1795987365439121324	nothing	2	nothing: 7 of the last 12 known samples were above 80 % and 0 below 30 %; 8 are needed	{"decidedAt":1795987365439121324,"denials":[],"finding":{"counts":{"above":7,"below":0,"known":12,"needed":8,"windowLength":12},"mean":743457,"peak":990000,"reason":"too-few-breaches","steal":7781,"verdict":"nothing"},"id":"b544b30b-4652-81a6-b44c-5829e1f003e3","inputs":{"at":1795987365439121324,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"dccf7df0-51c6-834e-910a-3090db71d8c1","dryRun":"dry-run-of-domain","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":31},"sampledAt":1795987359954207734,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":32},"sampledAt":1795987360447612304,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360963105927,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":34},"sampledAt":1795987361442785851,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":35},"sampledAt":1795987361950053243,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":36},"sampledAt":1795987362442252671,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":37},"sampledAt":1795987362942245988,"size":2,"steal":3823,"utilization":981479},{"position":{"epoch":1,"sequence":38},"sampledAt":1795987363441347118,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":39},"sampledAt":1795987363944231793,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":40},"sampledAt":1795987364452000661,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":41},"sampledAt":1795987364950198758,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365439121324,"size":2,"steal":0,"utilization":400000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 7 of the last 12 known samples were above 80 % and 0 below 30 %; 8 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365439121324,"size":2,"steal":0,"utilization":400000}}	\N
b69c7fb6-e87c-896e-a18f-0bf23c239856	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987390362392953	nothing	2	nothing: 0 of the last 12 known samples were above 80 % and 0 below 30 %; 3 are needed	{"decidedAt":1795987390362392953,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":12,"needed":3,"windowLength":12},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"b69c7fb6-e87c-896e-a18f-0bf23c239856","inputs":{"at":1795987390362392953,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":79},"sampledAt":1795987385075165796,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":80},"sampledAt":1795987385580600193,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":81},"sampledAt":1795987386069063206,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":82},"sampledAt":1795987386568724328,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":83},"sampledAt":1795987387071246655,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":84},"sampledAt":1795987387574171050,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":85},"sampledAt":1795987388074433667,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":86},"sampledAt":1795987388574560592,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":87},"sampledAt":1795987389106541590,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":88},"sampledAt":1795987389398115137,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":89},"sampledAt":1795987389585123611,"size":1,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":90},"sampledAt":1795987390074179485,"size":1,"steal":0,"utilization":400000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":1,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 12 known samples were above 80 % and 0 below 30 %; 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":90},"sampledAt":1795987390074179485,"size":1,"steal":0,"utilization":400000}}	\N
b7949fff-a4e0-8483-96fa-2c7da007296c	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987355953809286	nothing	2	nothing: 0 of the last 4 known samples were above 80 % and 0 below 30 %; 3 are needed	{"decidedAt":1795987355953809286,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":4,"needed":3,"windowLength":12},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"b7949fff-a4e0-8483-96fa-2c7da007296c","inputs":{"at":1795987355953809286,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":17},"sampledAt":1795987354033506371,"size":4,"steal":0,"unknownBefore":1,"utilization":400000},{"position":{"epoch":1,"sequence":18},"sampledAt":1795987354530427219,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":19},"sampledAt":1795987355037360605,"size":4,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":20},"sampledAt":1795987355528770249,"size":4,"steal":0,"utilization":400000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":4,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 4 known samples were above 80 % and 0 below 30 %; 3 are needed","tenant":"initech","trigger":{"position":{"epoch":1,"sequence":20},"sampledAt":1795987355528770249,"size":4,"steal":0,"utilization":400000}}	\N
b8a29de8-73eb-8f1e-9355-6aca96ed5a67	main	1	6775dc77-0156-4f61-9afc-d44d14cf8bfe	1795987347263758477	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987347263758477,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"b8a29de8-73eb-8f1e-9355-6aca96ed5a67","inputs":{"at":1795987347263758477,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"6775dc77-0156-4f61-9afc-d44d14cf8bfe","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
b9d5c603-3a92-83a4-a8c0-909a9e3a0be5	main	1	902805dc-bec3-8640-b976-d50e7844e7a5	1795987388756940121	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987388756940121,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"b9d5c603-3a92-83a4-a8c0-909a9e3a0be5","inputs":{"at":1795987388756940121,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"902805dc-bec3-8640-b976-d50e7844e7a5","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":2,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":83},"sampledAt":1795987385958922382,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":84},"sampledAt":1795987386462809469,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":85},"sampledAt":1795987386959065498,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":86},"sampledAt":1795987387466568751,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":87},"sampledAt":1795987387958846976,"size":1,"steal":0,"utilization":300000},{"position":{"epoch":1,"sequence":88},"sampledAt":1795987388458782928,"size":1,"steal":0,"utilization":300000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":88},"sampledAt":1795987388458782928,"size":1,"steal":0,"utilization":300000}}	\N
ba727cc5-3ebf-8e1f-89da-f2d4a9e2c557	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987365463728562	refuse	2	not shrunk: 4 of the last 6 known samples were below 15 % and 4 are needed, but the same load would be 95 % of one vCPU less, above 80 %	{"decidedAt":1795987365463728562,"denials":[],"finding":{"counts":{"above":0,"below":4,"known":6,"needed":4,"windowLength":6},"mean":201755,"peak":633333,"projection":950000,"reason":"projection-above-upper","steal":0,"verdict":"refuse"},"id":"ba727cc5-3ebf-8e1f-89da-f2d4a9e2c557","inputs":{"at":1795987365463728562,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987358670882022,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":37},"sampledAt":1795987362971259867,"size":3,"steal":0,"utilization":633333},{"position":{"epoch":1,"sequence":38},"sampledAt":1795987363467421456,"size":3,"steal":0,"utilization":443863},{"position":{"epoch":1,"sequence":39},"sampledAt":1795987363967076009,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":40},"sampledAt":1795987364477359576,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":41},"sampledAt":1795987364970612821,"size":3,"steal":0,"utilization":33333},{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365463728562,"size":3,"steal":0,"utilization":33333}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":3,"windowLength":6},"outcome":{"reason":"projection-above-upper","verdict":"refuse"},"rulesVersion":2,"summary":"not shrunk: 4 of the last 6 known samples were below 15 % and 4 are needed, but the same load would be 95 % of one vCPU less, above 80 %","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":42},"sampledAt":1795987365463728562,"size":3,"steal":0,"utilization":33333}}	\N
be25bec8-73d1-8c37-93fa-1e921da5a9b7	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987372956445052	grow	2	grow from 512 MiB to 706 MiB: 4 of the last 4 known samples were above 85 % and 4 are needed	{"decidedAt":1795987372956445052,"denials":[],"finding":{"counts":{"above":4,"below":0,"known":4,"needed":4,"windowLength":6},"mean":930000,"peak":930000,"projection":674448,"reason":"enough-above","target":740294656,"verdict":"grow"},"id":"be25bec8-73d1-8c37-93fa-1e921da5a9b7","inputs":{"at":1795987372961786606,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"memory":536870912,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":536870912,"utilization":930000},{"position":{"epoch":1,"sequence":55},"sampledAt":1795987371959083624,"size":536870912,"utilization":930000},{"position":{"epoch":1,"sequence":56},"sampledAt":1795987372462408014,"size":536870912,"utilization":930000},{"position":{"epoch":1,"sequence":57},"sampledAt":1795987372961786606,"size":536870912,"utilization":930000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"host":"host-1","reason":"enough-above","target":740294656,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 512 MiB to 706 MiB: 4 of the last 4 known samples were above 85 % and 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":57},"sampledAt":1795987372961786606,"size":536870912,"utilization":930000}}	6dd363c4-7cf7-4d02-94d9-74d3810d2862
bf3d316c-e9bd-88dd-9b35-b79783fa4f23	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987430285245004	nothing	2	nothing: the number of vCPUs is not known	{"decidedAt":1795987430285245004,"denials":[],"finding":{"counts":{"above":0,"below":2,"known":2,"needed":3,"windowLength":12},"mean":100000,"peak":100000,"reason":"size-unknown","steal":0,"verdict":"nothing"},"id":"bf3d316c-e9bd-88dd-9b35-b79783fa4f23","inputs":{"at":1795987430285245004,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":14},"sampledAt":1795987418450922747,"size":4,"steal":0,"utilization":100000},{"position":{"epoch":2,"sequence":15},"sampledAt":1795987418955927535,"size":4,"steal":0,"utilization":100000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"unknownRun":16,"vcpus":0,"windowLength":12},"outcome":{"reason":"size-unknown","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: the number of vCPUs is not known","tenant":"initech","trigger":{"position":{"epoch":2,"sequence":15},"sampledAt":1795987418955927535,"size":4,"steal":0,"utilization":100000}}	\N
bf9841b4-65fb-8c6d-923b-69bedba8c35c	edge	1	a534a6a6-b7fd-4b63-90ba-d0da572baaf1	1795987348325901067	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987348325901067,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"bf9841b4-65fb-8c6d-923b-69bedba8c35c","inputs":{"at":1795987348325901067,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"a534a6a6-b7fd-4b63-90ba-d0da572baaf1","host":"host-5","hostMode":"observe","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
c4b70d42-2325-836e-86c0-a010a0b06fe8	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987418946834764	nothing	2	nothing: its owner has it left alone	{"decidedAt":1795987418946834764,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":2,"needed":4,"windowLength":6},"mean":300000,"peak":300000,"reason":"opted-out","steal":0,"verdict":"nothing"},"id":"c4b70d42-2325-836e-86c0-a010a0b06fe8","inputs":{"at":1795987418946834764,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","dryRun":"dry-run-of-tenant","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"isOptedOut":true,"lastChangeAt":1795987417236606622,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":4,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":12},"sampledAt":1795987417962380968,"size":2,"steal":0,"utilization":300000},{"position":{"epoch":2,"sequence":13},"sampledAt":1795987418451239819,"size":2,"steal":0,"utilization":300000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"opted-out","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: its owner has it left alone","tenant":"acme","trigger":{"position":{"epoch":2,"sequence":13},"sampledAt":1795987418451239819,"size":2,"steal":0,"utilization":300000}}	\N
ca450812-8ee4-8ffe-b7ad-ade6647e2a73	main	1	9cd9686b-91fa-850f-83e8-da2f496e7281	1795987384009280684	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987384009280684,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"ca450812-8ee4-8ffe-b7ad-ade6647e2a73","inputs":{"at":1795987384009280684,"ceiling":2,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"9cd9686b-91fa-850f-83e8-da2f496e7281","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":0,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"globex"}	\N
cc00f122-2c0d-80c6-9376-b182fdbcec9f	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987393571020554	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed	{"decidedAt":1795987393571020554,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":3,"windowLength":12},"mean":321085,"peak":321085,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"cc00f122-2c0d-80c6-9376-b182fdbcec9f","inputs":{"at":1795987393571020554,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987392811588985,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":97},"sampledAt":1795987393571020554,"size":2,"steal":0,"utilization":321085}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":97},"sampledAt":1795987393571020554,"size":2,"steal":0,"utilization":321085}}	\N
d136f0c8-00d7-87c0-b9e6-da5d73dbd148	main	1	dccf7df0-51c6-834e-910a-3090db71d8c1	1795987351871199726	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987351871199726,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"d136f0c8-00d7-87c0-b9e6-da5d73dbd148","inputs":{"at":1795987351871199726,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"dccf7df0-51c6-834e-910a-3090db71d8c1","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":2,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"acme"}	\N
d2ea2898-8b83-82a0-acea-4480e90a99de	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987387028962194	nothing	2	nothing: somebody else moved it from host-2 to host-3, so Ebb moves nothing there until 2026-11-29T21:53:07.028962194Z	{"decidedAt":1795987387028962194,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"foreign-move","until":1795989187028962194,"verdict":"nothing"},"foreignSource":"host-2","id":"d2ea2898-8b83-82a0-acea-4480e90a99de","inputs":{"at":1795987387028962194,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":2,"windowLength":6},"outcome":{"reason":"foreign-move","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: somebody else moved it from host-2 to host-3, so Ebb moves nothing there until 2026-11-29T21:53:07.028962194Z","tenant":"globex"}	\N
de64af11-fd96-87ab-b3e2-7d84de565bcb	main	1	2855fea2-ff49-89e9-b985-85559fe48427	1795987352927151901	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987352927151901,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"de64af11-fd96-87ab-b3e2-7d84de565bcb","inputs":{"at":1795987352927151901,"ceiling":2,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2855fea2-ff49-89e9-b985-85559fe48427","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"globex"}	\N
e060e43c-af59-8cfb-b7c9-367987bb8321	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987438751982984	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987438751982984,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":3,"windowLength":12},"reason":"no-known-samples","verdict":"nothing"},"id":"e060e43c-af59-8cfb-b7c9-367987bb8321","inputs":{"at":1795987438751982984,"ceiling":8,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":4,"windowLength":12},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"initech"}	\N
e07135e8-ceea-80e2-bb43-799823ca09e3	main	1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1795987352410433116	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987352410433116,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"e07135e8-ceea-80e2-bb43-799823ca09e3","inputs":{"at":1795987352410433116,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"a08677a1-bc23-8f83-b95c-ec2171bcdd7d","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":2,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed","tenant":"globex"}	\N
e10de343-668d-8c5f-b51a-b6ccc1b8fc17	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987347285586142	nothing	2	nothing: no policy is subscribed	{"decidedAt":1795987347285586142,"denials":[],"finding":{"reason":"no-policy","verdict":"nothing"},"id":"e10de343-668d-8c5f-b51a-b6ccc1b8fc17","inputs":{"at":1795987347285586142,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":false,"maximumDenials":4,"policyVersion":0,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":0,"stealBound":50000,"vcpus":1,"windowLength":0},"outcome":{"reason":"no-policy","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no policy is subscribed"}	\N
e7792241-98d7-8245-a542-a2787486bd0e	edge	1	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1795987396070401917	nothing	2	nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed	{"decidedAt":1795987396070401917,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":1,"needed":3,"windowLength":12},"mean":400000,"peak":400000,"reason":"too-few-breaches","steal":0,"verdict":"nothing"},"id":"e7792241-98d7-8245-a542-a2787486bd0e","inputs":{"at":1795987396070401917,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"7476cf8a-4baa-4dc0-87b3-41d690d7a28a","host":"host-4","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987395219983745,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":102},"sampledAt":1795987396070401917,"size":1,"steal":0,"utilization":400000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":1,"windowLength":12},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 0 of the last 1 known samples were above 80 % and 0 below 30 %; 3 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":102},"sampledAt":1795987396070401917,"size":1,"steal":0,"utilization":400000}}	\N
e7aa6716-1cf2-812c-b785-ad51995b8b04	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987371480058590	nothing	2	nothing: 1 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed	{"decidedAt":1795987371480058590,"denials":[],"finding":{"counts":{"above":1,"below":0,"known":1,"needed":4,"windowLength":6},"mean":930000,"peak":930000,"reason":"too-few-breaches","verdict":"nothing"},"id":"e7aa6716-1cf2-812c-b785-ad51995b8b04","inputs":{"at":1795987371480058590,"ceiling":4,"cooldownDownNanoseconds":300000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"memory":536870912,"memoryCeiling":1073741824,"memorySettings":{"granule":1048576,"growShare":125000,"majorFaultsPerSecond":20,"shrinkShare":50000,"swapInBytesPerSecond":65536},"policy":{"lower":150000,"maximumVCPUs":4,"memory":{"lower":500000,"maximum":1073741824,"minimum":268435456,"upper":850000},"minimumVCPUs":1,"network":{"lower":300000,"maximum":10485760,"minimum":51200,"upper":800000},"ratio":666666,"upper":800000},"policyVersion":3,"recordedResource":"memory","samples":[{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":536870912,"utilization":930000}],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"too-few-breaches","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: 1 of the last 1 known samples were above 85 % and 0 below 50 %; 4 are needed","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":54},"sampledAt":1795987371480058590,"size":536870912,"utilization":930000}}	\N
fd9082a8-9b1d-8e5a-a6ac-e63f13aa7402	main	1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1795987369186013369	nothing	2	nothing: no sample is known that is recent enough	{"decidedAt":1795987369186013369,"denials":[],"finding":{"counts":{"above":0,"below":0,"known":0,"needed":4,"windowLength":6},"reason":"no-known-samples","verdict":"nothing"},"id":"fd9082a8-9b1d-8e5a-a6ac-e63f13aa7402","inputs":{"at":1795987369186013369,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"65c5c072-07cb-8857-8dc0-9c578bb6bc3a","host":"host-1","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"lastChangeAt":1795987368636231882,"maximumDenials":4,"policy":{"lower":150000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[],"staleAfterNanoseconds":6000000000,"stealBound":50000,"vcpus":1,"windowLength":6},"outcome":{"reason":"no-known-samples","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: no sample is known that is recent enough","tenant":"acme"}	\N
fdff31d7-7f35-8298-b74b-7bd2de314b85	main	1	2125a37b-0503-804c-8b59-ff0706bf1761	1795987438196425392	nothing	2	nothing: the number of vCPUs is not known	{"decidedAt":1795987438196425392,"denials":[],"finding":{"counts":{"above":0,"below":2,"known":2,"needed":3,"windowLength":12},"mean":100000,"peak":100000,"reason":"size-unknown","steal":0,"verdict":"nothing"},"id":"fdff31d7-7f35-8298-b74b-7bd2de314b85","inputs":{"at":1795987438196425392,"ceiling":8,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"2125a37b-0503-804c-8b59-ff0706bf1761","host":"host-3","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":4,"ratio":250000,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":2,"sequence":48},"sampledAt":1795987436456417763,"size":4,"steal":0,"utilization":100000},{"position":{"epoch":2,"sequence":49},"sampledAt":1795987436961981832,"size":4,"steal":0,"utilization":100000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":0,"windowLength":12},"outcome":{"reason":"size-unknown","verdict":"nothing"},"rulesVersion":2,"summary":"nothing: the number of vCPUs is not known","tenant":"initech","trigger":{"position":{"epoch":2,"sequence":49},"sampledAt":1795987436961981832,"size":4,"steal":0,"utilization":100000}}	\N
fe509c0b-89ed-8dc5-a8db-4a7b2111024f	main	1	dccf7df0-51c6-834e-910a-3090db71d8c1	1795987360963105927	grow	2	grow from 2 to 3 vCPUs: 8 of the last 12 known samples were above 80 % and 8 are needed (not done: its policy is a dry run)	{"decidedAt":1795987360963105927,"denials":[],"finding":{"counts":{"above":8,"below":0,"known":12,"needed":8,"windowLength":12},"dry":"dry-run-of-domain","mean":813804,"peak":990000,"projection":660000,"reason":"enough-above","steal":10468,"target":3,"verdict":"grow"},"id":"fe509c0b-89ed-8dc5-a8db-4a7b2111024f","inputs":{"at":1795987360963105927,"ceiling":4,"cooldownDownNanoseconds":2000000000,"cooldownUpNanoseconds":1000000000,"domain":"dccf7df0-51c6-834e-910a-3090db71d8c1","dryRun":"dry-run-of-domain","host":"host-2","hostMode":"enabled","isChangeInFlight":false,"isManaged":true,"maximumDenials":4,"policy":{"lower":300000,"maximumVCPUs":4,"minimumVCPUs":1,"ratio":666666,"upper":800000},"policyVersion":1,"projectsByPeak":true,"recordedResource":"cpu","samples":[{"position":{"epoch":1,"sequence":22},"sampledAt":1795987355450278453,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":23},"sampledAt":1795987355951731199,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":24},"sampledAt":1795987356440876867,"size":2,"steal":0,"utilization":400000},{"position":{"epoch":1,"sequence":25},"sampledAt":1795987356944766457,"size":2,"steal":6214,"utilization":645648},{"position":{"epoch":1,"sequence":26},"sampledAt":1795987357446327424,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":27},"sampledAt":1795987357942266373,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":28},"sampledAt":1795987358452343863,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":29},"sampledAt":1795987358954359837,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":30},"sampledAt":1795987359443261762,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":31},"sampledAt":1795987359954207734,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":32},"sampledAt":1795987360447612304,"size":2,"steal":14925,"utilization":990000},{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360963105927,"size":2,"steal":14925,"utilization":990000}],"staleAfterNanoseconds":12000000000,"stealBound":50000,"vcpus":2,"windowLength":12},"outcome":{"dry":"dry-run-of-domain","host":"host-2","reason":"enough-above","target":3,"verdict":"grow"},"rulesVersion":2,"summary":"grow from 2 to 3 vCPUs: 8 of the last 12 known samples were above 80 % and 8 are needed (not done: its policy is a dry run)","tenant":"acme","trigger":{"position":{"epoch":1,"sequence":33},"sampledAt":1795987360963105927,"size":2,"steal":14925,"utilization":990000}}	\N
\.

COPY scheduling.decision_measurement (decision, minutes, at_ns, resource, predicted_ppm, real_ppm, samples, is_reversed) FROM stdin;
14fc0ab6-be71-8ccf-b975-f6d383c511cd	1	1795987426449143446	cpu	152633	50000	4	f
2a4e05e2-2aec-8d6c-bcce-34902f086e3f	1	1795987455470293330	cpu	460542	400000	95	f
46640b6a-12b8-8223-8f9c-adbb751ef229	1	1795987452905671735	cpu	289404	230271	4	t
5a54ac1c-5422-8a14-8b03-25e99a04c672	1	1795987433877988816	network	549999	161132	115	f
6e25d1cc-d2e0-8958-982e-bf6ca4505363	1	1795987418955408524	cpu	509027	405513	14	t
942af77a-bde3-848c-954e-26e212743ede	1	1795987428695350189	cpu	100000	619209	91	t
be25bec8-73d1-8c37-93fa-1e921da5a9b7	1	1795987433374018126	memory	674448	435127	116	f
\.

COPY scheduling.decision_outcome (decision, at_ns, outcome, detail) FROM stdin;
14fc0ab6-be71-8ccf-b975-f6d383c511cd	1795987366086872764	succeeded	{"host": "host-1", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987366082779654}
2a4e05e2-2aec-8d6c-bcce-34902f086e3f	1795987395226916246	succeeded	{"host": "host-4", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987395219983745}
46640b6a-12b8-8223-8f9c-adbb751ef229	1795987392822292715	succeeded	{"host": "host-4", "state": "running", "vcpus": 2, "memory": 536870912, "granted": 2, "effectiveAt": 1795987392811588985}
5a54ac1c-5422-8a14-8b03-25e99a04c672	1795987373484043545	succeeded	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 740294656, "granted": 1, "effectiveAt": 1795987373478257212}
6e25d1cc-d2e0-8958-982e-bf6ca4505363	1795987358671451302	succeeded	{"host": "host-1", "state": "running", "vcpus": 3, "memory": 536870912, "granted": 3, "effectiveAt": 1795987358670882022}
942af77a-bde3-848c-954e-26e212743ede	1795987368634778460	succeeded	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 536870912, "granted": 1, "effectiveAt": 1795987368636231882}
a7c927c9-2000-8e13-bac0-11522b998d76	1795987417239301018	succeeded	{"host": "host-1", "state": "running", "vcpus": 2, "memory": 740294656, "granted": 2, "effectiveAt": 1795987417236606622}
b3877082-5d6c-8b09-ba3e-5649222d4a56	1795987362587601062	succeeded	{"host": "host-3", "state": "running", "vcpus": 1, "granted": 1, "effectiveAt": 1795987362570317445}
be25bec8-73d1-8c37-93fa-1e921da5a9b7	1795987373147845628	succeeded	{"host": "host-1", "state": "running", "vcpus": 1, "memory": 740294656, "granted": 1, "effectiveAt": 1795987373135932490}
\.

COPY scheduling.permit (id, host, domain, purpose, vcpus, memory_bytes, state, decision, created_ns, expires_ns) FROM stdin;
120126d1-1389-4ca8-8e7e-f016cc11865a	host-2	2855fea2-ff49-89e9-b985-85559fe48427	create	1	268435456	used	\N	1795987352429679122	1795987472429679122
14ef7e97-5cb3-41de-a576-b90cac2699ca	host-3	d34beef0-bcee-8070-9347-f9ef98c4049c	create	1	268435456	used	\N	1795987353335709537	1795987473335709537
1561bcf4-b83c-45e5-9381-281edfbbe6e4	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	start	4	536870912	used	\N	1795987438233315792	1795987558233315792
239bc7ab-c2e8-46f0-9e72-4a1adfc8bc47	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	create	2	536870912	used	\N	1795987351913084943	1795987471913084943
3a7b684e-7651-49c2-866a-acf6a323592f	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	grow	1	0	released	\N	1795987403216959310	1795987523216959310
3bc2ca58-0059-40cd-820e-0510760e8a98	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	create	2	536870912	used	\N	1795987350447275399	1795987470447275399
4548052d-cba7-4a71-93dd-03553198c1b7	host-2	dccf7df0-51c6-834e-910a-3090db71d8c1	create	2	268435456	used	\N	1795987351359423950	1795987471359423950
4d457cbd-ba35-4916-8b52-1f7775318101	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow	0	203423744	used	be25bec8-73d1-8c37-93fa-1e921da5a9b7	1795987372953339114	1795987492953339114
5b1964dc-23cf-49be-82b9-cba3d11c8969	host-1	902805dc-bec3-8640-b976-d50e7844e7a5	create	1	536870912	used	\N	1795987350919330516	1795987470919330516
5d3d27e1-937a-42a2-94cc-4ee9c1a57529	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow	1	0	used	6e25d1cc-d2e0-8958-982e-bf6ca4505363	1795987358461246647	1795987478461246647
6a0504a8-b1e3-48b4-ac0f-45113386c79a	host-4	7476cf8a-4baa-4dc0-87b3-41d690d7a28a	grow	1	0	used	46640b6a-12b8-8223-8f9c-adbb751ef229	1795987392571369998	1795987512571369998
71ee5e2d-45ea-45e9-bc87-3659a760fb0b	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	2	536870912	used	\N	1795987409438703752	1795987529438703752
75c17647-70fb-4bb6-942c-e96bd901564b	host-1	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	2	536870912	released	\N	1795987387338780847	1795987507338780847
832a0e9b-d03b-4b64-a09f-6dddac08d744	host-3	9cd9686b-91fa-850f-83e8-da2f496e7281	create	1	536870912	used	\N	1795987383900398622	1795987503900398622
89c01f8b-fad3-468f-9ca0-11081bbd04e1	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	create	4	536870912	used	\N	1795987352897285074	1795987472897285074
925e919d-ea5f-4f9d-a518-d223254096cc	host-3	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	migrate	2	536870912	used	\N	1795987385098970628	1795987505098970628
9fcd2aa4-b622-4658-a0c0-76ba854d4296	host-1	65c5c072-07cb-8857-8dc0-9c578bb6bc3a	grow	1	0	used	a7c927c9-2000-8e13-bac0-11522b998d76	1795987416966471385	1795987536966471385
b1d4c8e1-916b-4489-a15d-188bfc162453	host-3	2855fea2-ff49-89e9-b985-85559fe48427	grow	1	0	used	\N	1795987382224230166	1795987502224230166
bc27e01c-067e-4e98-abec-d5d7afea877d	host-3	2855fea2-ff49-89e9-b985-85559fe48427	start	1	268435456	used	\N	1795987381077493958	1795987501077493958
c62ccbdb-3e66-4b85-800e-bb1dce4b1e37	host-3	2855fea2-ff49-89e9-b985-85559fe48427	migrate	1	268435456	used	b3877082-5d6c-8b09-ba3e-5649222d4a56	1795987360984304664	1795987480984304664
ecec4699-3fab-4873-8e1c-da70c51fe78f	host-3	2125a37b-0503-804c-8b59-ff0706bf1761	start	4	536870912	used	\N	1795987435621435781	1795987555621435781
ff5d74f3-c415-4dc2-a5cf-3cb148456025	host-2	a08677a1-bc23-8f83-b95c-ec2171bcdd7d	restore	2	536870912	used	\N	1795987377223770467	1795987497223770467
\.

COPY scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm, minimum_vcpus, maximum_vcpus, window_length, memory_lower_ppm, memory_upper_ppm, minimum_memory_bytes, maximum_memory_bytes, network_lower_ppm, network_upper_ppm, minimum_network_bytes_per_second, maximum_network_bytes_per_second, options, choice) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	1	1795987355951633501	300000	800000	250000	4	4	12	\N	\N	\N	\N	\N	\N	\N	\N	{"preset": "aggressive", "isDryRun": false, "isOptedOut": false, "pinnedHosts": []}	\N
2125a37b-0503-804c-8b59-ff0706bf1761	2	1795987438918133305	100000	600000	500000	4	8	6	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	1	1795987353974471552	150000	800000	666666	1	4	6	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	2	1795987369701003594	150000	800000	666666	1	4	6	500000	850000	268435456	1073741824	\N	\N	\N	\N	\N	\N
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	3	1795987370708223962	150000	800000	666666	1	4	6	500000	850000	268435456	1073741824	300000	800000	51200	10485760	{"cooldown": {"upNanoseconds": 1000000000, "downNanoseconds": 300000000000}, "isDryRun": false, "isOptedOut": false, "pinnedHosts": []}	\N
65c5c072-07cb-8857-8dc0-9c578bb6bc3a	4	1795987418945208807	150000	800000	666666	1	4	6	500000	850000	268435456	1073741824	300000	800000	51200	10485760	{"cooldown": {"upNanoseconds": 1000000000, "downNanoseconds": 300000000000}, "isDryRun": false, "isOptedOut": true, "pinnedHosts": []}	\N
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	1	1795987390361098419	300000	800000	250000	1	4	12	\N	\N	\N	\N	\N	\N	\N	\N	{"preset": "aggressive", "isDryRun": false, "isOptedOut": false, "pinnedHosts": []}	\N
7476cf8a-4baa-4dc0-87b3-41d690d7a28a	2	1795987398820750198	100000	900000	500000	1	4	6	\N	\N	\N	\N	\N	\N	\N	\N	\N	\N
902805dc-bec3-8640-b976-d50e7844e7a5	1	1795987354447078589	200000	700000	500000	1	1	6	\N	\N	\N	\N	\N	\N	\N	\N	{"isDryRun": false, "isOptedOut": false, "pinnedHosts": [], "antiAffinityGroup": "data"}	\N
902805dc-bec3-8640-b976-d50e7844e7a5	2	1795987388755453100	\N	\N	\N	\N	\N	6	\N	\N	\N	\N	\N	\N	\N	\N	{"isDryRun": false, "isOptedOut": false, "pinnedHosts": [], "antiAffinityGroup": "data"}	\N
a08677a1-bc23-8f83-b95c-ec2171bcdd7d	1	1795987355434512919	300000	800000	666666	1	4	6	\N	\N	\N	\N	\N	\N	\N	\N	{"goal": {"overloadedShare": 10000}, "cooldown": {"upNanoseconds": 1000000000, "downNanoseconds": 300000000000}, "isDryRun": false, "isOptedOut": false, "pinnedHosts": []}	\N
dccf7df0-51c6-834e-910a-3090db71d8c1	1	1795987354963060018	300000	800000	666666	1	4	12	\N	\N	\N	\N	\N	\N	\N	\N	{"preset": "balanced", "isDryRun": true, "isOptedOut": false, "pinnedHosts": []}	\N
\.

COPY scheduling.tenant_setting (tenant, weight, dry_run, principal, changed_ns) FROM stdin;
acme	300	f	olga	1795987418592353034
\.

COPY scheduling.tenant_setting_history (tenant, weight, dry_run, principal, changed_ns, ended_ns) FROM stdin;
acme	200	f	olga	1795987417951148908	1795987418232228492
acme	300	t	olga	1795987418232228492	1795987418592353034
\.

COPY scheduling.waiting_growth (domain, resource, cluster, missing, weight, since_ns) FROM stdin;
2125a37b-0503-804c-8b59-ff0706bf1761	cpu	main	1	100	1795987441974145932
\.

SELECT pg_catalog.setval('audit.outbox_id_seq', 95, true);

ALTER TABLE ONLY account.principal
    ADD CONSTRAINT principal_name_key UNIQUE (name);

ALTER TABLE ONLY account.principal
    ADD CONSTRAINT principal_pkey PRIMARY KEY (id);

ALTER TABLE account.principal CLUSTER ON principal_pkey;

ALTER TABLE ONLY account.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);

ALTER TABLE account.tenant CLUSTER ON tenant_pkey;

ALTER TABLE ONLY account.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (hash);

ALTER TABLE account.token CLUSTER ON token_pkey;

ALTER TABLE ONLY audit.entry
    ADD CONSTRAINT entry_outbox_key UNIQUE (outbox);

ALTER TABLE ONLY audit.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (sequence);

ALTER TABLE audit.entry CLUSTER ON entry_pkey;

ALTER TABLE ONLY audit.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE audit.outbox CLUSTER ON outbox_pkey;

ALTER TABLE ONLY billing.rate_card
    ADD CONSTRAINT rate_card_pkey PRIMARY KEY (version);

ALTER TABLE billing.rate_card CLUSTER ON rate_card_pkey;

ALTER TABLE ONLY billing.rate_card
    ADD CONSTRAINT rate_card_valid_from_ns_key UNIQUE (valid_from_ns);

ALTER TABLE ONLY cluster.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (id);

ALTER TABLE cluster.command CLUSTER ON command_pkey;

ALTER TABLE ONLY cluster.command
    ADD CONSTRAINT command_principal_idempotency_key_key UNIQUE (principal, idempotency_key);

ALTER TABLE ONLY cluster."freeze"
    ADD CONSTRAINT freeze_pkey PRIMARY KEY (scope, id);

ALTER TABLE cluster."freeze" CLUSTER ON freeze_pkey;

ALTER TABLE ONLY cluster.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (id);

ALTER TABLE cluster.instance CLUSTER ON instance_pkey;

ALTER TABLE ONLY cluster.shard
    ADD CONSTRAINT shard_kind_id_epoch_key UNIQUE (kind, id, epoch);

ALTER TABLE ONLY cluster.shard
    ADD CONSTRAINT shard_pkey PRIMARY KEY (kind, id);

ALTER TABLE cluster.shard CLUSTER ON shard_pkey;

ALTER TABLE ONLY inventory.domain
    ADD CONSTRAINT domain_pkey PRIMARY KEY (id);

ALTER TABLE inventory.domain CLUSTER ON domain_pkey;

ALTER TABLE ONLY inventory.duplicate
    ADD CONSTRAINT duplicate_pkey PRIMARY KEY (host, domain);

ALTER TABLE inventory.duplicate CLUSTER ON duplicate_pkey;

ALTER TABLE ONLY inventory.host
    ADD CONSTRAINT host_pkey PRIMARY KEY (id);

ALTER TABLE inventory.host CLUSTER ON host_pkey;

ALTER TABLE ONLY inventory.meter_reading
    ADD CONSTRAINT meter_reading_pkey PRIMARY KEY (domain, host, incarnation_start_ns, at_ns);

ALTER TABLE inventory.meter_reading CLUSTER ON meter_reading_pkey;

ALTER TABLE ONLY inventory.saved_definition
    ADD CONSTRAINT saved_definition_pkey PRIMARY KEY (domain);

ALTER TABLE inventory.saved_definition CLUSTER ON saved_definition_pkey;

ALTER TABLE ONLY inventory.size_segment
    ADD CONSTRAINT size_segment_domain_int8range_excl EXCLUDE USING gist (domain WITH =, int8range(start_ns, end_ns) WITH &&);

ALTER TABLE ONLY inventory.size_segment
    ADD CONSTRAINT size_segment_pkey PRIMARY KEY (domain, start_ns);

ALTER TABLE inventory.size_segment CLUSTER ON size_segment_pkey;

ALTER TABLE ONLY inventory.size_state
    ADD CONSTRAINT size_state_pkey PRIMARY KEY (domain);

ALTER TABLE inventory.size_state CLUSTER ON size_state_pkey;

ALTER TABLE ONLY log.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (topic, stream_epoch, sequence);

ALTER TABLE log.event CLUSTER ON event_pkey;

ALTER TABLE ONLY log.gap
    ADD CONSTRAINT gap_pkey PRIMARY KEY (topic, epoch, first);

ALTER TABLE log.gap CLUSTER ON gap_pkey;

ALTER TABLE ONLY log.watermark
    ADD CONSTRAINT watermark_pkey PRIMARY KEY (topic, epoch);

ALTER TABLE log.watermark CLUSTER ON watermark_pkey;

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY scheduling.cluster_setting
    ADD CONSTRAINT cluster_setting_pkey PRIMARY KEY (cluster);

ALTER TABLE scheduling.cluster_setting CLUSTER ON cluster_setting_pkey;

ALTER TABLE ONLY scheduling.decision_measurement
    ADD CONSTRAINT decision_measurement_pkey PRIMARY KEY (decision, minutes);

ALTER TABLE scheduling.decision_measurement CLUSTER ON decision_measurement_pkey;

ALTER TABLE ONLY scheduling.decision_outcome
    ADD CONSTRAINT decision_outcome_pkey PRIMARY KEY (decision, at_ns);

ALTER TABLE scheduling.decision_outcome CLUSTER ON decision_outcome_pkey;

ALTER TABLE ONLY scheduling.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);

ALTER TABLE scheduling.decision CLUSTER ON decision_pkey;

ALTER TABLE ONLY scheduling.permit
    ADD CONSTRAINT permit_pkey PRIMARY KEY (id);

ALTER TABLE scheduling.permit CLUSTER ON permit_pkey;

ALTER TABLE ONLY scheduling.policy
    ADD CONSTRAINT policy_domain_valid_from_ns_key UNIQUE (domain, valid_from_ns);

ALTER TABLE ONLY scheduling.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (domain, version);

ALTER TABLE scheduling.policy CLUSTER ON policy_pkey;

ALTER TABLE ONLY scheduling.tenant_setting
    ADD CONSTRAINT tenant_setting_pkey PRIMARY KEY (tenant);

ALTER TABLE scheduling.tenant_setting CLUSTER ON tenant_setting_pkey;

ALTER TABLE ONLY scheduling.waiting_growth
    ADD CONSTRAINT waiting_growth_pkey PRIMARY KEY (domain, resource);

ALTER TABLE scheduling.waiting_growth CLUSTER ON waiting_growth_pkey;

CREATE INDEX command_decision ON cluster.command USING btree (decision) WHERE (decision IS NOT NULL);

CREATE INDEX command_domain ON cluster.command USING btree (domain, created_ns);

CREATE INDEX command_open ON cluster.command USING btree (host, created_ns) WHERE (state = ANY (ARRAY['queued'::text, 'claimed'::text]));

CREATE INDEX domain_host ON inventory.domain USING btree (host) WHERE (deleted_ns IS NULL);

CREATE UNIQUE INDEX domain_name ON inventory.domain USING btree (tenant, name) WHERE (deleted_ns IS NULL);

CREATE UNIQUE INDEX host_uri ON inventory.host USING btree (uri) WHERE (removed_ns IS NULL);

CREATE INDEX host_uuid ON inventory.host USING btree (uuid) WHERE (removed_ns IS NULL);

CREATE INDEX meter_reading_at ON inventory.meter_reading USING btree (domain, at_ns);

CREATE INDEX event_domain ON log.event USING btree (domain, at_ns);

CREATE INDEX host_sample_host ON ONLY log.host_sample USING btree (host, sampled_ns);

CREATE INDEX host_sample_20785_host_sampled_ns_idx ON log.host_sample_20785 USING btree (host, sampled_ns);

CREATE INDEX host_sample_20786_host_sampled_ns_idx ON log.host_sample_20786 USING btree (host, sampled_ns);

CREATE INDEX host_sample_20787_host_sampled_ns_idx ON log.host_sample_20787 USING btree (host, sampled_ns);

CREATE INDEX sample_domain ON ONLY log.sample USING btree (domain, sampled_ns);

CREATE INDEX sample_20785_domain_sampled_ns_idx ON log.sample_20785 USING btree (domain, sampled_ns);

CREATE INDEX sample_host ON ONLY log.sample USING btree (host, sampled_ns);

CREATE INDEX sample_20785_host_sampled_ns_idx ON log.sample_20785 USING btree (host, sampled_ns);

CREATE INDEX sample_20786_domain_sampled_ns_idx ON log.sample_20786 USING btree (domain, sampled_ns);

CREATE INDEX sample_20786_host_sampled_ns_idx ON log.sample_20786 USING btree (host, sampled_ns);

CREATE INDEX sample_20787_domain_sampled_ns_idx ON log.sample_20787 USING btree (domain, sampled_ns);

CREATE INDEX sample_20787_host_sampled_ns_idx ON log.sample_20787 USING btree (host, sampled_ns);

CREATE INDEX decision_at ON scheduling.decision USING btree (at_ns);

CREATE INDEX decision_cluster ON scheduling.decision USING btree (cluster, at_ns, id);

CREATE INDEX decision_domain ON scheduling.decision USING btree (domain, at_ns);

CREATE INDEX permit_open ON scheduling.permit USING btree (host) WHERE (state = 'open'::text);

CREATE INDEX waiting_growth_order ON scheduling.waiting_growth USING btree (cluster, weight DESC, since_ns, domain, resource);

ALTER INDEX log.host_sample_host ATTACH PARTITION log.host_sample_20785_host_sampled_ns_idx;

ALTER INDEX log.host_sample_host ATTACH PARTITION log.host_sample_20786_host_sampled_ns_idx;

ALTER INDEX log.host_sample_host ATTACH PARTITION log.host_sample_20787_host_sampled_ns_idx;

ALTER INDEX log.sample_domain ATTACH PARTITION log.sample_20785_domain_sampled_ns_idx;

ALTER INDEX log.sample_host ATTACH PARTITION log.sample_20785_host_sampled_ns_idx;

ALTER INDEX log.sample_domain ATTACH PARTITION log.sample_20786_domain_sampled_ns_idx;

ALTER INDEX log.sample_host ATTACH PARTITION log.sample_20786_host_sampled_ns_idx;

ALTER INDEX log.sample_domain ATTACH PARTITION log.sample_20787_domain_sampled_ns_idx;

ALTER INDEX log.sample_host ATTACH PARTITION log.sample_20787_host_sampled_ns_idx;

CREATE TRIGGER keep AFTER DELETE OR UPDATE ON cluster."freeze" FOR EACH ROW EXECUTE FUNCTION cluster.keep_freeze();

CREATE TRIGGER keep AFTER UPDATE ON scheduling.cluster_setting FOR EACH ROW EXECUTE FUNCTION scheduling.keep_setting();

CREATE TRIGGER keep AFTER UPDATE ON scheduling.tenant_setting FOR EACH ROW EXECUTE FUNCTION scheduling.keep_setting();

ALTER TABLE ONLY account.principal
    ADD CONSTRAINT principal_tenant_fkey FOREIGN KEY (tenant) REFERENCES account.tenant(id);

ALTER TABLE ONLY account.token
    ADD CONSTRAINT token_principal_fkey FOREIGN KEY (principal) REFERENCES account.principal(id);

ALTER TABLE ONLY cluster.shard
    ADD CONSTRAINT shard_owner_fkey FOREIGN KEY (owner) REFERENCES cluster.instance(id) ON DELETE SET NULL;

ALTER TABLE ONLY inventory.domain
    ADD CONSTRAINT domain_host_fkey FOREIGN KEY (host) REFERENCES inventory.host(id);

ALTER TABLE ONLY inventory.domain
    ADD CONSTRAINT domain_tenant_fkey FOREIGN KEY (tenant) REFERENCES account.tenant(id);

ALTER TABLE ONLY inventory.duplicate
    ADD CONSTRAINT duplicate_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY inventory.duplicate
    ADD CONSTRAINT duplicate_host_fkey FOREIGN KEY (host) REFERENCES inventory.host(id);

ALTER TABLE ONLY inventory.meter_reading
    ADD CONSTRAINT meter_reading_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY inventory.meter_reading
    ADD CONSTRAINT meter_reading_host_fkey FOREIGN KEY (host) REFERENCES inventory.host(id);

ALTER TABLE ONLY inventory.saved_definition
    ADD CONSTRAINT saved_definition_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY inventory.size_segment
    ADD CONSTRAINT size_segment_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY inventory.size_segment
    ADD CONSTRAINT size_segment_host_fkey FOREIGN KEY (host) REFERENCES inventory.host(id);

ALTER TABLE ONLY inventory.size_state
    ADD CONSTRAINT size_state_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY scheduling.decision_measurement
    ADD CONSTRAINT decision_measurement_decision_fkey FOREIGN KEY (decision) REFERENCES scheduling.decision(id);

ALTER TABLE ONLY scheduling.decision_outcome
    ADD CONSTRAINT decision_outcome_decision_fkey FOREIGN KEY (decision) REFERENCES scheduling.decision(id);

ALTER TABLE ONLY scheduling.permit
    ADD CONSTRAINT permit_host_fkey FOREIGN KEY (host) REFERENCES inventory.host(id);

ALTER TABLE ONLY scheduling.policy
    ADD CONSTRAINT policy_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

ALTER TABLE ONLY scheduling.tenant_setting
    ADD CONSTRAINT tenant_setting_tenant_fkey FOREIGN KEY (tenant) REFERENCES account.tenant(id);

ALTER TABLE ONLY scheduling.waiting_growth
    ADD CONSTRAINT waiting_growth_domain_fkey FOREIGN KEY (domain) REFERENCES inventory.domain(id);

GRANT USAGE ON SCHEMA account TO ebb_monitor;
GRANT USAGE ON SCHEMA account TO ebb_billing;
GRANT USAGE ON SCHEMA account TO ebb_usergateway;

GRANT USAGE ON SCHEMA audit TO ebb_monitor;
GRANT USAGE ON SCHEMA audit TO ebb_scheduler;
GRANT USAGE ON SCHEMA audit TO ebb_billing;
GRANT USAGE ON SCHEMA audit TO ebb_logger;
GRANT USAGE ON SCHEMA audit TO ebb_usergateway;

GRANT USAGE ON SCHEMA billing TO ebb_billing;

GRANT USAGE ON SCHEMA cluster TO ebb_monitor;
GRANT USAGE ON SCHEMA cluster TO ebb_scheduler;
GRANT USAGE ON SCHEMA cluster TO ebb_billing;
GRANT USAGE ON SCHEMA cluster TO ebb_logger;
GRANT USAGE ON SCHEMA cluster TO ebb_usergateway;

GRANT USAGE ON SCHEMA inventory TO ebb_monitor;
GRANT USAGE ON SCHEMA inventory TO ebb_scheduler;
GRANT USAGE ON SCHEMA inventory TO ebb_billing;
GRANT USAGE ON SCHEMA inventory TO ebb_logger;
GRANT USAGE ON SCHEMA inventory TO ebb_usergateway;

GRANT USAGE ON SCHEMA log TO ebb_logger;
GRANT USAGE ON SCHEMA log TO ebb_scheduler;
GRANT USAGE ON SCHEMA log TO ebb_usergateway;

GRANT USAGE ON SCHEMA scheduling TO ebb_monitor;
GRANT USAGE ON SCHEMA scheduling TO ebb_scheduler;
GRANT USAGE ON SCHEMA scheduling TO ebb_billing;
GRANT USAGE ON SCHEMA scheduling TO ebb_usergateway;

REVOKE ALL ON FUNCTION audit.seal(p_epoch bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.seal(p_epoch bigint, p_limit integer) TO ebb_logger;

REVOKE ALL ON FUNCTION inventory.observe_size(p_host text, p_epoch bigint, p_domain uuid, p_incarnation_start_ns bigint, p_observed_ns bigint, p_until_ns bigint, p_since_ns bigint, p_vcpus integer, p_memory_bytes bigint, p_disk_bytes bigint, p_asked_vcpus integer, p_granted_vcpus integer) FROM PUBLIC;
GRANT ALL ON FUNCTION inventory.observe_size(p_host text, p_epoch bigint, p_domain uuid, p_incarnation_start_ns bigint, p_observed_ns bigint, p_until_ns bigint, p_since_ns bigint, p_vcpus integer, p_memory_bytes bigint, p_disk_bytes bigint, p_asked_vcpus integer, p_granted_vcpus integer) TO ebb_monitor;

REVOKE ALL ON FUNCTION log.maintain_partitions(p_from_ns bigint, p_to_ns bigint, p_keep_from_ns bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION log.maintain_partitions(p_from_ns bigint, p_to_ns bigint, p_keep_from_ns bigint) TO ebb_logger;

GRANT SELECT,INSERT,UPDATE ON TABLE account.principal TO ebb_usergateway;

GRANT SELECT ON TABLE account.tenant TO ebb_monitor;
GRANT SELECT ON TABLE account.tenant TO ebb_billing;
GRANT SELECT,INSERT,UPDATE ON TABLE account.tenant TO ebb_usergateway;

GRANT SELECT,INSERT,UPDATE ON TABLE account.token TO ebb_usergateway;

GRANT SELECT ON TABLE audit.entry TO ebb_logger;
GRANT SELECT ON TABLE audit.entry TO ebb_usergateway;

GRANT INSERT ON TABLE audit.outbox TO ebb_monitor;
GRANT INSERT ON TABLE audit.outbox TO ebb_scheduler;
GRANT INSERT ON TABLE audit.outbox TO ebb_billing;
GRANT INSERT ON TABLE audit.outbox TO ebb_logger;
GRANT INSERT ON TABLE audit.outbox TO ebb_usergateway;

GRANT SELECT,INSERT ON TABLE billing.rate_card TO ebb_billing;

GRANT SELECT,INSERT,UPDATE ON TABLE cluster.command TO ebb_monitor;
GRANT SELECT,INSERT,UPDATE ON TABLE cluster.command TO ebb_scheduler;
GRANT SELECT,INSERT,UPDATE ON TABLE cluster.command TO ebb_usergateway;

GRANT SELECT ON TABLE cluster."freeze" TO ebb_monitor;
GRANT SELECT,INSERT ON TABLE cluster."freeze" TO ebb_scheduler;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster."freeze" TO ebb_usergateway;

GRANT SELECT ON TABLE cluster.freeze_timeline TO ebb_scheduler;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.instance TO ebb_monitor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.instance TO ebb_scheduler;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.instance TO ebb_billing;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.instance TO ebb_logger;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.instance TO ebb_usergateway;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.shard TO ebb_monitor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.shard TO ebb_scheduler;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.shard TO ebb_billing;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.shard TO ebb_logger;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cluster.shard TO ebb_usergateway;

GRANT SELECT,INSERT,UPDATE ON TABLE inventory.domain TO ebb_monitor;
GRANT SELECT ON TABLE inventory.domain TO ebb_scheduler;
GRANT SELECT ON TABLE inventory.domain TO ebb_billing;
GRANT SELECT ON TABLE inventory.domain TO ebb_usergateway;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE inventory.duplicate TO ebb_monitor;
GRANT SELECT ON TABLE inventory.duplicate TO ebb_usergateway;

GRANT SELECT,INSERT,UPDATE ON TABLE inventory.host TO ebb_monitor;
GRANT SELECT ON TABLE inventory.host TO ebb_scheduler;
GRANT SELECT ON TABLE inventory.host TO ebb_billing;
GRANT SELECT ON TABLE inventory.host TO ebb_logger;
GRANT SELECT,INSERT ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(cluster) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(uri) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(mode) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(cpu_overcommit_ppm) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(memory_overcommit_ppm) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(reserved_vcpus) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(reserved_memory_bytes) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(cpu_bound_ppm) ON TABLE inventory.host TO ebb_scheduler;
GRANT UPDATE(cpu_bound_ppm) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(labels) ON TABLE inventory.host TO ebb_usergateway;

GRANT UPDATE(removed_ns) ON TABLE inventory.host TO ebb_usergateway;

GRANT SELECT,INSERT ON TABLE inventory.meter_reading TO ebb_monitor;
GRANT SELECT ON TABLE inventory.meter_reading TO ebb_scheduler;
GRANT SELECT ON TABLE inventory.meter_reading TO ebb_billing;
GRANT SELECT ON TABLE inventory.meter_reading TO ebb_usergateway;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE inventory.saved_definition TO ebb_monitor;

GRANT SELECT ON TABLE inventory.size_segment TO ebb_monitor;
GRANT SELECT ON TABLE inventory.size_segment TO ebb_scheduler;
GRANT SELECT ON TABLE inventory.size_segment TO ebb_billing;
GRANT SELECT ON TABLE inventory.size_segment TO ebb_usergateway;

GRANT SELECT ON TABLE inventory.size_state TO ebb_scheduler;
GRANT SELECT ON TABLE inventory.size_state TO ebb_billing;
GRANT SELECT ON TABLE inventory.size_state TO ebb_usergateway;

GRANT SELECT,INSERT ON TABLE log.event TO ebb_logger;
GRANT SELECT ON TABLE log.event TO ebb_usergateway;
GRANT SELECT ON TABLE log.event TO ebb_scheduler;

GRANT SELECT,INSERT ON TABLE log.gap TO ebb_logger;

GRANT SELECT ON TABLE log.host_sample TO ebb_scheduler;
GRANT SELECT,INSERT ON TABLE log.host_sample TO ebb_logger;
GRANT SELECT ON TABLE log.host_sample TO ebb_usergateway;

GRANT SELECT ON TABLE log.sample TO ebb_scheduler;
GRANT SELECT,INSERT ON TABLE log.sample TO ebb_logger;
GRANT SELECT ON TABLE log.sample TO ebb_usergateway;

GRANT SELECT ON TABLE log.watermark TO ebb_scheduler;
GRANT SELECT,INSERT,UPDATE ON TABLE log.watermark TO ebb_logger;

GRANT SELECT ON TABLE public.schema_migration TO PUBLIC;

GRANT SELECT ON TABLE scheduling.cluster_setting TO ebb_scheduler;
GRANT SELECT,INSERT,UPDATE ON TABLE scheduling.cluster_setting TO ebb_usergateway;

GRANT SELECT ON TABLE scheduling.cluster_setting_timeline TO ebb_scheduler;

GRANT SELECT,INSERT ON TABLE scheduling.decision TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.decision TO ebb_usergateway;

GRANT SELECT,INSERT ON TABLE scheduling.decision_measurement TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.decision_measurement TO ebb_usergateway;

GRANT SELECT,INSERT ON TABLE scheduling.decision_outcome TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.decision_outcome TO ebb_usergateway;

GRANT SELECT ON TABLE scheduling.permit TO ebb_monitor;
GRANT SELECT,INSERT,UPDATE ON TABLE scheduling.permit TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.permit TO ebb_usergateway;

GRANT UPDATE(state) ON TABLE scheduling.permit TO ebb_monitor;

GRANT SELECT,INSERT ON TABLE scheduling.policy TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.policy TO ebb_billing;
GRANT SELECT ON TABLE scheduling.policy TO ebb_usergateway;

GRANT SELECT ON TABLE scheduling.tenant_setting TO ebb_scheduler;
GRANT SELECT,INSERT,UPDATE ON TABLE scheduling.tenant_setting TO ebb_usergateway;

GRANT SELECT ON TABLE scheduling.tenant_setting_timeline TO ebb_scheduler;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.waiting_growth TO ebb_scheduler;
GRANT SELECT ON TABLE scheduling.waiting_growth TO ebb_usergateway;
