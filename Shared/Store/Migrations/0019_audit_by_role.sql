-- SPDX-License-Identifier: Apache-2.0
-- Who wrote an audit entry is the session's role and nothing that the writer says, and how long the past is kept at least
-- is the administrator's word.

-- audit ---------------------------------------------------------------------------------------------------------------

ALTER TABLE audit.outbox
    -- Whose session wrote it: a service, or an administrator's role. NULL: it is from before this was kept.
    ADD COLUMN service text;
ALTER TABLE audit.entry ADD COLUMN service text;

DROP FUNCTION audit.canonical(int8, int8, text, text, text, jsonb);

-- What an entry's hash is taken over, after the previous entry's hash. One from before has no service in it.
CREATE FUNCTION audit.canonical(
    p_sequence int8, p_at_ns int8, p_actor text, p_action text, p_subject text, p_detail jsonb,
    p_service text DEFAULT NULL
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_service IS NULL
        THEN jsonb_build_array(p_sequence, p_at_ns, p_actor, p_action, p_subject, p_detail)
        ELSE jsonb_build_array(p_sequence, p_at_ns, p_actor, p_action, p_subject, p_detail, p_service) END::text
$$;

-- The only way into the outbox. The gateway writes in the name of the people whom it knows; every other service in its
-- own.
CREATE FUNCTION audit.append(p_at_ns int8, p_actor text, p_action text, p_subject text, p_detail jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF v_caller <> 'usergateway' AND p_actor <> v_caller THEN
        RAISE EXCEPTION 'the role of % writes no audit entry as %', v_caller, p_actor USING ERRCODE = '42501';
    END IF;
    INSERT INTO audit.outbox (at_ns, actor, action, subject, detail, service)
    VALUES (p_at_ns, p_actor, p_action, p_subject, p_detail, coalesce(v_caller, session_user));
END $$;

-- As before, with the service.
CREATE OR REPLACE FUNCTION audit.seal(p_epoch int8, p_limit int4) RETURNS int4
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
            v_row.subject, v_row.detail, v_row.service), 'UTF8'));
        INSERT INTO audit.entry (sequence, outbox, at_ns, actor, action, subject, detail, hash, service)
            VALUES (v_sequence, v_row.id, v_row.at_ns, v_row.actor, v_row.action, v_row.subject, v_row.detail, v_hash,
                v_row.service);
        DELETE FROM audit.outbox WHERE id = v_row.id;
    END LOOP;
    RETURN v_count;
END $$;

-- how long the past is kept ---------------------------------------------------------------------------------------------

CREATE TABLE log.retention (
    is_only    boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- Samples younger than that can't be dropped: 1 day to 10 years.
    samples_ns int8 NOT NULL CHECK (samples_ns BETWEEN 86400000000000 AND 315360000000000000),
    changed_ns int8 NOT NULL DEFAULT cluster.now_ns()
);
INSERT INTO log.retention (samples_ns) VALUES (7 * 86400000000000);

-- Creates the partitions of the UTC days that hold [p_from_ns, p_to_ns] and drops those that end before p_keep_from_ns,
-- if log.retention lets them go.
CREATE OR REPLACE FUNCTION log.maintain_partitions(p_from_ns int8, p_to_ns int8, p_keep_from_ns int8)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_day   CONSTANT int8 := 86400000000000;
    c_keep  CONSTANT int8 := least(p_keep_from_ns,
        cluster.now_ns() - coalesce((SELECT max(r.samples_ns) FROM log.retention r), 9223372036854775807));
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
              AND (substring(c.relname FROM '_(\d+)$')::int8 + 1) * c_day <= c_keep LOOP
            EXECUTE format('DROP TABLE log.%I', v_part.relname);
        END LOOP;
    END LOOP;
END $$;

-- grants --------------------------------------------------------------------------------------------------------------

REVOKE INSERT ON audit.outbox FROM ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
REVOKE EXECUTE ON FUNCTION audit.append(int8, text, text, text, jsonb),
    audit.canonical(int8, int8, text, text, text, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(int8, text, text, text, jsonb)
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
GRANT EXECUTE ON FUNCTION audit.canonical(int8, int8, text, text, text, jsonb, text) TO ebb_logger, ebb_usergateway;
GRANT SELECT ON log.retention TO ebb_logger;
