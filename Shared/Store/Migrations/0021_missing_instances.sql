-- SPDX-License-Identifier: Apache-2.0
-- Who is missing, and since when: an instance that ended without taking its leave is remembered.

ALTER TABLE cluster.instance ADD COLUMN renewed_ns int8 NOT NULL DEFAULT cluster.now_ns();

CREATE FUNCTION cluster.date_renewal() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.renewed_ns := cluster.now_ns();
    RETURN NEW;
END $$;
CREATE TRIGGER renewal BEFORE UPDATE OF heartbeat ON cluster.instance
    FOR EACH ROW EXECUTE FUNCTION cluster.date_renewal();

CREATE TABLE cluster.missing_instance (
    id             uuid PRIMARY KEY,
    service        text NOT NULL,
    version        text NOT NULL,
    admin_endpoint text,
    started_ns     int8 NOT NULL,
    -- When it was last heard of.
    renewed_ns     int8 NOT NULL
);

-- Takes the rows of others away that are silent, and remembers them for seven days, the newest 1000 of them; of who is not
-- silent, nothing happens.
CREATE OR REPLACE FUNCTION cluster.remove_silent_instances(p_instance uuid, p_secret bytea, p_silent uuid[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NULL THEN
        RETURN;
    END IF;
    WITH gone AS (
        DELETE FROM cluster.instance WHERE id = ANY (p_silent) AND id <> p_instance AND cluster.is_silent(id)
        RETURNING *)
    INSERT INTO cluster.missing_instance
        SELECT id, service, version, admin_endpoint, started_ns, renewed_ns FROM gone
        ON CONFLICT (id) DO UPDATE SET renewed_ns = excluded.renewed_ns;
    IF FOUND THEN
        DELETE FROM cluster.missing_instance WHERE renewed_ns < cluster.now_ns() - 604800000000000 OR id IN (
            SELECT id FROM cluster.missing_instance ORDER BY renewed_ns DESC OFFSET 1000);
    END IF;
END $$;

GRANT SELECT ON cluster.missing_instance TO ebb_usergateway;
