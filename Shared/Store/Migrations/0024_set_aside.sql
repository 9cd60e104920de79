-- SPDX-License-Identifier: Apache-2.0
-- Only its own function writes an instance's row: what it has set aside goes with its renewal.

CREATE FUNCTION cluster.note_set_aside(p_instance uuid, p_secret bytea, p_lines jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cluster.prove_instance(p_instance, p_secret) IS NOT NULL THEN
        UPDATE cluster.instance SET set_aside = p_lines WHERE id = p_instance AND set_aside IS DISTINCT FROM p_lines;
    END IF;
END $$;

REVOKE EXECUTE ON FUNCTION cluster.note_set_aside(uuid, bytea, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cluster.note_set_aside(uuid, bytea, jsonb)
    TO ebb_monitor, ebb_scheduler, ebb_billing, ebb_logger, ebb_usergateway;
