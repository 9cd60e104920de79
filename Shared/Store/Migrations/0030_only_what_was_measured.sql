-- SPDX-License-Identifier: Apache-2.0
-- What a service's role writes joins on to what was measured before: nothing of a time that has been read is written anew,
-- and nothing is of a time that has not come. What waits while the database is away is still written: then nothing later
-- was written either.

-- Whether a service may give something this instant, where it writes at once: it is no further from now than that.
CREATE FUNCTION cluster.is_near_now(p_ns int8, p_distance_ns int8) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT cluster.caller() IS NULL OR abs(p_ns::numeric - cluster.now_ns()) <= p_distance_ns
$$;

-- Whether a service gives an instant that has not come. Two minutes are left for clocks.
CREATE FUNCTION cluster.is_ahead(p_ns int8) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT cluster.caller() IS NOT NULL AND p_ns > cluster.now_ns() + 120000000000
$$;
REVOKE EXECUTE ON FUNCTION cluster.is_near_now(int8, int8), cluster.is_ahead(int8) FROM PUBLIC;

-- hosts ---------------------------------------------------------------------------------------------------------------

-- Up to where a host was read is what else is judged by: it never goes back. It is written after all that was read until
-- then, so that what waits for the database is never before it.
CREATE FUNCTION inventory.check_proof() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_latest int8 := cluster.now_ns();
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF coalesce(NEW.proved_until_ns, 0) < OLD.proved_until_ns OR coalesce(NEW.listed_ns, 0) < OLD.listed_ns THEN
        RAISE EXCEPTION 'host % was read further than that already', NEW.id USING ERRCODE = '42501';
    END IF;
    -- Cut to now, so that a host never looks fresher than it is; not refused: only the newest instant of a host waits to be
    -- written, and that one would always be ahead where the clocks differ.
    IF NEW.proved_until_ns > v_latest THEN
        NEW.proved_until_ns := greatest(OLD.proved_until_ns, v_latest);
    END IF;
    IF NEW.listed_ns > v_latest THEN
        NEW.listed_ns := greatest(OLD.listed_ns, v_latest);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_proof BEFORE UPDATE OF proved_until_ns, listed_ns ON inventory.host
    FOR EACH ROW EXECUTE FUNCTION inventory.check_proof();

-- domains -------------------------------------------------------------------------------------------------------------

-- A row is as old as it is: Monitor adds it when it writes it, also where it saw the domain before.
CREATE FUNCTION inventory.check_creation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.created_ns IS DISTINCT FROM OLD.created_ns THEN
            RAISE EXCEPTION 'domain % is as old as it is', NEW.id USING ERRCODE = '42501';
        END IF;
    ELSIF NOT cluster.is_recent(NEW.created_ns)
        OR NOT cluster.is_recent(coalesce(NEW.tenant_since_ns, NEW.created_ns))
        OR NOT cluster.is_recent(coalesce(NEW.deleted_ns, NEW.created_ns))
        OR NOT cluster.is_recent(coalesce(NEW.missing_ns, NEW.created_ns))
    THEN
        RAISE EXCEPTION 'domain % is new, and can''t be of another time', NEW.id USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_creation BEFORE INSERT OR UPDATE OF created_ns ON inventory.domain
    FOR EACH ROW EXECUTE FUNCTION inventory.check_creation();

-- As before; nor does it change later than now, and who brings a deleted domain back does so now.
CREATE OR REPLACE FUNCTION inventory.check_instants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_deleted int8 := CASE WHEN NEW.deleted_ns IS DISTINCT FROM OLD.deleted_ns THEN NEW.deleted_ns END;
    v_missing int8 := CASE WHEN NEW.missing_ns IS DISTINCT FROM OLD.missing_ns THEN NEW.missing_ns END;
    v_since   int8 := CASE WHEN NEW.tenant_since_ns <> OLD.tenant_since_ns THEN NEW.tenant_since_ns END;
    v_least   int8 := least(v_deleted, v_missing, v_since);
