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

-- Removes an instance that has not renewed its row since `p_heartbeat`, and remembers it for seven days, the newest 1000 of
-- them; the shards that it owned have no owner then. One that has renewed it stays.
CREATE FUNCTION cluster.bury_instance(p_id uuid, p_heartbeat int8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH gone AS (DELETE FROM cluster.instance WHERE id = p_id AND heartbeat = p_heartbeat RETURNING *)
    INSERT INTO cluster.missing_instance
        SELECT id, service, version, admin_endpoint, started_ns, renewed_ns FROM gone
        ON CONFLICT (id) DO UPDATE SET renewed_ns = excluded.renewed_ns;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM cluster.missing_instance WHERE renewed_ns < cluster.now_ns() - 604800000000000 OR id IN (
        SELECT id FROM cluster.missing_instance ORDER BY renewed_ns DESC OFFSET 1000);
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION cluster.bury_instance(uuid, int8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cluster.bury_instance(uuid, int8)
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
GRANT SELECT ON cluster.missing_instance TO ebb_usergateway;
