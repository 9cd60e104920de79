-- SPDX-License-Identifier: Apache-2.0
-- What a service's role may write is what its service writes: the gateway in people's names only, room that was given back
-- stays given back, and an order comes without its end. What holds one process up until another is done is a row that no
-- role can lock.

-- orders and freezes --------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION cluster.check_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF v_caller IS NULL THEN
        RETURN NEW;
    END IF;
    IF NEW.state <> 'queued' OR NEW.claimed_by IS NOT NULL OR NEW.finished_ns IS NOT NULL OR NEW.code IS NOT NULL
        OR NEW.result IS NOT NULL
    THEN
        RAISE EXCEPTION 'an order begins queued, without an end' USING ERRCODE = '42501';
    END IF;
    IF v_caller = 'scheduler'
        AND (NEW.principal <> 'scheduler' OR NEW.verb NOT IN ('resize', 'migrate', 'cap', 'network-cap'))
        OR v_caller = 'usergateway'
        AND (NEW.decision IS NOT NULL OR NEW.principal IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = NEW.principal))
    THEN
        RAISE EXCEPTION 'the role of % orders no % as %', v_caller, NEW.verb, NEW.principal USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION cluster.check_freeze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller text := cluster.caller();
BEGIN
    IF v_caller = 'scheduler' AND NEW.principal <> 'scheduler'
        OR v_caller = 'usergateway'
        AND (NEW.is_automatic OR NEW.principal IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = NEW.principal))
    THEN
        RAISE EXCEPTION 'the role of % freezes nothing as %', v_caller, NEW.principal USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

REVOKE UPDATE ON cluster.freeze FROM ebb_usergateway;

-- room ----------------------------------------------------------------------------------------------------------------

REVOKE UPDATE ON scheduling.permit FROM ebb_scheduler;
GRANT UPDATE (state, expires_ns) ON scheduling.permit TO ebb_scheduler;

CREATE FUNCTION scheduling.check_permit() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state <> OLD.state AND OLD.state <> 'open' THEN
        RAISE EXCEPTION 'a permit that is % stays so', OLD.state USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_permit BEFORE UPDATE OF state ON scheduling.permit
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_permit();

-- people --------------------------------------------------------------------------------------------------------------

REVOKE UPDATE ON account.tenant, account.principal, account.token FROM ebb_usergateway;
-- Of a tenant it changes nothing: it holds the row while it looks at the quota, and a lock needs the right to some column.
GRANT UPDATE (created_ns) ON account.tenant TO ebb_usergateway;
GRANT UPDATE (disabled_ns) ON account.principal TO ebb_usergateway;
GRANT UPDATE (revoked_ns) ON account.token TO ebb_usergateway;

-- turns ---------------------------------------------------------------------------------------------------------------

-- One row: whoever seals holds it. No role may lock it, as each may take any advisory lock.
CREATE TABLE audit.seal_turn (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only)
);
INSERT INTO audit.seal_turn DEFAULT VALUES;

-- As before, but for the turn.
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
    PERFORM 1 FROM audit.seal_turn FOR UPDATE;
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

-- As before, but for the turn, which is the row of the retention.
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
    PERFORM 1 FROM log.retention FOR UPDATE;
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