BEGIN
    IF cluster.caller() IS NULL OR v_least IS NULL THEN
        RETURN NEW;
    END IF;
    IF cluster.is_ahead(greatest(v_deleted, v_missing, v_since)) THEN
        RAISE EXCEPTION 'domain % can''t end, be missing or change hands later than now', NEW.id USING ERRCODE = '42501';
    END IF;
    IF OLD.deleted_ns IS NOT NULL THEN
        IF NOT cluster.is_recent(v_since) THEN
            RAISE EXCEPTION 'domain % was deleted, and is nobody''s before now', NEW.id USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    IF v_least < greatest(
        OLD.tenant_since_ns,
        (SELECT max(s.start_ns) FROM inventory.size_segment s WHERE s.domain = NEW.id),
        (SELECT max(r.at_ns) FROM inventory.meter_reading r WHERE r.domain = NEW.id)) - 600000000000
    THEN
        RAISE EXCEPTION 'domain % can''t end, be missing or change hands before what was measured of it', NEW.id
            USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- When the move was ordered that brings a domain from the one host to the other; NULL: none was, or it failed. Monitor gives
-- no orders.
CREATE FUNCTION inventory.move_ordered_ns(p_domain uuid, p_target text) RETURNS int8 LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN c.arguments->>'target' = p_target AND c.state IN ('claimed', 'succeeded') THEN c.created_ns END
    FROM cluster.command c WHERE c.domain = p_domain AND c.verb = 'migrate' ORDER BY c.created_ns DESC LIMIT 1
$$;

-- Up to where a domain was measured, as seen from a host that reports it. On that host everything was read up to its proof,
-- or nothing since its row was made; where another host reported the domain last, on that host too.
CREATE FUNCTION inventory.measured_until(p_domain uuid, p_host text) RETURNS int8 LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT greatest(d.tenant_since_ns, coalesce(h.proved_until_ns, h.created_ns), former.proved_until_ns, s.observed_ns,
        (SELECT max(r.at_ns) FROM inventory.meter_reading r WHERE r.domain = p_domain))
    FROM inventory.domain d JOIN inventory.host h ON h.id = p_host
        LEFT JOIN inventory.size_state s ON s.domain = d.id LEFT JOIN inventory.host former ON former.id = s.host
    WHERE d.id = p_domain
$$;
REVOKE EXECUTE ON FUNCTION inventory.move_ordered_ns(uuid, text), inventory.measured_until(uuid, text) FROM PUBLIC;

-- sizes ---------------------------------------------------------------------------------------------------------------

