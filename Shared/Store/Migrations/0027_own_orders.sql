-- SPDX-License-Identifier: Apache-2.0
-- Orders and freezes are given by who may give them, in their own names: Monitor carries orders out and gives none,
-- Scheduler gives those that its rules can come to. Monitor writes of hosts what it has seen of them.

REVOKE INSERT, UPDATE ON cluster.command FROM ebb_monitor, ebb_scheduler, ebb_usergateway;
GRANT INSERT ON cluster.command TO ebb_scheduler, ebb_usergateway;
GRANT UPDATE (state, claimed_by, claimed_epoch, claimed_ns, finished_ns, life_mark, progress_ppm, progress_text, code,
    message, result) ON cluster.command TO ebb_monitor;

REVOKE INSERT, UPDATE ON inventory.host FROM ebb_monitor;
GRANT UPDATE (state, cpu_count, memory_bytes, capabilities, uuid, proved_until_ns, listed_ns) ON inventory.host
    TO ebb_monitor;

CREATE FUNCTION cluster.check_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() = 'scheduler'
        AND (NEW.principal <> 'scheduler' OR NEW.verb NOT IN ('resize', 'migrate', 'cap', 'network-cap'))
    THEN
        RAISE EXCEPTION 'the role of scheduler orders no % as %', NEW.verb, NEW.principal USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_order BEFORE INSERT ON cluster.command FOR EACH ROW EXECUTE FUNCTION cluster.check_order();

CREATE FUNCTION cluster.check_freeze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.caller() = 'scheduler' AND NEW.principal <> 'scheduler' THEN
        RAISE EXCEPTION 'the role of scheduler freezes nothing as %', NEW.principal USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_freeze BEFORE INSERT ON cluster.freeze FOR EACH ROW EXECUTE FUNCTION cluster.check_freeze();
