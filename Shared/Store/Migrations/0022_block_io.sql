-- SPDX-License-Identifier: Apache-2.0
-- What the disks did is billed as the network is: a bill needs to find where a counter of it falls.

INSERT INTO inventory.meter_fall
SELECT DISTINCT domain, host, incarnation_start_ns, at_ns FROM (
    SELECT r.domain, r.host, r.incarnation_start_ns, r.at_ns, c.value, lag(c.value) OVER (
        PARTITION BY r.domain, r.host, r.incarnation_start_ns, c.counter ORDER BY r.at_ns) AS former
    FROM inventory.meter_reading r, LATERAL (VALUES
        (1, r.block_read_bytes), (2, r.block_written_bytes)) c(counter, value)
    WHERE c.value IS NOT NULL) known
WHERE value < former
ON CONFLICT DO NOTHING;

-- Each added reading beside the one before and the one after it, for all that a statement adds.
CREATE OR REPLACE FUNCTION inventory.note_falls() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO inventory.meter_fall
    SELECT DISTINCT later.domain, later.host, later.incarnation_start_ns, later.at_ns
    FROM added a
    CROSS JOIN LATERAL (
        SELECT a.at_ns UNION ALL (
            SELECT r.at_ns FROM inventory.meter_reading r WHERE r.domain = a.domain AND r.host = a.host
                AND r.incarnation_start_ns = a.incarnation_start_ns AND r.at_ns > a.at_ns ORDER BY r.at_ns LIMIT 1)) i
    JOIN inventory.meter_reading later ON later.domain = a.domain AND later.host = a.host
        AND later.incarnation_start_ns = a.incarnation_start_ns AND later.at_ns = i.at_ns
    CROSS JOIN LATERAL (
        SELECT r.* FROM inventory.meter_reading r WHERE r.domain = a.domain AND r.host = a.host
            AND r.incarnation_start_ns = a.incarnation_start_ns AND r.at_ns < later.at_ns
        ORDER BY r.at_ns DESC LIMIT 1) former
    -- Beside a counter that was not known there may be a fall since it was.
    WHERE later.cpu_time_ns < coalesce(former.cpu_time_ns, 9223372036854775807)
        OR later.network_received_bytes < coalesce(former.network_received_bytes, 9223372036854775807)
        OR later.network_transmitted_bytes < coalesce(former.network_transmitted_bytes, 9223372036854775807)
        OR later.block_read_bytes < coalesce(former.block_read_bytes, 9223372036854775807)
        OR later.block_written_bytes < coalesce(former.block_written_bytes, 9223372036854775807)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