-- As before; but where a service calls it, what was measured stays, but for its last ten minutes: they are left for clocks
-- and for what was read while it changed. An instant from before is taken as that one, and the report is not lost. Older
-- instants come from orders alone, which Monitor does not give: a domain is where it was ordered to since the order at the
-- earliest, and is smaller since then.
CREATE OR REPLACE FUNCTION inventory.observe_size(
    p_host text, p_epoch int8, p_domain uuid, p_incarnation_start_ns int8, p_observed_ns int8, p_until_ns int8,
    p_since_ns int8, p_vcpus int4, p_memory_bytes int8, p_disk_bytes int8, p_asked_vcpus int4, p_granted_vcpus int4
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_is_nothing CONSTANT boolean := p_vcpus = 0 AND p_memory_bytes = 0 AND p_disk_bytes = 0;
    c_left       CONSTANT int8 := 600000000000;
    v_state      inventory.size_state;
    v_open       inventory.size_segment;
    v_is_known   boolean;
    v_is_open    boolean;
    v_is_same    boolean;
    v_since      int8;
    v_until      int8;
    v_ordered    int8;
    -- Before these a size does not begin, and the former one does not end.
    v_from       int8;
    v_proved     int8;
BEGIN
    PERFORM 1 FROM cluster.shard WHERE kind = 'host' AND id = p_host AND epoch = p_epoch FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN 'fenced';
    END IF;
    PERFORM 1 FROM inventory.domain WHERE id = p_domain AND deleted_ns IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'stale';
    END IF;
    IF cluster.is_ahead(greatest(p_incarnation_start_ns, p_observed_ns, p_until_ns, p_since_ns)) THEN
        RAISE EXCEPTION 'domain % has no size later than now', p_domain USING ERRCODE = '42501';
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
    IF cluster.caller() IS NOT NULL THEN
        v_from := inventory.measured_until(p_domain, p_host) - c_left;
        IF v_is_open THEN
            SELECT proved_until_ns - c_left INTO v_proved FROM inventory.host WHERE id = v_open.host;
        END IF;
        IF v_since < v_from OR p_until_ns < v_proved THEN
            IF v_is_known AND v_state.host <> p_host THEN
                v_ordered := inventory.move_ordered_ns(p_domain, p_host);
            ELSIF p_vcpus <= v_open.vcpus AND p_memory_bytes <= v_open.memory_bytes
                AND p_disk_bytes <= v_open.disk_bytes
            THEN
                -- A guest that was asked to shut down takes its time, also after the order has ended.
                SELECT c.created_ns INTO v_ordered FROM cluster.command c
                    WHERE c.domain = p_domain AND c.claimed_ns IS NOT NULL
                        AND (c.state = 'claimed' OR c.verb = 'shutdown')
                    ORDER BY c.created_ns DESC LIMIT 1;
            END IF;
            v_from := least(v_from, v_ordered);
            v_proved := CASE WHEN v_proved > v_ordered THEN v_ordered ELSE v_proved END;
        END IF;
        v_since := greatest(v_since, v_from);
    END IF;
    IF v_is_open THEN
        v_until := least(greatest(p_until_ns, v_open.start_ns, v_proved), v_since);
        IF v_until = v_open.start_ns THEN
            DELETE FROM inventory.size_segment WHERE domain = p_domain AND start_ns = v_open.start_ns;
        ELSE
            UPDATE inventory.size_segment SET end_ns = v_until WHERE domain = p_domain AND start_ns = v_open.start_ns;
        END IF;
    END IF;
    INSERT INTO inventory.size_state
        VALUES (p_domain, p_host, p_incarnation_start_ns, p_observed_ns,
            CASE WHEN c_is_nothing THEN coalesce(v_until, v_state.boundary_ns, v_since) ELSE v_since END)
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

-- Sizes of a time that has not come: they are from before that was refused. The next honest report opens them anew.
DO $$
DECLARE
    c_now CONSTANT int8 := cluster.now_ns();
    v_was record;
BEGIN
    FOR v_was IN SELECT * FROM inventory.size_segment WHERE start_ns > c_now + 120000000000 LOOP
        DELETE FROM inventory.size_segment WHERE domain = v_was.domain AND start_ns = v_was.start_ns;
        INSERT INTO audit.outbox (actor, action, subject, detail)
            VALUES ('ebb-migrate', 'size.mend', v_was.domain::text, jsonb_build_object('was', to_jsonb(v_was)));
        RAISE WARNING 'domain % had a size since %, which has not come: it is gone', v_was.domain, v_was.start_ns;
    END LOOP;
    FOR v_was IN SELECT * FROM inventory.size_segment WHERE end_ns > c_now + 120000000000 LOOP
        UPDATE inventory.size_segment SET end_ns = NULL WHERE domain = v_was.domain AND start_ns = v_was.start_ns;
        INSERT INTO audit.outbox (actor, action, subject, detail)
            VALUES ('ebb-migrate', 'size.mend', v_was.domain::text, jsonb_build_object('was', to_jsonb(v_was)));
        RAISE WARNING 'domain % had a size until %, which has not come: it is open', v_was.domain, v_was.end_ns;
    END LOOP;
    UPDATE inventory.size_state s SET observed_ns = least(s.observed_ns, c_now),
        incarnation_start_ns = CASE WHEN s.incarnation_start_ns <= c_now THEN s.incarnation_start_ns
            ELSE coalesce((SELECT max(g.incarnation_start_ns) FROM inventory.size_segment g
                WHERE g.domain = s.domain AND g.incarnation_start_ns <= c_now), 0) END,
        boundary_ns = coalesce((SELECT max(coalesce(g.end_ns, g.start_ns)) FROM inventory.size_segment g
            WHERE g.domain = s.domain), c_now)
        WHERE greatest(s.observed_ns, s.incarnation_start_ns, s.boundary_ns) > c_now + 120000000000;
    UPDATE inventory.host SET proved_until_ns = c_now WHERE proved_until_ns > c_now + 120000000000;
    UPDATE inventory.host SET listed_ns = c_now WHERE listed_ns > c_now + 120000000000;
END $$;

-- meters --------------------------------------------------------------------------------------------------------------

-- A reading is not of a time that has not come, nor of one that was measured: a life goes on from its newest reading, and
-- from where its host was read to; a new life begins with its size, after all that was measured of the domain, or after
-- the order that moved it there. Looked at once for all that a statement adds.
CREATE FUNCTION inventory.check_readings() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_left    CONSTANT int8 := 600000000000;
    v_life    record;
    v_newest  int8;
    v_ordered int8;
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NULL;
    END IF;
    FOR v_life IN
        SELECT a.*, cluster.is_ahead(a.last_ns) AS is_ahead,
            greatest(d.tenant_since_ns, coalesce(h.proved_until_ns, h.created_ns)) AS read_ns
        FROM (SELECT domain, host, incarnation_start_ns, min(at_ns) AS first_ns, max(at_ns) AS last_ns FROM added
            GROUP BY domain, host, incarnation_start_ns) a
        JOIN inventory.domain d ON d.id = a.domain JOIN inventory.host h ON h.id = a.host
        LEFT JOIN inventory.size_state s ON s.domain = a.domain LEFT JOIN inventory.host former ON former.id = s.host
        WHERE a.last_ns > cluster.now_ns() + 120000000000
            OR a.first_ns < greatest(
                d.tenant_since_ns, coalesce(h.proved_until_ns, h.created_ns), former.proved_until_ns, s.boundary_ns)
                - c_left
            OR EXISTS (SELECT 1 FROM inventory.meter_reading r
                WHERE r.domain = a.domain AND r.at_ns > a.first_ns + c_left)
    LOOP
        IF v_life.is_ahead THEN
            RAISE EXCEPTION 'domain % has no reading later than now', v_life.domain USING ERRCODE = '42501';
        END IF;
        SELECT r.at_ns INTO v_newest FROM inventory.meter_reading r
            WHERE r.domain = v_life.domain AND r.host = v_life.host
                AND r.incarnation_start_ns = v_life.incarnation_start_ns
                AND NOT EXISTS (SELECT 1 FROM added a WHERE (a.domain, a.host, a.incarnation_start_ns, a.at_ns)
                    = (r.domain, r.host, r.incarnation_start_ns, r.at_ns))
            ORDER BY r.at_ns DESC LIMIT 1;
        IF FOUND THEN
            CONTINUE WHEN v_life.first_ns >= greatest(v_newest, v_life.read_ns) - c_left;
        ELSE
            SELECT greatest(v_life.read_ns, max(h.proved_until_ns), max(s.boundary_ns), (
                    SELECT r.at_ns FROM inventory.meter_reading r
                    WHERE r.domain = v_life.domain
                        AND NOT EXISTS (SELECT 1 FROM added a WHERE (a.domain, a.host, a.incarnation_start_ns, a.at_ns)
                            = (r.domain, r.host, r.incarnation_start_ns, r.at_ns))
                    ORDER BY r.at_ns DESC LIMIT 1))
                INTO v_newest
                FROM inventory.size_state s JOIN inventory.host h ON h.id = s.host WHERE s.domain = v_life.domain;
            CONTINUE WHEN v_life.first_ns >= v_newest - c_left;
            v_ordered := inventory.move_ordered_ns(v_life.domain, v_life.host);
            CONTINUE WHEN v_life.first_ns >= v_ordered AND NOT EXISTS (
                SELECT 1 FROM inventory.meter_reading r WHERE r.domain = v_life.domain AND r.host = v_life.host
                    AND r.at_ns >= v_ordered AND NOT EXISTS (SELECT 1 FROM added a
                        WHERE (a.domain, a.host, a.incarnation_start_ns, a.at_ns)
                            = (r.domain, r.host, r.incarnation_start_ns, r.at_ns)));
        END IF;
        -- As data that never fits: Monitor gives it up, where it would try again for ever what it has no right to.
        RAISE EXCEPTION 'domain % was measured further than the reading of %', v_life.domain, v_life.first_ns
            USING ERRCODE = '23514';
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER check_readings AFTER INSERT ON inventory.meter_reading REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.check_readings();

-- freezes and settings ------------------------------------------------------------------------------------------------

-- As before, but for the instant: a person's freeze is written at once, and Scheduler's soon.
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
    IF NOT cluster.is_near_now(NEW.created_ns, CASE v_caller WHEN 'usergateway' THEN 60000000000 ELSE 600000000000 END)
    THEN
        RAISE EXCEPTION 'a freeze is of now, not of %', NEW.created_ns USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION scheduling.check_setting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT cluster.is_near_now(NEW.changed_ns, 60000000000) THEN
        RAISE EXCEPTION 'a setting holds from now on, not from %', NEW.changed_ns USING ERRCODE = '42501';
    END IF;
    IF cluster.caller() IS NOT NULL AND NEW.principal IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM account.principal p WHERE p.name = NEW.principal)
    THEN
        RAISE EXCEPTION 'the role of % sets nothing as %', cluster.caller(), NEW.principal USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_setting BEFORE INSERT OR UPDATE ON scheduling.tenant_setting
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_setting();
CREATE TRIGGER check_setting BEFORE INSERT OR UPDATE ON scheduling.cluster_setting
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_setting();

-- decisions -----------------------------------------------------------------------------------------------------------

-- Scheduler writes a decision at once or not at all, under the epoch that it has of the cluster.
CREATE FUNCTION scheduling.check_decision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() IS NULL THEN
        RETURN NEW;
    END IF;
    IF NOT cluster.is_recent(NEW.at_ns) THEN
        RAISE EXCEPTION 'a decision is of now, not of %', NEW.at_ns USING ERRCODE = '42501';
    END IF;
    IF NEW.cluster IS NOT NULL AND NEW.epoch IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cluster.shard s
        WHERE s.kind = 'cluster' AND s.id = NEW.cluster AND s.epoch = NEW.epoch AND s.owner IS NOT NULL)
    THEN
        RAISE EXCEPTION 'nobody decides for cluster % under epoch %', NEW.cluster, NEW.epoch USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_decision BEFORE INSERT ON scheduling.decision
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_decision();

-- What a decision came to is told later, and may have waited for the database: it is after the decision, and not ahead.
CREATE FUNCTION scheduling.check_outcome() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.is_ahead(NEW.at_ns) OR cluster.caller() IS NOT NULL AND NEW.at_ns < (
        SELECT d.at_ns - 600000000000 FROM scheduling.decision d WHERE d.id = NEW.decision)
    THEN
        RAISE EXCEPTION 'decision % came to nothing at %', NEW.decision, NEW.at_ns USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_outcome BEFORE INSERT ON scheduling.decision_outcome
    FOR EACH ROW EXECUTE FUNCTION scheduling.check_outcome();

-- the log -------------------------------------------------------------------------------------------------------------

-- As before; but a Logger makes no days beyond three from now on, nor before the retention.
CREATE OR REPLACE FUNCTION log.maintain_partitions(p_from_ns int8, p_to_ns int8, p_keep_from_ns int8)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_day    CONSTANT int8 := 86400000000000;
    c_kept   CONSTANT int8 :=
        cluster.now_ns() - coalesce((SELECT max(r.samples_ns) FROM log.retention r), 9223372036854775807);
    c_keep   CONSTANT int8 := least(p_keep_from_ns, c_kept);
    v_from   int8 := p_from_ns;
    v_day    int8;
    v_table  text;
    v_part   record;
BEGIN
    IF p_from_ns > p_to_ns OR (p_to_ns - p_from_ns) / c_day > 366 THEN
        RAISE EXCEPTION 'partitions of at most 366 days can be asked for at once' USING ERRCODE = '22023';
    END IF;
    IF cluster.caller() IS NOT NULL THEN
        IF p_to_ns > cluster.now_ns() + 3 * c_day THEN
            RAISE EXCEPTION 'partitions are made for three days from now on, not until %', p_to_ns
                USING ERRCODE = '42501';
        END IF;
        v_from := greatest(p_from_ns, c_kept);
    END IF;
    PERFORM 1 FROM log.retention FOR UPDATE;
    -- In the order in which readers and writers lock the two: another order is a deadlock waiting for a new day.
    FOREACH v_table IN ARRAY ARRAY['host_sample', 'sample'] LOOP
        FOR v_day IN SELECT generate_series(v_from / c_day, p_to_ns / c_day) LOOP
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
